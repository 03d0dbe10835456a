//! Which streams (SSRCs, RFC 3550 section 3) a leg has brought. Bounded: who makes up one after the other reaches a limit.

/// The streams. `[worker]`
pub(super) struct Ssrcs {
    /// In the order they were first seen.
    known: Vec<u32>,
    limit: usize,
    too_many: bool,
}

impl Ssrcs {
    /// Of a leg that may bring `limit` of them in its life.
    pub(super) fn new(limit: usize) -> Ssrcs {
        Ssrcs { known: Vec::new(), limit, too_many: false }
    }

    /// A packet of this stream came.
    pub(super) fn note(&mut self, ssrc: u32) {
        // Mostly the newest: look from the back.
        if self.too_many || self.known.iter().rev().any(|&known| known == ssrc) {
            return;
        }
        if self.known.len() < self.limit {
            self.known.push(ssrc);
        } else {
            self.too_many = true;
        }
    }

    /// Whether there was one more than the leg may bring.
    pub(super) fn are_too_many(&self) -> bool {
        self.too_many
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_may_be_reached_and_not_passed() {
        let mut ssrcs = Ssrcs::new(2);
        for ssrc in [7, 8, 7, 8, 7] {
            ssrcs.note(ssrc);
        }
        assert!(!ssrcs.are_too_many());
        ssrcs.note(9);
        assert!(ssrcs.are_too_many());
    }
}
