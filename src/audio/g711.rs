//! G.711: eight-bit samples on a logarithmic scale, in two laws. Pure. `[any]`
//!
//! Linear samples are 16-bit as in ITU-T G.191: A-law's 13 bits and µ-law's 14 bits, moved up to the top. Each code
//! stands for the linear values from one decision value up to, not including, the next (Tables 1 and 2 of G.711);
//! it decodes to the middle of them, and what lies beyond the last decision value gets the last code. G.711 leaves
//! open which side a value *on* a decision value belongs to; here, as in G.191, it is the upper one, for negative
//! values too. So `encode(decode(code)) == code` for every code but µ-law's negative zero, 0x7F, which decodes to 0
//! and so comes back as 0xFF.
//!
//! From one law to the other goes by Tables 3 and 4 of G.711, which is not the same as decoding and encoding: the
//! tables match the laws' levels in dBm0, and there and back again changes at most the last bit.

use super::Encoding;

/// What is silence in A-law: the smallest positive value. A-law has no zero.
pub const ALAW_SILENCE: u8 = 0xD5;
/// What is silence in µ-law: positive zero.
pub const ULAW_SILENCE: u8 = 0xFF;

/// The linear value of an A-law code (Tables 1a and 1b, column 7, times 8).
pub const fn decode_alaw(code: u8) -> i16 {
    ALAW_VALUES[code as usize]
}

/// The linear value of a µ-law code (Tables 2a and 2b, column 7, times 4).
pub const fn decode_ulaw(code: u8) -> i16 {
    ULAW_VALUES[code as usize]
}

/// The A-law code of a linear sample.
pub const fn encode_alaw(sample: i16) -> u8 {
    ALAW_CODES[(sample as u16 >> 4) as usize]
}

/// The µ-law code of a linear sample.
pub const fn encode_ulaw(sample: i16) -> u8 {
    ULAW_CODES[(sample as u16 >> 2) as usize]
}

/// The A-law code for a µ-law code (G.711 Table 3).
pub const fn ulaw_to_alaw(code: u8) -> u8 {
    let number = ALAW_NUMBER_OF_ULAW[(!code & 0x7F) as usize];
    // A-law numbers start at 1, and every second bit of a code is inverted.
    (code & 0x80) | ((number - 1) ^ 0x55)
}

/// The µ-law code for an A-law code (G.711 Table 4).
pub const fn alaw_to_ulaw(code: u8) -> u8 {
    let number = ULAW_NUMBER_OF_ALAW[((code ^ 0x55) & 0x7F) as usize];
    (code & 0x80) | (!number & 0x7F)
}

/// Rewrites codes of one law as codes of the other, in place. `false`, and nothing is changed, when `from` or `to` is
/// not a law of G.711.
pub fn transcode(from: Encoding, to: Encoding, codes: &mut [u8]) -> bool {
    let convert: fn(u8) -> u8 = match (from, to) {
        (Encoding::Pcmu, Encoding::Pcma) => ulaw_to_alaw,
        (Encoding::Pcma, Encoding::Pcmu) => alaw_to_ulaw,
        (Encoding::Pcmu, Encoding::Pcmu) | (Encoding::Pcma, Encoding::Pcma) => return true,
        _ => return false,
    };
    for code in codes {
        *code = convert(*code);
    }
    true
}

static ALAW_VALUES: [i16; 256] = {
    let mut values = [0; 256];
    let mut code = 0;
    while code < 256 {
        values[code] = alaw_value(code as u8);
        code += 1;
    }
    values
};

static ULAW_VALUES: [i16; 256] = {
    let mut values = [0; 256];
    let mut code = 0;
    while code < 256 {
        values[code] = ulaw_value(code as u8);
        code += 1;
    }
    values
};

/// By the upper 12 bits of the sample: the decision values are all multiples of 16.
static ALAW_CODES: [u8; 1 << 12] = {
    let mut codes = [0; 1 << 12];
    let mut upper = 0;
    while upper < codes.len() {
        codes[upper] = alaw_code((upper << 4) as i16);
        upper += 1;
    }
    codes
};

