//! A sink that does not return: what is kept, what is dropped, and what it is told of that.

use std::time::Duration;

use calltap::sink::buffered::{Account, Report};
use calltap::sink::{GapCause, Handed, Mark, Sink};

use super::stage::*;

#[test]
fn what_finds_no_place_is_dropped_and_told_before_the_next_frame_of_its_leg() {
    let (mut stage, part) = (Stage::new(), Part::new());
    stage.limits.frames = 2;
    let mut queue = stage.stalled(&part);
    assert_eq!(queue.frame(&frame(&stage.pool, CALLER, 9_020)).expect("queued"), Handed::Taken);
    for millis in [9_040, 9_060] {
        assert_eq!(queue.frame(&frame(&stage.pool, CALLER, millis)).expect("dropped"), Handed::Dropped);
    }
    assert_eq!(queue.frame(&frame(&stage.pool, AGENT, 9_060)).expect("dropped"), Handed::Dropped);
    part.let_go();
    until("the sink caught up", || queue.is_drained());
    queue.frame(&frame(&stage.pool, CALLER, 9_080)).expect("queued");
    queue.close(&closing()).expect("ordered");
    until("it is drained", || queue.is_drained());
    let expected = [
        "open ecommerce-be",
        "0@9.000 s",
        "0@9.020 s",
        "0 Dropped 9.040 s-9.080 s",
        "0@9.080 s",
        "1 Dropped 9.060 s-9.080 s",
        "close Complete",
    ];
    assert_eq!(part.log(), expected);
    let caller = Account { offered: 5, handed: 3, dropped: 2, ..Account::default() };
    assert_eq!(queue.account(CALLER), caller);
    assert_eq!(queue.account(AGENT), Account { offered: 1, dropped: 1, ..Account::default() });
}

#[test]
fn a_hundred_thousand_frames_for_a_sink_that_does_not_return_fill_its_queue_and_no_more() {
    let (stage, part) = (Stage::new(), Part::new());
    let mut queue = stage.stalled(&part);
    let mut most = 0;
    for number in 1..=100_000i64 {
        // A block of its own each, so that whatever is kept is seen in the pool.
        let frame = frame(&stage.pool, CALLER, 9_000 + 20 * number);
        queue.frame(&frame).expect("taken or dropped");
        queue.gap(AGENT, GapCause::Lost, stretch(9_000 + 20 * number, 9_020 + 20 * number)).expect("or merged");
        queue.mark(if number % 2 == 0 { Mark::Resume } else { Mark::Pause }, at(9_000)).expect("or left out");
        queue.flush().expect("or the same");
        drop(frame);
        most = most.max(stage.pool.used());
    }
    assert_eq!(most, 1_000 * FRAME, "a thousand, with the one that the sink has in hand");
    let account = Account { offered: 100_001, dropped: 99_001, waiting: 1_000, ..Account::default() };
    assert_eq!(queue.account(CALLER), account);
    part.let_go();
    queue.close(&closing()).expect("ordered");
    until("it is drained", || queue.is_drained());
    assert_eq!(stage.pool.used(), 0);
    let account = Account { offered: 100_001, dropped: 99_001, handed: 1_000, ..Account::default() };
    assert_eq!(queue.account(CALLER), account);
    let log = part.log();
    let count = |what: &str| log.iter().filter(|line| line.contains(what)).count();
    assert_eq!(count("@"), 1_000);
    assert_eq!(count("1 Lost"), 1_000);
    assert_eq!((count("Pause"), count("Resume"), count("flush")), (16, 16, 1));
    let end = &log[log.len() - 3..];
    assert_eq!(end, ["0 Dropped 29.000 s-2009.020 s", "1 Dropped 29.020 s-2009.020 s", "close Complete"]);
}

#[test]
fn a_pause_whose_beginning_found_no_place_does_not_end() {
    let (stage, part) = (Stage::new(), Part::new());
    let mut queue = stage.opened(&part);
    queue.mark(Mark::Resume, at(9_000)).expect("left out");
    queue.mark(Mark::Pause, at(9_010)).expect("queued");
    queue.mark(Mark::Pause, at(9_020)).expect("left out");
    queue.mark(Mark::Resume, at(9_030)).expect("queued");
    until("it is drained", || queue.is_drained());
    assert_eq!(part.log(), ["open ecommerce-be", "Pause 9.010 s", "Resume 9.030 s"]);
}

#[test]
fn a_frame_that_the_sink_has_no_room_for_counts_as_refused() {
    let (stage, part) = (Stage::new(), Part::new());
    part.at("0@9.020", Act::Refuse);
    let mut queue = stage.opened(&part);
    for millis in [9_000, 9_020, 9_040] {
        queue.frame(&frame(&stage.pool, CALLER, millis)).expect("queued");
    }
    until("it is drained", || queue.is_drained());
    assert_eq!(queue.account(CALLER), Account { offered: 3, handed: 2, refused: 1, ..Account::default() });
}

#[test]
fn a_call_that_takes_too_long_is_reported_once_while_it_lasts_and_once_when_it_is_over() {
    let (stage, part) = (Stage::new(), Part::new());
    let mut queue = stage.stalled(&part);
    assert_eq!(queue.reports(stage.now()), [Report::Opened]);
    stage.advance(Duration::from_millis(99));
    assert_eq!(queue.reports(stage.now()), []);
    stage.advance(Duration::from_millis(1));
    assert_eq!(queue.reports(stage.now()), [Report::Late { stalled: Duration::from_millis(100), over: false }]);
    stage.advance(Duration::from_millis(50));
    assert_eq!(queue.reports(stage.now()), []);
    part.let_go();
    until("it is drained", || queue.is_drained());
    assert_eq!(queue.reports(stage.now()), [Report::Late { stalled: Duration::from_millis(150), over: true }]);
}
