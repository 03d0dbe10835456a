//! The writers: one that is stuck is replaced, up to a cap, and there are as many as wanted when all are back.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use calltap::sink::Sink;
use calltap::sink::buffered::{Buffered, WritersConfig};

use super::stage::*;

const STUCK: Duration = Duration::from_secs(1);

/// Writers that work and writers that are stuck, after a look.
fn crew(stage: &Stage) -> (usize, usize) {
    let attendance = stage.writers.attend(stage.now());
    assert!(attendance.failed.is_none(), "{attendance:?}");
    (attendance.working, attendance.stuck)
}

#[test]
fn a_stuck_writer_is_replaced_and_other_outputs_go_on() {
    let stage = Stage::with(WritersConfig { threads: 1, most: 2, stuck_after: STUCK });
    let (stuck, healthy) = (Part::new(), Part::new());
    let _held = stage.stalled(&stuck);
    let mut queue = stage.opened(&healthy);
    stage.advance(STUCK - Duration::from_nanos(1));
    assert_eq!(crew(&stage), (1, 0));
    assert!(!queue.is_drained(), "the only writer is held");
    stage.advance(Duration::from_nanos(1));
    assert_eq!(crew(&stage), (1, 1));
    queue.frame(&frame(&stage.pool, CALLER, 9_000)).expect("queued");
    until("another serves the healthy one", || queue.is_drained());
    assert_eq!(healthy.log().len(), 2);
    stuck.let_go();
    until("one has gone", || crew(&stage) == (1, 0));
}

#[test]
fn replacements_end_at_the_cap_and_the_surplus_goes_when_all_are_back() {
    let stage = Stage::with(WritersConfig { threads: 2, most: 5, stuck_after: STUCK });
    let parts: Vec<Arc<Part>> = (0..6).map(|_| Part::new()).collect();
    let mut queues: Vec<Buffered> = Vec::new();
    for part in &parts[..5] {
        queues.push(stage.stalled(part));
        stage.advance(STUCK);
        crew(&stage);
    }
    assert_eq!(crew(&stage), (0, 5));
    // Nobody is left for the sixth: it waits, and its worker does not.
    let mut sixth = stage.opened(&parts[5]);
    for number in 0..2_000 {
        sixth.frame(&frame(&stage.pool, CALLER, 9_000 + 20 * number)).expect("taken or dropped");
    }
    assert_eq!(crew(&stage), (0, 5));
    assert_eq!(sixth.account(CALLER).waiting, 1_000);
    parts[0].let_go();
    until("the first one back serves it", || sixth.is_drained());
    assert_eq!(sixth.account(CALLER).handed, 1_000);
    for part in &parts[1..5] {
        part.let_go();
    }
    until("two are left", || crew(&stage) == (2, 0));
    until("all are drained", || queues.iter().all(Buffered::is_drained));
}

#[test]
fn idle_writers_are_never_stuck() {
    let stage = Stage::with(WritersConfig { threads: 3, most: 8, stuck_after: STUCK });
    stage.advance(100 * STUCK);
    assert_eq!(crew(&stage), (3, 0));
    let part = Part::new();
    let queue = stage.opened(&part);
    until("it is served", || queue.is_drained());
    stage.advance(100 * STUCK);
    assert_eq!(crew(&stage), (3, 0));
}

#[test]
fn a_sink_is_dropped_once_by_a_writer_after_what_it_was_ordered_to_do() {
    let (stage, part) = (Stage::new(), Part::new());
    let mut queue = stage.stalled(&part);
    let hand = queue.hand();
    queue.frame(&frame(&stage.pool, CALLER, 9_020)).expect("queued");
    queue.close(&closing()).expect("ordered");
    drop(queue);
    assert_eq!(part.dropped.load(Ordering::SeqCst), 0);
    part.let_go();
    until("it is released", || hand.is_released());
    assert_eq!(part.log(), ["open ecommerce-be", "0@9.000 s", "0@9.020 s", "close Complete"]);
    assert_eq!(part.dropped.load(Ordering::SeqCst), 1);
    assert!(part.dropped_on().is_some_and(|thread| thread.starts_with("calltap-write-")));
    drop(hand);
    assert_eq!(part.dropped.load(Ordering::SeqCst), 1);
}

#[test]
fn a_queue_that_is_dropped_before_its_end_hands_nothing_more_over() {
    let (stage, part) = (Stage::new(), Part::new());
    let mut queue = stage.stalled(&part);
    let hand = queue.hand();
    queue.frame(&frame(&stage.pool, CALLER, 9_020)).expect("queued");
    drop(queue);
    assert_eq!(stage.pool.used(), FRAME, "but for what the sink has in hand, it is wiped");
    part.let_go();
    until("it is released", || hand.is_released());
    assert_eq!(part.log(), ["open ecommerce-be", "0@9.000 s"]);
    assert_eq!(stage.pool.used(), 0);
}
