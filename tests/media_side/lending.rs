//! Buffers of the host's that travel by reference: each is given back once, on the thread of the worker, whatever becomes of
//! its frame.

use std::ffi::c_void;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, ThreadId};

use calltap::consent::{Digit, Permit};
use calltap::engine::{Call, Facts, Pushed, Run, SinkSpec};
use calltap::frame::{Frame, Lent};
use calltap::policy::{Purpose, Tap};
use calltap::sink::{Closing, Description, Erasure, Fate, Handed, OutputId, Receipt, Sink, SinkError};
use calltap::time::{CallTime, MonoTime};

use super::stage::{AGENT, CALLER, Got, Stage, ZERO, ms};

/// What the host lends.
struct Buffer {
    bytes: [u8; 160],
    given_back: AtomicUsize,
    by: Mutex<Option<ThreadId>>,
}

impl Buffer {
    /// Leaked: a release too many must be counted, not crash.
    fn new(byte: u8) -> &'static Buffer {
        Box::leak(Box::new(Buffer { bytes: [byte; 160], given_back: AtomicUsize::new(0), by: Mutex::new(None) }))
    }

    fn lent(&'static self) -> Lent {
        let context = std::ptr::from_ref(self).cast_mut().cast();
        // SAFETY: the bytes live for ever and are never written to; `release` may be called on any thread.
        unsafe { Lent::new(self.bytes.as_ptr(), self.bytes.len(), release, context) }
    }

    fn given_back(&self) -> usize {
        self.given_back.load(Ordering::SeqCst)
    }
}

unsafe extern "C" fn release(context: *mut c_void) {
    // SAFETY: the context is a `Buffer` that lives for ever.
    let buffer = unsafe { &*context.cast::<Buffer>() };
    buffer.given_back.fetch_add(1, Ordering::SeqCst);
    if let Ok(mut by) = buffer.by.lock() {
        *by = Some(thread::current().id());
    }
}

fn facts(at: CallTime) -> Facts {
    let arrival = MonoTime(ZERO.0.checked_add_signed(at.nanos()).expect("not before the host's clock"));
    let timestamp = Some((at.sample(8_000) as u32, u32::from(CALLER) + 1));
    Facts { samples: 160, timestamp, arrival, ..Facts::default() }
}

/// A call that may be recorded, run to 12 s.
fn open_call() -> Stage {
    let mut stage = Stage::new("ecommerce-be");
    stage.notice(ms(0), ms(6_000));
    stage.run_to(ms(12_000));
    stage
}

/// Lends ten packets from 12.02 s on.
fn lend_ten(stage: &mut Stage) -> Vec<&'static Buffer> {
    lend(stage, 10)
}

fn lend(stage: &mut Stage, count: u8) -> Vec<&'static Buffer> {
    let lend = |number: u8| {
        let buffer = Buffer::new(number);
        let answer = stage.caller.lend(&facts(ms(12_020 + i64::from(number) * 20)), buffer.lent());
        assert_eq!(answer, Pushed::Taken, "packet {number}");
        buffer
    };
    (0..count).map(lend).collect()
}

