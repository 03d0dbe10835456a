//! A progress bar on a terminal, and nothing anywhere else.

use std::io::IsTerminal as _;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// A bar over `size` bytes that are read for `what`.
pub fn bar(what: &'static str, size: u64) -> ProgressBar {
    let target =
        if std::io::stderr().is_terminal() { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    let bar = ProgressBar::with_draw_target(Some(size), target).with_message(what);
    if let Ok(style) = ProgressStyle::with_template("{msg:9} {wide_bar} {bytes}/{total_bytes}") {
        bar.set_style(style);
    }
    bar
}
