//! The frame: the encoded audio of one packet time of one leg, with its place on the call's clock.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;

use crate::audio::Format;
use crate::consent::Role;
use crate::time::{CallTime, Interval};

use super::pool::{Block, Pool, PoolFull};
use super::slot::SlotRef;

/// Audio of one leg, owned by reference count: a clone copies no audio. `[any]`
///
/// The bytes are wiped when the last reference goes. While one is kept, so is its slot: a sink that keeps many frames
/// makes their leg's ring drop new ones.
#[derive(Clone)]
pub struct Frame {
    storage: Storage,
    range: Range<u32>,
    leg: u8,
    role: Role,
    place: CallTime,
    samples: u32,
    format: Format,
}

#[derive(Clone)]
enum Storage {
    /// In the ring of its leg: where every frame begins.
    Slot(SlotRef),
    /// In the pool: what is kept longer than the ring can spare.
    Block(Block),
}

impl Frame {
    /// A frame with a copy of `bytes`, outside of any ring: for sinks' tests and for hosts that make audio themselves.
    /// `samples` is counted in one channel.
    pub fn copied(
        pool: &Arc<Pool>,
        leg: u8,
        role: Role,
        place: CallTime,
        format: Format,
        samples: u32,
        bytes: &[u8],
    ) -> Result<Frame, PoolFull> {
        let storage = Storage::Block(pool.keep(bytes)?);
        Ok(Frame { storage, range: 0..bytes.len() as u32, leg, role, place, samples, format })
    }

    /// A frame that refers to its slot.
    pub(crate) fn in_slot(
        slot: SlotRef,
        range: Range<u32>,
        leg: u8,
        role: Role,
        place: CallTime,
        format: Format,
        samples: u32,
    ) -> Frame {
        Frame { storage: Storage::Slot(slot), range, leg, role, place, samples, format }
    }

    /// Whether it occupies a slot of its leg's ring.
    pub(crate) fn is_in_slot(&self) -> bool {
        matches!(self.storage, Storage::Slot(_))
    }

    /// The same frame in a block of the pool, so that its slot may go.
    pub(crate) fn into_pool(self, pool: &Arc<Pool>) -> Result<Frame, PoolFull> {
        let storage = Storage::Block(pool.keep(self.bytes())?);
        let range = 0..self.range.end - self.range.start;
        Ok(Frame { storage, range, ..self })
    }

    /// The part of it inside `part`, cut at whole samples and without a copy; `None` when no sample begins inside.
    ///
    /// A format whose bytes cannot be cut at samples goes whole or not at all: only when it lies inside entirely.
    pub fn cut(&self, part: Interval) -> Option<Frame> {
        let whole = self.stretch();
        if part.from <= whole.from && whole.to <= part.to {
            return (self.samples > 0).then(|| self.clone());
        }
        let width = self.format.bytes_per_sample()? as u32;
        let first = self.first_sample_at(part.from);
        let last = self.first_sample_at(part.to);
        if first >= last {
            return None;
        }
        let mut cut = self.clone();
        cut.range = self.range.start + first * width..self.range.start + last * width;
        cut.place = CallTime::from_nanos(self.place.nanos().saturating_add(nanos_of(first, self.format.rate)));
        cut.samples = last - first;
        Some(cut)
    }

    /// How many of its samples begin before `at`.
    fn first_sample_at(&self, at: CallTime) -> u32 {
        let nanos = at.since(self.place).as_nanos();
        let samples = (nanos * u128::from(self.format.rate)).div_ceil(1_000_000_000);
        u32::try_from(samples).unwrap_or(u32::MAX).min(self.samples)
    }

    /// The encoded audio.
    pub fn bytes(&self) -> &[u8] {
        let all = match &self.storage {
            Storage::Slot(slot) => slot.bytes(),
            Storage::Block(block) => block.bytes(),
        };
        &all[self.range.start as usize..self.range.end as usize]
    }

