//! One output in a writer's hands: the calls into its sink. `[worker]`, on a writer thread.

use std::sync::Arc;

use crate::guard::discard;
use crate::sink::{Fate, Handed, Mark, Receipt, Sink, SinkError};
use crate::sink::{Fault, sink_call};

use super::item::{Item, Order, Queued};
use super::output::{Next, Output};
use super::place::Place;
use super::report::{Failure, Report};
use super::settled::{Came, Tally};
use super::turnstile::Epoch;

/// What an output's writer needs: the sink, and what it was told. Whoever has it is the one writer.
pub(super) struct Seat {
    sink: Option<Box<dyn Sink>>,
    told: Told,
    /// The last mark that it got was a pause.
    in_pause: bool,
    /// What it was given.
    tally: Tally,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Told {
    Nothing,
    Open,
    Close,
}

impl Seat {
    /// For a sink that was opened already, or not yet.
    pub(super) fn of(sink: Box<dyn Sink>, is_open: bool) -> Seat {
        Seat {
            sink: Some(sink),
            told: if is_open { Told::Open } else { Told::Nothing },
            in_pause: false,
            tally: Tally::default(),
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        // A sink that panics when it goes is gone, and nobody is left to tell.
        discard(self.sink.take());
    }
}

/// A seat with its output. Dropping it drops the sink, and says so.
pub(super) struct Job {
    seat: Option<Seat>,
    pub(super) output: Arc<Output>,
}

impl Job {
    pub(super) fn new(seat: Seat, output: Arc<Output>) -> Job {
        Job { seat: Some(seat), output }
    }

    /// Does the next thing; false when there was nothing to do.
    pub(super) fn step(&mut self, place: &Place) -> bool {
        let Some(next) = self.output.next() else { return false };
        let output = Arc::clone(&self.output);
        let Some(seat) = &mut self.seat else { return false };
        let visit = Visit { output: &output, place };
        match next {
            Next::Item(queued) => visit.hand_over(seat, queued),
            Next::Order(Order::Close(mut closing, heard)) => {
                seat.tally.settle(&mut closing, &heard);
                visit.order(|| match std::mem::replace(&mut seat.told, Told::Close) {
                    Told::Open => match seat.call(|sink| sink.close(&closing)) {
                        Ok(()) => Report::Closed,
                        Err(fault) => Report::CloseFailed(fault.into()),
                    },
                    Told::Nothing | Told::Close => Report::NeverOpened,
                })
            }
            Next::Order(Order::Erase(erasure)) => visit.order(|| {
                let answer = seat.call(|sink| Ok(sink.erase(&erasure)));
                Report::Receipt(output.receipt(answer))
            }),
        }
        true
    }

    /// Puts the seat back when there is nothing to do; comes back when there is.
    pub(super) fn park(mut self) -> Option<Job> {
        if self.output.is_over() {
            return None;
        }
        self.seat = self.output.park(self.seat.take()?);
        self.seat.is_some().then_some(self)
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        if let Some(seat) = self.seat.take() {
            drop(seat);
            self.output.release();
        }
    }
}

impl Seat {
    fn call<R>(&mut self, act: impl FnOnce(&mut dyn Sink) -> Result<R, SinkError>) -> Result<R, Fault> {
        let gone = || SinkError { what: "the sink is gone".into(), source: None };
        let sink = &mut self.sink;
        sink_call(|| act(sink.as_deref_mut().ok_or_else(gone)?))
    }

    /// Hands over what is no order; whether the sink took it.
    fn take(&mut self, item: &Item) -> Result<Handed, Fault> {
        match item {
            Item::Open(opening) => {
                self.call(|sink| sink.open(&opening.permit, &opening.description))?;
                self.told = Told::Open;
            }
            Item::Frame { frame, .. } => return self.call(|sink| sink.frame(frame)),
            Item::Gap { leg, cause, stretch } => self.call(|sink| sink.gap(*leg, *cause, *stretch))?,
            Item::Mark { mark, at } => {
                let begins = *mark == Mark::Pause;
                // Its other half was wiped, or had no place: a pause that is over would not end.
                if begins != self.in_pause {
                    self.in_pause = begins;
                    self.call(|sink| sink.mark(*mark, *at))?;
                }
            }
            Item::Flush => self.call(|sink| sink.flush())?,
        }
        Ok(Handed::Taken)
    }
}

/// One call into the sink, or none.
struct Visit<'a> {
    output: &'a Output,
    place: &'a Place,
}

impl Visit<'_> {
    fn hand_over(self, seat: &mut Seat, queued: Queued) {
        let Queued { epoch, item } = queued;
        let is_ready = matches!(item, Item::Open(_)) || seat.told == Told::Open;
        if self.output.failed.get().is_some() || !is_ready || !self.enter(Some(epoch)) {
            self.output.forget(item);
            self.output.quiet.notify();
            return;
        }
        let taken = seat.take(&item);
        if let Item::Frame { frame, tag } = &item {
            let came = match &taken {
                Ok(Handed::Taken) => Came::Handed,
                Ok(Handed::Dropped) => Came::Refused,
                Err(_) => Came::Lost,
            };
            if let (Some(tag), Came::Handed | Came::Refused) = (*tag, came) {
                seat.tally.note(frame.leg(), tag, came == Came::Handed);
            }
            self.output.settle(frame.leg(), *tag, came);
        }
        match taken {
            Ok(_) if matches!(item, Item::Open(_)) => self.output.report(Report::Opened),
            Ok(_) => {}
            Err(fault) => self.output.fail(Failure::from(fault)),
        }
        self.output.waiting.remove(item);
        self.leave();
    }

    fn order(self, act: impl FnOnce() -> Report) {
        self.enter(None);
        let report = act();
        self.output.report(report);
        self.leave();
    }

    /// Goes in; false when that was stopped. The clock is read before: what comes between is the turnstile's to see.
    fn enter(&self, epoch: Option<Epoch>) -> bool {
        let now = self.output.core.now();
        self.place.enter(now);
        let entered = match epoch {
            Some(epoch) => self.output.turnstile.enter(epoch, now),
            None => {
                self.output.turnstile.enter_anyway(now);
                true
            }
        };
        if !entered {
            self.place.leave();
        }
        entered
    }

    /// Comes out, after everything is counted and reported: who sees nobody inside sees that too.
    fn leave(self) {
        if let Some(since) = self.output.turnstile.inside_since() {
            self.output.took(self.output.core.since(since));
        }
        self.place.leave();
        self.output.turnstile.leave();
        self.output.done();
        self.output.quiet.notify();
    }
}

impl Output {
    /// The receipt as it goes to the worker: always with this output's id, and an answer also of a sink that panicked.
    fn receipt(&self, answer: Result<Receipt, Fault>) -> Receipt {
        match answer {
            Ok(receipt) => Receipt { output: self.id, ..receipt },
            Err(fault) => Receipt {
                output: self.id,
                fate: Fate::Pending(fault.sentence()),
                frames: self.accounts.handed(),
                bytes: 0,
            },
        }
    }
}
