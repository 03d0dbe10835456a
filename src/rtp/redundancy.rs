//! Redundant audio data (RFC 2198): one payload that carries several, each for a moment of its own. `[any]`
//!
//! Invariant: the blocks lie in the payload one after the other and end where it ends; a length that lies is an error.

use std::fmt;

use super::RtpError;

/// More blocks than any sender packs: each is one more packet time of redundancy.
const MAX_BLOCKS: usize = 8;

/// One payload out of a redundant one.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct Block<'a> {
    /// What it is, by number.
    pub payload_type: u8,
    /// How much earlier than the packet's time stamp it belongs, in units of that time stamp's clock; 0 for the primary.
    pub timestamp_offset: u16,
    /// The payload.
    pub data: &'a [u8],
}

impl Block<'_> {
    /// Its own time stamp, from that of the packet it came in.
    pub fn timestamp(&self, packet: u32) -> u32 {
        packet.wrapping_sub(u32::from(self.timestamp_offset))
    }
}

impl fmt::Debug for Block<'_> {
    /// Everything but the data: it may be a voice or a digit.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Block")
            .field("payload_type", &self.payload_type)
            .field("timestamp_offset", &self.timestamp_offset)
            .field("data_len", &self.data.len())
            .finish()
    }
}

/// The blocks of one redundant payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Redundant<'a> {
    blocks: [Block<'a>; MAX_BLOCKS],
    count: usize,
}

impl<'a> Redundant<'a> {
    /// Unwraps a payload of type `red`; at most 8 blocks. A block of type `red` within it is the caller's to refuse.
    ///
    /// The headers come first (RFC 2198 section 3): four bytes for each redundant block, with F = 1, seven bits of
    /// payload type, fourteen of time stamp offset and ten of length; then one byte, F = 0, for the primary block,
    /// which has what is left. The data follow in the same order.
    pub fn parse(payload: &'a [u8]) -> Result<Redundant<'a>, RtpError> {
        let mut blocks = [Block::default(); MAX_BLOCKS];
        let mut lengths = [0; MAX_BLOCKS];
        let mut rest = payload;
        let mut count = 0;
        loop {
            let (Some(block), Some(length)) = (blocks.get_mut(count), lengths.get_mut(count)) else {
                return Err(RtpError::TooManyBlocks { limit: MAX_BLOCKS });
            };
            count += 1;
            match *rest {
                [last @ 0..0x80, ref data @ ..] => {
                    block.payload_type = last;
                    rest = data;
                    break;
                }
                [first, second, third, fourth, ref more @ ..] => {
                    block.payload_type = first & 0x7F;
                    block.timestamp_offset = u16::from_be_bytes([second, third]) >> 2;
                    *length = usize::from(u16::from_be_bytes([third, fourth]) & 0x03FF);
                    rest = more;
                }
                _ => return Err(RtpError::RedundancyHeaderBeyondEnd { block: count - 1 }),
            }
        }
        let primary = count - 1;
        for (number, (block, &length)) in blocks.iter_mut().zip(&lengths).enumerate().take(primary) {
            let Some((data, more)) = rest.split_at_checked(length) else {
                let available = rest.len();
                return Err(RtpError::RedundancyBlockBeyondEnd { block: number, length, available });
            };
            block.data = data;
            rest = more;
        }
        if let Some(block) = blocks.get_mut(primary) {
            block.data = rest;
        }
        Ok(Redundant { blocks, count })
    }

    /// The blocks as they came: the primary is the last, the others are mostly the oldest first.
    pub fn blocks(&self) -> &[Block<'a>] {
        self.blocks.get(..self.count).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(payload_type: u8, offset: u16, length: u16) -> [u8; 4] {
        let [second, third] = (offset << 2 | length >> 8).to_be_bytes();
        [0x80 | payload_type, second, third, length as u8]
    }

    fn payload(parts: &[&[u8]]) -> Vec<u8> {
        parts.concat()
    }

    #[test]
    fn blocks_come_out_with_their_types_offsets_and_data() {
        let bytes = payload(&[&header(101, 0x3FFF, 4), &header(0, 160, 3), &[8], b"dtmf", b"old", b"newest"]);
        let redundant = Redundant::parse(&bytes).expect("it is well formed");
        assert_eq!(
            redundant.blocks(),
            [
                Block { payload_type: 101, timestamp_offset: 0x3FFF, data: b"dtmf" },
                Block { payload_type: 0, timestamp_offset: 160, data: b"old" },
                Block { payload_type: 8, timestamp_offset: 0, data: b"newest" },
            ]
        );
        assert_eq!(redundant.blocks()[1].timestamp(100), 100u32.wrapping_sub(160));
    }

    #[test]
    fn a_primary_alone_and_empty_blocks_are_fine() {
        let alone = Redundant::parse(&[0]).expect("one header byte");
        assert_eq!(alone.blocks(), [Block::default()]);
        let bytes = payload(&[&header(0, 160, 0), &[0], b"new"]);
        let empty = Redundant::parse(&bytes).expect("a block of no bytes");
        assert_eq!(empty.blocks()[0].data, b"");
        assert_eq!(empty.blocks()[1].data, b"new");
    }

    #[test]
    fn lengths_that_lie_are_named() {
        assert_eq!(Redundant::parse(&[]), Err(RtpError::RedundancyHeaderBeyondEnd { block: 0 }));
        assert_eq!(Redundant::parse(&header(0, 1, 0)), Err(RtpError::RedundancyHeaderBeyondEnd { block: 1 }));
        assert_eq!(Redundant::parse(&header(0, 1, 0)[..3]), Err(RtpError::RedundancyHeaderBeyondEnd { block: 0 }));
        let bytes = payload(&[&header(0, 2, 2), &header(0, 1, 1023), &[0], b"ab", b"123"]);
        assert_eq!(
            Redundant::parse(&bytes),
            Err(RtpError::RedundancyBlockBeyondEnd { block: 1, length: 1023, available: 3 })
        );
    }

    #[test]
    fn eight_blocks_are_read_and_nine_refused() {
        let mut bytes = header(0, 1, 0).repeat(7);
        bytes.push(0);
        assert_eq!(Redundant::parse(&bytes).map(|redundant| redundant.blocks().len()), Ok(8));
        let mut bytes = header(0, 1, 0).repeat(8);
        bytes.push(0);
        assert_eq!(Redundant::parse(&bytes), Err(RtpError::TooManyBlocks { limit: 8 }));
    }
}
