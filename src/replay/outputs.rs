//! Which outputs of a live call are still being written, as its events tell.

use crate::engine::CallEvent;
use crate::sink::{Fate, OutputId};

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
            // Behind a queue the first answer is that it was ordered, the next one is the sink's.
            CallEvent::Receipt(receipt) => self.turn(receipt.output, |awaited| match (&receipt.fate, awaited) {
                (Fate::Pending(_), Awaited::Close | Awaited::Nothing) => Awaited::Receipt,
                _ => Awaited::Nothing,
            }),
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
    use crate::consent::Reason;
    use crate::policy::Tap;
    use crate::sink::{Outcome, Receipt};
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
    fn an_erasure_is_awaited_until_the_sink_itself_has_answered() {
        for answer in [Fate::Erased, Fate::Pending("the disk says no".to_owned())] {
            let mut outputs = opened();
            outputs.see(&receipt(Fate::Pending("ordered".to_owned())));
            assert_eq!(outputs.awaited(), [OUTPUT]);
            outputs.see(&receipt(answer));
            assert!(outputs.awaited().is_empty());
        }
    }
}
