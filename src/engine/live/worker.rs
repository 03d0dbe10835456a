//! A worker: a thread that owns calls for their whole life. It ticks; control threads wake it, media threads never do.
//!
//! What goes wrong in a call stays in it: the call catches its own panics. What panics outside of a call ends the worker
//! that met it; the next one takes the seat, and the calls it finds there end as failed.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;

use crate::engine::call::Call;
use crate::engine::clock::Ticker;
use crate::guard::caught;
use crate::time::MonoTime;

use super::core::{Core, Mail, Seat};
use super::events::EngineEvent;
use super::hosted::Hosted;
use super::log::Level;

/// Sits down on a seat and works until the engine stops, or until another thread was given the seat.
pub(super) fn run(core: &Arc<Core>, seat: usize, generation: u64) {
    core.seats[seat].take(thread::current());
    // Whoever sat here before may have left calls.
    let mut worker = Worker { core, seat: &core.seats[seat], generation, calls: core.calls_of(seat) };
    while let Err(what) = caught(|| worker.work()) {
        let count = worker.calls.len();
        core.log.say(
            Level::Error,
            "worker",
            format_args!("worker {seat} died and was replaced; its {count} calls end as failed, what was recorded before stays: {what}"),
        );
        core.workers_replaced.fetch_add(1, Ordering::Relaxed);
        worker.calls = core.calls_of(seat);
        worker.fail_all(&what);
    }
}

struct Worker<'c> {
    core: &'c Arc<Core>,
    seat: &'c Seat,
    generation: u64,
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
                true => thread::park(),
                false => thread::park_timeout(ticker.remaining()),
            }
        }
    }

    fn is_over(&self) -> bool {
        let replaced = self.seat.generation.load(Ordering::SeqCst) != self.generation;
        replaced || (self.core.is_stopping() && self.calls.is_empty())
    }

    fn read_mail(&mut self) {
        while let Ok(mail) = self.seat.inbox.1.try_recv() {
            match mail {
                // A thread that takes a seat may find the call in both places.
                Mail::Call(hosted) if self.calls.iter().any(|known| known.id == hosted.id) => {}
                Mail::Call(hosted) => self.calls.push(hosted),
                Mail::Order(hosted) => {
                    // What is over is taken out at the next tick.
                    let _ = self.visit(&hosted);
                }
            }
            if self.seat.generation.load(Ordering::SeqCst) != self.generation {
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
            if self.seat.generation.load(Ordering::SeqCst) != self.generation {
                // Was stuck, and another thread has the seat.
                return;
            }
        }
    }

    /// Does what was ordered, and what time brought.
    fn visit(&self, hosted: &Hosted) -> Stay {
        // Another thread is stuck in it.
        let Some((mut cell, died)) = hosted.open() else { return Stay::Stays };
        let Some(call) = cell.as_mut() else { return Stay::Gone };
        let _visiting = self.seat.visit(self.generation);
        let now = self.core.clock.now();
        if died {
            call.fail_at(now.on_call(hosted.zero), "the worker died while it was at this call");
        }
        // Those that are there by now: a thread that asks again and again must not keep time from passing.
        let orders = hosted.orders();
        (0..orders).filter_map(|_| hosted.next_order()).for_each(|order| order(call));
        let stopping = self.core.is_stopping();
        if stopping || hosted.is_left() {
            call.wind_up(now.on_call(hosted.zero), stopping);
        }
        call.step(now.on_call(hosted.zero));
        let gone = (hosted.is_left() || stopping) && call.is_wound_up(now.on_call(hosted.zero));
        if gone {
            // What was reported since the step.
            call.hear_back();
        }
        self.tell(hosted, call, now, orders > 0);
        if gone {
            // Its own drop may panic: then this worker dies, and not the host.
            *cell = None;
        }
        if gone { Stay::Gone } else { Stay::Stays }
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
            // A call that cannot even fail is dropped, which shuts its gates.
            if caught(|| call.fail_at(now.on_call(hosted.zero), what)).is_err() {
                let _ = caught(|| *cell = None);
                continue;
            }
            let _ = caught(|| self.tell(hosted, call, now, true));
        }
    }
}

/// Whether a call stays with its worker.
#[derive(PartialEq, Eq)]
enum Stay {
    Stays,
    Gone,
}
