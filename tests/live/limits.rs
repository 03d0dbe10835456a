//! Limits: at each the host is answered, what is tapped already goes on, and memory stays where it is.

use std::time::Duration;

use calltap::audio::Format;
use calltap::consent::{Reason, Role};
use calltap::engine::{
    CallError, CallEvent, Config, ConfigError, DropCause, LegSpec, LiveEngine, LiveError, Pushed, Run, StartError,
};
use calltap::policy::{Policy, Tap};

use crate::alone::{alone, resident};
use crate::stage::{Stage, mono, packet, spec, until};
use crate::witness::{Got, Log, Where};

#[test]
fn a_hundred_thousand_starts_against_a_limit_of_a_thousand_are_all_answered_in_flat_memory() {
    alone("limits::a_hundred_thousand_starts_against_a_limit_of_a_thousand_are_all_answered_in_flat_memory", || {
        const STARTS: usize = 100_000;
        const MIB: usize = 1 << 20;
        let stage = Stage::new(Config { calls: 1_000, ..Config::default() });
        let start = || stage.engine.start_call(spec("ecommerce-be"));
        let calls: Vec<_> = (0..1_000).map(|_| start()).collect();
        assert!(calls.iter().all(|call| call.decision(Tap::Record).hook_needed));
        let refuse = || {
            let call = start();
            let decision = call.decision(Tap::Record);
            assert_eq!((decision.reason, decision.hook_needed), (Reason::LimitReached, false));
            let mut leg = call.open_leg(&LegSpec::new(Role::Caller, vec![Format::PCMA])).expect("a leg");
            assert_eq!(leg.push(&packet(0)), Pushed::Shut);
            call.notice_started("en", None).expect("answered");
            call
        };
        (0..1_000).for_each(|_| drop(refuse()));
        let before = resident();
        (0..STARTS).for_each(|_| drop(refuse()));
        assert!(resident() < before + 4 * MIB, "handles dropped: {before} bytes became {}", resident());
        let mut kept = Vec::with_capacity(STARTS);
        kept.extend((0..STARTS).map(|_| refuse()));
        assert!(resident() < before + 12 * MIB, "handles kept: {before} bytes became {}", resident());
        let counters = stage.engine.counters();
        assert_eq!((counters.calls, counters.turned_away), (1_000, 201_000));
        drop((calls, kept));
        until("room again", || stage.engine.counters().calls == 0);
        // Calls that come and go take nothing with them either, once as many were there as may be.
        let come_and_go = || {
            for _ in 0..STARTS / 10 {
                let call = start();
                let _leg = call.open_leg(&LegSpec::new(Role::Caller, vec![Format::PCMA]));
            }
            until("room again", || stage.engine.counters().calls == 0);
            stage.events();
        };
        come_and_go();
        let before = resident();
        come_and_go();
        assert!(resident() < before + 8 * MIB, "{before} bytes became {}", resident());
    });
}

#[test]
fn when_as_many_outputs_are_open_as_may_be_the_next_is_refused_and_the_call_goes_on() {
    let stage = Stage::new(Config { outputs: 1, ..Config::default() });
    let (log, late) = (Log::default(), Log::default());
    let (mut pair, mut second) = (stage.pair(), stage.pair());
    pair.record(Run::Queued, log.sink());
    second.record(Run::Queued, late.sink());
    stage.play_all(&mut [&mut pair, &mut second], 6_000);
    assert_eq!(stage.engine.counters().outputs, 1);
    stage.event(
        "the refusal",
        |event| matches!(event, CallEvent::SinkFailed { what, .. } if what.contains("`outputs`")),
    );
    // Whichever came first has the place.
    let [pair, second] = if pair.delivered_and_held()[0].0 > 0 { [pair, second] } else { [second, pair] };
    assert_eq!(second.call.decision(Tap::Record).reason, Reason::Allowed);
    assert_eq!(second.delivered_and_held()[0].0, 0);
    // A call that starts now could not be served.
    let refused = stage.engine.start_call(spec("ecommerce-be"));
    assert_eq!(refused.decision(Tap::Record).reason, Reason::LimitReached);
    let _ = pair.call.end(None, None).expect("told");
    until("room", || stage.engine.counters().outputs == 0);
    let served = stage.engine.start_call(spec("ecommerce-be"));
    assert_eq!(served.decision(Tap::Record).reason, Reason::NoticeNotGiven);
    until("what waited in the queue", || pair.delivered() == [50, 50]);
}

