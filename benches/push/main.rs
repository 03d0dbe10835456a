//! What `LegWriter::push` costs, beside a bare memcpy of the same bytes and beside `Bytes` through a channel.
//!
//! Only the media thread's side is timed. What the worker does (reading, handing on, wiping) happens between the timed
//! stretches. How to run it and how to read it: benches/README.md.

mod host;
mod rivals;
mod table;
mod timing;

use std::time::Duration;

use criterion::{BenchmarkId, Criterion, SamplingMode, criterion_group};

use host::{Door, Host};
use rivals::{Channel, Memcpy};
use timing::{Way, time};

/// Bytes of a 20 ms frame: G.711, linear at 8 kHz, linear at 48 kHz.
const SIZES: [usize; 3] = [160, 320, 1920];

/// One leg has its ring in the nearest caches, a hundred in a near one, a thousand in none.
const LEGS: [usize; 3] = [1, 100, 1_000];

/// Slots of each ring, as a leg has by default.
const SLOTS: usize = 32;

fn push(criterion: &mut Criterion) {
    for legs in LEGS {
        let mut group = criterion.benchmark_group(format!("{legs} legs"));
        // Each sample is the mean of as many pushes as any other: thousands.
        group.sampling_mode(SamplingMode::Flat);
        // What the worker does in between takes far longer than what is timed, so of few legs little is asked for.
        group.measurement_time(Duration::from_millis(if legs < 1_000 { 50 } else { 500 }));
        for bytes in SIZES {
            let mut bench = |name: &str, way: &mut dyn Way| {
                group.bench_function(BenchmarkId::new(name, bytes), |bencher| {
                    bencher.iter_custom(|frames| time(way, frames));
                });
            };
            bench("memcpy", &mut Memcpy::new(legs, bytes));
            bench("push, open", &mut Host::new(legs, bytes, Door::Open));
            bench("push, wait", &mut Host::new(legs, bytes, Door::Wait));
            bench("push, shut", &mut Host::new(legs, bytes, Door::Shut));
            bench("Bytes + channel", &mut Channel::new(legs, bytes));
        }
        group.finish();
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default().warm_up_time(Duration::from_millis(5)).sample_size(30);
    targets = push
}

fn main() {
    if std::env::args().any(|argument| argument == "--table") {
        return table::print();
    }
    benches();
    Criterion::default().configure_from_args().final_summary();
}