fn counts(buffers: &[&'static Buffer]) -> Vec<usize> {
    buffers.iter().map(|buffer| buffer.given_back()).collect()
}

#[test]
fn a_lent_buffer_reaches_the_sinks_as_it_is_and_is_given_back_on_the_worker() {
    let mut stage = open_call();
    let buffers = lend_ten(&mut stage);
    assert_eq!(counts(&buffers), [0; 10]);
    stage.run_legs(ms(13_000), false, true);
    assert_eq!(counts(&buffers), [1; 10]);
    for (number, buffer) in buffers.iter().enumerate() {
        let from = ms(12_020 + number as i64 * 20);
        let stretch = calltap::time::Interval { from, to: from + std::time::Duration::from_millis(20) };
        assert!(stage.record.has(&Got::Frame { leg: CALLER, stretch, bytes: buffer.bytes.to_vec() }));
        assert_eq!(*buffer.by.lock().expect("not poisoned"), Some(thread::current().id()));
    }
}

#[test]
fn a_lent_buffer_that_is_not_taken_stays_the_hosts() {
    let mut stage = Stage::new("ecommerce-us");
    let buffer = Buffer::new(1);
    assert_eq!(stage.caller.lend(&facts(ms(20)), buffer.lent()), Pushed::Shut);
    let mut stage = open_call();
    let too_long = Facts { samples: 481, ..facts(ms(12_020)) };
    assert!(matches!(stage.caller.lend(&too_long, buffer.lent()), Pushed::Dropped(_)));
    let unknown = Facts { format: 77, ..facts(ms(12_020)) };
    assert!(matches!(stage.caller.lend(&unknown, buffer.lent()), Pushed::Dropped(_)));
    drop(stage);
    assert_eq!(buffer.given_back(), 0);
}

/// What ends a call, or what is held of it.
type Ending = fn(&mut Stage);

#[test]
fn a_lent_buffer_is_given_back_whatever_becomes_of_its_frame() {
    let endings: [(&str, Ending); 6] = [
        ("an end", |stage| stage.call.end(ms(12_250))),
        ("a withdrawal", |stage| drop(stage.call.withdraw(ms(12_250), "an agent"))),
        ("a pause", |stage| stage.call.pause(ms(12_250))),
        ("a transfer", |stage| stage.call.transfer(ms(12_250), "ecommerce-us", "customer-care")),
        ("a closed leg", |stage| stage.call.close_leg(ms(12_250), CALLER)),
        ("an objection", |stage| {
            stage.caller.digit(Digit::NINE, None);
            stage.call.step(ms(12_250));
            stage.call.step(ms(16_000));
        }),
    ];
    for (what, ending) in endings {
        let mut stage = open_call();
        let buffers = lend_ten(&mut stage);
        stage.run_legs(ms(12_050), false, false);
        ending(&mut stage);
        stage.call.step(ms(16_000));
        assert_eq!(counts(&buffers), [1; 10], "{what}");
    }
}

#[test]
fn a_lent_buffer_in_a_ring_that_nobody_read_is_given_back_with_the_call() {
    let mut stage = open_call();
    let buffers = lend_ten(&mut stage);
    let Stage { call, caller, .. } = stage;
    drop(call);
    assert_eq!(counts(&buffers), [1; 10]);
    drop(caller);
    assert_eq!(counts(&buffers), [1; 10]);
}

#[test]
fn a_lent_buffer_is_given_back_when_a_sink_panics() {
    let mut stage = Stage::with_panicking_sink();
    stage.notice(ms(0), ms(6_000));
    // The first permitted frame is due a hold-back after 9 s.
    stage.run_to(ms(9_100));
    let buffer = Buffer::new(1);
    assert_eq!(stage.caller.lend(&facts(ms(9_120)), buffer.lent()), Pushed::Taken);
    stage.run_legs(ms(10_000), false, true);
    assert_eq!(stage.answers[usize::from(AGENT)], Pushed::Shut, "the call has failed");
    assert_eq!(buffer.given_back(), 1);
}

/// A sink that keeps every frame.
struct Keeper {
    output: OutputId,
    kept: Arc<Mutex<Vec<Frame>>>,
}

impl Sink for Keeper {
    fn open(&mut self, _: &Permit, _: &Description) -> Result<(), SinkError> {
        Ok(())
    }

    fn frame(&mut self, frame: &Frame) -> Result<Handed, SinkError> {
        self.kept.lock().expect("not poisoned").push(frame.clone());
        Ok(Handed::Taken)
    }

    fn flush(&mut self) -> Result<(), SinkError> {
        Ok(())
    }

    fn close(&mut self, _: &Closing) -> Result<(), SinkError> {
        Ok(())
    }

    fn erase(&mut self, _: &Erasure) -> Receipt {
        Receipt { output: self.output, fate: Fate::Erased, frames: 0, bytes: 0 }
    }
}

fn keep_frames(call: &mut Call) -> Arc<Mutex<Vec<Frame>>> {
    let kept = Arc::new(Mutex::new(Vec::new()));
    let shared = Arc::clone(&kept);
    let make = Box::new(move |output| -> Box<dyn Sink> { Box::new(Keeper { output, kept: Arc::clone(&shared) }) });
    let pairs = [(Tap::Record, Purpose::Quality)].into_iter().collect();
    let spec = SinkSpec { tap: Tap::Record, pairs, run: Run::Direct, live: false, make };
    call.add_sink(spec).expect("room for a sink");
    kept
}

#[test]
fn a_buffer_that_a_sink_keeps_is_given_back_on_the_worker_wherever_the_sink_drops_it() {
    let mut stage = open_call();
    let kept = keep_frames(&mut stage.call);
    // So few that none is moved to the pool.
    let buffers = lend(&mut stage, 4);
    stage.run_legs(ms(13_000), false, false);
    assert_eq!(counts(&buffers), [0; 4]);
    let worker = thread::current().id();
    thread::spawn(move || kept.lock().expect("not poisoned").clear()).join().expect("dropping does not panic");
    assert_eq!(counts(&buffers), [0; 4], "not on the sink's thread");
    stage.call.step(ms(13_010));
    assert_eq!(counts(&buffers), [1; 4]);
    assert!(buffers.iter().all(|buffer| *buffer.by.lock().expect("not poisoned") == Some(worker)));
}

#[test]
fn a_buffer_that_a_sink_keeps_longer_than_the_call_lives_is_given_back_when_it_lets_go() {
    let mut stage = open_call();
    let kept = keep_frames(&mut stage.call);
    let buffers = lend(&mut stage, 4);
    stage.run_legs(ms(13_000), false, false);
    drop(stage);
    assert_eq!(counts(&buffers), [0; 4]);
    let frames = std::mem::take(&mut *kept.lock().expect("not poisoned"));
    assert_eq!(frames.last().map(|frame| frame.bytes().to_vec()), Some(vec![3; 160]));
    drop(frames);
    assert_eq!(counts(&buffers), [1; 4]);
}

#[test]
fn a_lent_buffer_that_is_held_long_moves_to_the_pool_and_is_given_back_early() {
    let mut stage = open_call();
    stage.digit(CALLER, '9', Some(ms(11_990)));
    // Twelve frames wait out their hold-back, sixteen may keep their slots: of ten more, six are copied.
    let buffers = lend_ten(&mut stage);
    stage.call.step(ms(12_010));
    assert_eq!(counts(&buffers), [0, 0, 0, 0, 1, 1, 1, 1, 1, 1]);
    stage.digit(CALLER, '4', Some(ms(12_000)));
    stage.run_legs(ms(13_000), false, true);
    assert_eq!(counts(&buffers), [1; 10]);
    let frames = stage.record.frames(CALLER);
    assert!(frames.last().is_some_and(|(_, stretch)| stretch.to == ms(12_220)), "all of it was recorded");
}
