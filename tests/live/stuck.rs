//! Promise 2 with a sink that never returns: verbs come back at their deadline and name it, it gets nothing more, and the
//! other calls of its worker go on.

use std::time::Duration;

use calltap::consent::Reason;
use calltap::engine::{Config, Done, Run, Stuck};
use calltap::policy::Tap;
use calltap::sink::Outcome;

use crate::stage::{LivePair, Stage, mono, until};
use crate::witness::{Got, Log, Where};

const DEADLINE: Duration = Duration::from_millis(50);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verb {
    Withdraw,
    Pause,
    End,
}

const KINDS: [Run; 3] = [Run::Direct, Run::Queued, Run::File];
const VERBS: [Verb; 3] = [Verb::Withdraw, Verb::Pause, Verb::End];

/// A call whose sink is stuck at 5.8 s in a frame.
fn stuck(stage: &Stage, run: Run) -> (LivePair, Log) {
    let log = Log::default();
    let mut pair = stage.pair();
    pair.record(run, log.sink());
    stage.play(&mut pair, 5_500);
    log.set(|notes| notes.blocks = Some(Where::Frame));
    stage.push_on(&mut [&mut pair], 5_800);
    log.wait_inside();
    (pair, log)
}

/// Says a verb while time passes. It comes back at its deadline, and not before.
fn say(stage: &Stage, pair: &LivePair, verb: Verb) -> Done {
    let call = pair.call.clone();
    let (done, took) = stage.while_time_passes(move || match verb {
        Verb::Withdraw => call.withdraw("the agent", None, Some(DEADLINE)),
        Verb::Pause => call.pause(None, Some(DEADLINE)),
        Verb::End => call.end(None, Some(DEADLINE)),
    });
    let done = done.expect("it was told");
    assert!(matches!(done, Done::Good) || took >= DEADLINE, "{verb:?} gave up after {took:?}");
    done
}

#[test]
fn a_verb_comes_back_at_its_deadline_and_what_it_names_gets_nothing_more_whenever_it_returns() {
    for (run, verb) in KINDS.into_iter().flat_map(|run| VERBS.map(|verb| (run, verb))) {
        let stage = Stage::new(Config::default());
        let (pair, log) = stuck(&stage, run);
        let done = say(&stage, &pair, verb);
        // What ends in a file has what is in its queue.
        let is_named = run != Run::File || verb == Verb::Withdraw;
        let output = log.notes().outputs[0];
        let expected = if is_named { Done::Pending(vec![Stuck { sink: 0, output }]) } else { Done::Good };
        assert_eq!(done, expected, "{run:?} {verb:?}");
        let had = log.frames();
        log.set(|notes| notes.blocks = None);
        drop(pair);
        log.wait("the sink's end", |notes| notes.got.contains(&Got::Dropped));
        if is_named {
            assert_eq!(log.frames(), had, "{run:?} {verb:?}: frames after it was named");
        } else {
            assert!(log.frames() > had, "{run:?} {verb:?}: what was queued for a file was not handed on");
        }
        let notes = log.notes();
        let erased = notes.got.contains(&Got::Erased);
        assert_eq!(erased, verb == Verb::Withdraw, "{run:?} {verb:?}: {:?}", notes.got);
        if run == Run::File && verb == Verb::End {
            assert!(notes.got.contains(&Got::Closed(Outcome::Complete)), "{:?}", notes.got);
        }
    }
}

#[test]
fn the_frames_that_a_stuck_sink_does_not_get_are_in_the_account() {
    for run in [Run::Direct, Run::Queued] {
        let stage = Stage::new(Config::default());
        let (pair, log) = stuck(&stage, run);
        assert!(matches!(say(&stage, &pair, Verb::End), Done::Pending(_)));
        log.set(|notes| notes.blocks = None);
        until("its end", || pair.call.decision(Tap::Record).reason == Reason::Ended);
        let [caller, agent] = pair.delivered();
        assert!(caller + agent >= log.frames() as u64, "{run:?}: {caller} {agent} {}", log.frames());
    }
}

