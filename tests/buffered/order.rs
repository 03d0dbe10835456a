//! What the sink gets, in which order, and by how many threads at a time.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use calltap::consent::Permit;
use calltap::frame::Frame;
use calltap::sink::buffered::{Account, Buffered, Report};
use calltap::sink::{Closing, Description, Erasure, Fate, GapCause, Handed, Mark, Receipt, Sink, SinkError};

use super::stage::*;

#[test]
fn everything_arrives_in_order_and_is_told_afterwards() {
    let (stage, part) = (Stage::new(), Part::new());
    let mut queue = stage.opened(&part);
    assert_eq!(queue.frame(&frame(&stage.pool, CALLER, 9_000)).expect("queued"), Handed::Taken);
    queue.gap(AGENT, GapCause::Lost, stretch(9_000, 9_020)).expect("queued");
    queue.mark(Mark::Pause, at(9_020)).expect("queued");
    queue.mark(Mark::Resume, at(9_040)).expect("queued");
    queue.frame(&frame(&stage.pool, AGENT, 9_040)).expect("queued");
    queue.flush().expect("queued");
    queue.close(&closing()).expect("ordered");
    let reports = stage.reports_until(&mut queue, |report| *report == Report::Closed);
    assert_eq!(reports, [Report::Opened, Report::Closed]);
    let expected = [
        "open ecommerce-be",
        "0@9.000 s",
        "1 Lost 9.000 s-9.020 s",
        "Pause 9.020 s",
        "Resume 9.040 s",
        "1@9.040 s",
        "flush",
        "close Complete",
    ];
    assert_eq!(part.log(), expected);
    until("it is drained", || queue.is_drained());
    assert_eq!(queue.account(CALLER), Account { offered: 1, handed: 1, ..Account::default() });
    assert_eq!(stage.pool.used(), 0);
}

#[test]
fn an_order_to_erase_is_answered_twice_pending_and_then_by_the_sink() {
    let (stage, part) = (Stage::new(), Part::new());
    let mut queue = stage.opened(&part);
    queue.frame(&frame(&stage.pool, CALLER, 9_000)).expect("queued");
    until("the frame arrived", || queue.is_drained());
    let first = queue.erase(&erasure());
    assert!(matches!(first.fate, Fate::Pending(_)), "{first:?}");
    assert_eq!((first.output, first.frames), (output(), 1));
    let reports = stage.reports_until(&mut queue, |report| matches!(report, Report::Receipt(_)));
    let receipt = Receipt { output: output(), fate: Fate::Erased, frames: 7, bytes: 1_120 };
    assert_eq!(reports, [Report::Opened, Report::Receipt(receipt)]);
    queue.close(&closing()).expect("ordered");
    until("it is drained", || queue.is_drained());
    assert_eq!(part.log(), ["open ecommerce-be", "0@9.000 s", "erase objected", "close Complete"]);
}

#[test]
fn a_sink_that_was_opened_directly_goes_on_behind_a_queue() {
    let (stage, part) = (Stage::new(), Part::new());
    let mut queue = stage.queue_of_open(&part);
    queue.open(&permit(), &description()).expect_err("it is open");
    queue.frame(&frame(&stage.pool, CALLER, 9_000)).expect("queued");
    queue.close(&closing()).expect("ordered");
    until("it is drained", || queue.is_drained());
    assert_eq!(part.log(), ["0@9.000 s", "close Complete"]);
}

#[test]
fn nothing_is_taken_before_the_beginning_or_after_the_end() {
    let (stage, part) = (Stage::new(), Part::new());
    let mut queue = stage.queue(&part);
    queue.frame(&frame(&stage.pool, CALLER, 9_000)).expect_err("not open");
    queue.close(&closing()).expect("nothing to close");
    queue.open(&permit(), &description()).expect("queued");
    queue.close(&closing()).expect("ordered");
    queue.frame(&frame(&stage.pool, CALLER, 9_020)).expect_err("closed");
    queue.flush().expect_err("closed");
    queue.close(&closing()).expect("once is enough");
    until("it is drained", || queue.is_drained());
    assert_eq!(part.log(), ["open ecommerce-be", "close Complete"]);
    assert_eq!(queue.account(CALLER), Account { offered: 2, lost: 2, ..Account::default() });
    queue.frame(&frame(&stage.pool, 8, 9_000)).expect_err("no such leg");
}

