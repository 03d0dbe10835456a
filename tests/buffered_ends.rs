//! Writers end: what is queued is finished or wiped, and no thread and no descriptor is left. A process of its own, for
//! its threads are counted.

#[path = "buffered/stage.rs"]
#[allow(dead_code, reason = "of the stage only a part is needed here")]
mod stage;

use std::fs::{read_dir, read_to_string};
use std::sync::atomic::Ordering;
use std::time::Duration;

use calltap::sink::buffered::{Account, Report, WritersConfig};
use calltap::sink::{Fate, Handed, Sink};

use stage::*;

/// The names of the library's threads.
fn writers() -> Vec<String> {
    let tasks = read_dir("/proc/self/task").expect("this is Linux");
    let names = tasks.flatten().filter_map(|task| read_to_string(task.path().join("comm")).ok());
    names.map(|name| name.trim_end().to_owned()).filter(|name| name.starts_with("calltap-")).collect()
}

fn descriptors() -> usize {
    read_dir("/proc/self/fd").expect("this is Linux").count()
}

/// One test: what it counts is the whole process's.
#[test]
fn writers_end_and_leave_nothing() {
    what_is_queued_is_finished();
    a_stuck_writer_is_left_behind_and_ends_by_itself();
    what_comes_after_the_end_is_wiped_and_answered();
    fifty_rounds_leave_no_thread_and_no_descriptor();
}

fn what_is_queued_is_finished() {
    let (stage, part) = (Stage::new(), Part::new());
    let mut queue = stage.stalled(&part);
    let mut threads = writers();
    threads.sort();
    assert_eq!(threads, ["calltap-write-0", "calltap-write-1"]);
    for number in 1..=500 {
        queue.frame(&frame(&stage.pool, CALLER, 9_000 + 20 * number)).expect("queued");
    }
    queue.close(&closing()).expect("ordered");
    let left = std::thread::scope(|scope| {
        let draining = scope.spawn(|| stage.writers.drain(Duration::from_secs(60)));
        part.let_go();
        draining.join().expect("no fault")
    });
    assert_eq!((left, writers()), (0, vec![]));
    assert!(queue.is_drained());
    assert_eq!(queue.account(CALLER), Account { offered: 501, handed: 501, ..Account::default() });
    assert_eq!(part.log().len(), 503);
    drop(queue);
    assert_eq!(part.dropped.load(Ordering::SeqCst), 1);
}

fn a_stuck_writer_is_left_behind_and_ends_by_itself() {
    let stage = Stage::with(WritersConfig { threads: 1, most: 1, ..WritersConfig::default() });
    let (stuck, behind) = (Part::new(), Part::new());
    let mut queue = stage.stalled(&stuck);
    queue.frame(&frame(&stage.pool, CALLER, 9_020)).expect("queued");
    queue.close(&closing()).expect("ordered");
    let mut waits = stage.opened(&behind);
    waits.frame(&frame(&stage.pool, CALLER, 9_000)).expect("queued");
    assert_eq!(stage.writers.drain(Duration::ZERO), 1);
    assert_eq!(stage.pool.used(), FRAME, "but for what the sink has in hand, all is wiped");
    drop(waits);
    drop(stage.writers);
    assert_eq!((stuck.dropped.load(Ordering::SeqCst), behind.dropped.load(Ordering::SeqCst)), (0, 0));
    stuck.let_go();
    until("the thread has ended", || writers().is_empty());
    assert_eq!(stuck.log(), ["open ecommerce-be", "0@9.000 s"]);
    assert_eq!(behind.log(), [""; 0]);
    assert_eq!((stuck.dropped.load(Ordering::SeqCst), behind.dropped.load(Ordering::SeqCst)), (1, 1));
    let reports = queue.reports(MONO);
    assert!(matches!(&reports[..], [Report::Opened, Report::Failed(_), Report::CloseFailed(_)]), "{reports:?}");
    assert_eq!(queue.account(CALLER), Account { offered: 2, handed: 1, wiped: 1, ..Account::default() });
    assert_eq!(stage.pool.used(), 0);
}

const MONO: calltap::time::MonoTime = calltap::time::MonoTime(0);

fn what_comes_after_the_end_is_wiped_and_answered() {
    let (stage, part) = (Stage::new(), Part::new());
    let mut queue = stage.opened(&part);
    until("it is open", || queue.is_drained());
    assert_eq!(stage.writers.drain(Duration::from_secs(60)), 0);
    assert_eq!(queue.frame(&frame(&stage.pool, CALLER, 9_000)).expect("nobody knows yet"), Handed::Taken);
    queue.frame(&frame(&stage.pool, CALLER, 9_020)).expect_err("the writers have ended");
    queue.erase(&erasure());
    queue.close(&closing()).expect("ordered");
    assert!(queue.is_drained());
    let reports = queue.reports(MONO);
    let [Report::Opened, Report::Failed(_), Report::Receipt(receipt), Report::CloseFailed(_)] = &reports[..] else {
        panic!("{reports:?}")
    };
    assert!(matches!(&receipt.fate, Fate::Pending(_)), "{receipt:?}");
    assert_eq!(queue.account(CALLER), Account { offered: 2, lost: 2, ..Account::default() });
    assert_eq!((part.log().len(), part.dropped.load(Ordering::SeqCst), stage.pool.used()), (1, 1, 0));
}

fn fifty_rounds_leave_no_thread_and_no_descriptor() {
    let before = descriptors();
    for _ in 0..50 {
        let (stage, part) = (Stage::new(), Part::new());
        let mut queue = stage.opened(&part);
        queue.frame(&frame(&stage.pool, CALLER, 9_000)).expect("queued");
        queue.close(&closing()).expect("ordered");
        drop(queue);
        assert_eq!(stage.writers.drain(Duration::from_secs(60)), 0);
        assert_eq!(writers(), [""; 0]);
        assert_eq!((part.log().len(), part.dropped.load(Ordering::SeqCst)), (3, 1));
        assert_eq!(descriptors(), before);
    }
}
