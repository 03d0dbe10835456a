//! Linear 16-bit samples in network byte order (RFC 3551 section 4.5.11, `L16`).
//!
//! Channels are interleaved: all channels of the first moment, then all of the second. `[any]`

/// The samples in `bytes`, in order, channels interleaved as they came. A half sample at the end is left out.
pub fn samples(bytes: &[u8]) -> impl ExactSizeIterator<Item = i16> + '_ {
    let (whole, _half) = bytes.as_chunks::<2>();
    whole.iter().map(|&pair| i16::from_be_bytes(pair))
}

/// Writes `samples` to `bytes` in network order, and answers how many were written: as many as there was room for.
pub fn write(samples: &[i16], bytes: &mut [u8]) -> usize {
    let (room, _half) = bytes.as_chunks_mut::<2>();
    for (pair, sample) in room.iter_mut().zip(samples) {
        *pair = sample.to_be_bytes();
    }
    room.len().min(samples.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_byte_is_the_high_one() {
        assert_eq!(samples(&[0x01, 0x02, 0x80, 0x00, 0xFF, 0xFF]).collect::<Vec<_>>(), [0x0102, i16::MIN, -1]);
    }

    #[test]
    fn half_a_sample_is_left_out() {
        assert_eq!(samples(&[0x01, 0x02, 0x03]).collect::<Vec<_>>(), [0x0102]);
        assert_eq!(samples(&[0x01]).len(), 0);
    }

    #[test]
    fn every_sample_survives_the_way_to_bytes_and_back() {
        let all: Vec<i16> = (i16::MIN..=i16::MAX).collect();
        let mut bytes = vec![0; 2 * all.len()];
        assert_eq!(write(&all, &mut bytes), all.len());
        assert!(samples(&bytes).eq(all));
    }

    #[test]
    fn no_more_is_written_than_there_is_room_for() {
        let mut bytes = [0xEE; 5];
        assert_eq!(write(&[1, 2, 3], &mut bytes), 2);
        assert_eq!(bytes, [0, 1, 0, 2, 0xEE]);
    }
}
