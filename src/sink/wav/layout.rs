//! The head of a WAV file, and where its samples lie.
//!
//! RIFF/WAVE (Microsoft and IBM, Multimedia Programming Interface 1.0): `fmt ` of 16 bytes and `data` for linear
//! samples; `fmt ` of 18 bytes, `fact` and `data` for A-law (tag 6) and µ-law (tag 7). The audio comes last, so the file
//! grows without moving anything. A block of two channels has 2 or 4 bytes: the audio never needs a byte of padding.

use super::samples::Coding;

/// Coding and rate of one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Layout {
    /// How samples are written.
    pub(super) coding: Coding,
    /// Samples of one channel a second.
    pub(super) rate: u32,
}

impl Layout {
    /// Bytes before the audio.
    pub(super) fn head_len(self) -> usize {
        match self.coding {
            Coding::Pcm16 => 44,
            Coding::Alaw | Coding::Ulaw => 58,
        }
    }

    /// Where sample number `sample` lies in the file, in bytes.
    pub(super) fn position(self, sample: u64) -> u64 {
        self.head_len() as u64 + sample * self.coding.block() as u64
    }

    /// How many samples a file can have: its length is a 32-bit number, so just under 4 GiB.
    pub(super) fn max_samples(self) -> u64 {
        (u64::from(u32::MAX) - self.head_len() as u64) / self.coding.block() as u64
    }

    /// Writes the head of a file of `samples` samples into `head`, whose length becomes `head_len`.
    pub(super) fn write_head(self, samples: u64, head: &mut Vec<u8>) {
        let block = self.coding.block();
        let audio = size(samples.min(self.max_samples()) * block as u64);
        let (tag, bits) = match self.coding {
            Coding::Pcm16 => (1u16, 16u16),
            Coding::Alaw => (6, 8),
            Coding::Ulaw => (7, 8),
        };
        head.clear();
        head.extend(b"RIFF");
        head.extend((audio + size(self.head_len() as u64 - 8)).to_le_bytes());
        head.extend(b"WAVEfmt ");
        head.extend(if tag == 1 { 16u32 } else { 18 }.to_le_bytes());
        head.extend(tag.to_le_bytes());
        head.extend(2u16.to_le_bytes());
        head.extend(self.rate.to_le_bytes());
        head.extend(self.rate.saturating_mul(block as u32).to_le_bytes());
        head.extend((block as u16).to_le_bytes());
        head.extend(bits.to_le_bytes());
        if tag != 1 {
            head.extend(0u16.to_le_bytes());
            head.extend(b"fact");
            head.extend(4u32.to_le_bytes());
            head.extend(size(samples).to_le_bytes());
        }
        head.extend(b"data");
        head.extend(audio.to_le_bytes());
    }
}

fn size(bytes: u64) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_as_long_as_it_says_and_its_sizes_add_up() {
        for coding in [Coding::Pcm16, Coding::Alaw, Coding::Ulaw] {
            let layout = Layout { coding, rate: 8_000 };
            let mut head = Vec::new();
            for samples in [0, 1, 8_001, layout.max_samples()] {
                layout.write_head(samples, &mut head);
                assert_eq!(head.len(), layout.head_len());
                let number = |at: usize| u32::from_le_bytes(head[at..at + 4].try_into().expect("four bytes"));
                let data = number(head.len() - 4);
                assert_eq!(u64::from(data), samples * coding.block() as u64);
                assert_eq!(u64::from(number(4)), layout.position(samples) - 8);
            }
        }
    }
}
