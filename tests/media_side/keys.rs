//! A caller's 9 closes the gates inside the call, before any worker looks.

use calltap::consent::{Change, Digit, Role};
use calltap::engine::{CallEvent, CallSpec, Config, Engine, LegSpec, LegWriter, Pushed};
use calltap::policy::{Direction, Policy};
use calltap::sink::GapCause;
use calltap::time::{CallTime, MonoTime};

use super::stage::{AGENT, CALLER, Got, Stage, ZERO, ms};

/// A moment on the host's clock.
fn host(at: CallTime) -> MonoTime {
    MonoTime(ZERO.0.checked_add_signed(at.nanos()).expect("not before the host's clock"))
}

fn key(key: char) -> Digit {
    Digit::from_char(key).expect("a key of a telephone")
}

/// A call whose notice is played from 0 to 6 s, run to `until`. Its window closes at 9 s.
fn after_notice(until: i64) -> Stage {
    let mut stage = Stage::new("ecommerce-be");
    stage.notice(ms(0), ms(6_000));
    stage.run_to(ms(until));
    stage
}

/// What both legs answer to a frame now, without the worker having looked.
fn answers(stage: &mut Stage) -> [Pushed; 2] {
    let next = ms(stage.now().nanos() / 20_000_000 * 20 + 20);
    stage.speak(CALLER, next);
    stage.speak(AGENT, next);
    stage.answers
}

fn objected_at(stage: &Stage) -> Option<CallTime> {
    stage.events.iter().find_map(|event| match event {
        CallEvent::Consent(Change::Objected { onset, .. }) => Some(*onset),
        _ => None,
    })
}

#[test]
fn a_nine_in_the_notice_shuts_every_leg_before_the_worker_knows() {
    let mut stage = Stage::new("ecommerce-be");
    stage.run_to(ms(1_000));
    stage.call.notice_started(ms(1_000), "en");
    stage.run_to(ms(3_010));
    assert!(stage.caller.digit(Digit::NINE, Some(host(ms(3_000)))));
    assert_eq!(answers(&mut stage), [Pushed::Shut; 2]);
    stage.run_to(ms(3_020));
    assert_eq!(objected_at(&stage), Some(ms(3_000)));
    stage.end();
    stage.check_ledgers(true);
}

#[test]
fn a_nine_in_the_window_shuts_every_leg_with_an_onset_or_without() {
    for onset in [Some(host(ms(8_900))), None] {
        let mut stage = after_notice(8_950);
        assert!(stage.caller.digit(Digit::NINE, onset));
        assert_eq!(answers(&mut stage), [Pushed::Shut; 2], "{onset:?}");
        stage.run_to(ms(12_000));
        assert!(objected_at(&stage).is_some() && stage.record.all().is_empty(), "{onset:?}");
        stage.check_ledgers(false);
    }
}

#[test]
fn a_nine_without_onset_that_the_worker_reads_after_the_window_was_pressed_in_it() {
    let mut stage = after_notice(8_990);
    assert!(stage.caller.digit(Digit::NINE, None));
    // The worker was late: for it the window is over.
    stage.call.step(ms(9_300));
    stage.events.extend(stage.call.events());
    let onset = objected_at(&stage).expect("it refuses at once");
    assert!(onset < ms(9_000), "{onset:?}");
}

#[test]
fn a_nine_after_the_window_holds_every_leg_until_it_is_settled() {
    let mut stage = after_notice(20_010);
    assert!(stage.caller.digit(Digit::NINE, Some(host(ms(20_000)))));
    assert_eq!(answers(&mut stage), [Pushed::Taken; 2], "held, not refused");
    stage.run_to(ms(22_500));
    for leg in [CALLER, AGENT] {
        let last = stage.record.frames(leg).last().map(|(_, stretch)| stretch.to);
        assert!(last <= Some(ms(20_000)), "leg {leg}: {last:?}");
    }
    stage.run_to(ms(24_000));
    assert_eq!(objected_at(&stage), Some(ms(20_000)), "it stood alone");
    assert_eq!(answers(&mut stage), [Pushed::Shut; 2]);
    assert!(stage.record.has(&Got::Erased));
}

