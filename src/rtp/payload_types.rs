//! What each payload type number means in one call: the static ones (RFC 3551 section 6), and those its SDP maps. `[any]`

use crate::audio::{Encoding, Format};

use super::RtpError;

/// The highest clock rate taken from an rtpmap. Above every audio format there is.
const MAX_RATE: u32 = 384_000;

/// The formats of one stream, by payload type.
#[derive(Clone, Debug)]
pub struct PayloadTypes {
    formats: [Option<Format>; 128],
}

impl PayloadTypes {
    /// The static audio types of RFC 3551 table 4. What cannot be decoded is there too, as [`Encoding::Unknown`]: its
    /// clock rate places it.
    pub const fn rfc3551() -> PayloadTypes {
        let mut formats = [None; 128];
        formats[0] = Some(Format::PCMU);
        formats[3] = unknown(8_000); // GSM
        formats[4] = unknown(8_000); // G723
        formats[5] = unknown(8_000); // DVI4
        formats[6] = unknown(16_000); // DVI4
        formats[7] = unknown(8_000); // LPC
        formats[8] = Some(Format::PCMA);
        formats[9] = unknown(8_000); // G722: sampled at 16 kHz, but its clock counts 8000 (section 4.5.2)
        formats[10] = Some(Format { encoding: Encoding::L16, rate: 44_100, channels: 2 });
        formats[11] = Some(Format { encoding: Encoding::L16, rate: 44_100, channels: 1 });
        formats[12] = unknown(8_000); // QCELP
        formats[13] = Some(Format { encoding: Encoding::ComfortNoise, rate: 8_000, channels: 1 });
        formats[14] = unknown(90_000); // MPA
        formats[15] = unknown(8_000); // G728
        formats[16] = unknown(11_025); // DVI4
        formats[17] = unknown(22_050); // DVI4
        formats[18] = unknown(8_000); // G729
        PayloadTypes { formats }
    }

    /// What `payload_type` means; `None` when nobody said.
    pub fn format(&self, payload_type: u8) -> Option<Format> {
        self.formats.get(usize::from(payload_type)).copied().flatten()
    }

    /// Takes over a line of SDP, `a=rtpmap:<payload_type> <rtpmap>` (RFC 8866 section 6.6), as in
    /// `telephone-event/8000` or `L16/16000/2`. Replaces what the number meant before, static or not.
    pub fn map(&mut self, payload_type: u8, rtpmap: &str) -> Result<(), RtpError> {
        let wrong = |problem| RtpError::Rtpmap { payload_type, problem };
        let slot =
            self.formats.get_mut(usize::from(payload_type)).ok_or(RtpError::PayloadTypeOutOfRange { payload_type })?;
        let mut parts = rtpmap.trim().split('/');
        let name = parts.next().filter(|name| !name.is_empty()).ok_or(wrong("has no name"))?;
        let rate = parts.next().ok_or(wrong("has no clock rate"))?;
        let rate = rate.parse().ok().filter(|rate| (1..=MAX_RATE).contains(rate));
        let rate = rate.ok_or(wrong("has a clock rate that is no number from 1 to 384000"))?;
        let channels = parts.next().unwrap_or("1").parse().ok().filter(|&channels| channels > 0);
        let channels = channels.ok_or(wrong("has a number of channels that is not from 1 to 255"))?;
        *slot = Some(from_rtpmap(name, rate, channels));
        Ok(())
    }
}

impl Default for PayloadTypes {
    fn default() -> PayloadTypes {
        PayloadTypes::rfc3551()
    }
}