/// By the upper 14 bits of the sample: the decision values are all multiples of 4.
static ULAW_CODES: [u8; 1 << 14] = {
    let mut codes = [0; 1 << 14];
    let mut upper = 0;
    while upper < codes.len() {
        codes[upper] = ulaw_code((upper << 2) as i16);
        upper += 1;
    }
    codes
};

/// A sign (set: positive), three bits of segment, four of step within it; every second bit inverted.
const fn alaw_value(code: u8) -> i16 {
    let plain = code ^ 0x55;
    let segment = (plain >> 4) & 7;
    let step = (plain & 0x0F) as i16;
    // The lowest two segments share one step size, and only the lowest one starts at zero.
    let size = match segment {
        0 => step * 16 + 8,
        _ => (step * 16 + 8 + 256) << (segment - 1),
    };
    if code & 0x80 != 0 { size } else { -size }
}

/// The same layout with every bit inverted, and segments that start at a bias of 33 (times 4) below their size.
const fn ulaw_value(code: u8) -> i16 {
    let plain = !code;
    let segment = (plain >> 4) & 7;
    let step = (plain & 0x0F) as i16;
    let size = ((step * 8 + ULAW_BIAS) << segment) - ULAW_BIAS;
    if code & 0x80 != 0 { size } else { -size }
}

const ULAW_BIAS: i16 = 33 * 4;

const fn alaw_code(sample: i16) -> u8 {
    // The one's complement of a negative value: a value on a decision value then goes up, as a positive one does.
    let size = if sample < 0 { !sample } else { sample };
    let steps = size >> 4;
    let segment = segment_above(steps, 4);
    let step = if segment == 0 { steps } else { steps >> (segment - 1) } as u8 & 0x0F;
    let sign = if sample < 0 { 0 } else { 0x80 };
    (sign | segment << 4 | step) ^ 0x55
}

const fn ulaw_code(sample: i16) -> u8 {
    let size = if sample < 0 { !sample } else { sample };
    let biased = (size >> 2) + ULAW_BIAS / 4;
    // Above the last decision value all is the last code.
    let biased = if biased > 0x1FFF { 0x1FFF } else { biased };
    let segment = segment_above(biased, 6);
    let step = (biased >> (segment + 1)) as u8 & 0x0F;
    let sign = if sample < 0 { 0 } else { 0x80 };
    sign | !(segment << 4 | step) & 0x7F
}

/// How many bits `value` has above its lower `bits`.
const fn segment_above(value: i16, bits: u32) -> u8 {
    (i16::BITS - value.leading_zeros()).saturating_sub(bits) as u8
}

/// G.711 Table 3: the A-law number (from 1) for each µ-law number (from 0).
#[rustfmt::skip]
static ALAW_NUMBER_OF_ULAW: [u8; 128] = [
    1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8,
    9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24,
    25, 27, 29, 31, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44,
    46, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62,
    64, 65, 66, 67, 68, 69, 70, 71, 72, 73, 74, 75, 76, 77, 78, 79,
    81, 82, 83, 84, 85, 86, 87, 88, 89, 90, 91, 92, 93, 94, 95, 96,
    97, 98, 99, 100, 101, 102, 103, 104, 105, 106, 107, 108, 109, 110, 111, 112,
    113, 114, 115, 116, 117, 118, 119, 120, 121, 122, 123, 124, 125, 126, 127, 128,
];

/// G.711 Table 4: the µ-law number (from 0) for each A-law number (from 1).
#[rustfmt::skip]
static ULAW_NUMBER_OF_ALAW: [u8; 128] = [
    1, 3, 5, 7, 9, 11, 13, 15, 16, 17, 18, 19, 20, 21, 22, 23,
    24, 25, 26, 27, 28, 29, 30, 31, 32, 32, 33, 33, 34, 34, 35, 35,
    36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 48, 49, 49,
    50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63, 64, 64,
    65, 66, 67, 68, 69, 70, 71, 72, 73, 74, 75, 76, 77, 78, 79, 79,
    80, 81, 82, 83, 84, 85, 86, 87, 88, 89, 90, 91, 92, 93, 94, 95,
    96, 97, 98, 99, 100, 101, 102, 103, 104, 105, 106, 107, 108, 109, 110, 111,
    112, 113, 114, 115, 116, 117, 118, 119, 120, 121, 122, 123, 124, 125, 126, 127,
];
