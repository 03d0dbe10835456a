//! A worker: a thread that owns calls for their whole life. It ticks; control threads wake it, media threads never do.
//!
//! What goes wrong in a call stays in it: the call catches its own panics. What panics outside of a call ends the worker
//! that met it; the next one takes the seat, and the calls it finds there end as failed.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;

use crate::engine::call::Call;
use crate::engine::clock::Ticker;
use crate::guard::{caught, discard};
use crate::time::MonoTime;

use super::core::Core;
use super::events::EngineEvent;
use super::hosted::Hosted;
use super::log::Level;
use super::seat::{Mail, Seat};

/// Sits down on a seat, unless another thread was faster, and works until the engine stops, or until another thread was given the seat.
pub(super) fn run(core: &Arc<Core>, seat: usize, generation: u32) {
    if !core.seats[seat].sit_down(generation, thread::current()) {
        return;
    }
    // Whoever sat here before may have left calls.
    let mut worker =
        Worker { core, seat: &core.seats[seat], seat_number: seat, generation, calls: core.calls_of(seat) };
    let mut death: Option<String> = None;
    loop {
        let worked = caught(|| {
            if let Some(what) = death.take() {
                worker.start_anew(&what);
            }
            worker.work();
        });
        let Err(what) = worked else { return };
        if worker.is_replaced() {
            // The calls are somebody else's by now, and the one it died in says so itself.
            return;
        }
        death = Some(what);
        // If it dies again and again it does not take the processor with it.
        thread::park_timeout(core.shared.config.tick);
    }
}

struct Worker<'c> {
    core: &'c Arc<Core>,
    seat: &'c Seat,
    seat_number: usize,
    generation: u32,
    calls: Vec<Arc<Hosted>>,
}

impl Worker<'_> {
    fn work(&mut self) {
        let mut ticker = Ticker::new(self.core.shared.config.tick);
        loop {
            self.read_mail();
            if ticker.is_due() {
                self.visit_all();
            }
            if self.is_over() {
                return;
            }
            match self.calls.is_empty() {
                // What came meanwhile has woken it already.
                true => thread::park(),
                false if self.seat.inbox.1.is_empty() => thread::park_timeout(ticker.remaining()),
                false => {}
            }
        }
    }

    /// After a death: the calls that are found on the seat end as failed.
    fn start_anew(&mut self, what: &str) {
        self.calls = self.core.calls_of(self.seat_number);
        let (seat, count) = (self.seat_number, self.calls.len());
        self.core.log.say(
            Level::Error,
            "worker",
            format_args!("worker {seat} died and was replaced; its {count} calls end as failed, what was recorded before stays: {what}"),
        );
        self.core.workers_replaced.fetch_add(1, Ordering::Relaxed);
        self.fail_all(what);
    }

    fn is_over(&mut self) -> bool {
        if self.is_replaced() {
            return true;
        }
        if !self.core.is_stopping() || !self.calls.is_empty() {
            return false;
        }
        // One that was taken in just before may not have been told of yet.
        self.calls = self.core.calls_of(self.seat_number);
        self.calls.is_empty()
    }

    /// Whether another thread has the seat: this one was stuck.
    fn is_replaced(&self) -> bool {
        self.seat.generation() != self.generation
    }

    fn read_mail(&mut self) {
        // What is there by now: those who write again and again must not keep the other calls waiting.
        for _ in 0..self.seat.inbox.1.len() {
            let Ok(mail) = self.seat.inbox.1.try_recv() else { return };
            match mail {
                // A thread that takes a seat may find the call in both places.
                Mail::Call(hosted) if self.calls.iter().any(|known| known.id == hosted.id) => {}
                Mail::Call(hosted) => self.calls.push(hosted),
                Mail::Order(hosted) => {
                    // What is over is taken out at the next tick.
                    let _ = self.visit(&hosted);
                }
            }
            if self.is_replaced() {
                return;
            }
        }
    }

    /// Visits every call; those that are over and gone are forgotten.
    fn visit_all(&mut self) {
        let mut index = 0;
        while let Some(hosted) = self.calls.get(index).cloned() {
            if self.visit(&hosted) == Stay::Gone {
                self.calls.swap_remove(index);
                self.core.forget(hosted.id);
            } else {
                index += 1;
            }
            if self.is_replaced() {
                // Was stuck, and another thread has the seat.
                return;
            }
        }
    }

    /// Does what was ordered, and what time brought. A panic ends this call alone.
    fn visit(&self, hosted: &Hosted) -> Stay {
        // Another thread is stuck in it.
        let Some((mut cell, died)) = hosted.open() else { return Stay::Stays };
        let Some(call) = cell.as_mut() else { return Stay::Gone };
        let _visiting = self.seat.visit(self.generation);
        let now = self.core.clock.now();
        if died {
            call.fail_at(now.on_call(hosted.zero), "the worker died while it was at this call");
        }
        let gone = match caught(|| self.serve(hosted, call, now)) {
            Ok(gone) => gone,
            Err(what) => self.fail(hosted, call, now, &what).is_err(),
        };
        if gone {
            discard(cell.take());
            hosted.close_mailbox();
        }
        if gone { Stay::Gone } else { Stay::Stays }
    }

    /// Whether the call is over and gone.
    fn serve(&self, hosted: &Hosted, call: &mut Call, now: MonoTime) -> bool {
        // Looked at first: what its host ordered before it went is then done before the call is wound up.
        let (left, stopping) = (hosted.is_left(), self.core.is_stopping());
        // Those that are there by now: a thread that asks again and again must not keep time from passing.
        let orders = hosted.orders();
        for order in (0..orders).filter_map(|_| hosted.next_order()) {
            // What it carries is the host's, and may panic when it goes.
            if let Err(what) = caught(|| order(call)) {
                call.fail_at(now.on_call(hosted.zero), &format!("a panic in an order: {what}"));
            }
        }
        if stopping || left {
            // One that was let go has failed, also when its engine stops before anybody came to it.
            call.wind_up(now.on_call(hosted.zero), !left);
        }
        call.step(now.on_call(hosted.zero));
        let gone = (left || stopping) && call.is_wound_up(now.on_call(hosted.zero));
        if gone {
            // What was reported since the step.
            call.hear_back();
        }
        self.tell(hosted, call, now, orders > 0);
        gone
    }

    /// Ends a call as failed; an error when it cannot even fail, and has to go, which shuts its gates.
    fn fail(&self, hosted: &Hosted, call: &mut Call, now: MonoTime, what: &str) -> Result<(), String> {
        caught(|| {
            call.fail_at(now.on_call(hosted.zero), what);
            self.tell(hosted, call, now, true);
        })
    }

    fn tell(&self, hosted: &Hosted, call: &mut Call, now: MonoTime, ordered: bool) {
        let events = call.events();
        if ordered || !events.is_empty() {
            hosted.publish(call);
        }
        let at = now.on_call(hosted.zero);
        for event in events {
            self.core.events.add(EngineEvent { call: hosted.id, at, event }, &self.core.log);
        }
        // Answers are given by now, and what was decided is published.
        hosted.quiet.notify();
    }

    fn fail_all(&self, what: &str) {
        for hosted in &self.calls {
            let Some((mut cell, _)) = hosted.open() else { continue };
            let Some(call) = cell.as_mut() else { continue };
            let now = self.core.clock.now();
            if self.fail(hosted, call, now, what).is_err() {
                discard(cell.take());
                hosted.close_mailbox();
            }
        }
    }
}

/// Whether a call stays with its worker.
#[derive(PartialEq, Eq)]
enum Stay {
    Stays,
    Gone,
}
