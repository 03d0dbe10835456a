//! What comes back to a session from behind the queues of its sinks, and who of them was stopped for being late.

use crate::sink::Fault;
use crate::sink::SinkError;
use crate::sink::buffered::{Failure, Report};

use super::event::CallEvent;
use super::outlet::Returned;
use super::session::Session;

impl Session {
    /// Hears what writers report, and takes note of sinks that control threads had to stop.
    pub(super) fn hear_back(&mut self) {
        let Some(backstage) = self.around.backstage.clone() else { return };
        let now = backstage.clock.now();
        for sink in 0..self.outlets.len() {
            if self.outlets[sink].is_newly_stopped() {
                let what = "it did not come back from a call in time: it gets nothing more, what it had stays";
                self.sink_failed(sink, Fault::Error(SinkError { what: what.to_owned(), source: None }));
            }
            if self.outlets[sink].was_moved() {
                let what = "it overran its time budget too often: from now on it is called by a writer thread";
                self.tell_late(sink, what.to_owned());
            }
            let returned = self.outlets[sink].returned(now);
            // After the reports: what a sink was given before it closed or erased is heard by then.
            self.hear_settled();
            for returned in returned {
                self.hear(sink, returned);
            }
            let overdue = self.outlets[sink].overdue(now);
            overdue.into_iter().for_each(|receipt| self.events.add(CallEvent::Receipt(receipt)));
        }
    }

    /// Whether every queue has done what was ordered.
    pub(super) fn is_drained(&self) -> bool {
        self.outlets.iter().all(super::outlet::Outlet::is_drained)
    }

    fn hear(&mut self, sink: usize, returned: Returned) {
        let Returned { output, report, ended } = returned;
        match (report, ended) {
            (Report::Failed(failure), None) => self.sink_failed(sink, fault(failure)),
            (Report::Failed(failure) | Report::CloseFailed(failure), _) => {
                self.events.add(CallEvent::SinkFailed { output, what: failure.what.clone() });
                if failure.panicked && !self.consent.is_final() {
                    self.broken.get_or_insert(failure.what);
                }
            }
            (Report::Closed, Some(ended)) => {
                let (at, outcome, reason) = (ended.at, ended.outcome, ended.reason);
                self.events.add(CallEvent::OutputClosed { output, at, outcome, reason });
            }
            (Report::Receipt(receipt), _) => {
                self.outlets[sink].note_receipt(&receipt);
                self.events.add(CallEvent::Receipt(receipt));
            }
            (Report::Late { stalled, over: false }, _) => {
                let what = format!("it has not come back from a call for {stalled:?}; frames wait in its queue");
                self.events.add(CallEvent::SinkLate { output, what });
            }
            (Report::Late { stalled, over: true }, _) => {
                let what = format!("it came back from a call after {stalled:?}");
                self.events.add(CallEvent::SinkLate { output, what });
            }
            _ => {}
        }
    }

    fn tell_late(&mut self, sink: usize, what: String) {
        let output = self.outlets[sink].last_output();
        self.events.add(CallEvent::SinkLate { output, what });
    }
}

fn fault(failure: Failure) -> Fault {
    match failure.panicked {
        true => Fault::Panic(failure.what),
        false => Fault::Error(SinkError { what: failure.what, source: None }),
    }
}
