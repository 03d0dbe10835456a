//! The gate's word: one atomic per leg, written by the worker, read by the media thread on every push.

use crate::consent::Gate;
use crate::policy::Pairs;

use super::sync::{AtomicU32, Ordering};

const SHUT: u32 = 0;
const WAIT: u32 = 1;
const LISTEN: u32 = 2;
const HOLD: u32 = 3;
const OPEN: u32 = 4;
/// Where the pairs' bits begin.
const PAIRS_AT: u32 = 8;

/// The word. Zero is `Shut`: a leg that nobody opened is closed. `[any]`
pub(crate) struct GateWord(AtomicU32);

impl GateWord {
    pub(crate) fn new(gate: Gate) -> GateWord {
        GateWord(AtomicU32::new(encode(gate)))
    }

    /// What the gate says now.
    #[inline]
    pub(crate) fn read(&self) -> Gate {
        // Acquire: what the worker did before it opened the gate is visible to who sees it open.
        let word = self.0.load(Ordering::Acquire);
        match word & 0xff {
            WAIT => Gate::Wait,
            LISTEN => Gate::Listen,
            HOLD => Gate::Hold,
            OPEN => Gate::Open(Pairs::from_bits((word >> PAIRS_AT) as u8)),
            _ => Gate::Shut,
        }
    }

    /// Sets it. Once `Shut` it stays so, whoever says otherwise.
    pub(crate) fn set(&self, gate: Gate) {
        let word = encode(gate);
        let unless_shut = |now: u32| (now != SHUT).then_some(word);
        // An error means it is shut already, which is final.
        let _ = self.0.fetch_update(Ordering::AcqRel, Ordering::Acquire, unless_shut);
    }
}

fn encode(gate: Gate) -> u32 {
    match gate {
        Gate::Shut => SHUT,
        Gate::Wait => WAIT,
        Gate::Listen => LISTEN,
        Gate::Hold => HOLD,
        Gate::Open(pairs) => OPEN | u32::from(pairs.bits()) << PAIRS_AT,
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn every_state_survives_the_word() {
        for bits in 0..16 {
            for gate in [Gate::Wait, Gate::Listen, Gate::Hold, Gate::Open(Pairs::from_bits(bits))] {
                assert_eq!(GateWord::new(gate).read(), gate);
            }
        }
    }

    #[test]
    fn a_shut_gate_never_opens_again() {
        let word = GateWord::new(Gate::Wait);
        word.set(Gate::Shut);
        word.set(Gate::Open(Pairs::from_bits(15)));
        assert_eq!(word.read(), Gate::Shut);
    }
}