    /// The leg's number in its call.
    pub fn leg(&self) -> u8 {
        self.leg
    }

    /// Whose voice it is.
    pub fn role(&self) -> Role {
        self.role
    }

    /// The moment of its first sample.
    pub fn place(&self) -> CallTime {
        self.place
    }

    /// From its first sample to the end of its last.
    pub fn stretch(&self) -> Interval {
        Interval { from: self.place, to: self.place + self.format.duration(self.samples) }
    }

    /// Samples of one channel.
    pub fn samples(&self) -> u32 {
        self.samples
    }

    /// What the bytes mean.
    pub fn format(&self) -> Format {
        self.format
    }

    /// The bytes without a copy; the slot stays taken until the last of them goes.
    pub fn into_bytes(self) -> Bytes {
        Bytes::from_owner(self)
    }
}

impl AsRef<[u8]> for Frame {
    fn as_ref(&self) -> &[u8] {
        self.bytes()
    }
}

impl fmt::Debug for Frame {
    /// Everything but the audio.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Frame")
            .field("leg", &self.leg)
            .field("role", &self.role)
            .field("place", &self.place)
            .field("samples", &self.samples)
            .field("format", &self.format)
            .finish_non_exhaustive()
    }
}

/// Nanoseconds from the first sample to sample number `sample`, rounded down.
fn nanos_of(sample: u32, rate: u32) -> i64 {
    i64::try_from(crate::time::duration_of(u64::from(sample), rate).as_nanos()).unwrap_or(i64::MAX)
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    fn frame(place: CallTime, bytes: &[u8]) -> Frame {
        let pool = Pool::new(1 << 16);
        Frame::copied(&pool, 0, Role::Caller, place, Format::PCMA, bytes.len() as u32, bytes)
            .expect("the pool has room")
    }

    fn part(from_ms: i64, to_ms: i64) -> Interval {
        Interval { from: CallTime::from_millis(from_ms), to: CallTime::from_millis(to_ms) }
    }

    #[test]
    fn a_cut_keeps_the_samples_that_begin_inside() {
        let bytes: Vec<u8> = (0..160).map(|n| n as u8).collect();
        let whole = frame(CallTime::from_millis(90), &bytes);
        let cut = whole.cut(part(100, 105)).expect("samples begin inside");
        assert_eq!(cut.bytes(), &bytes[80..120]);
        assert_eq!(cut.place(), CallTime::from_millis(100));
        assert_eq!(cut.samples(), 40);
        assert!(whole.cut(part(110, 200)).is_none());
        assert_eq!(whole.cut(part(0, 200)).map(|all| all.samples()), Some(160));
    }

    #[test]
    fn two_cuts_at_any_moment_share_no_sample_and_lose_none() {
        let bytes = [7u8; 160];
        let whole = frame(CallTime::from_nanos(1_000_000_007), &bytes);
        for nanos in (0..20_000_000).step_by(33_333) {
            let at = CallTime::from_nanos(1_000_000_007 + nanos);
            let before = whole.cut(Interval { from: CallTime::MIN, to: at }).map_or(0, |cut| cut.samples());
            let after = whole.cut(Interval { from: at, to: CallTime::MAX }).map_or(0, |cut| cut.samples());
            assert_eq!(before + after, 160, "cut {nanos} ns into the frame");
        }
    }

    #[test]
    fn a_block_of_the_pool_gives_its_room_back() {
        let pool = Pool::new(300);
        let kept = Frame::copied(&pool, 0, Role::Agent, CallTime::ZERO, Format::PCMA, 80, &[1; 80]);
        assert!(kept.is_ok());
        assert!(pool.used() > 80);
        assert!(Frame::copied(&pool, 0, Role::Agent, CallTime::ZERO, Format::PCMA, 80, &[1; 80]).is_err());
        drop(kept);
        assert_eq!(pool.used(), 0);
    }
}