/// The format that SDP calls `name`, at a clock of `rate` Hz. Names are compared without case (RFC 4855 section 3);
/// one that is not known gives [`Encoding::Unknown`].
pub fn from_rtpmap(name: &str, rate: u32, channels: u8) -> Format {
    const NAMES: [(&str, Encoding); 6] = [
        ("PCMU", Encoding::Pcmu),
        ("PCMA", Encoding::Pcma),
        ("L16", Encoding::L16),
        ("telephone-event", Encoding::TelephoneEvent),
        ("CN", Encoding::ComfortNoise),
        ("red", Encoding::Redundant),
    ];
    let known = NAMES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
    Format { encoding: known.map_or(Encoding::Unknown, |&(_, encoding)| encoding), rate, channels }
}

const fn unknown(rate: u32) -> Option<Format> {
    Some(Format { encoding: Encoding::Unknown, rate, channels: 1 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn static_types_mean_what_rfc_3551_says() {
        let types = PayloadTypes::default();
        assert_eq!(types.format(0), Some(Format::PCMU));
        assert_eq!(types.format(8), Some(Format::PCMA));
        assert_eq!(types.format(10), Some(Format { encoding: Encoding::L16, rate: 44_100, channels: 2 }));
        assert_eq!(types.format(11), Some(Format { encoding: Encoding::L16, rate: 44_100, channels: 1 }));
        assert_eq!(types.format(13).map(|format| format.encoding), Some(Encoding::ComfortNoise));
        for (number, rate) in [(3, 8_000), (4, 8_000), (6, 16_000), (9, 8_000), (16, 11_025), (17, 22_050), (18, 8_000)]
        {
            assert_eq!(types.format(number), unknown(rate), "payload type {number}");
        }
        for number in [1, 2, 19, 34, 96, 127, 128, 255] {
            assert_eq!(types.format(number), None, "payload type {number}");
        }
    }

    #[test]
    fn sdp_maps_dynamic_types_and_may_replace_static_ones() {
        let mut types = PayloadTypes::rfc3551();
        for (number, rtpmap) in [
            (101, "telephone-event/8000"),
            (96, "pcma/8000/1"),
            (97, "L16/16000/2"),
            (121, "RED/8000"),
            (98, "opus/48000/2"),
            (0, "PCMA/8000"),
        ] {
            assert_eq!(types.map(number, rtpmap), Ok(()), "{rtpmap}");
        }
        assert_eq!(types.format(101), Some(Format::TELEPHONE_EVENT));
        assert_eq!(types.format(96), Some(Format::PCMA));
        assert_eq!(types.format(97), Some(Format { encoding: Encoding::L16, rate: 16_000, channels: 2 }));
        assert_eq!(types.format(121), Some(Format { encoding: Encoding::Redundant, rate: 8_000, channels: 1 }));
        assert_eq!(types.format(98), Some(Format { encoding: Encoding::Unknown, rate: 48_000, channels: 2 }));
        assert_eq!(types.format(0), Some(Format::PCMA));
    }

    #[test]
    fn an_rtpmap_that_cannot_be_read_changes_nothing_and_says_why() {
        let mut types = PayloadTypes::rfc3551();
        for (rtpmap, problem) in [
            ("", "has no name"),
            ("/8000", "has no name"),
            ("PCMU", "has no clock rate"),
            ("PCMU/", "has a clock rate that is no number from 1 to 384000"),
            ("PCMU/0", "has a clock rate that is no number from 1 to 384000"),
            ("PCMU/384001", "has a clock rate that is no number from 1 to 384000"),
            ("PCMU/99999999999", "has a clock rate that is no number from 1 to 384000"),
            ("PCMU/8000/0", "has a number of channels that is not from 1 to 255"),
            ("PCMU/8000/256", "has a number of channels that is not from 1 to 255"),
            ("PCMU/8000/x", "has a number of channels that is not from 1 to 255"),
        ] {
            assert_eq!(types.map(96, rtpmap), Err(RtpError::Rtpmap { payload_type: 96, problem }), "{rtpmap:?}");
        }
        assert_eq!(types.format(96), None);
        assert_eq!(types.map(128, "PCMU/8000"), Err(RtpError::PayloadTypeOutOfRange { payload_type: 128 }));
    }
}
