//! What a telephone-event decoder reports. The key is redacted in `Debug`. `[any]`

use std::array;
use std::fmt;
use std::iter::Flatten;

use crate::consent::Digit;

/// Events that are read from one packet. No finger is that fast: they are packed together only where that delays none
/// of them much (RFC 4733 section 2.5.1.5).
pub(super) const MOST_IN_A_PACKET: usize = 16;

/// One press of a key, as far as its first packet tells.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Press {
    /// The key.
    pub digit: Digit,
    /// The key as RFC 4733 numbers it: 0 to 15.
    pub event: u8,
    /// The time stamp of its start.
    pub onset: u32,
    /// How long it had lasted, in units of the time stamp's clock.
    pub duration: u32,
    /// Whether the packet was not marked as the press's first, so that earlier ones are lost or late. The onset is
    /// right all the same, unless more than 0xFFFF units of the press went by unseen.
    pub start_lost: bool,
}

impl fmt::Debug for Press {
    /// Everything but the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Press")
            .field("digit", &self.digit)
            .field("onset", &self.onset)
            .field("duration", &self.duration)
            .field("start_lost", &self.start_lost)
            .finish_non_exhaustive()
    }
}

/// The presses that one packet was the first to tell of, in order.
#[derive(Clone, Copy, Debug, Default)]
#[must_use = "a press is reported once"]
pub struct Presses {
    presses: [Option<Press>; MOST_IN_A_PACKET],
    count: usize,
}

impl Presses {
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.count
    }

    pub(super) fn push(&mut self, press: Press) {
        if let Some(slot) = self.presses.get_mut(self.count) {
            *slot = Some(press);
            self.count += 1;
        }
    }
}

impl IntoIterator for Presses {
    type Item = Press;
    type IntoIter = Flatten<array::IntoIter<Option<Press>, MOST_IN_A_PACKET>>;

    fn into_iter(self) -> Self::IntoIter {
        self.presses.into_iter().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn presses_come_out_in_order_and_no_key_is_shown() {
        let mut presses = Presses::default();
        assert!(presses.is_empty());
        for event in [9, 11] {
            let digit = Digit::from_event(event).expect("a key");
            presses.push(Press { digit, event, onset: 7_000, duration: 160, start_lost: false });
        }
        assert_eq!(presses.len(), 2);
        let shown = format!("{presses:?}");
        assert!(shown.contains("7000") && !shown.contains('9') && !shown.contains("11"), "{shown}");
        assert!(presses.into_iter().map(|press| press.event).eq([9, 11]));
    }
}
