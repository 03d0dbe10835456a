//! A slot that the host writes to itself: the way of a frame without a copy.

use super::leg::LegWriter;
use super::offer::{Facts, Pushed};

/// A slot of a leg's ring, put aside until it is committed. Dropping it wipes what was written and gives the slot back; no
/// frame was offered then. `[media]`
///
/// A host that must let go of it in between (it crosses a language border) forgets it (`std::mem::forget`) and asks
/// [`LegWriter::reserved`] for it again.
#[must_use]
pub struct Reserved<'a> {
    writer: &'a mut LegWriter,
}

impl<'a> Reserved<'a> {
    /// The slot that `writer` has aside.
    pub(super) fn of(writer: &'a mut LegWriter) -> Reserved<'a> {
        Reserved { writer }
    }

    /// Where the frame is to be written: as many bytes as a slot has. What was in it before is zero. `[media]`
    pub fn bytes(&mut self) -> &mut [u8] {
        self.writer.reserved_bytes()
    }

    /// Offers the first `length` bytes as a frame. The gate is asked again: it may have shut meanwhile. Refused or dropped,
    /// what was written is wiped. `[media]`
    pub fn commit(self, length: usize, facts: &Facts) -> Pushed {
        self.writer.commit_reserved(length, facts)
    }
}

impl Drop for Reserved<'_> {
    /// Also after `commit`, when nothing is aside any more.
    fn drop(&mut self) {
        self.writer.give_up_reserved();
    }
}
