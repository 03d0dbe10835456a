//! What the account and the receipts say of sinks behind queues: what came of it, not what was ordered.

use std::time::Duration;

use calltap::engine::{CallEvent, Config, Done, Run};
use calltap::frame::Ledger;
use calltap::sink::{Fate, Outcome, Receipt};
use calltap::time::CallTime;

use crate::stage::{LivePair, Stage, until};
use crate::witness::{Got, Log, Payload, Where};

const NEVER: Option<Duration> = Some(Duration::from_secs(3600));

/// The receipts that the engine has told by now.
fn receipts(stage: &Stage) -> Vec<Receipt> {
    let receipt = |event: CallEvent| match event {
        CallEvent::Receipt(receipt) => Some(receipt),
        _ => None,
    };
    stage.events().into_iter().filter_map(|event| receipt(event.event)).collect()
}

/// The worker has come by.
fn served(pair: &LivePair) {
    for _ in 0..2 {
        pair.call.ledger(0).expect("an answer");
    }
}

#[test]
fn an_output_behind_a_queue_gives_one_receipt_which_is_its_sink_s() {
    for run in [Run::Queued, Run::File] {
        let (stage, log) = (Stage::new(Config::default()), Log::default());
        let mut pair = stage.pair();
        pair.record(run, log.sink());
        stage.play(&mut pair, 5_500);
        let _ = pair.call.withdraw("the agent", None, NEVER).expect("told");
        log.wait("the erasure", |notes| notes.got.contains(&Got::Erased));
        let mut seen = Vec::new();
        until("a receipt", || {
            served(&pair);
            seen.extend(receipts(&stage));
            !seen.is_empty()
        });
        stage.clock.advance(Duration::from_secs(5));
        served(&pair);
        seen.extend(receipts(&stage));
        assert!(matches!(seen.as_slice(), [Receipt { fate: Fate::Erased, .. }]), "{run:?}: {seen:?}");
    }
}

#[test]
fn a_receipt_that_has_not_come_within_a_second_is_told_once_as_pending_and_still_comes() {
    let (stage, log) = (Stage::new(Config::default()), Log::default());
    let mut pair = stage.pair();
    pair.record(Run::File, log.sink());
    stage.play(&mut pair, 5_500);
    log.set(|notes| notes.blocks = Some(Where::Erase));
    let _ = pair.call.withdraw("the agent", None, NEVER).expect("told");
    log.wait_inside();
    stage.clock.advance(Duration::from_millis(990));
    served(&pair);
    assert_eq!(receipts(&stage), []);
    stage.clock.advance(Duration::from_millis(10));
    let mut seen = Vec::new();
    for _ in 0..3 {
        served(&pair);
        seen.extend(receipts(&stage));
        stage.clock.advance(Duration::from_secs(1));
    }
    assert!(matches!(seen.as_slice(), [Receipt { fate: Fate::Pending(_), .. }]), "{seen:?}");
    log.set(|notes| notes.blocks = None);
    stage.event("the receipt", |event| matches!(event, CallEvent::Receipt(Receipt { fate: Fate::Erased, .. })));
}

/// A leg's account for the whole call, and as each of the sinks saw it. Every frame is in each of them once.
fn accounts(pair: &LivePair, leg: u8, sinks: usize) -> (Ledger, Vec<Ledger>) {
    let whole = pair.call.ledger(leg).expect("an answer").expect("a leg");
    let of_sink = |sink| pair.call.sink_ledger(sink, leg).expect("an answer").expect("a sink");
    let each: Vec<Ledger> = (0..sinks).map(of_sink).collect();
    assert!(whole.balances() && each.iter().all(Ledger::balances), "{whole:?} {each:?}");
    (whole, each)
}

/// How many frames of a leg a sink was given.
fn given(log: &Log, leg: u8) -> u64 {
    log.places(leg).len() as u64
}

/// A call of which the sinks have all they should have; the first frames are at 4 s and more.
fn played(stage: &Stage, sinks: &[(Run, &Log)]) -> LivePair {
    let mut pair = stage.pair();
    for (run, log) in sinks {
        pair.record(*run, log.sink());
    }
    stage.play(&mut pair, 5_500);
    pair
}

