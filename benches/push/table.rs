//! The table of benches/README.md: all ways in turn within one run, so that what else the machine does hits all alike.

use super::host::{Door, Host};
use super::rivals::{Channel, Memcpy};
use super::timing::{Way, time};
use super::{LEGS, SIZES};

/// Rounds of which the median is printed.
const ROUNDS: usize = 101;

/// Pushes of which a round gives the mean: with a thousand legs, the 16 frames of each that a hold-back keeps.
const PUSHES: u64 = 16_000;

/// Prints the table as Markdown, in nanoseconds a frame.
pub fn print() {
    println!(
        "| legs | bytes | memcpy | push, open | × memcpy | push, wait | push, shut | Bytes + channel | channel × push |"
    );
    println!("|---|---|---|---|---|---|---|---|---|");
    for legs in LEGS {
        for bytes in SIZES {
            let [memcpy, open, wait, shut, channel] = medians([
                &mut Memcpy::new(legs, bytes),
                &mut Host::new(legs, bytes, Door::Open),
                &mut Host::new(legs, bytes, Door::Wait),
                &mut Host::new(legs, bytes, Door::Shut),
                &mut Channel::new(legs, bytes),
            ]);
            println!(
                "| {legs} | {bytes} | {memcpy:.1} | {open:.1} | {:.1} | {wait:.1} | {shut:.1} | {channel:.1} | {:.1} |",
                open / memcpy,
                channel / open
            );
        }
    }
}

fn medians<const N: usize>(mut ways: [&mut dyn Way; N]) -> [f64; N] {
    let mut rounds: [Vec<f64>; N] = std::array::from_fn(|_| Vec::with_capacity(ROUNDS));
    for _ in 0..ROUNDS {
        for (way, means) in ways.iter_mut().zip(&mut rounds) {
            means.push(time(*way, PUSHES).as_secs_f64() * 1e9 / PUSHES as f64);
        }
    }
    rounds.map(|mut means| {
        means.sort_by(f64::total_cmp);
        means[ROUNDS / 2]
    })
}
