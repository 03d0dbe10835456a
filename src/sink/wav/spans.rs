//! Which samples of a leg are in the file already, for as far back as late audio is taken.
//!
//! Keeps audio from being added twice. Bounded: at most [`Spans::MOST`] stretches; past that the oldest hole counts as
//! filled. Allocates once.

use std::ops::Range;

/// Sorted stretches of sample numbers that neither overlap nor touch.
#[derive(Debug)]
pub(super) struct Spans {
    list: Vec<Range<u64>>,
}

impl Spans {
    /// The most stretches that are told apart.
    pub(super) const MOST: usize = 512;

    /// No samples yet.
    pub(super) fn new() -> Spans {
        Spans { list: Vec::with_capacity(Spans::MOST + 1) }
    }

    /// The parts of `part` that are not in yet, in order.
    pub(super) fn free(&self, part: Range<u64>) -> impl Iterator<Item = Range<u64>> {
        let first = self.list.partition_point(|span| span.end <= part.start);
        let taken = self.list.iter().skip(first).take_while({
            let end = part.end;
            move |span| span.start < end
        });
        let mut from = part.start;
        let end = part.end..part.end;
        taken.cloned().chain(std::iter::once(end)).filter_map(move |span| {
            let hole = from..span.start;
            from = span.end;
            (!hole.is_empty()).then_some(hole)
        })
    }

    /// Whether sample `at` is in.
    pub(super) fn contains(&self, at: u64) -> bool {
        let next = self.list.partition_point(|span| span.end <= at);
        self.list.get(next).is_some_and(|span| span.start <= at)
    }

    /// `part` is in now.
    pub(super) fn add(&mut self, part: Range<u64>) {
        if part.is_empty() {
            return;
        }
        let first = self.list.partition_point(|span| span.end < part.start);
        let after = self.list.partition_point(|span| span.start <= part.end);
        let touched = self.list.get(first..after).unwrap_or_default();
        let start = touched.first().map_or(part.start, |span| span.start.min(part.start));
        let end = touched.last().map_or(part.end, |span| span.end.max(part.end));
        self.list.splice(first..after.max(first), std::iter::once(start..end));
        if let ([oldest, next, ..], true) = (self.list.as_slice(), self.list.len() > Spans::MOST) {
            let joined = oldest.start..next.end;
            self.list.splice(0..2, std::iter::once(joined));
        }
    }

    /// What lies wholly before `at` will not be asked for again.
    pub(super) fn forget_before(&mut self, at: u64) {
        let gone = self.list.partition_point(|span| span.end < at);
        self.list.drain(..gone);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_sample_is_free_until_it_was_added(parts in prop::collection::vec((0u64..200, 0u64..30), 0..60)) {
            let mut spans = Spans::new();
            let mut plain = [false; 256];
            for (start, len) in parts {
                let part = start..start + len;
                let free: Vec<u64> = spans.free(part.clone()).flatten().collect();
                let expected: Vec<u64> = part.clone().filter(|&at| !plain[at as usize]).collect();
                prop_assert_eq!(free, expected);
                part.clone().for_each(|at| plain[at as usize] = true);
                spans.add(part);
                for (at, &taken) in plain.iter().enumerate() {
                    prop_assert_eq!(spans.contains(at as u64), taken);
                }
            }
        }
    }

    #[test]
    fn the_number_of_stretches_is_bounded_and_nothing_is_allocated_for_them() {
        let mut spans = Spans::new();
        let room = spans.list.capacity();
        for at in 0..2_000 {
            spans.add(at * 2..at * 2 + 1);
        }
        assert_eq!(spans.list.len(), Spans::MOST);
        assert_eq!(spans.list.capacity(), room);
        assert!(spans.contains(3_998));
        spans.forget_before(3_999);
        assert!(!spans.contains(3_996));
    }
}