/// Goes on with sinks that are stuck in a frame, until their queues hold some.
fn play_stuck(stage: &Stage, pair: &mut LivePair, log: &Log) {
    log.set(|notes| notes.blocks = Some(Where::Frame));
    stage.play(pair, 6_000);
    log.wait_inside();
    stage.play(pair, 6_400);
}

#[test]
fn a_sink_behind_a_queue_that_has_no_room_is_not_said_to_have_got_anything() {
    for run in [Run::Direct, Run::Queued, Run::File] {
        let (stage, log) = (Stage::new(Config::default()), Log::default());
        log.set(|notes| notes.room = Some(|leg, _| leg == 1));
        let pair = played(&stage, &[(run, &log)]);
        assert_eq!(pair.call.end(None, NEVER).expect("told"), Done::Good);
        log.wait("its end", |notes| notes.got.contains(&Got::Closed(Outcome::Complete)));
        for leg in [0, 1] {
            let (whole, each) = accounts(&pair, leg, 1);
            let frames = given(&log, leg);
            let expected = if leg == 0 { (0, frames) } else { (frames, 0) };
            assert!(frames > 0);
            for ledger in [whole, each[0]] {
                assert_eq!((ledger.delivered, ledger.queue), expected, "{run:?} {ledger:?}");
                assert_eq!(ledger.in_flight, 0, "{run:?} {ledger:?}");
            }
        }
    }
}

#[test]
fn what_waits_in_a_queue_is_on_its_way_and_what_a_refusal_wipes_there_is_purged() {
    for run in [Run::Queued, Run::File] {
        let (stage, log) = (Stage::new(Config::default()), Log::default());
        let mut pair = played(&stage, &[(run, &log)]);
        play_stuck(&stage, &mut pair, &log);
        let legs = [0, 1].map(|leg| {
            let (whole, each) = accounts(&pair, leg, 1);
            // One frame at the most is in its hands.
            assert!(given(&log, leg) - whole.delivered <= 1, "{whole:?}");
            assert_eq!(each[0], whole, "it is the only sink");
            whole
        });
        assert!(legs[0].in_flight > 20, "{legs:?}");
        let _ = pair.call.withdraw("the agent", None, Some(Duration::ZERO)).expect("told");
        log.set(|notes| notes.blocks = None);
        log.wait("the erasure", |notes| notes.got.contains(&Got::Erased));
        stage.event("the receipt", |event| matches!(event, CallEvent::Receipt(Receipt { fate: Fate::Erased, .. })));
        for leg in [0, 1] {
            let (whole, each) = accounts(&pair, leg, 1);
            let before = legs[usize::from(leg)];
            assert_eq!(whole.delivered, given(&log, leg), "{run:?}: {whole:?}");
            assert_eq!((whole.erased, whole.in_flight, whole.sink), (whole.delivered, 0, 0), "{run:?}: {whole:?}");
            assert!(whole.purged - before.purged > 20, "{run:?}: {whole:?}");
            assert_eq!(each[0], whole);
        }
    }
}

#[test]
fn what_is_taken_from_the_queue_of_a_sink_that_is_late_was_not_delivered_nor_is_it_in_what_the_sink_is_told() {
    let (stage, log) = (Stage::new(Config::default()), Log::default());
    let mut pair = played(&stage, &[(Run::Queued, &log)]);
    play_stuck(&stage, &mut pair, &log);
    assert!(matches!(pair.call.end(None, Some(Duration::ZERO)), Ok(Done::Pending(_))));
    log.set(|notes| notes.blocks = None);
    log.wait("its end", |notes| !notes.closings.is_empty());
    let closing = log.notes().closings[0].clone();
    for leg in [0, 1] {
        let (whole, each) = accounts(&pair, leg, 1);
        assert_eq!((whole.delivered, whole.in_flight, whole.purged), (given(&log, leg), 0, 0), "{whole:?}");
        assert!(whole.sink > 20, "{whole:?}");
        let told = closing.ledgers[usize::from(leg)].1;
        assert!(told.balances(), "{told:?}");
        assert_eq!((told.delivered, each[0]), (given(&log, leg), whole), "{told:?}");
    }
}

