//! In steady state a recording allocates nothing.
#![cfg(feature = "wav")]
#![allow(unsafe_code, reason = "an allocator that counts cannot be written without")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

#[path = "wav/support.rs"]
#[allow(dead_code, reason = "of the call to record only a part is needed here")]
mod support;

use calltap::audio::Format;
use calltap::sink::Sink;
use calltap::sink::wav::WavEncoding;
use support::*;

struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

// SAFETY: everything is handed on to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.with(|count| count.set(count.get() + 1));
        // SAFETY: as the caller promised us.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: as the caller promised us.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

#[test]
fn neither_frames_nor_flushes_allocate() {
    for (format, encoding) in [(Format::PCMA, WavEncoding::AsItCame), (Format::PCMU, WavEncoding::Pcm)] {
        let mut call = Call::of(format, encoding);
        let frames: Vec<_> = (0..1_500)
            .flat_map(|at| [CALLER, AGENT].map(|leg| frame(&call.pool, leg, at * 160, format, 160, &[7; 160])))
            .collect();
        let before = ALLOCATIONS.get();
        for (number, frame) in frames.iter().enumerate() {
            call.sink.frame(frame).expect("written");
            if number % 100 == 99 {
                call.sink.flush().expect("flushed");
            }
        }
        assert_eq!(ALLOCATIONS.get() - before, 0, "thirty seconds in {encoding:?}");
        assert!(before > 0, "it counts");
    }
}
