//! The only way to a permit: a caller who was asked and did not refuse.

use std::time::Duration;

use calltap::consent::{Consent, Event, Permit, Start};
use calltap::policy::{CallRules, Pairs, Until};
use calltap::time::CallTime;

/// The permit for one pair's tap, from 9 s on: notice from 0 to 6 s, three seconds to refuse, and nobody did.
pub fn permit_for(pairs: Pairs) -> Permit {
    let rules = CallRules {
        pairs,
        window: Duration::from_secs(3),
        alone: Duration::from_secs(3),
        until: Until::CallEnd,
        languages: vec!["fr".into()],
    };
    let hold_back = Duration::from_millis(240);
    let mut consent = Consent::new(Start { rules: Ok(rules), language: "fr".into(), hold_back });
    consent.tell(CallTime::ZERO, Event::NoticeStarted { language: "fr".into() });
    consent.tell(CallTime::from_millis(6_000), Event::NoticeFinished { complete: true });
    let examined = CallTime::from_millis(9_000);
    consent.advance(CallTime::from_millis(9_130), examined, Some(examined));
    let (tap, _) = pairs.iter().next().expect("a pair");
    consent.permit(tap, pairs).expect("the caller was asked")
}