#[test]
fn what_is_held_outside_of_rings_stays_within_its_limit_and_what_finds_no_room_is_counted() {
    // Of a ring of 4 slots a line keeps 2; ten more frames of 160 bytes wait.
    let stage = Stage::new(Config { held_bytes: 1_000, ..Config::default() });
    let log = Log::default();
    let mut pair = stage.pair();
    let narrow = LegSpec { slots: 4, ..LegSpec::new(Role::Agent, vec![Format::PCMA]) };
    pair.legs[1] = pair.call.open_leg(&narrow).expect("a third leg");
    pair.record(Run::Direct, log.sink());
    let mut most = 0;
    while pair.packet < 300 {
        let next = (pair.packet + 1) * 20;
        stage.play(&mut pair, next);
        most = most.max(stage.engine.counters().held_bytes);
    }
    assert!(most > 0 && most <= 1_000, "{most}");
    let _ = pair.call.end(None, None).expect("told");
    let ledger = pair.call.ledger(2).expect("an answer").expect("a leg");
    assert!(ledger.balances() && ledger.full > 0 && ledger.in_flight == 0, "{ledger:?}");
    assert_eq!(stage.engine.counters().held_bytes, 0);
    // The other leg had its ring.
    assert_eq!(pair.call.ledger(0).expect("an answer").expect("a leg").delivered, 50);
}

#[test]
fn of_a_host_that_never_asks_the_oldest_events_are_forgotten_counted_and_can_be_read_again() {
    let stage = Stage::new(Config { events: 16, ..Config::default() });
    let pair = stage.pair();
    for second in 1..=50 {
        stage.at(second * 1_000 + 500);
        let _ = pair.call.pause(Some(mono(second * 1_000)), None).expect("told");
        pair.call.resume(Some(mono(second * 1_000 + 500))).expect("told");
    }
    let _ = pair.call.end(None, None).expect("told");
    // The answer may come before its event.
    until("the last event", || stage.engine.counters().events_lost == 101 - 16);
    assert_eq!(stage.engine.counters().events_waiting, 16);
    let left = stage.events();
    assert_eq!(left.len(), 16);
    assert!(matches!(left[15].event, CallEvent::Consent(calltap::consent::Change::Closed { .. })), "the newest stay");
    assert_eq!(pair.call.decision(Tap::Record).reason, Reason::Ended);
    assert_eq!(stage.engine.counters().events_lost, 101 - 16);
}

#[test]
fn a_call_has_as_many_legs_as_the_configuration_allows() {
    for legs in [2, 8] {
        let stage = Stage::new(Config { legs, ..Config::default() });
        let call = stage.engine.start_call(spec("ecommerce-be"));
        let open = || call.open_leg(&LegSpec::new(Role::Mix, vec![Format::PCMA]));
        let opened: Vec<_> = (0..legs).map(|_| open().expect("a leg")).collect();
        assert!(matches!(open(), Err(LiveError::Call(CallError::TooManyLegs))), "{legs}");
        assert_eq!(opened.len(), legs);
    }
}

#[test]
fn a_full_mailbox_refuses_orders_and_still_takes_verbs() {
    let stage = Stage::new(Config { deadline: Duration::ZERO, ..Config::default() });
    let log = Log::default();
    // Nobody waits for answers here: what is told is done by its order.
    let call = stage.engine.start_call(spec("ecommerce-be"));
    let mut leg = None;
    until("a leg", || {
        leg = call.open_leg(&LegSpec::new(Role::Caller, vec![Format::PCMA])).ok();
        leg.is_some()
    });
    let mut leg = leg.expect("opened");
    until("a sink", || call.add_sink(crate::stage::sink_spec(Run::Direct, log.sink())).is_ok());
    stage.at(2_000);
    let _ = call.notice_started("en", Some(mono(0)));
    let _ = call.notice_finished(true, Some(mono(2_000)));
    log.set(|notes| notes.blocks = Some(Where::Frame));
    let mut number = 250;
    until("a stuck sink", || {
        stage.at(number * 20);
        let _ = leg.push(&packet(number));
        number += 1;
        log.notes().inside
    });
    let answers: Vec<_> = (0..100).map(|_| call.digits_are_data(true, None)).collect();
    let busy = answers.iter().filter(|answer| matches!(answer, Err(LiveError::Busy))).count();
    let full = answers.iter().filter(|answer| matches!(answer, Err(LiveError::TooMany { waiting: 64 }))).count();
    assert_eq!((busy, full), (64, 36));
    // A caller who wants out gets out.
    assert!(call.withdraw("the agent", None, Some(Duration::ZERO)).is_ok());
    assert_eq!(leg.push(&packet(number)), Pushed::Shut);
    // Verbs are bounded as well.
    let verbs = (0..100).filter(|_| call.pause(None, Some(Duration::ZERO)).is_ok()).count();
    assert!(verbs < 20, "{verbs}");
    log.set(|notes| notes.blocks = None);
    until("the withdrawal", || call.decision(Tap::Record).reason == Reason::Withdrawn);
    log.wait("the erasure", |notes| notes.got.contains(&Got::Erased));
    assert_eq!(log.frames(), 1);
}