#[test]
fn flushes_that_wait_are_one() {
    let (stage, part) = (Stage::new(), Part::new());
    let mut queue = stage.stalled(&part);
    for _ in 0..5 {
        queue.flush().expect("queued");
    }
    part.let_go();
    until("it is drained", || queue.is_drained());
    queue.flush().expect("queued");
    until("it is drained", || queue.is_drained());
    assert_eq!(part.log(), ["open ecommerce-be", "0@9.000 s", "flush", "flush"]);
}

#[test]
fn one_writer_at_a_time_serves_an_output_and_no_more_than_there_are_serve_all() {
    const OUTPUTS: usize = 40;
    const FRAMES: i64 = 200;
    let mut stage = Stage::new();
    stage.limits.frames = FRAMES as usize;
    let threads = Arc::new(Mutex::new(BTreeSet::new()));
    let mut queues: Vec<Buffered> = (0..OUTPUTS).map(|_| stage.queue_before(Alone::boxed(&threads))).collect();
    for queue in &mut queues {
        queue.open(&permit(), &description()).expect("queued");
    }
    for number in 0..FRAMES {
        for queue in &mut queues {
            let frame = frame(&stage.pool, CALLER, 20 * number);
            assert_eq!(queue.frame(&frame).expect("the sink found no fault"), Handed::Taken);
        }
    }
    for queue in &mut queues {
        queue.close(&closing()).expect("ordered");
    }
    until("all are drained", || queues.iter().all(Buffered::is_drained));
    for queue in &mut queues {
        assert_eq!(queue.reports(stage.now()), [Report::Opened, Report::Closed]);
        let all = FRAMES as u64;
        assert_eq!(queue.account(CALLER), Account { offered: all, handed: all, ..Account::default() });
    }
    let threads = threads.lock().expect("unharmed");
    assert!(threads.iter().all(|name| ["calltap-write-0", "calltap-write-1"].contains(&name.as_str())), "{threads:?}");
}

/// A sink that notices when two threads are in it, or when a frame is not the next.
struct Alone {
    inside: AtomicBool,
    next: i64,
    threads: Arc<Mutex<BTreeSet<String>>>,
}

impl Alone {
    fn boxed(threads: &Arc<Mutex<BTreeSet<String>>>) -> Box<dyn Sink> {
        Box::new(Alone { inside: AtomicBool::new(false), next: 0, threads: Arc::clone(threads) })
    }
}

impl Sink for Alone {
    fn open(&mut self, _: &Permit, _: &Description) -> Result<(), SinkError> {
        Ok(())
    }

    fn frame(&mut self, frame: &Frame) -> Result<Handed, SinkError> {
        assert!(!self.inside.swap(true, Ordering::SeqCst), "another is inside");
        assert_eq!(frame.place(), at(self.next));
        self.next += 20;
        self.threads.lock().expect("unharmed").insert(std::thread::current().name().unwrap_or_default().to_owned());
        std::thread::yield_now();
        assert!(self.inside.swap(false, Ordering::SeqCst), "another was inside");
        Ok(Handed::Taken)
    }

    fn flush(&mut self) -> Result<(), SinkError> {
        Ok(())
    }

    fn close(&mut self, _: &Closing) -> Result<(), SinkError> {
        Ok(())
    }

    fn erase(&mut self, _: &Erasure) -> Receipt {
        Receipt { output: output(), fate: Fate::Erased, frames: 0, bytes: 0 }
    }
}
