//! Reassembly of IP fragments (RFC 791, 3.2; RFC 8200, 4.5): a large INVITE comes in several.
//!
//! Memory is bounded: at most 64 datagrams of at most 64 KiB are in the making; the oldest gives way, and one that
//! is not complete after 30 s of the capture's time is given up. One datagram is put together by `etherparse`'s
//! buffer; its pool is not used, because that has no bounds.

use std::net::IpAddr;

use etherparse::defrag::IpDefragBuf;
use etherparse::{IpFragOffset, IpNumber};

use super::skipped::{Skip, Skipped};

/// Datagrams in the making.
const PENDING_MAX: usize = 64;
/// How long a datagram may take (RFC 8200: 60 s; RFC 791: 15 s), in nanoseconds.
const PATIENCE_NS: u64 = 30_000_000_000;

/// What tells the fragments of one datagram from others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FragmentId {
    pub(super) from: IpAddr,
    pub(super) to: IpAddr,
    pub(super) number: u32,
    pub(super) protocol: IpNumber,
}

/// One fragment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fragment<'a> {
    pub(super) id: FragmentId,
    pub(super) offset: IpFragOffset,
    pub(super) more: bool,
    pub(super) payload: &'a [u8],
}

/// Datagrams of which not all fragments were seen yet, oldest first.
#[derive(Debug, Default)]
pub(super) struct Fragments {
    pending: Vec<(FragmentId, u64, IpDefragBuf)>,
}

impl Fragments {
    /// Takes one fragment; gives the datagram's payload when it was the last missing one.
    pub(super) fn add(&mut self, fragment: &Fragment, time_ns: u64, skipped: &mut Skipped) -> Option<Vec<u8>> {
        self.pending.retain(|(_, began, _)| {
            let keep = time_ns.saturating_sub(*began) <= PATIENCE_NS;
            if !keep {
                skipped.add(Skip::Fragment);
            }
            keep
        });
        let place = match self.pending.iter().position(|(id, ..)| *id == fragment.id) {
            Some(place) => place,
            None => {
                if self.pending.len() >= PENDING_MAX {
                    self.pending.remove(0);
                    skipped.add(Skip::Fragment);
                }
                let empty = IpDefragBuf::new(fragment.id.protocol, Vec::new(), Vec::new());
                self.pending.push((fragment.id, time_ns, empty));
                self.pending.len() - 1
            }
        };
        let (_, _, buffer) = self.pending.get_mut(place)?;
        if buffer.add(fragment.offset, fragment.more, fragment.payload).is_err() {
            self.pending.remove(place);
            skipped.add(Skip::Fragment);
            return None;
        }
        if !buffer.is_complete() {
            return None;
        }
        let (_, _, buffer) = self.pending.remove(place);
        Some(buffer.take_bufs().0)
    }

    /// Gives up what is still incomplete.
    pub(super) fn give_up(&mut self, skipped: &mut Skipped) {
        for _ in self.pending.drain(..) {
            skipped.add(Skip::Fragment);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fragment(number: u32, offset: u16, more: bool, payload: &[u8]) -> Fragment<'_> {
        let id = FragmentId {
            from: IpAddr::from([192, 0, 2, 1]),
            to: IpAddr::from([192, 0, 2, 2]),
            number,
            protocol: IpNumber::UDP,
        };
        Fragment { id, offset: IpFragOffset::try_new(offset).expect("an offset"), more, payload }
    }

    #[test]
    fn fragments_are_put_together_in_any_order() {
        let (mut fragments, mut skipped) = (Fragments::default(), Skipped::default());
        assert_eq!(fragments.add(&fragment(1, 2, false, b"end"), 0, &mut skipped), None);
        assert_eq!(fragments.add(&fragment(1, 0, true, b"beginni."), 0, &mut skipped), None);
        assert_eq!(fragments.add(&fragment(2, 0, true, b"another."), 0, &mut skipped), None);
        let whole = fragments.add(&fragment(1, 1, true, b"middle.."), 0, &mut skipped);
        assert_eq!(whole.as_deref(), Some(&b"beginni.middle..end"[..]));
        assert!(skipped.is_empty());
    }

    #[test]
    fn fragments_of_two_hosts_are_kept_apart() {
        let (mut fragments, mut skipped) = (Fragments::default(), Skipped::default());
        let mut others = fragment(1, 1, false, b"theirs");
        others.id.from = IpAddr::from([192, 0, 2, 99]);
        assert_eq!(fragments.add(&others, 0, &mut skipped), None);
        assert_eq!(fragments.add(&fragment(1, 0, true, b"8 bytes."), 0, &mut skipped), None);
        assert_eq!(fragments.pending.len(), 2);
    }

    #[test]
    fn unfinished_datagrams_are_bounded_in_number_and_time() {
        let (mut fragments, mut skipped) = (Fragments::default(), Skipped::default());
        for number in 0..1_000 {
            fragments.add(&fragment(number, 0, true, b"8 bytes."), 0, &mut skipped);
        }
        assert_eq!(fragments.pending.len(), PENDING_MAX);
        assert_eq!(skipped.count(Skip::Fragment), 1_000 - PENDING_MAX as u64);
        fragments.add(&fragment(5_000, 0, true, b"8 bytes."), PATIENCE_NS + 1, &mut skipped);
        assert_eq!(fragments.pending.len(), 1);
    }

    #[test]
    fn contradicting_fragments_are_given_up() {
        let (mut fragments, mut skipped) = (Fragments::default(), Skipped::default());
        fragments.add(&fragment(1, 1, false, b"end"), 0, &mut skipped);
        fragments.add(&fragment(1, 4, false, b"another end"), 0, &mut skipped);
        assert_eq!(skipped.count(Skip::Fragment), 1);
        assert!(fragments.pending.is_empty());
    }
}
