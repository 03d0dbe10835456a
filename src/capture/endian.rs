//! Numbers in a capture file: the byte order is the writer's, and says itself in a magic number.

/// The byte order of a file or section.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Endian {
    Big,
    Little,
}

impl Endian {
    /// The 16-bit number at `at`; `None` past the end.
    pub(super) fn u16_at(self, bytes: &[u8], at: usize) -> Option<u16> {
        let found = array_at::<2>(bytes, at)?;
        Some(match self {
            Endian::Big => u16::from_be_bytes(found),
            Endian::Little => u16::from_le_bytes(found),
        })
    }

    /// The 32-bit number at `at`; `None` past the end.
    pub(super) fn u32_at(self, bytes: &[u8], at: usize) -> Option<u32> {
        let found = array_at::<4>(bytes, at)?;
        Some(match self {
            Endian::Big => u32::from_be_bytes(found),
            Endian::Little => u32::from_le_bytes(found),
        })
    }

    /// The signed 64-bit number at `at`; `None` past the end.
    pub(super) fn i64_at(self, bytes: &[u8], at: usize) -> Option<i64> {
        let found = array_at::<8>(bytes, at)?;
        Some(match self {
            Endian::Big => i64::from_be_bytes(found),
            Endian::Little => i64::from_le_bytes(found),
        })
    }
}

fn array_at<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..at.checked_add(N)?)?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_in_either_order_and_never_past_the_end() {
        let bytes = [1, 2, 3, 4, 5, 6, 7, 8];
        assert_eq!(Endian::Big.u16_at(&bytes, 1), Some(0x0203));
        assert_eq!(Endian::Little.u32_at(&bytes, 4), Some(0x0807_0605));
        assert_eq!(Endian::Big.i64_at(&bytes, 0), Some(0x0102_0304_0506_0708));
        assert_eq!(Endian::Little.i64_at(&bytes, 1), None);
        assert_eq!(Endian::Big.u16_at(&bytes, usize::MAX), None);
    }
}
