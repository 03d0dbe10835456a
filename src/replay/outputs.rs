//! Which outputs of a live call are still being written, as its events tell.

use crate::consent::Change;
use crate::engine::CallEvent;
use crate::sink::OutputId;

/// Every output of the call, and what is awaited of it.
#[derive(Debug, Default)]
pub(super) struct Outputs(Vec<(OutputId, Awaited)>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Awaited {
    /// That it closes, or fails.
    Close,
    /// The receipt of an erasure that was ordered.
    Receipt,
    Nothing,
}

impl Outputs {
    /// Takes note of what followed.
    pub(super) fn see(&mut self, event: &CallEvent) {
        match event {
            CallEvent::OutputOpened { output, .. } => self.0.push((*output, Awaited::Close)),
            CallEvent::OutputClosed { output, .. } | CallEvent::SinkFailed { output, .. } => {
                self.turn(*output, |awaited| match awaited {
                    Awaited::Close => Awaited::Nothing,
                    other => other,
                });
            }
            // Every output answers, closed or not.
            CallEvent::Consent(Change::Objected { .. } | Change::Withdrawn { .. }) => {
                self.0.iter_mut().for_each(|(_, awaited)| *awaited = Awaited::Receipt);
            }
            CallEvent::Receipt(receipt) => self.turn(receipt.output, |_| Awaited::Nothing),
            _ => {}
        }
    }

    /// Of which outputs something is still awaited.
    pub(super) fn awaited(&self) -> Vec<OutputId> {
        self.0.iter().filter(|(_, awaited)| *awaited != Awaited::Nothing).map(|(output, _)| *output).collect()
    }

    fn turn(&mut self, output: OutputId, into: impl Fn(Awaited) -> Awaited) {
        if let Some((_, awaited)) = self.0.iter_mut().find(|(known, _)| *known == output) {
            *awaited = into(*awaited);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::consent::{Reason, WithdrawnBy};
    use crate::policy::Tap;
    use crate::sink::{Fate, Outcome, Receipt};
    use crate::time::CallTime;

    const OUTPUT: OutputId = OutputId(uuid::Uuid::from_u128(7));

    fn receipt(fate: Fate) -> CallEvent {
        CallEvent::Receipt(Receipt { output: OUTPUT, fate, frames: 1, bytes: 1 })
    }

    fn opened() -> Outputs {
        let mut outputs = Outputs::default();
        outputs.see(&CallEvent::OutputOpened { output: OUTPUT, tap: Tap::Record, from: CallTime::ZERO });
        outputs
    }

    #[test]
    fn an_output_is_awaited_until_it_has_closed_or_failed() {
        let (at, outcome, reason) = (CallTime::ZERO, Outcome::Complete, Reason::Ended);
        let closed = CallEvent::OutputClosed { output: OUTPUT, at, outcome, reason };
        let failed = CallEvent::SinkFailed { output: OUTPUT, what: String::new() };
        for event in [closed, failed] {
            let mut outputs = opened();
            assert_eq!(outputs.awaited(), [OUTPUT]);
            outputs.see(&event);
            assert!(outputs.awaited().is_empty(), "{event:?}");
        }
    }

    #[test]
    fn after_a_refusal_the_receipt_of_every_output_is_awaited_also_of_one_that_has_closed() {
        let (at, outcome, reason) = (CallTime::ZERO, Outcome::Complete, Reason::Ended);
        for closes in [true, false] {
            for answer in [Fate::Erased, Fate::Pending("the disk says no".to_owned())] {
                let mut outputs = opened();
                if closes {
                    outputs.see(&CallEvent::OutputClosed { output: OUTPUT, at, outcome, reason });
                }
                let by = WithdrawnBy("the agent".to_owned());
                outputs.see(&CallEvent::Consent(Change::Withdrawn { at, by }));
                assert_eq!(outputs.awaited(), [OUTPUT]);
                outputs.see(&receipt(answer));
                assert!(outputs.awaited().is_empty());
            }
        }
    }
}
