//! The frame: the encoded audio of one packet time of one leg, with its place on the call's clock.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;

use crate::audio::Format;
use crate::consent::Role;
use crate::time::{CallTime, Interval};

use super::pool::{Block, Pool, PoolFull};

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

    /// The encoded audio.
    pub fn bytes(&self) -> &[u8] {
        let Storage::Block(block) = &self.storage;
        &block.bytes()[self.range.start as usize..self.range.end as usize]
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
