//! How a file will be written, decided once from what the call's legs may carry.

use crate::audio::{Encoding, Format};
use crate::consent::Role;

use super::super::{LegDescription, SinkError};
use super::WavEncoding;
use super::error;
use super::layout::Layout;
use super::samples::{Channel, Coding};

/// The rates a file can have, in samples a second. What lies outside is a lie or no telephony.
const RATES: std::ops::RangeInclusive<u32> = 4_000..=192_000;

/// The decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Plan {
    /// Coding and rate.
    pub(super) layout: Layout,
    /// Why it is linear although it was to stay as it came.
    pub(super) why_pcm: Option<&'static str>,
}

impl Plan {
    /// The plan for these legs, at the highest rate that all of them can have.
    pub(super) fn of(wanted: WavEncoding, legs: &[LegDescription]) -> Result<Plan, SinkError> {
        let rate = common_rate(legs)?;
        let (coding, why_pcm) = match wanted {
            WavEncoding::Pcm => (Coding::Pcm16, None),
            WavEncoding::AsItCame => match law(legs) {
                Ok(coding) => (coding, None),
                Err(why) => (Coding::Pcm16, Some(why)),
            },
        };
        Ok(Plan { layout: Layout { coding, rate }, why_pcm })
    }
}

/// Where a role's voice goes.
pub(super) fn channel(role: Role) -> Channel {
    match role {
        Role::Caller => Channel::Left,
        Role::Agent | Role::Mix => Channel::Right,
    }
}

fn common_rate(legs: &[LegDescription]) -> Result<u32, SinkError> {
    let with_audio = || legs.iter().filter(|leg| audio(leg).next().is_some());
    if with_audio().next().is_none() {
        return Err(error::plain(
            "no leg of the call has a format that can be written to a WAV file; nothing was recorded",
        ));
    }
    let everywhere = |rate: &u32| with_audio().all(|leg| audio(leg).any(|format| format.rate == *rate));
    let rate = with_audio().flat_map(audio).map(|format| format.rate).filter(everywhere).max().ok_or_else(|| {
        let rates: Vec<String> = with_audio().map(|leg| format!("leg {}: {}", leg.leg, rates_of(leg))).collect();
        error::plain(format!(
            "the legs have no sampling rate in common ({}) and a WAV file has one; nothing was recorded",
            rates.join(", ")
        ))
    })?;
    if !RATES.contains(&rate) {
        return Err(error::plain(format!(
            "a sampling rate of {rate} Hz cannot be written, only {} to {} Hz; nothing was recorded",
            RATES.start(),
            RATES.end()
        )));
    }
    Ok(rate)
}

/// The one law of all legs, or why there is none.
fn law(legs: &[LegDescription]) -> Result<Coding, &'static str> {
    let mut formats = legs.iter().flat_map(audio);
    let first = formats.next().ok_or("no leg has audio")?;
    if formats.any(|format| format != first) {
        return Err("the legs may carry different formats");
    }
    if legs.len() > 2 {
        return Err("there are more than two legs");
    }
    if let [one, other] = legs
        && channel(one.role) == channel(other.role)
    {
        return Err("two legs share a channel");
    }
    match first {
        Format { encoding: Encoding::Pcma, channels: 1, .. } => Ok(Coding::Alaw),
        Format { encoding: Encoding::Pcmu, channels: 1, .. } => Ok(Coding::Ulaw),
        _ => Err("what the legs carry is not A-law or µ-law"),
    }
}

fn audio(leg: &LegDescription) -> impl Iterator<Item = Format> {
    leg.formats.iter().copied().filter(|format| format.bytes_per_sample().is_some_and(|bytes| bytes > 0))
}

fn rates_of(leg: &LegDescription) -> String {
    let rates: Vec<String> = audio(leg).map(|format| format!("{} Hz", format.rate)).collect();
    rates.join(" or ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const L16: Format = Format { encoding: Encoding::L16, rate: 16_000, channels: 1 };

    fn leg(leg: u8, role: Role, formats: &[Format]) -> LegDescription {
        LegDescription { leg, role, formats: formats.to_vec() }
    }

    fn coding(legs: &[LegDescription]) -> (Coding, Option<&'static str>) {
        let plan = Plan::of(WavEncoding::AsItCame, legs).expect("one rate");
        (plan.layout.coding, plan.why_pcm)
    }

    #[test]
    fn a_law_is_kept_only_when_all_legs_have_it_and_each_has_a_channel() {
        let caller = leg(0, Role::Caller, &[Format::PCMA, Format::TELEPHONE_EVENT]);
        let agent = leg(1, Role::Agent, &[Format::PCMA]);
        let mix = leg(2, Role::Mix, &[Format::PCMA]);
        assert_eq!(coding(&[caller.clone(), agent.clone()]), (Coding::Alaw, None));
        assert_eq!(coding(&[leg(0, Role::Mix, &[Format::PCMU])]), (Coding::Ulaw, None));
        let pcm = |legs: &[LegDescription]| {
            coding(legs) == (Coding::Pcm16, Plan::of(WavEncoding::AsItCame, legs).expect("one rate").why_pcm)
        };
        assert!(pcm(&[caller.clone(), leg(1, Role::Agent, &[Format::PCMU])]));
        assert!(pcm(&[caller.clone(), leg(1, Role::Agent, &[Format::PCMA, Format::PCMU])]));
        assert!(pcm(&[caller, agent.clone(), mix.clone()]));
        assert!(pcm(&[agent, mix]));
    }

    #[test]
    fn the_highest_rate_of_all_legs_is_taken_and_different_rates_are_refused() {
        let plan = |legs: &[LegDescription]| Plan::of(WavEncoding::Pcm, legs);
        let both = leg(0, Role::Caller, &[Format::PCMA, L16]);
        let rate = |legs: &[LegDescription]| plan(legs).expect("one rate").layout.rate;
        assert_eq!(rate(&[both.clone(), leg(1, Role::Agent, &[L16, Format::PCMU])]), 16_000);
        assert_eq!(rate(&[both, leg(1, Role::Agent, &[Format::PCMU])]), 8_000);
        let refused = plan(&[leg(0, Role::Caller, &[L16]), leg(1, Role::Agent, &[Format::PCMU])]);
        let why = refused.expect_err("two rates").to_string();
        assert!(why.contains("leg 0: 16000 Hz, leg 1: 8000 Hz"), "{why}");
    }

    #[test]
    fn formats_that_cannot_be_written_are_refused_with_a_reason() {
        let unknown = Format { encoding: Encoding::Unknown, rate: 8_000, channels: 1 };
        let why = |formats: &[Format]| {
            Plan::of(WavEncoding::Pcm, &[leg(0, Role::Caller, formats)]).expect_err("refused").to_string()
        };
        assert!(why(&[unknown, Format::TELEPHONE_EVENT]).contains("no leg of the call has a format"));
        assert!(why(&[Format { rate: u32::MAX, ..Format::PCMA }]).contains("4294967295 Hz"));
        assert!(why(&[Format { rate: 0, ..Format::PCMA }]).contains("0 Hz"));
    }
}
