//! What the account and the receipts say of sinks behind queues: what came of it, not what was ordered.

use std::time::Duration;

use calltap::engine::{CallEvent, Config, Run};
use calltap::sink::{Fate, Receipt};

use crate::stage::{LivePair, Stage, until};
use crate::witness::{Got, Log, Where};

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