#[test]
fn a_withdrawal_finds_room_and_erases_though_verbs_have_filled_the_mailbox() {
    let stage = Stage::new(Config::default());
    let log = Log::default();
    let mut pair = stage.pair();
    pair.record(Run::Direct, log.sink());
    stage.play(&mut pair, 5_500);
    log.set(|notes| notes.blocks = Some(Where::Frame));
    stage.push_on(&mut [&mut pair], 5_800);
    log.wait_inside();
    // A host that says a verb again and again, and never waits.
    let pauses = (0..1_000).take_while(|_| pair.call.pause(None, Some(Duration::ZERO)).is_ok()).count();
    assert!(pauses < 1_000, "verbs are bounded");
    for _ in 0..100 {
        assert!(pair.call.withdraw("the agent", None, Some(Duration::ZERO)).is_ok(), "always room, in one place");
    }
    log.set(|notes| notes.blocks = None);
    until("the withdrawal", || pair.call.decision(Tap::Record).reason == Reason::Withdrawn);
    log.wait("the erasure", |notes| notes.got.contains(&Got::Erased));
}

#[test]
fn a_frame_that_lasts_too_long_or_comes_in_no_known_format_is_refused_and_counted() {
    let stage = Stage::new(Config { max_packet: Duration::from_millis(20), ..Config::default() });
    let mut pair = stage.pair();
    stage.play(&mut pair, 5_500);
    let long = [0x55; 168];
    let number = pair.packet;
    let at = packet(number);
    let answer = pair.legs[0].push(&calltap::engine::Incoming { data: &long, samples: 168, ..at });
    assert_eq!(answer, Pushed::Dropped(DropCause::Size));
    let answer = pair.legs[0].push(&calltap::engine::Incoming { format: 7, ..packet(number) });
    assert_eq!(answer, Pushed::Dropped(DropCause::Format));
    let ledger = pair.call.ledger(0).expect("an answer").expect("a leg");
    assert_eq!((ledger.size, ledger.format), (1, 1));
}

#[test]
fn a_policy_that_is_too_long_makes_no_engine() {
    let start =
        |policy_bytes| LiveEngine::start(Config { policy_bytes, ..Config::default() }, Some(Policy::embedded()));
    let length = Policy::embedded().source_bytes();
    assert!(start(length).is_ok());
    let refused = start(length - 1).expect_err("too long");
    let expected = ConfigError::PolicyTooLong { given: length, limit: length - 1 };
    assert!(matches!(refused, StartError::Config(error) if error == expected));
}

#[test]
fn every_number_of_the_configuration_has_a_range_and_the_error_names_it() {
    type Change = fn(&mut Config);
    let wrong: [(&str, Change); 24] = [
        ("max_packet", |config| config.max_packet = Duration::ZERO),
        ("max_packet", |config| config.max_packet = Duration::from_millis(1_001)),
        ("reorder", |config| config.reorder = Duration::from_millis(1_001)),
        ("tick", |config| config.tick = Duration::ZERO),
        ("tick", |config| config.tick = Duration::from_millis(101)),
        ("stuck_after", |config| config.stuck_after = Duration::ZERO),
        ("direct_budget", |config| config.direct_budget = Duration::ZERO),
        ("deadline", |config| config.deadline = Duration::MAX),
        ("calls", |config| config.calls = 0),
        ("legs", |config| config.legs = 0),
        ("legs", |config| config.legs = 9),
        ("outputs", |config| config.outputs = 0),
        ("line_frames", |config| config.line_frames = 15),
        ("ssrcs", |config| config.ssrcs = 0),
        ("events", |config| config.events = 15),
        ("policy_bytes", |config| config.policy_bytes = 0),
        ("policy_bytes", |config| config.policy_bytes = usize::MAX),
        ("workers", |config| config.workers = 0),
        ("workers", |config| config.workers = 257),
        ("writers", |config| config.writers = 0),
        ("max_writers", |config| config.max_writers = 1),
        ("queue_frames", |config| config.queue_frames = 0),
        ("slot_quota", |config| config.slot_quota = 257),
        ("held_bytes", |config| config.held_bytes = usize::MAX),
    ];
    for (expected, change) in wrong {
        let mut config = Config::default();
        change(&mut config);
        match LiveEngine::start(config, None) {
            Err(StartError::Config(error @ ConfigError::OutOfRange { name, .. })) => {
                assert_eq!(name, expected);
                assert!(error.to_string().starts_with(expected), "{error}");
            }
            other => panic!("{expected}: {other:?}"),
        }
    }
    for (hold_back, reorder) in [(229, 40), (240, 51), (2_001, 40)] {
        let times = (Duration::from_millis(hold_back), Duration::from_millis(reorder));
        let config = Config { hold_back: times.0, reorder: times.1, ..Config::default() };
        let refused = LiveEngine::start(config, None).expect_err("a hold-back that cannot be");
        assert!(refused.to_string().starts_with("hold_back is"), "{refused}");
    }
}
