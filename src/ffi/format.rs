//! Formats and roles, between C and Rust. The header is `include/calltap/format.h`.

use crate::audio::{Encoding, Format};
use crate::consent::Role;

use super::c;
use super::failure::Failure;

/// A role's number.
pub(super) fn role(role: Role) -> u32 {
    match role {
        Role::Caller => c::CALLER,
        Role::Agent => c::AGENT,
        Role::Mix => c::MIX,
    }
}

/// The role that C means.
pub(super) fn role_of(number: u32) -> Result<Role, Failure> {
    match number {
        c::CALLER => Ok(Role::Caller),
        c::AGENT => Ok(Role::Agent),
        c::MIX => Ok(Role::Mix),
        _ => {
            Err(Failure::argument(format!("spec.role: {number} is none; CALLTAP_CALLER, CALLTAP_AGENT or CALLTAP_MIX")))
        }
    }
}

impl From<Format> for c::Format {
    fn from(format: Format) -> c::Format {
        let encoding = match format.encoding {
            Encoding::Pcmu => c::PCMU,
            Encoding::Pcma => c::PCMA,
            Encoding::L16 => c::L16,
            Encoding::TelephoneEvent => c::TELEPHONE_EVENT,
            Encoding::ComfortNoise => c::COMFORT_NOISE,
            Encoding::Redundant => c::REDUNDANT,
            Encoding::Unknown => c::OTHER,
        };
        c::Format { encoding, rate: format.rate, channels: u32::from(format.channels) }
    }
}

/// The format that C means.
pub(super) fn format_of(format: &c::Format) -> Result<Format, Failure> {
    let encoding = match format.encoding {
        c::PCMU => Encoding::Pcmu,
        c::PCMA => Encoding::Pcma,
        c::L16 => Encoding::L16,
        c::TELEPHONE_EVENT => Encoding::TelephoneEvent,
        c::COMFORT_NOISE => Encoding::ComfortNoise,
        c::REDUNDANT => Encoding::Redundant,
        c::OTHER => Encoding::Unknown,
        other => {
            return Err(Failure::argument(format!(
                "spec.formats: {other} is no encoding; CALLTAP_PCMU to CALLTAP_OTHER"
            )));
        }
    };
    let channels = u8::try_from(format.channels.max(1))
        .map_err(|_| Failure::argument(format!("spec.formats: {} channels; 255 at the most", format.channels)))?;
    Ok(Format { encoding, rate: format.rate, channels })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_and_roles_are_the_same_in_both_directions() {
        for encoding in c::PCMU..=c::OTHER {
            let format = c::Format { encoding, rate: 8_000, channels: 2 };
            let there = format_of(&format).expect("a format");
            assert_eq!(c::Format::from(there).encoding, encoding);
            assert_eq!((there.rate, there.channels), (8_000, 2));
        }
        for encoding in [0, c::OTHER + 1] {
            assert!(format_of(&c::Format { encoding, rate: 8_000, channels: 1 }).is_err());
        }
        assert!(format_of(&c::Format { encoding: c::L16, rate: 8_000, channels: 256 }).is_err());
        for number in c::CALLER..=c::MIX {
            assert_eq!(role_of(number).map(role).ok(), Some(number));
        }
        assert!(role_of(0).is_err());
    }
}
