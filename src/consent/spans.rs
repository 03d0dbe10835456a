//! A bounded list of stretches of the clock: when something was the case.
//!
//! The last stretch may be open: it goes on until it is closed. Stretches may overlap when they are told out of
//! order; what counts is their union. The list never grows beyond its limit; what happens there is the owner's choice.

use crate::time::{CallTime, Interval};

/// What to do about a new stretch when the list is full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WhenFull {
    /// The two oldest become one, with what lies between them.
    JoinOldest,
    /// The oldest is forgotten.
    ForgetOldest,
    /// The new one is refused.
    Refuse,
}

/// The list is full and refuses.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Full;

/// The list.
#[derive(Clone, Debug)]
pub(crate) struct Spans {
    list: Vec<Interval>,
    open: bool,
    limit: usize,
    when_full: WhenFull,
}

impl Spans {
    /// An empty list for at most `limit` stretches.
    pub(crate) fn new(limit: usize, when_full: WhenFull) -> Spans {
        Spans { list: Vec::new(), open: false, limit, when_full }
    }

    /// Whether the last stretch still goes on.
    pub(crate) fn is_open(&self) -> bool {
        self.open
    }

    /// A stretch begins at `at`. Nothing happens while one is open.
    pub(crate) fn open(&mut self, at: CallTime) -> Result<(), Full> {
        if self.open {
            return Ok(());
        }
        if self.list.len() >= self.limit {
            self.make_room()?;
        }
        self.list.push(Interval { from: at, to: CallTime::MAX });
        self.open = true;
        Ok(())
    }

    /// The open stretch ends at `at`, or where it began if that is later. Answers where it ended, `None` if none was
    /// open. A stretch without length is not kept.
    pub(crate) fn close(&mut self, at: CallTime) -> Option<CallTime> {
        if !std::mem::take(&mut self.open) {
            return None;
        }
        let last = self.list.last_mut()?;
        last.to = at.max(last.from);
        let end = last.to;
        self.list.pop_if(|last| last.is_empty());
        Some(end)
    }

    /// Whether any stretch has `at` inside.
    pub(crate) fn contains(&self, at: CallTime) -> bool {
        self.list.iter().any(|span| span.contains(at))
    }

    /// Where the last stretch that is over ended, of those that were told.
    pub(crate) fn last_end(&self) -> Option<CallTime> {
        self.list.iter().map(|span| span.to).filter(|&end| end != CallTime::MAX).max()
    }

    /// The stretch that has `at` inside or lies after it; of several the one that ends last.
    pub(crate) fn running_from(&self, at: CallTime) -> Option<Interval> {
        self.list.iter().copied().filter(|span| span.to > at).max_by_key(|span| span.to)
    }

    /// All beginnings and ends.
    pub(crate) fn edges(&self) -> impl Iterator<Item = CallTime> {
        self.list.iter().flat_map(|span| [span.from, span.to])
    }

    /// The first moment from `at` on that no stretch has inside; [`CallTime::MAX`] while one that covers it is open.
    pub(crate) fn first_outside(&self, at: CallTime) -> CallTime {
        let mut first = at;
        while let Some(span) = self.list.iter().find(|span| span.contains(first)) {
            first = span.to;
        }
        first
    }

    fn make_room(&mut self) -> Result<(), Full> {
        match self.when_full {
            WhenFull::Refuse => return Err(Full),
            WhenFull::ForgetOldest => {}
            WhenFull::JoinOldest => {
                if let [oldest, next, ..] = self.list.as_mut_slice() {
                    next.from = next.from.min(oldest.from);
                    next.to = next.to.max(oldest.to);
                }
            }
        }
        self.list.remove(0);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> CallTime {
        CallTime::from_millis(seconds * 1000)
    }

    /// Stretches 0-1, 10-11, 20-21 in a list for three.
    fn full(when_full: WhenFull) -> Spans {
        let mut spans = Spans::new(3, when_full);
        for start in [0, 10, 20] {
            spans.open(at(start)).expect("room");
            spans.close(at(start + 1));
        }
        spans
    }

    #[test]
    fn an_open_stretch_goes_on_until_it_is_closed() {
        let mut spans = Spans::new(3, WhenFull::Refuse);
        spans.open(at(5)).expect("room");
        assert!(spans.contains(at(5)) && spans.contains(at(1_000_000)) && !spans.contains(at(4)));
        assert_eq!(spans.close(at(7)), Some(at(7)));
        assert!(spans.contains(at(6)) && !spans.contains(at(7)));
        assert_eq!(spans.close(at(9)), None, "it is closed already");
        assert!(!spans.contains(at(8)));
    }

    #[test]
    fn a_stretch_that_ends_before_it_began_has_no_length() {
        let mut spans = Spans::new(1, WhenFull::Refuse);
        spans.open(at(5)).expect("room");
        assert_eq!(spans.close(at(3)), Some(at(5)));
        assert!(!spans.contains(at(4)) && !spans.contains(at(5)));
        assert_eq!(spans.open(at(6)), Ok(()), "it takes no room either");
    }

    #[test]
    fn what_is_outside_is_found_through_stretches_that_touch_and_overlap() {
        let mut spans = Spans::new(4, WhenFull::Refuse);
        for (from, to) in [(4, 6), (1, 3), (2, 4)] {
            spans.open(at(from)).expect("room");
            spans.close(at(to));
        }
        assert_eq!(spans.first_outside(at(0)), at(0));
        assert_eq!(spans.first_outside(at(1)), at(6));
        spans.open(at(5)).expect("room");
        assert_eq!(spans.first_outside(at(1)), CallTime::MAX);
    }

    #[test]
    fn a_full_list_joins_its_two_oldest() {
        let mut spans = full(WhenFull::JoinOldest);
        assert_eq!(spans.open(at(30)), Ok(()));
        assert!(spans.contains(at(5)), "between the two oldest");
        assert!(!spans.contains(at(15)) && spans.contains(at(20)) && spans.contains(at(30)));
        assert_eq!(spans.list.len(), 3);
    }

    #[test]
    fn a_full_list_forgets_its_oldest() {
        let mut spans = full(WhenFull::ForgetOldest);
        assert_eq!(spans.open(at(30)), Ok(()));
        assert!(!spans.contains(at(0)) && spans.contains(at(10)) && spans.contains(at(30)));
        assert_eq!(spans.list.len(), 3);
    }

    #[test]
    fn a_full_list_refuses() {
        let mut spans = full(WhenFull::Refuse);
        assert_eq!(spans.open(at(30)), Err(Full));
        assert!(spans.contains(at(0)) && !spans.contains(at(30)) && !spans.is_open());
    }
}
