//! The gate's word: one atomic per leg, written by the worker, read by the media thread on every push.
//!
//! The media thread writes it too, when a key is pressed: [`GateWord::press`] closes it at once, without the worker. Each
//! press moves the word's *epoch*. The worker reads the epoch first, then everything that was keyed, and gives the epoch
//! back when it sets the gate: a gate that was pressed in between is not opened.
//!
//! Invariant: an open word means that the worker knew every key whose press had reached the word. `Shut` is final, and
//! so is *gone*: shut, because the call's handle or its engine is no more.

use crate::consent::Gate;
use crate::policy::Pairs;

use super::sync::{AtomicU32, Ordering};

const SHUT: u32 = 0;
const WAIT: u32 = 1;
const LISTEN: u32 = 2;
const HOLD: u32 = 3;
const OPEN: u32 = 4;
const GONE: u32 = 5;
/// The bits of the state.
const STATE: u32 = 0xff;
/// Where the pairs' bits begin.
const PAIRS_AT: u32 = 8;
/// Where the epoch's bits begin.
const EPOCH_AT: u32 = 16;

/// What a key that may refuse does to a gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Press {
    /// Nothing passes any more, for good.
    Shut,
    /// What passes is kept until the worker knows more.
    Hold,
}

/// The word. `[any]`
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
        match word & STATE {
            WAIT => Gate::Wait,
            LISTEN => Gate::Listen,
            HOLD => Gate::Hold,
            OPEN => Gate::Open(Pairs::from_bits((word >> PAIRS_AT) as u8)),
            _ => Gate::Shut,
        }
    }

    /// Whether it is shut because nobody is left behind it.
    pub(crate) fn is_gone(&self) -> bool {
        self.0.load(Ordering::Relaxed) & STATE == GONE
    }

    /// How often it was pressed, modulo 2^16. To be read before the keys are.
    pub(crate) fn epoch(&self) -> u16 {
        // Acquire: whoever sees a press counted sees the key that was put in line before it.
        (self.0.load(Ordering::Acquire) >> EPOCH_AT) as u16
    }

    /// A key was pressed, and lies in its line already. `[media]`
    pub(crate) fn press(&self, press: Press) {
        // Release: as in `epoch`. As often as somebody else changes the word in between, which is the worker's tick.
        let _ = self.0.fetch_update(Ordering::AcqRel, Ordering::Acquire, |word| match (word & STATE, press) {
            (SHUT | GONE, _) => None,
            (_, Press::Shut) => Some(next_epoch(word) | SHUT),
            (OPEN, Press::Hold) => Some(next_epoch(word) | HOLD),
            (state, Press::Hold) => Some(next_epoch(word) | state),
        });
    }

    /// Sets it, by what was known at `epoch`. A word that was pressed since is not opened but held. Once `Shut` it stays so,
    /// whoever says otherwise. `[worker]`
    pub(crate) fn set(&self, gate: Gate, epoch: u16) {
        // An error means it is shut already, which is final.
        let _ = self.0.fetch_update(Ordering::AcqRel, Ordering::Acquire, |word| {
            let kept = word & !0 << EPOCH_AT;
            let gate = match gate {
                Gate::Open(_) if (word >> EPOCH_AT) as u16 != epoch => Gate::Hold,
                gate => gate,
            };
            (!is_final(word)).then_some(kept | encode(gate))
        });
    }

    /// Nobody is left behind it. `[any]`
    pub(crate) fn leave(&self) {
        self.0.store(GONE, Ordering::Release);
    }
}

fn is_final(word: u32) -> bool {
    matches!(word & STATE, SHUT | GONE)
}

