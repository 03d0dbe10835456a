//! What several control threads tell one call is done in order, and costs no audio.

use std::sync::Arc;
use std::time::Duration;

use calltap::consent::{Digit, Reason};
use calltap::engine::{CallEvent, Config, Done, LiveError, Run};
use calltap::policy::Tap;
use calltap::time::MonoTime;

use crate::stage::{LivePair, Stage, mono, until};
use crate::witness::{Got, Log, Where};

#[test]
fn a_transfer_hands_on_what_is_held_though_a_verb_waits_behind_it() {
    let stage = Stage::new(Config::default());
    let (log, blocker) = (Log::default(), Log::default());
    let (mut pair, mut other) = (stage.pair(), stage.pair());
    pair.record(Run::Direct, log.sink());
    other.record(Run::Direct, blocker.sink());
    stage.play_all(&mut [&mut pair, &mut other], 5_500);
    // The worker is kept in the other call until both orders wait for it.
    blocker.set(|notes| notes.blocks = Some(Where::Frame));
    stage.push_on(&mut [&mut other], 5_540);
    blocker.wait_inside();
    let long = Some(Duration::from_secs(3600));
    let (moving, pausing) = (Arc::clone(&pair.call), Arc::clone(&pair.call));
    let moving = std::thread::spawn(move || moving.transfer("ecommerce-be", "sales", Some(mono(5_500))));
    std::thread::park_timeout(Duration::from_millis(50));
    let pausing = std::thread::spawn(move || pausing.pause(Some(mono(5_500)), long));
    std::thread::park_timeout(Duration::from_millis(50));
    blocker.set(|notes| notes.blocks = None);
    moving.join().expect("no panic").expect("told");
    let _ = pausing.join().expect("no panic").expect("told");
    // Twelve frames of each leg were held.
    assert_eq!(log.frames(), 50);
    stage.event("the end of the recording", |event| matches!(event, CallEvent::OutputClosed { .. }));
}

#[test]
fn a_wild_moment_is_refused_and_the_call_is_recorded_as_if_nothing_was_said() {
    const MS: u64 = 1_000_000;
    let stage = Stage::new(Config::default());
    let log = Log::default();
    let mut pair = stage.pair();
    pair.record(Run::Direct, log.sink());
    stage.play(&mut pair, 6_000);
    let now = mono(6_000);
    for wild in [u64::MAX, now.0 + 61 * MS] {
        let at = Some(MonoTime(wild));
        assert!(matches!(pair.call.pause(at, None), Err(LiveError::BadMoment)), "{wild}");
        assert!(matches!(pair.call.withdraw("the agent", at, None), Err(LiveError::BadMoment)), "{wild}");
        assert!(matches!(pair.call.end(at, None), Err(LiveError::BadMoment)), "{wild}");
        assert!(matches!(pair.call.resume(at), Err(LiveError::BadMoment)), "{wild}");
    }
    stage.play(&mut pair, 7_000);
    assert_eq!(pair.call.pause(Some(MonoTime(mono(7_000).0 + 60 * MS)), None).expect("told"), Done::Good);
    stage.clock.advance(Duration::from_secs(2 * 24 * 3600));
    assert!(matches!(pair.call.resume(Some(mono(7_000))), Err(LiveError::BadMoment)), "two days ago");
    assert_eq!(pair.delivered(), [100, 100]);
}

#[test]
fn a_writer_that_is_dropped_closes_its_leg_and_the_call_goes_on() {
    let stage = Stage::new(Config::default());
    let log = Log::default();
    let mut pair = stage.pair();
    pair.record(Run::Direct, log.sink());
    stage.play(&mut pair, 6_000);
    let LivePair { call, legs: [mut caller, agent], .. } = pair;
    // It waits whether it stands alone: what the caller keys next would say so, and nothing more can come.
    assert!(caller.digit(Digit::NINE, Some(mono(6_000))));
    until("the 9 to be held", || call.decision(Tap::Record).reason == Reason::Undecided);
    drop(caller);
    until("the caller's 9 to be settled", || call.decision(Tap::Record).reason == Reason::Objected);
    assert_eq!(call.end(None, None).expect("told"), Done::Good);
    drop(agent);
    // After the end that is nothing any more.
    call.ledger(1).expect("an answer").expect("a leg");
    log.wait("the erasure", |notes| notes.got.contains(&Got::Erased));
    assert_eq!(call.decision(Tap::Record).reason, Reason::Objected);
}