#[test]
fn a_second_verb_on_a_stuck_call_also_comes_back_and_a_withdrawal_still_erases() {
    for run in KINDS {
        let stage = Stage::new(Config::default());
        let (pair, log) = stuck(&stage, run);
        let _ = say(&stage, &pair, Verb::Pause);
        let _ = say(&stage, &pair, Verb::End);
        assert!(matches!(say(&stage, &pair, Verb::Withdraw), Done::Pending(_)), "{run:?}");
        let had = log.frames();
        log.set(|notes| notes.blocks = None);
        log.wait("the erasure", |notes| notes.got.contains(&Got::Erased));
        assert_eq!(log.frames(), had, "{run:?}");
        until("the withdrawal", || pair.call.decision(Tap::Record).reason == Reason::Withdrawn);
    }
}

#[test]
fn other_calls_of_the_same_worker_go_on_once_the_keeper_has_replaced_the_stuck_one() {
    let stage = Stage::new(Config::default());
    let healthy = Log::default();
    let mut neighbour = stage.pair();
    neighbour.record(Run::Direct, healthy.sink());
    let log = Log::default();
    let mut pair = stage.pair();
    pair.record(Run::Direct, log.sink());
    for pair in [&neighbour, &pair] {
        pair.call.notice_started("en", Some(mono(0))).expect("told");
    }
    for millis in (20..=5_500).step_by(20) {
        stage.push_on(&mut [&mut neighbour, &mut pair], millis);
        if millis == 2_000 {
            for pair in [&neighbour, &pair] {
                pair.call.notice_finished(true, Some(mono(2_000))).expect("told");
            }
        }
        for pair in [&neighbour, &pair] {
            pair.call.ledger(0).expect("an answer");
        }
    }
    log.set(|notes| notes.blocks = Some(Where::Frame));
    stage.push_on(&mut [&mut neighbour, &mut pair], 5_600);
    log.wait_inside();
    // Time stands still: nobody can say that it is stuck, and the neighbour's frames wait in its rings.
    assert_eq!(stage.engine.counters().workers_replaced, 0);
    stage.at(6_700);
    until("another worker", || {
        stage.clock.advance(Duration::from_millis(1));
        stage.engine.counters().workers_replaced == 1
    });
    assert_eq!(say(&stage, &neighbour, Verb::End), Done::Good);
    assert_eq!(neighbour.delivered(), [30, 30]);
    assert_eq!(healthy.frames(), 60);
    // A call that starts now is served too.
    let late = stage.pair();
    assert_eq!(say(&stage, &late, Verb::End), Done::Good);
    assert!(matches!(say(&stage, &pair, Verb::Withdraw), Done::Pending(_)));
    let had = log.frames();
    log.set(|notes| notes.blocks = None);
    log.wait("the erasure", |notes| notes.got.contains(&Got::Erased));
    assert_eq!(log.frames(), had);
}

#[test]
fn workers_are_replaced_as_often_as_they_are_stuck() {
    let stage = Stage::new(Config::default());
    // More often than threads may be stuck at a time.
    for round in 1..=10 {
        let log = Log::default();
        log.set(|notes| notes.blocks = Some(Where::Frame));
        let mut pair = stage.pair();
        // Every call is played from the beginning, in the past of the clock.
        pair.record(Run::Direct, log.sink());
        stage.at(2_000);
        pair.call.notice_started("en", Some(mono(0))).expect("told");
        pair.call.notice_finished(true, Some(mono(2_000))).expect("told");
        pair.packet = 275;
        stage.push_on(&mut [&mut pair], 5_800);
        until("a stuck sink", || {
            stage.clock.advance(Duration::from_millis(1));
            pair.push();
            log.notes().inside
        });
        until("another worker", || {
            stage.clock.advance(Duration::from_millis(10));
            stage.engine.counters().workers_replaced == round
        });
        log.set(|notes| notes.blocks = None);
        drop(pair);
        log.wait("the sink's end", |notes| notes.got.contains(&Got::Dropped));
    }
}

#[test]
fn a_withdrawal_does_not_wait_for_an_erasure_that_takes_long() {
    for run in [Run::Queued, Run::File] {
        let stage = Stage::new(Config::default());
        let log = Log::default();
        let mut pair = stage.pair();
        pair.record(run, log.sink());
        stage.play(&mut pair, 5_500);
        log.wait("a frame", |notes| notes.got.contains(&Got::Opened));
        log.set(|notes| notes.blocks = Some(Where::Erase));
        let _ = pair.call.withdraw("the agent", None, Some(Duration::from_secs(3600)));
        log.wait_inside();
        assert_eq!(say(&stage, &pair, Verb::Withdraw), Done::Good, "{run:?}: receipts are never waited for");
        log.set(|notes| notes.blocks = None);
    }
}
