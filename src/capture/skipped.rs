//! What was passed over while reading a capture, counted by kind.
//!
//! A capture holds what the wire held: other people's packets, broken ones, and halves. None of that is an error;
//! it is counted here, so that an empty result can be explained.

use std::fmt;

/// Why a packet, a message or a part of one was passed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Skip {
    /// Its link layer is not one that is read here.
    UnknownLink,
    /// It carries something other than IP.
    NotIp,
    /// Its link header is broken.
    BadLink,
    /// Its IP header is broken.
    BadIp,
    /// The capture holds only its beginning.
    Cut,
    /// A fragment whose datagram never became complete, or that contradicts the others.
    Fragment,
    /// Neither UDP nor TCP.
    OtherTransport,
    /// Its UDP or TCP header is broken.
    BadTransport,
    /// Part of a TCP stream is missing before it.
    TcpGap,
    /// It begins like a SIP message, but cannot be read as one.
    BadSip,
    /// A session description that cannot be read.
    BadSdp,
    /// It would have passed one of the limits that bound memory.
    OverLimit,
    /// RTCP on a media port.
    Rtcp,
    /// Neither RTP nor RTCP on a media port.
    NotRtp,
    /// RTP to an address that both sides gave as theirs, from one that tells neither.
    Ambiguous,
}

impl Skip {
    /// Every kind.
    pub const ALL: [Skip; 15] = [
        Skip::UnknownLink,
        Skip::NotIp,
        Skip::BadLink,
        Skip::BadIp,
        Skip::Cut,
        Skip::Fragment,
        Skip::OtherTransport,
        Skip::BadTransport,
        Skip::TcpGap,
        Skip::BadSip,
        Skip::BadSdp,
        Skip::OverLimit,
        Skip::Rtcp,
        Skip::NotRtp,
        Skip::Ambiguous,
    ];

    /// The kind in words, to stand after a number.
    pub fn words(self) -> &'static str {
        match self {
            Skip::UnknownLink => "of an unknown link type",
            Skip::NotIp => "not IP",
            Skip::BadLink => "with a broken link header",
            Skip::BadIp => "with a broken IP header",
            Skip::Cut => "cut short by the capture",
            Skip::Fragment => "fragments left over",
            Skip::OtherTransport => "neither UDP nor TCP",
            Skip::BadTransport => "with a broken UDP or TCP header",
            Skip::TcpGap => "after a gap in a TCP stream",
            Skip::BadSip => "broken SIP messages",
            Skip::BadSdp => "broken session descriptions",
            Skip::OverLimit => "over a limit",
            Skip::Rtcp => "RTCP",
            Skip::NotRtp => "not RTP on a media port",
            Skip::Ambiguous => "of which both sides may be the sender",
        }
    }
}

/// How many were passed over, by kind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Skipped([u64; Skip::ALL.len()]);

impl Skipped {
    /// Counts one.
    pub(super) fn add(&mut self, why: Skip) {
        if let Some(count) = self.0.get_mut(why as usize) {
            *count = count.saturating_add(1);
        }
    }

    /// Adds what was counted elsewhere.
    pub(super) fn add_all(&mut self, others: &Skipped) {
        for (count, other) in self.0.iter_mut().zip(others.0) {
            *count = count.saturating_add(other);
        }
    }

    /// How many of one kind.
    pub fn count(&self, why: Skip) -> u64 {
        self.0.get(why as usize).copied().unwrap_or(0)
    }

    /// The kinds of which there were any, with their number.
    pub fn iter(&self) -> impl Iterator<Item = (Skip, u64)> + '_ {
        Skip::ALL.into_iter().map(|why| (why, self.count(why))).filter(|(_, count)| *count > 0)
    }

    /// Whether nothing was passed over.
    pub fn is_empty(&self) -> bool {
        self.iter().next().is_none()
    }
}

impl fmt::Display for Skipped {
    /// As in `3 not IP, 1 RTCP`; `none` when there were none.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return f.write_str("none");
        }
        for (n, (why, count)) in self.iter().enumerate() {
            let comma = if n == 0 { "" } else { ", " };
            write!(f, "{comma}{count} {}", why.words())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_counted_in_its_own_place() {
        let mut skipped = Skipped::default();
        assert_eq!(skipped.to_string(), "none");
        for (n, why) in Skip::ALL.into_iter().enumerate() {
            for _ in 0..=n {
                skipped.add(why);
            }
        }
        for (n, why) in Skip::ALL.into_iter().enumerate() {
            assert_eq!(skipped.count(why), n as u64 + 1, "{why:?}");
        }
        assert!(skipped.to_string().starts_with("1 of an unknown link type, 2 not IP"));
    }
}