#[test]
fn a_nine_beside_another_digit_takes_nothing_from_the_recording() {
    let mut stage = after_notice(20_010);
    for (number, digit) in "4929".chars().enumerate() {
        let onset = ms(20_000 + number as i64 * 200);
        stage.run_to(onset);
        assert!(stage.caller.digit(key(digit), Some(host(onset))));
    }
    stage.run_to(ms(25_000));
    stage.end();
    assert_eq!(objected_at(&stage), None);
    for leg in [CALLER, AGENT] {
        let frames = stage.record.frames(leg);
        assert!(frames.windows(2).all(|two| two[0].1.to == two[1].1.from), "leg {leg}: contiguous");
        assert!(frames.last().is_some_and(|(_, stretch)| stretch.to >= ms(25_000)), "leg {leg}");
    }
    stage.check_ledgers(true);
}

/// Presses 9 on a leg and asserts that neither the gates nor the recording notice.
fn assert_nothing_changes(stage: &mut Stage, leg: u8, what: &str) {
    let before = stage.answers;
    let writer = if leg == CALLER { &mut stage.caller } else { &mut stage.agent };
    assert!(writer.digit(Digit::NINE, None), "{what}: the worker is told");
    assert_eq!(answers(stage), before, "{what}");
    let until = stage.now() + std::time::Duration::from_secs(5);
    stage.run_to(until);
    assert_eq!(objected_at(stage), None, "{what}");
}

#[test]
fn a_nine_that_means_nothing_changes_nothing() {
    let mut stage = Stage::new("ecommerce-be");
    stage.run_to(ms(1_000));
    assert_nothing_changes(&mut stage, CALLER, "before the notice");

    let mut stage = after_notice(7_000);
    assert_nothing_changes(&mut stage, AGENT, "on the agent's leg");

    let mut stage = after_notice(12_000);
    stage.call.pause(ms(12_000));
    stage.run_to(ms(12_100));
    assert_nothing_changes(&mut stage, CALLER, "in a pause");

    let mut stage = after_notice(12_000);
    stage.call.digits_are_data(ms(12_000), true);
    assert_nothing_changes(&mut stage, CALLER, "while digits are data");
    let frames = stage.record.frames(CALLER);
    assert!(frames.windows(2).all(|two| two[0].1.to == two[1].1.from), "contiguous");
}

#[test]
fn a_nine_after_the_window_changes_nothing_where_the_policy_says_so() {
    let text = include_str!("../../src/policy/default.toml").replace("until = \"call-end\"", "until = \"window\"");
    let policy = Policy::parse(&text, "a test").expect("a sound policy");
    let engine = Engine::new(Config::default(), Some(std::sync::Arc::new(policy))).expect("sound");
    let mut call = engine.start_call(CallSpec {
        id: "a call".to_owned(),
        entity: "ecommerce-be".to_owned(),
        service: "customer-care".to_owned(),
        direction: Direction::Inbound,
        language: "en".to_owned(),
        zero: ZERO,
        started: jiff::Timestamp::UNIX_EPOCH,
    });
    let mut caller = call.open_leg(&LegSpec::new(Role::Caller, Vec::new())).expect("the first leg");
    call.notice_started(ms(0), "en");
    call.notice_finished(ms(1_000), true);
    call.step(ms(6_000));
    assert!(caller.digit(Digit::NINE, None));
    call.step(ms(6_010));
    call.step(ms(60_000));
    assert!(call.decision(calltap::policy::Tap::Record).hook_needed, "nobody refused");
    assert!(call.events().iter().all(|event| !matches!(event, CallEvent::Consent(Change::Held { .. }))));
}

#[test]
fn a_nine_from_before_the_notice_that_is_reported_in_it_waits_for_the_worker() {
    let mut stage = Stage::new("ecommerce-be");
    stage.run_to(ms(1_000));
    stage.call.notice_started(ms(1_000), "en");
    stage.run_to(ms(1_050));
    assert!(stage.caller.digit(Digit::NINE, Some(host(ms(950)))));
    stage.run_to(ms(1_100));
    assert_eq!((objected_at(&stage), stage.answers), (None, [Pushed::Taken, Pushed::Wait]), "the host's menu");
}

