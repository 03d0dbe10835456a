//! Frames that come in other ways than by a push, and what they are in the end.

use calltap::engine::{Facts, Pushed};
use calltap::sink::GapCause;
use calltap::time::{CallTime, MonoTime};

use super::stage::{CALLER, Got, Stage, ZERO, ms, voice};

fn host(at: CallTime) -> MonoTime {
    MonoTime(ZERO.0.checked_add_signed(at.nanos()).expect("not before the host's clock"))
}

/// The caller's packet at `at`, as `Stage::speak` would number it if it were the one after `last`.
fn facts(at: CallTime, sequence: u16) -> Facts {
    Facts {
        format: 0,
        samples: 160,
        sequence: Some(sequence),
        timestamp: Some((at.sample(8_000) as u32, u32::from(CALLER) + 1)),
        arrival: host(at),
        marker: false,
    }
}

/// A call run to 12 s, in which the caller's next packet, at 12.02 s, has the number that is answered.
fn open_call() -> (Stage, u16) {
    let mut stage = Stage::new("ecommerce-be");
    stage.notice(ms(0), ms(6_000));
    stage.run_to(ms(12_000));
    let number = stage.call.ledger(CALLER).expect("the leg exists").pushed as u16;
    (stage, number)
}

#[test]
fn a_frame_that_the_host_wrote_into_its_slot_is_recorded_like_one_that_was_pushed() {
    let (mut stage, number) = open_call();
    let mut slot = stage.caller.reserve().expect("the gate is open");
    assert!(slot.bytes().iter().all(|&byte| byte == 0), "nothing of an earlier frame is in it");
    slot.bytes()[..160].fill(voice(CALLER, ms(12_020)));
    // More than it says in the end.
    slot.bytes()[160..].fill(0xff);
    assert_eq!(slot.commit(160, &facts(ms(12_020), number)), Pushed::Taken);
    stage.run_legs(ms(12_300), false, true);
    let stretch = calltap::time::Interval { from: ms(12_020), to: ms(12_040) };
    assert!(stage.record.has(&Got::Frame { leg: CALLER, stretch, bytes: vec![voice(CALLER, ms(12_020)); 160] }));
    let ledger = stage.call.ledger(CALLER).expect("the leg exists");
    assert!(ledger.balances() && ledger.pushed == u64::from(number) + 1, "{ledger:?}");
}

#[test]
fn a_slot_that_is_not_committed_was_never_offered() {
    let (mut stage, number) = open_call();
    for round in 0..100 {
        let mut slot = stage.caller.reserve().expect("the slot was given back");
        assert!(slot.bytes().iter().all(|&byte| byte == 0), "round {round}: wiped");
        slot.bytes().fill(0x77);
    }
    let slot = stage.caller.reserve().expect("a slot");
    assert!(matches!(slot.commit(481, &facts(ms(12_020), number)), Pushed::Dropped(_)), "longer than the slot");
    assert!(stage.caller.reserved().is_none(), "given back");
    let ledger = stage.call.ledger(CALLER).expect("the leg exists");
    assert_eq!((ledger.pushed, ledger.size), (u64::from(number) + 1, 1));
}

#[test]
fn a_slot_that_was_forgotten_is_found_again_and_filled_by_nobody_else() {
    let (mut stage, number) = open_call();
    let mut slot = stage.caller.reserve().expect("a slot");
    slot.bytes().fill(0x33);
    std::mem::forget(slot);
    for packet in 0..40 {
        stage.speak(CALLER, ms(12_020 + packet * 20));
    }
    let mut slot = stage.caller.reserved().expect("it is still aside");
    assert!(slot.bytes().iter().all(|&byte| byte == 0x33));
    drop(slot);
    assert!(stage.caller.reserved().is_none());
    let full = stage.call.ledger(CALLER).expect("the leg exists").full;
    assert!(full > 0, "number {number}: the ring was full without it");
}

#[test]
fn a_gate_that_shuts_between_reserve_and_commit_refuses_the_frame() {
    let (mut stage, number) = open_call();
    std::mem::forget(stage.caller.reserve().expect("a slot"));
    stage.end();
    let slot = stage.caller.reserved().expect("it is still aside");
    assert_eq!(slot.commit(160, &facts(ms(12_020), number)), Pushed::Shut);
    let ledger = stage.call.ledger(CALLER).expect("the leg exists");
    assert!(ledger.balances() && ledger.in_flight == 0, "{ledger:?}");
    assert_eq!(stage.caller.reserve().err(), Some(Pushed::Shut));
}

#[test]
fn silence_without_bytes_is_a_gap_that_says_so_and_loses_no_packet() {
    let (mut stage, number) = open_call();
    for packet in 0..5 {
        let at = ms(12_020 + i64::from(packet) * 20);
        assert_eq!(stage.caller.push_silence(&facts(at, number + packet)), Pushed::Taken);
        stage.call.step(at);
    }
    // The caller's packets go on with the numbers after the silence.
    for packet in 5..50 {
        let at = ms(12_020 + i64::from(packet) * 20);
        let mut slot = stage.caller.reserve().expect("a slot");
        slot.bytes()[..160].fill(voice(CALLER, at));
        assert_eq!(slot.commit(160, &facts(at, number + packet)), Pushed::Taken);
        stage.call.step(at);
    }
    let gaps = stage.record.gaps(GapCause::Silent);
    assert_eq!(gaps, [(CALLER, calltap::time::Interval { from: ms(12_020), to: ms(12_120) })]);
    let ledger = stage.call.ledger(CALLER).expect("the leg exists");
    assert_eq!(ledger.lost, 0);
    assert!(ledger.balances());
}

#[test]
fn silence_without_time_stamps_takes_its_time() {
    let (mut stage, _) = open_call();
    let plain = |millis| Facts { samples: 160, arrival: host(ms(millis)), ..Facts::default() };
    assert_eq!(stage.caller.push_silence(&plain(12_020)), Pushed::Taken);
    let mut slot = stage.caller.reserve().expect("a slot");
    slot.bytes()[..160].fill(1);
    assert_eq!(slot.commit(160, &plain(12_041)), Pushed::Taken);
    stage.run_legs(ms(12_400), false, true);
    let last = stage.record.frames(CALLER).last().map(|(_, stretch)| *stretch);
    assert_eq!(last, Some(calltap::time::Interval { from: ms(12_040), to: ms(12_060) }));
}
