//! From a frame's bytes to the bytes of one channel of the file, and silence.
//!
//! A frame in the file's own law passes untouched, one in the other law by the tables of ITU-T G.711; everything else
//! goes through 16-bit linear samples (RFC 3551 for the order of bytes on the wire). Runs on the worker; allocates
//! nothing.

use crate::audio::{Encoding, Format, g711, l16};

/// How samples lie in the file. Always two channels, interleaved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Coding {
    /// 16-bit linear, little endian.
    Pcm16,
    /// G.711 A-law.
    Alaw,
    /// G.711 µ-law.
    Ulaw,
}

impl Coding {
    /// Bytes of one sample of both channels.
    pub(super) fn block(self) -> usize {
        match self {
            Coding::Pcm16 => 4,
            Coding::Alaw | Coding::Ulaw => 2,
        }
    }

    /// The byte that silence consists of.
    pub(super) fn silence(self) -> u8 {
        match self {
            Coding::Pcm16 => 0,
            Coding::Alaw => g711::ALAW_SILENCE,
            Coding::Ulaw => g711::ULAW_SILENCE,
        }
    }

    /// The word for it in the description.
    pub(super) fn name(self) -> &'static str {
        match self {
            Coding::Pcm16 => "pcm16",
            Coding::Alaw => "pcma",
            Coding::Ulaw => "pcmu",
        }
    }

    /// The code in this law for a code in another, by the tables of G.711; `None` when either is no law.
    fn converted(self, encoding: Encoding, code: u8) -> Option<u8> {
        match (self, encoding) {
            (Coding::Alaw, Encoding::Pcma) | (Coding::Ulaw, Encoding::Pcmu) => Some(code),
            (Coding::Alaw, Encoding::Pcmu) => Some(g711::ulaw_to_alaw(code)),
            (Coding::Ulaw, Encoding::Pcma) => Some(g711::alaw_to_ulaw(code)),
            _ => None,
        }
    }

    fn encode(self, linear: i16) -> u8 {
        match self {
            Coding::Ulaw => g711::encode_ulaw(linear),
            _ => g711::encode_alaw(linear),
        }
    }

    fn decode(self, byte: u8) -> i16 {
        match self {
            Coding::Ulaw => g711::decode_ulaw(byte),
            _ => g711::decode_alaw(byte),
        }
    }
}

/// One of the file's two channels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Channel {
    /// The caller.
    Left,
    /// Everybody else.
    Right,
}

/// The audio of a frame, one sample after the other; several channels are averaged into one.
#[derive(Clone, Copy)]
pub(super) struct Mono<'a> {
    bytes: &'a [u8],
    encoding: Encoding,
    /// Bytes of one sample of every channel; never 0.
    step: usize,
}

impl<'a> Mono<'a> {
    /// `None` when the format is not audio, or `bytes` is not exactly `samples` samples long.
    pub(super) fn new(bytes: &'a [u8], format: Format, samples: u32) -> Option<Mono<'a>> {
        let step = format.bytes_per_sample().filter(|&step| step > 0)?;
        let expected = step.checked_mul(samples as usize)?;
        (bytes.len() == expected).then_some(Mono { bytes, encoding: format.encoding, step })
    }

    /// The samples from number `from` on.
    pub(super) fn from(self, from: usize) -> Mono<'a> {
        let skipped = from.saturating_mul(self.step).min(self.bytes.len());
        Mono { bytes: self.bytes.get(skipped..).unwrap_or_default(), ..self }
    }

    /// Lays the samples into one channel of `blocks`, as many as fit. Where `shared` says that another leg's audio is
    /// there already (by position in `blocks`), they are added to it, saturating.
    pub(super) fn lay(self, blocks: &mut [u8], coding: Coding, channel: Channel, shared: impl Fn(usize) -> bool) {
        let half = coding.block() / 2;
        let samples = self.bytes.chunks_exact(self.step);
        for (at, (block, sample)) in blocks.chunks_exact_mut(coding.block()).zip(samples).enumerate() {
            let (left, right) = block.split_at_mut(half);
            let place = match channel {
                Channel::Left => left,
                Channel::Right => right,
            };
            match (place, sample) {
                ([low, high], _) => {
                    // Where nothing is yet there is zero, so adding is right everywhere.
                    let sum = i16::from_le_bytes([*low, *high]).saturating_add(self.linear(sample));
                    [*low, *high] = sum.to_le_bytes();
                }
                ([byte], _) if shared(at) => {
                    *byte = coding.encode(coding.decode(*byte).saturating_add(self.linear(sample)));
                }
                ([byte], &[code]) => {
                    let code = coding.converted(self.encoding, code);
                    *byte = code.unwrap_or_else(|| coding.encode(self.linear(sample)));
                }
                ([byte], _) => *byte = coding.encode(self.linear(sample)),
                _ => {}
            }
        }
    }

    fn linear(self, sample: &[u8]) -> i16 {
        match self.encoding {
            Encoding::Pcma => mean(sample.iter().map(|&code| g711::decode_alaw(code))),
            Encoding::Pcmu => mean(sample.iter().map(|&code| g711::decode_ulaw(code))),
            _ => mean(l16::samples(sample)),
        }
    }
}

fn mean(channels: impl ExactSizeIterator<Item = i16>) -> i16 {
    let count = channels.len().max(1) as i32;
    (channels.map(i32::from).sum::<i32>() / count) as i16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_legs_in_one_channel_are_added_and_saturate() {
        let mut blocks = [0u8; 8];
        let loud = [0x7F, 0x00, 0x00, 0x64];
        let format = Format { encoding: Encoding::L16, rate: 8_000, channels: 1 };
        let mono = Mono::new(&loud, format, 2).expect("two samples");
        mono.lay(&mut blocks, Coding::Pcm16, Channel::Right, |_| false);
        mono.lay(&mut blocks, Coding::Pcm16, Channel::Right, |_| true);
        assert_eq!(blocks, [0, 0, 0xFF, 0x7F, 0, 0, 0xC8, 0x00]);
    }

    #[test]
    fn stereo_audio_is_averaged_into_its_channel() {
        let mut blocks = [0u8; 4];
        let format = Format { encoding: Encoding::L16, rate: 8_000, channels: 2 };
        let mono = Mono::new(&[0x01, 0x00, 0x03, 0x00], format, 1).expect("one sample");
        mono.lay(&mut blocks, Coding::Pcm16, Channel::Left, |_| false);
        assert_eq!(blocks, [0x00, 0x02, 0, 0]);
    }

    #[test]
    fn bytes_that_are_not_as_long_as_they_say_are_no_audio() {
        assert!(Mono::new(&[1, 2, 3], Format::PCMA, 4).is_none());
        assert!(Mono::new(&[1, 2, 3], Format { channels: 0, ..Format::PCMA }, 3).is_none());
        assert!(Mono::new(&[], Format::TELEPHONE_EVENT, 0).is_none());
    }
}