#[test]
fn what_waited_in_a_queue_when_the_end_was_ordered_is_settled_in_what_the_sink_is_told_at_its_end() {
    let (stage, log) = (Stage::new(Config::default()), Log::default());
    // From 5.6 s on it has no room.
    log.set(|notes| notes.room = Some(|_, place| place < CallTime::from_millis(5_600)));
    let mut pair = played(&stage, &[(Run::File, &log)]);
    play_stuck(&stage, &mut pair, &log);
    assert_eq!(pair.call.end(None, NEVER).expect("told"), Done::Good);
    assert!(accounts(&pair, 0, 1).0.in_flight > 20);
    log.set(|notes| notes.blocks = None);
    log.wait("its end", |notes| !notes.closings.is_empty());
    let closing = log.notes().closings[0].clone();
    for leg in [0, 1] {
        let (whole, each) = accounts(&pair, leg, 1);
        let told = closing.ledgers[usize::from(leg)].1;
        assert!(told.queue > 20 && told.in_flight == 0, "{told:?}");
        assert_eq!(told.delivered + told.queue, given(&log, leg), "{told:?}");
        assert_eq!((told, each[0]), (whole, whole));
    }
}

#[test]
fn with_several_sinks_a_frame_is_delivered_once_one_has_it_and_each_sink_has_its_own_account() {
    let stage = Stage::new(Config::default());
    let [direct, queued, file] = [Log::default(), Log::default(), Log::default()];
    direct.set(|notes| notes.room = Some(|_, place| place < CallTime::from_millis(5_600)));
    let sinks = [(Run::Direct, &direct), (Run::Queued, &queued), (Run::File, &file)];
    let mut pair = played(&stage, &sinks);
    play_stuck(&stage, &mut pair, &queued);
    until("the file has its own", || accounts(&pair, 0, 3).1[2].in_flight == accounts(&pair, 0, 3).0.in_flight);
    let (whole, each) = accounts(&pair, 0, 3);
    assert_eq!((whole.delivered, each[2].delivered), (given(&file, 0), given(&file, 0)), "{whole:?} {each:?}");
    assert!(each[1].in_flight > whole.in_flight + 20, "{whole:?} {each:?}");
    assert!(each[0].queue > 20 && each[0].delivered > 0, "{each:?}");
    let _ = pair.call.withdraw("the agent", None, Some(Duration::ZERO)).expect("told");
    queued.set(|notes| notes.blocks = None);
    until("three receipts", || {
        let (whole, _) = accounts(&pair, 0, 3);
        whole.erased == whole.delivered
    });
    for leg in [0, 1] {
        let (whole, each) = accounts(&pair, leg, 3);
        assert_eq!((whole.in_flight, whole.delivered), (0, given(&file, leg)), "{whole:?}");
        assert_eq!((each[1].in_flight, each[1].delivered), (0, given(&queued, leg)), "{each:?}");
        assert!(each[1].purged > whole.purged + 20, "{whole:?} {each:?}");
        assert_eq!(each[0].delivered + each[0].queue, given(&direct, leg));
    }
}

#[test]
fn what_was_queued_for_a_sink_that_failed_was_not_delivered() {
    let stage = Stage::new(Config::default());
    let log = Log::default();
    let mut pair = played(&stage, &[(Run::File, &log)]);
    play_stuck(&stage, &mut pair, &log);
    // As soon as it goes on.
    log.set(|notes| {
        notes.panics = Some((Where::Frame, Payload::Text));
        notes.hook = None;
    });
    log.set(|notes| notes.blocks = None);
    // The frame that it was stuck in is still taken, the one after it is not.
    stage.event("its failure", |event| matches!(event, CallEvent::SinkFailed { .. }));
    let legs = [0, 1].map(|leg| accounts(&pair, leg, 1));
    let delivered: u64 = legs.iter().map(|(whole, _)| whole.delivered).sum();
    assert_eq!(delivered, log.frames() as u64 - 1, "{legs:?}");
    for (whole, each) in legs {
        assert!(whole.sink > 20 && whole.in_flight == 0 && each[0] == whole, "{whole:?}");
    }
}
