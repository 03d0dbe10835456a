//! A progress bar on a terminal, and nothing anywhere else.

use std::io::IsTerminal as _;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// A bar over `size` bytes that are read for `what`.
pub fn bar(what: &'static str, size: u64) -> ProgressBar {
    drawn(what, size, "{msg:9} {wide_bar} {bytes}/{total_bytes}")
}

/// A bar over the time that `what` takes, in seconds.
pub fn time_bar(what: &'static str, seconds: u64) -> ProgressBar {
    drawn(what, seconds, "{msg:9} {wide_bar} {pos}/{len} s")
}

fn drawn(what: &'static str, length: u64, template: &str) -> ProgressBar {
    let target =
        if std::io::stderr().is_terminal() { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    let bar = ProgressBar::with_draw_target(Some(length), target).with_message(what);
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar
}