#[test]
fn a_nine_that_shut_the_gates_is_an_objection_whatever_is_told_later() {
    let mut stage = after_notice(8_000);
    assert!(stage.caller.digit(Digit::NINE, Some(host(ms(7_990)))));
    // Told only now, and for then: consent alone would take the 9 for data.
    stage.call.digits_are_data(ms(7_980), true);
    stage.run_to(ms(8_050));
    assert_eq!(objected_at(&stage), Some(ms(7_990)));

    // A press that is to be told in a moment, which a pause overtakes.
    let mut stage = after_notice(8_000);
    assert!(stage.caller.digit(Digit::NINE, Some(host(ms(8_040)))));
    stage.call.pause(ms(8_020));
    stage.run_to(ms(8_100));
    assert_eq!(objected_at(&stage), Some(ms(8_040)), "what was shut stays shut, and says why");
}

#[test]
fn a_nine_that_finds_its_line_full_shuts_and_refuses() {
    let mut stage = after_notice(20_000);
    assert_eq!((0..40).filter(|_| stage.caller.digit(key('5'), None)).count(), 32);
    assert_eq!((0..40).filter(|_| stage.agent.digit(Digit::NINE, None)).count(), 32);
    assert_eq!(answers(&mut stage), [Pushed::Taken; 2], "other keys and other legs shut nothing");
    assert!(!stage.caller.digit(Digit::NINE, Some(host(ms(19_900)))));
    assert_eq!(answers(&mut stage), [Pushed::Shut; 2]);
    stage.run_to(ms(20_020));
    assert_eq!(objected_at(&stage), Some(ms(19_900)), "though it stood beside other digits");
    assert!(stage.record.has(&Got::Erased));
}

#[test]
fn a_nine_long_after_now_counts_now() {
    let mut stage = after_notice(20_000);
    assert!(stage.caller.digit(Digit::NINE, Some(host(ms(3_600_000)))));
    stage.run_to(ms(24_000));
    let onset = objected_at(&stage).expect("it stood alone");
    assert!((ms(20_000)..=ms(20_010)).contains(&onset), "{onset:?}");
}

#[test]
fn a_nine_that_is_keyed_after_a_failure_still_refuses() {
    let mut stage = Stage::with_panicking_sink();
    stage.notice(ms(0), ms(6_000));
    stage.run_to(ms(10_000));
    assert!(stage.caller.digit(Digit::NINE, None));
    stage.run_to(ms(10_010));
    assert!(objected_at(&stage).is_some());
    assert!(stage.record.has(&Got::Erased));
}

#[test]
fn a_leg_that_is_opened_after_the_press_is_shut() {
    let mut stage = after_notice(7_000);
    assert!(stage.caller.digit(Digit::NINE, None));
    let mut third: LegWriter = stage.call.open_leg(&LegSpec::new(Role::Mix, Vec::new())).expect("room for a third leg");
    assert_eq!(third.push_rtp(&[], host(ms(7_000))), Pushed::Shut);
}

#[test]
fn a_gap_while_the_line_is_on_hold_says_so() {
    let mut stage = after_notice(12_000);
    assert!(stage.caller.hold(true, host(ms(12_100))));
    stage.run_legs(ms(14_000), false, true);
    assert!(stage.caller.hold(false, host(ms(13_900))));
    stage.run_to(ms(16_000));
    stage.end();
    let of_caller = |cause| -> Vec<_> { stage.record.gaps(cause).iter().map(|(_, gap)| (gap.from, gap.to)).collect() };
    assert_eq!(of_caller(GapCause::Hold), [(ms(12_100), ms(13_900))]);
    assert_eq!(of_caller(GapCause::Silent), [(ms(12_020), ms(12_100)), (ms(13_900), ms(14_020))]);
    stage.check_ledgers(true);
}
