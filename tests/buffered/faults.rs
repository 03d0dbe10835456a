//! Sinks that fail: what was queued is wiped and counted, and the sink is closed as told.

use std::sync::atomic::Ordering;

use calltap::sink::buffered::{Account, Failure, Report};
use calltap::sink::{Fate, Sink};

use super::stage::*;

#[test]
fn a_sink_that_fails_or_panics_gets_nothing_more_and_is_closed() {
    for act in [Act::Fail, Act::Panic] {
        let (stage, part) = (Stage::new(), Part::new());
        let mut queue = stage.stalled(&part);
        part.at("0@9.020", act);
        for millis in [9_020, 9_040, 9_060] {
            queue.frame(&frame(&stage.pool, CALLER, millis)).expect("queued");
        }
        part.let_go();
        let reports = stage.reports_until(&mut queue, |report| matches!(report, Report::Failed(_)));
        let [Report::Opened, Report::Failed(Failure { what, panicked })] = &reports[..] else { panic!("{reports:?}") };
        assert_eq!(*panicked, matches!(act, Act::Panic));
        assert!(what.contains("the disk is full") || what.contains("the sink has a bug"), "{what}");
        let error = queue.frame(&frame(&stage.pool, CALLER, 9_080)).expect_err("it has failed");
        assert_eq!(error.sentence(), *what);
        queue.close(&closing()).expect("ordered");
        until("it is drained", || queue.is_drained());
        assert_eq!(part.log(), ["open ecommerce-be", "0@9.000 s", "0@9.020 s", "close Complete"]);
        assert_eq!(queue.reports(stage.now()), [Report::Closed]);
        assert_eq!(queue.account(CALLER), Account { offered: 5, handed: 1, lost: 4, ..Account::default() });
        assert_eq!(stage.pool.used(), 0);
    }
}

#[test]
fn a_sink_that_cannot_open_is_not_closed_but_can_be_told_to_erase() {
    for act in [Act::Fail, Act::Panic] {
        let (stage, part) = (Stage::new(), Part::new());
        part.at("open", act);
        let mut queue = stage.opened(&part);
        let _ = queue.frame(&frame(&stage.pool, CALLER, 9_000));
        let reports = stage.reports_until(&mut queue, |report| matches!(report, Report::Failed(_)));
        assert_eq!(reports.len(), 1, "{reports:?}");
        queue.erase(&erasure());
        queue.close(&closing()).expect("ordered");
        until("it is drained", || queue.is_drained());
        let reports = queue.reports(stage.now());
        assert!(matches!(&reports[..], [Report::Receipt(_), Report::NeverOpened]), "{reports:?}");
        assert_eq!(part.log(), ["open ecommerce-be", "erase objected"]);
        assert_eq!(queue.account(CALLER), Account { offered: 1, lost: 1, ..Account::default() });
    }
}

#[test]
fn a_close_that_fails_or_panics_is_reported() {
    for act in [Act::Fail, Act::Panic] {
        let (stage, part) = (Stage::new(), Part::new());
        part.at("close", act);
        let mut queue = stage.opened(&part);
        queue.close(&closing()).expect("ordered");
        let reports = stage.reports_until(&mut queue, |report| matches!(report, Report::CloseFailed(_)));
        let [Report::Opened, Report::CloseFailed(failure)] = &reports[..] else { panic!("{reports:?}") };
        assert_eq!(failure.panicked, matches!(act, Act::Panic));
    }
}

#[test]
fn an_erasure_that_panics_is_still_to_be_done_and_can_be_ordered_again() {
    let (stage, part) = (Stage::new(), Part::new());
    part.at("erase", Act::Panic);
    let mut queue = stage.opened(&part);
    queue.erase(&erasure());
    let reports = stage.reports_until(&mut queue, |report| matches!(report, Report::Receipt(_)));
    let receipt = reports.iter().find_map(|report| match report {
        Report::Receipt(receipt) => Some(receipt),
        _ => None,
    });
    let receipt = receipt.expect("it was waited for");
    assert!(matches!(&receipt.fate, Fate::Pending(why) if why.contains("the sink has a bug")), "{receipt:?}");
    assert_eq!(receipt.output, output());
    part.at("none", Act::Fail);
    queue.erase(&erasure());
    let reports = stage.reports_until(&mut queue, |report| matches!(report, Report::Receipt(_)));
    assert!(matches!(&reports[..], [Report::Receipt(receipt)] if receipt.fate == Fate::Erased), "{reports:?}");
}

#[test]
fn a_sink_that_panics_when_it_is_dropped_takes_no_writer_with_it() {
    let (stage, part) = (Stage::new(), Part::new());
    part.at("drop", Act::Panic);
    let queue = stage.opened(&part);
    let hand = queue.hand();
    drop(queue);
    until("it is released", || hand.is_released());
    assert_eq!(part.dropped.load(Ordering::SeqCst), 1);
    let attendance = stage.writers.attend(stage.now());
    assert_eq!((attendance.working, attendance.stuck), (2, 0));
    let next = Part::new();
    let queue = stage.opened(&next);
    until("the next one is served", || queue.is_drained() && next.log().len() == 1);
}
