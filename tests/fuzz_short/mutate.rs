//! Breaks bytes in the ways that break readers; the same seed breaks them in the same way.

/// A small generator of random numbers (xorshift64*).
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Random {
        Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// A number below `limit`, which is not 0.
    pub fn below(&mut self, limit: usize) -> usize {
        ((self.next() >> 33) % limit as u64) as usize
    }
}

/// Numbers at the edges of what fits.
const EDGES: [u32; 12] = [0, 1, 4, 12, 0x7f, 0xff, 0x7fff, 0xffff, 0x0001_0000, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff];

/// Changes `bytes` in one to four places; `other` is something to take pieces from.
pub fn mutate(bytes: &mut Vec<u8>, other: &[u8], random: &mut Random) {
    for _ in 0..=random.below(4) {
        let at = random.below(bytes.len() + 1);
        let end = (at + 1 + random.below(40)).min(bytes.len());
        match random.below(9) {
            0 => bytes.truncate(at),
            1 => drop(bytes.drain(at..end)),
            2 => {
                let again = bytes[at..end].to_vec();
                bytes.splice(at..at, again);
            }
            3 => {
                let from = random.below(other.len() + 1);
                let piece = &other[from..(from + random.below(200)).min(other.len())];
                bytes.splice(at..end, piece.iter().copied());
            }
            4 => bytes.splice(at..at, std::iter::repeat_n(random.next() as u8, 1 + random.below(40))).for_each(drop),
            5 => bytes[at..end].iter_mut().take(1).for_each(|byte| *byte ^= 1 << random.below(8)),
            6 => bytes[at..end].iter_mut().take(1).for_each(|byte| *byte = random.next() as u8),
            width => {
                let edge = EDGES[random.below(EDGES.len())];
                let number = if width == 7 { edge.to_le_bytes() } else { edge.to_be_bytes() };
                let number =
                    if random.below(2) == 0 { &number[..] } else { &number[if width == 7 { 0..2 } else { 2..4 }] };
                bytes.iter_mut().skip(at).zip(number).for_each(|(byte, new)| *byte = *new);
            }
        }
    }
}
