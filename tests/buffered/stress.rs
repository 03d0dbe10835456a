//! Stops against hand-overs, on real threads, as close together as they come.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use calltap::consent::Permit;
use calltap::frame::Frame;
use calltap::sink::buffered::{Buffered, Report};
use calltap::sink::{Closing, Description, Erasure, Fate, Handed, Receipt, Sink, SinkError};

use super::stage::*;

const ROUNDS: i64 = 3_000;

/// A sink that must not be called once it is sealed.
struct Sealable {
    sealed: Arc<AtomicBool>,
    broken: Arc<AtomicU64>,
}

impl Sealable {
    fn look(&self) -> Result<(), SinkError> {
        if self.sealed.load(Ordering::SeqCst) {
            self.broken.fetch_add(1, Ordering::SeqCst);
        }
        Ok(())
    }
}

impl Sink for Sealable {
    fn open(&mut self, _: &Permit, _: &Description) -> Result<(), SinkError> {
        self.look()
    }

    fn frame(&mut self, _: &Frame) -> Result<Handed, SinkError> {
        self.look().map(|()| Handed::Taken)
    }

    fn flush(&mut self) -> Result<(), SinkError> {
        self.look()
    }

    fn close(&mut self, _: &Closing) -> Result<(), SinkError> {
        Ok(())
    }

    fn erase(&mut self, _: &Erasure) -> Receipt {
        Receipt { output: output(), fate: Fate::Erased, frames: 0, bytes: 0 }
    }
}

#[test]
fn however_close_a_stop_and_a_hand_over_come_nothing_follows_the_stop() {
    let stage = Stage::new();
    let (sealed, broken) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let mut queue = stage.queue_before(Box::new(Sealable { sealed: Arc::clone(&sealed), broken: Arc::clone(&broken) }));
    queue.open(&permit(), &description()).expect("queued");
    let (mut quiet_at_once, mut wiped) = (0, 0);
    for round in 0..ROUNDS {
        let hand = queue.hand();
        let go = AtomicBool::new(false);
        let seal = Arc::clone(&sealed);
        let at_once = std::thread::scope(|scope| {
            let control = scope.spawn(|| {
                while !go.load(Ordering::SeqCst) {
                    std::hint::spin_loop();
                }
                hand.stop();
                let at_once = !hand.is_inside();
                if !at_once {
                    assert!(hand.wait_outside(std::time::Duration::from_secs(60)), "the sink is healthy");
                }
                seal.store(true, Ordering::SeqCst);
                at_once
            });
            for step in 0..8 {
                if step == round % 8 {
                    go.store(true, Ordering::SeqCst);
                }
                let _ = queue.frame(&frame(&stage.pool, CALLER, 160 * round + 20 * step)).expect("the sink is healthy");
            }
            control.join().expect("no fault")
        });
        quiet_at_once += i64::from(at_once);
        until("what is left is wiped", || queue.is_drained());
        assert_eq!(broken.load(Ordering::SeqCst), 0, "round {round}: a frame followed the stop");
        wiped = queue.account(CALLER).wiped;
        sealed.store(false, Ordering::SeqCst);
        until("it goes on", || queue.resume());
    }
    let account = queue.account(CALLER);
    assert_eq!(account.offered, 8 * ROUNDS as u64);
    assert_eq!(account.offered, account.handed + account.wiped + account.dropped);
    assert!(wiped > 0 && account.handed > 0, "{account:?}: the two met");
    assert!(quiet_at_once > 0, "never was nobody inside");
    assert_eq!(stage.pool.used(), 0);
    drop_and_see(queue, &stage);
}

/// The end of it is like any other's.
fn drop_and_see(mut queue: Buffered, stage: &Stage) {
    queue.close(&closing()).expect("ordered");
    let reports = stage.reports_until(&mut queue, |report| *report == Report::Closed);
    assert!(!reports.iter().any(|report| matches!(report, Report::Failed(_))), "{reports:?}");
}
