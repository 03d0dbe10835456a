//! Promise 2: after a stop that found nobody inside nothing is handed over, and a stuck sink does not keep it waiting.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use calltap::sink::buffered::{Account, Report, WritersConfig};
use calltap::sink::{GapCause, Handed, Mark, Sink};
use calltap::time::MonoTime;

use super::stage::*;

#[test]
fn a_stop_wipes_what_is_queued_at_once_also_while_the_sink_is_stuck() {
    let (stage, part) = (Stage::new(), Part::new());
    let mut queue = stage.stalled(&part);
    for millis in [9_020, 9_040] {
        queue.frame(&frame(&stage.pool, CALLER, millis)).expect("queued");
    }
    let hand = queue.hand();
    assert_eq!(hand.output(), output());
    std::thread::scope(|scope| scope.spawn(|| hand.stop()).join()).expect("it does not wait");
    assert_eq!(stage.pool.used(), FRAME, "what the sink has in hand");
    assert!(hand.is_inside() && !hand.is_drained());
    assert_eq!(queue.frame(&frame(&stage.pool, CALLER, 9_060)).expect("dropped"), Handed::Dropped);
    queue.mark(Mark::Pause, at(9_060)).expect("left out");
    queue.close(&closing()).expect("ordered");
    assert!(!hand.wait_outside(Duration::ZERO));
    part.let_go();
    assert!(hand.wait_drained(Duration::MAX));
    assert_eq!(part.log(), ["open ecommerce-be", "0@9.000 s", "close Complete"]);
    assert_eq!(queue.account(CALLER), Account { offered: 4, handed: 1, wiped: 3, ..Account::default() });
    assert_eq!(stage.pool.used(), 0);
}

#[test]
fn who_waits_for_a_writer_is_woken_when_it_leaves() {
    let (stage, part) = (Stage::new(), Part::new());
    let queue = stage.stalled(&part);
    let hand = queue.hand();
    let waiting = std::thread::spawn(move || {
        hand.stop();
        hand.wait_outside(Duration::MAX)
    });
    until("it is stopped", || queue.is_stopped());
    part.let_go();
    assert!(waiting.join().expect("woken"));
    assert!(!queue.is_inside());
}

/// A clock that a test can hold while somebody reads it.
#[derive(Default)]
struct Doorway {
    state: Mutex<(bool, bool)>,
    changed: Condvar,
}

impl Doorway {
    fn pass(&self) {
        let mut state = self.state.lock().expect("unharmed");
        while state.0 {
            state.1 = true;
            self.changed.notify_all();
            state = self.changed.wait(state).expect("unharmed");
        }
    }

    fn shut(&self, shut: bool) {
        *self.state.lock().expect("unharmed") = (shut, false);
        self.changed.notify_all();
    }

    fn await_somebody(&self) {
        let mut state = self.state.lock().expect("unharmed");
        while !state.1 {
            state = self.changed.wait(state).expect("unharmed");
        }
    }
}

#[test]
fn a_writer_that_is_about_to_enter_when_it_is_stopped_does_not() {
    let doorway = Arc::new(Doorway::default());
    let door = Arc::clone(&doorway);
    let config = WritersConfig { threads: 1, ..WritersConfig::default() };
    // A writer reads the clock after it has taken a frame out of the queue, and before it goes in.
    let stage = Stage::on(config, Arc::new(AtomicU64::new(0)), move || {
        door.pass();
        MonoTime(0)
    });
    let part = Part::new();
    let mut queue = stage.opened(&part);
    until("it is open", || queue.is_drained());
    doorway.shut(true);
    queue.frame(&frame(&stage.pool, CALLER, 9_000)).expect("queued");
    doorway.await_somebody();
    queue.stop();
    assert!(!queue.is_inside(), "so the verb returns good, and no frame may follow");
    doorway.shut(false);
    until("it is drained", || queue.is_drained());
    assert_eq!(part.log(), ["open ecommerce-be"]);
    assert_eq!(queue.account(CALLER), Account { offered: 1, wiped: 1, ..Account::default() });
}

#[test]
fn after_the_resumption_the_sink_is_told_what_the_stop_took() {
    let (stage, part) = (Stage::new(), Part::new());
    let mut queue = stage.stalled(&part);
    queue.frame(&frame(&stage.pool, CALLER, 9_020)).expect("queued");
    queue.gap(AGENT, GapCause::Lost, stretch(9_000, 9_040)).expect("queued");
    queue.mark(Mark::Pause, at(9_040)).expect("queued");
    queue.stop();
    assert!(!queue.resume(), "a writer is inside");
    part.let_go();
    until("it has left", || queue.resume());
    queue.mark(Mark::Resume, at(9_100)).expect("queued");
    for leg in [CALLER, AGENT] {
        queue.frame(&frame(&stage.pool, leg, 9_100)).expect("queued");
    }
    until("it is drained", || queue.is_drained());
    let expected = [
        "open ecommerce-be",
        "0@9.000 s",
        "0 Dropped 9.020 s-9.040 s",
        "0@9.100 s",
        "1 Dropped 9.000 s-9.040 s",
        "1@9.100 s",
    ];
    assert_eq!(part.log(), expected);
}

#[test]
fn a_sink_that_was_stopped_before_it_was_open_never_begins_unless_it_is_resumed() {
    let stage = Stage::with(WritersConfig { threads: 1, ..WritersConfig::default() });
    let (blocker, stopped, resumed) = (Part::new(), Part::new(), Part::new());
    let _held = stage.stalled(&blocker);
    let mut first = stage.opened(&stopped);
    let mut second = stage.opened(&resumed);
    for queue in [&mut first, &mut second] {
        queue.frame(&frame(&stage.pool, CALLER, 9_000)).expect("queued");
        queue.stop();
        assert!(queue.is_drained());
    }
    assert!(second.resume());
    second.frame(&frame(&stage.pool, CALLER, 9_020)).expect("queued");
    first.close(&closing()).expect("ordered");
    blocker.let_go();
    let reports = stage.reports_until(&mut first, |report| *report == Report::NeverOpened);
    assert_eq!(reports, [Report::NeverOpened]);
    until("both are drained", || first.is_drained() && second.is_drained());
    assert_eq!(stopped.log(), [""; 0]);
    assert_eq!(resumed.log(), ["open ecommerce-be", "0 Dropped 9.000 s-9.020 s", "0@9.020 s"]);
}

#[test]
fn an_erasure_wipes_what_is_queued_and_waits_for_the_stuck_sink_alone() {
    let (stage, part) = (Stage::new(), Part::new());
    let mut queue = stage.stalled(&part);
    queue.frame(&frame(&stage.pool, CALLER, 9_020)).expect("queued");
    queue.erase(&erasure());
    queue.erase(&erasure());
    assert_eq!(stage.pool.used(), FRAME);
    assert!(!queue.reports(stage.now()).iter().any(|report| matches!(report, Report::Receipt(_))));
    part.let_go();
    until("it is drained", || queue.is_drained());
    assert_eq!(part.log(), ["open ecommerce-be", "0@9.000 s", "erase objected"]);
    let reports = queue.reports(stage.now());
    assert_eq!(reports.iter().filter(|report| matches!(report, Report::Receipt(_))).count(), 1);
    assert_eq!(stage.time.load(Ordering::SeqCst), 0);
}
