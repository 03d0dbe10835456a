//! The worked timeline of the default policy: notice 0 to 6 s, window 3 s, hold-back 240 ms, a 9 at 20 s, and what can
//! become of it. Times are those of the example, to the tick of 10 ms.

mod stage;

use calltap::consent::{Change, DigitSource};
use calltap::engine::{CallEvent, Pushed};
use calltap::policy::Tap;
use calltap::sink::GapCause;
use calltap::time::Interval;

use stage::{AGENT, CALLER, Got, Stage, ms};

/// Notice 0 to 6 s; runs to `until`.
fn on_stage(until: i64) -> Stage {
    let mut stage = Stage::new("ecommerce-be");
    stage.notice(ms(0), ms(6_000));
    stage.run_to(ms(until));
    stage
}

#[test]
fn before_the_window_closes_the_caller_is_listened_to_and_the_agent_waits() {
    let mut stage = on_stage(8_740);
    assert_eq!(stage.answers, [Pushed::Taken, Pushed::Wait]);
    // One hold-back before the window's earliest end, every leg is held.
    stage.run_to(ms(8_780));
    assert_eq!(stage.answers, [Pushed::Taken, Pushed::Taken]);
    assert!(stage.record.all().is_empty());
}

#[test]
fn the_first_frame_is_that_of_9_000_and_comes_at_9_240() {
    let mut stage = on_stage(9_230);
    assert!(stage.record.all().is_empty(), "not even opened");
    let opened = Change::Opened { pairs: stage.call.decision(Tap::Record).pairs, from: ms(9_000) };
    let opened_from = stage.events.iter().find_map(|event| match event {
        CallEvent::Consent(Change::Opened { from, .. }) => Some(*from),
        _ => None,
    });
    assert_eq!(opened_from, Some(ms(9_000)), "{opened:?}");
    stage.run_to(ms(9_300));
    assert!(stage.record.has(&Got::Opened { from: ms(9_000) }));
    assert_eq!(stage.record.opened_at(), Some(ms(9_240)));
    for leg in [CALLER, AGENT] {
        let frames = stage.record.frames(leg);
        assert_eq!(frames[0], (ms(9_240), Interval { from: ms(9_000), to: ms(9_020) }));
        assert_eq!(frames[1].1.from, ms(9_020), "contiguous");
    }
    stage.check_ledgers(false);
}

#[test]
fn the_permission_is_found_out_at_about_9_130() {
    let mut stage = on_stage(9_090);
    assert!(stage.call.decision(Tap::Record).pairs.is_empty());
    stage.run_to(ms(9_130));
    assert!(!stage.call.decision(Tap::Record).pairs.is_empty());
}

/// Runs to 20.120, where a 9 with onset 20.000 becomes known.
fn with_a_nine() -> Stage {
    let mut stage = on_stage(20_120);
    stage.digit(CALLER, '9', Some(ms(20_000)));
    stage
}

#[test]
fn what_lies_before_the_nine_goes_on_as_it_falls_due_and_nothing_after_it() {
    let mut stage = with_a_nine();
    stage.run_to(ms(21_400));
    for log in [&stage.record, &stage.monitor] {
        for leg in [CALLER, AGENT] {
            let frames = log.frames(leg);
            let &(came, last) = frames.last().expect("frames before the 9");
            assert_eq!(last.to, ms(20_000));
            assert_eq!(came, ms(20_220), "the frame of 19.980, one hold-back after its place");
        }
    }
    assert_eq!(stage.answers, [Pushed::Taken, Pushed::Taken], "held, not refused");
    stage.check_ledgers(false);
}

#[test]
fn case_a_another_digit_releases_what_was_held_at_once_and_live_sinks_get_a_gap() {
    let mut stage = with_a_nine();
    stage.run_to(ms(21_620));
    let before = stage.record.frames(CALLER).len();
    stage.digit(CALLER, '4', Some(ms(21_500)));
    stage.run_to(ms(21_630));
    let frames = stage.record.frames(CALLER);
    let released = &frames[before..];
    assert_eq!(released.first().map(|(_, stretch)| stretch.from), Some(ms(20_000)));
    assert_eq!(released.last().map(|(_, stretch)| stretch.from), Some(ms(21_380)), "then 240 ms behind as ever");
    assert!(released.iter().all(|&(came, _)| came == ms(21_630)));
    stage.run_to(ms(22_000));
    stage.end();
    for leg in [CALLER, AGENT] {
        // The recording is whole.
        let frames = stage.record.frames(leg);
        assert!(frames.windows(2).all(|two| two[0].1.to == two[1].1.from));
        assert_eq!(frames.last().map(|(_, stretch)| stretch.to), Some(ms(22_020)));
        // The listener never hears old audio.
        assert!(stage.monitor.frames(leg).iter().all(|&(came, stretch)| came <= stretch.from + LIVE));
    }
    let held = stage.monitor.gaps(GapCause::Held);
    assert_eq!(held.len(), 2, "one a leg: {held:?}");
    assert!(held.iter().all(|(_, stretch)| stretch.from == ms(20_000)));
    stage.check_ledgers(true);
}

/// The hold-back, and a tick.
const LIVE: std::time::Duration = std::time::Duration::from_millis(250);

#[test]
fn case_b_a_nine_that_stands_alone_is_an_objection_from_its_onset() {
    let mut stage = with_a_nine();
    stage.run_to(ms(23_090));
    assert!(!stage.record.has(&Got::Erased));
    stage.run_to(ms(23_140));
    let objected = stage.events.iter().any(|event| {
        matches!(event, CallEvent::Consent(Change::Objected { onset, source: DigitSource::Host }) if *onset == ms(20_000))
    });
    assert!(objected, "{:?}", stage.events);
    for log in [&stage.record, &stage.monitor] {
        assert!(log.has(&Got::Erased));
        assert!(log.frames(CALLER).iter().all(|(_, stretch)| stretch.to <= ms(20_000)));
    }
    stage.run_to(ms(23_200));
    assert_eq!(stage.answers, [Pushed::Shut, Pushed::Shut]);
    stage.end();
    stage.check_ledgers(true);
    let ledger = stage.call.ledger(CALLER).expect("the leg exists");
    assert!(ledger.purged > 100 && ledger.erased == ledger.delivered, "{ledger:?}");
}

#[test]
fn case_c_a_nine_still_waiting_at_the_end_is_an_objection() {
    let mut stage = with_a_nine();
    stage.run_to(ms(21_000));
    stage.end();
    assert!(stage.record.has(&Got::Erased));
    assert!(!stage.call.holds_audio(Tap::Record));
    stage.check_ledgers(true);
}

#[test]
fn case_d_a_late_nine_counts_from_its_report_and_takes_the_rest_along() {
    let mut stage = on_stage(20_400);
    stage.digit(CALLER, '9', None);
    stage.run_to(ms(23_000));
    for leg in [CALLER, AGENT] {
        let last = stage.record.frames(leg).last().map(|(_, stretch)| stretch.to);
        assert_eq!(last, Some(ms(20_400)), "nothing after the report");
    }
    stage.run_to(ms(23_600));
    assert!(stage.record.has(&Got::Erased), "what went out since the press is erased with the rest");
    stage.check_ledgers(false);
}
