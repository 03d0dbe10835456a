//! What the bytes of a frame mean.

use std::time::Duration;

use crate::time;

use super::g711;

/// How samples are written as bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// G.711 µ-law, one byte a sample (RFC 3551 `PCMU`).
    Pcmu,
    /// G.711 A-law, one byte a sample (RFC 3551 `PCMA`).
    Pcma,
    /// Linear 16-bit, network byte order, channels interleaved (RFC 3551 `L16`).
    L16,
    /// Keyed digits (RFC 4733 `telephone-event`). Not audio.
    TelephoneEvent,
    /// Comfort noise (RFC 3389 `CN`). Not decoded yet: it counts as silence.
    ComfortNoise,
    /// Redundant data that wraps other formats (RFC 2198 `red`).
    Redundant,
    /// A codec this version cannot decode.
    Unknown,
}

impl Encoding {
    /// The byte that fills a stretch of silence; `None` where silence cannot be written byte by byte. `[any]`
    pub const fn silence(self) -> Option<u8> {
        match self {
            Encoding::Pcmu => Some(g711::ULAW_SILENCE),
            Encoding::Pcma => Some(g711::ALAW_SILENCE),
            Encoding::L16 => Some(0),
            _ => None,
        }
    }
}

/// The format of a frame: encoding, clock rate and channels. `[any]`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Format {
    /// How samples are written.
    pub encoding: Encoding,
    /// Samples (of one channel) a second; for RTP also the clock of its time stamps.
    pub rate: u32,
    /// Channels, interleaved.
    pub channels: u8,
}

impl Format {
    /// G.711 µ-law at 8 kHz, mono.
    pub const PCMU: Format = Format { encoding: Encoding::Pcmu, rate: 8_000, channels: 1 };
    /// G.711 A-law at 8 kHz, mono.
    pub const PCMA: Format = Format { encoding: Encoding::Pcma, rate: 8_000, channels: 1 };
    /// Telephone-events on an 8 kHz clock.
    pub const TELEPHONE_EVENT: Format = Format { encoding: Encoding::TelephoneEvent, rate: 8_000, channels: 1 };

    /// Bytes of one sample of every channel; `None` where bytes cannot be cut at samples.
    pub fn bytes_per_sample(&self) -> Option<usize> {
        match self.encoding {
            Encoding::Pcmu | Encoding::Pcma => Some(usize::from(self.channels)),
            Encoding::L16 => Some(2 * usize::from(self.channels)),
            _ => None,
        }
    }

    /// Whether a frame of it is audio that can be decoded.
    pub fn is_audio(&self) -> bool {
        self.bytes_per_sample().is_some()
    }

    /// How long `samples` samples of one channel last.
    pub fn duration(&self, samples: u32) -> Duration {
        time::duration_of(u64::from(samples), self.rate)
    }
}