/// A word without a state and with the epoch after `word`'s.
fn next_epoch(word: u32) -> u32 {
    (word >> EPOCH_AT).wrapping_add(1) << EPOCH_AT
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

    const ALL: Gate = Gate::Open(Pairs::from_bits(15));

    #[test]
    fn every_state_survives_the_word() {
        for bits in 0..16 {
            for gate in [Gate::Wait, Gate::Listen, Gate::Hold, Gate::Open(Pairs::from_bits(bits))] {
                let word = GateWord::new(Gate::Wait);
                word.set(gate, 0);
                assert_eq!(word.read(), gate);
            }
        }
    }

    #[test]
    fn a_shut_gate_never_opens_again() {
        let word = GateWord::new(Gate::Wait);
        word.set(Gate::Shut, 0);
        word.set(ALL, word.epoch());
        word.press(Press::Hold);
        assert_eq!(word.read(), Gate::Shut);
    }

    #[test]
    fn a_gate_that_was_pressed_is_not_opened_by_who_did_not_know() {
        for press in [Press::Hold, Press::Shut] {
            let word = GateWord::new(Gate::Hold);
            let before = word.epoch();
            word.press(press);
            word.set(ALL, before);
            assert_eq!(word.read(), if press == Press::Hold { Gate::Hold } else { Gate::Shut });
        }
        let word = GateWord::new(ALL);
        word.press(Press::Hold);
        assert_eq!(word.read(), Gate::Hold);
        word.set(ALL, word.epoch());
        assert_eq!(word.read(), ALL);
    }

    #[test]
    fn a_press_keeps_a_gate_that_takes_nothing_as_it_is() {
        for gate in [Gate::Wait, Gate::Listen] {
            let word = GateWord::new(gate);
            word.press(Press::Hold);
            assert_eq!((word.read(), word.epoch()), (gate, 1));
            word.set(ALL, 0);
            assert_eq!(word.read(), Gate::Hold, "the next tick knows the key");
        }
    }

    #[test]
    fn the_epoch_begins_anew_after_its_last() {
        let word = GateWord::new(ALL);
        for _ in 0..=u16::MAX {
            word.press(Press::Hold);
        }
        assert_eq!((word.read(), word.epoch()), (Gate::Hold, 0));
    }

    #[test]
    fn a_gate_with_nobody_behind_it_is_shut_and_says_why() {
        let word = GateWord::new(ALL);
        assert!(!word.is_gone());
        word.leave();
        word.set(ALL, 0);
        word.press(Press::Shut);
        assert!(word.is_gone());
        assert_eq!(word.read(), Gate::Shut);
    }
}

/// Models: every interleaving of a key with the worker. Run with `--cfg loom`.
#[cfg(all(test, loom))]
mod models {
    use super::*;
    use crate::frame::Arc;
    use crate::frame::signal::{Signal, SignalReader, What, signals};

    const OPEN_ALL: Gate = Gate::Open(Pairs::from_bits(15));

    fn nine() -> Signal {
        Signal { what: What::Key { event: 9, shut: false }, at: None, before: 0 }
    }

    /// What the worker does at every tick: epoch, keys, gate.
    fn tick(word: &GateWord, keys: &mut SignalReader) -> usize {
        let epoch = word.epoch();
        let read = std::iter::from_fn(|| keys.next()).count();
        word.set(if read == 0 { OPEN_ALL } else { Gate::Hold }, epoch);
        read
    }

    #[test]
    fn loom_no_gate_is_open_over_a_key_that_was_not_read() {
        loom::model(|| {
            let word = Arc::new(GateWord::new(Gate::Hold));
            let (mut keys, mut read) = signals();
            let media = {
                let word = Arc::clone(&word);
                loom::thread::spawn(move || {
                    assert!(keys.put(nine()));
                    word.press(Press::Hold);
                    // From here on the gate is open only if the worker has read the key.
                    word.read()
                })
            };
            let mut count = tick(&word, &mut read);
            let seen = media.join().unwrap();
            // The worker opens the gate only at a tick that read no key, and there was one after the press.
            assert_ne!(seen, OPEN_ALL, "open over a key that was not read");
            if count == 0 {
                count = tick(&word, &mut read);
            }
            assert_eq!((count, word.read()), (1, Gate::Hold));
        });
    }

    #[test]
    fn loom_a_key_that_shuts_is_never_undone() {
        loom::model(|| {
            let words = Arc::new([GateWord::new(Gate::Hold), GateWord::new(Gate::Wait)]);
            let media = {
                let words = Arc::clone(&words);
                loom::thread::spawn(move || words.iter().for_each(|word| word.press(Press::Shut)))
            };
            words.iter().for_each(|word| word.set(OPEN_ALL, word.epoch()));
            media.join().unwrap();
            words.iter().for_each(|word| word.set(OPEN_ALL, word.epoch()));
            assert!(words.iter().all(|word| word.read() == Gate::Shut));
        });
    }
}
