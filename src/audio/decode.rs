//! Encoded audio to linear samples, one channel.
//!
//! Several channels are mixed down to one: each sample is the mean of its channels, rounded towards zero, so that
//! the mix can neither clip nor gain an offset. `[any]`

use super::{AudioError, Encoding, Format, g711, l16};

/// Decodes `bytes` of `format` to mono 16-bit samples at the format's own rate and puts them in `out`, in place of
/// what was there. `[worker]`
///
/// Allocates only when `out` has less room than [`decoded_samples`] says. On an error `out` is empty.
pub fn decode(format: Format, bytes: &[u8], out: &mut Vec<i16>) -> Result<(), AudioError> {
    out.clear();
    decoded_samples(format, bytes.len())?;
    let channels = usize::from(format.channels);
    match format.encoding {
        Encoding::Pcmu => one_channel(bytes.iter().map(|&code| g711::decode_ulaw(code)), channels, out),
        Encoding::Pcma => one_channel(bytes.iter().map(|&code| g711::decode_alaw(code)), channels, out),
        Encoding::L16 => one_channel(l16::samples(bytes), channels, out),
        encoding => return Err(AudioError::NotDecodable { encoding }),
    }
    Ok(())
}

/// How many samples (of one channel) `len` bytes of `format` hold. `[any]`
pub fn decoded_samples(format: Format, len: usize) -> Result<usize, AudioError> {
    let unit = format.bytes_per_sample().ok_or(AudioError::NotDecodable { encoding: format.encoding })?;
    if unit == 0 {
        return Err(AudioError::NoChannels);
    }
    if !len.is_multiple_of(unit) {
        return Err(AudioError::PartialSample { len, unit });
    }
    Ok(len / unit)
}

/// Appends `samples` to `out`, every `channels` of them as their mean.
fn one_channel(mut samples: impl Iterator<Item = i16>, channels: usize, out: &mut Vec<i16>) {
    if channels == 1 {
        return out.extend(samples);
    }
    // `decoded_samples` made sure that the last group is whole, and that there are channels to divide by.
    while let Some(first) = samples.next() {
        let sum = samples.by_ref().take(channels - 1).fold(i32::from(first), |sum, sample| sum + i32::from(sample));
        out.push((sum / channels as i32) as i16);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const L16_STEREO: Format = Format { encoding: Encoding::L16, rate: 44_100, channels: 2 };

    fn decoded(format: Format, bytes: &[u8]) -> Result<Vec<i16>, AudioError> {
        let mut out = vec![77; 3];
        let outcome = decode(format, bytes, &mut out);
        if outcome.is_err() {
            assert!(out.is_empty(), "an error leaves nothing behind");
        }
        outcome.map(|()| out)
    }

    #[test]
    fn both_laws_and_linear_samples_come_out_linear() {
        assert_eq!(decoded(Format::PCMU, &[0xFF, 0x80, 0x00]), Ok(vec![0, 32_124, -32_124]));
        assert_eq!(decoded(Format::PCMA, &[0xD5, 0xAA, 0x2A]), Ok(vec![8, 32_256, -32_256]));
        let mono = Format { channels: 1, ..L16_STEREO };
        assert_eq!(decoded(mono, &[0x12, 0x34, 0xFF, 0xFE]), Ok(vec![0x1234, -2]));
    }

    #[test]
    fn channels_are_mixed_to_their_mean_without_clipping_or_offset() {
        assert_eq!(decoded(L16_STEREO, &[0x7F, 0xFF, 0x7F, 0xFF]), Ok(vec![i16::MAX]));
        assert_eq!(decoded(L16_STEREO, &[0x80, 0x00, 0x80, 0x00]), Ok(vec![i16::MIN]));
        assert_eq!(decoded(L16_STEREO, &[0, 3, 0, 0, 0xFF, 0xFD, 0, 0]), Ok(vec![1, -1]));
        let stereo_alaw = Format { channels: 2, ..Format::PCMA };
        assert_eq!(decoded(stereo_alaw, &[0xAA, 0x2A]), Ok(vec![0]));
    }

    #[test]
    fn half_a_sample_is_an_error() {
        assert_eq!(decoded(L16_STEREO, &[0; 6]), Err(AudioError::PartialSample { len: 6, unit: 4 }));
    }

    #[test]
    fn no_channels_is_an_error() {
        assert_eq!(decoded(Format { channels: 0, ..Format::PCMU }, &[0; 2]), Err(AudioError::NoChannels));
    }

    #[test]
    fn what_is_no_audio_is_refused() {
        for encoding in [Encoding::TelephoneEvent, Encoding::ComfortNoise, Encoding::Redundant, Encoding::Unknown] {
            let format = Format { encoding, rate: 8_000, channels: 1 };
            assert_eq!(decoded(format, &[9, 0x80, 0, 0]), Err(AudioError::NotDecodable { encoding }));
        }
    }

    #[test]
    fn enough_room_is_enough() {
        let mut out = Vec::with_capacity(160);
        let room = out.as_ptr();
        for format in [Format::PCMU, Format::PCMA] {
            assert_eq!(decode(format, &[0x55; 160], &mut out), Ok(()));
            assert_eq!((out.len(), out.as_ptr()), (160, room), "the buffer was replaced");
        }
        assert_eq!(decode(L16_STEREO, &[0x55; 640], &mut out), Ok(()));
        assert_eq!((out.len(), out.as_ptr()), (160, room), "the buffer was replaced");
    }
}
