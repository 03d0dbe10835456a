//! Frames of one leg that went to queues: each counts when it is known what came of it.
//!
//! A frame may go to several sinks, to each in pieces, directly and through queues. For a sink it is delivered with the
//! first piece that the sink takes, else it counts once nothing of it waits; for the leg it is delivered with the first
//! piece that any sink takes. `[worker]`
//!
//! As many frames are in here as wait in the call's queues, at most: what came of a frame is heard at every step.

use std::collections::BTreeMap;

use crate::frame::Ledger;
use crate::sink::buffered::{Came, Tag};

use super::MAX_SINKS;
use super::line::{Fate, Shares};

/// One leg's.
#[derive(Default)]
pub(super) struct Awaited {
    frames: BTreeMap<Tag, Awaiting>,
    /// What frames that went to a queue came to.
    counts: Counts,
}

/// How many frames came to which end.
#[derive(Clone, Copy, Default)]
pub(super) struct Counts {
    pub(super) delivered: u64,
    pub(super) queue: u64,
    pub(super) purged: u64,
    pub(super) sink: u64,
}

impl Counts {
    pub(super) fn add(&mut self, end: End) {
        *match end {
            End::Delivered => &mut self.delivered,
            End::Queue => &mut self.queue,
            End::Purged => &mut self.purged,
            End::Sink => &mut self.sink,
        } += 1;
    }

    pub(super) fn sum(&self) -> u64 {
        self.delivered + self.queue + self.purged + self.sink
    }
}

/// What became of a frame that was offered to a sink.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    Delivered,
    /// There was no room for it.
    Queue,
    /// Wiped before the sink had it.
    Purged,
    /// The sink had failed, or was stopped.
    Sink,
}

/// One frame.
struct Awaiting {
    /// What is known already: who was offered it, who got some of it, who had no room.
    shares: Shares,
    /// The frame is out of the session's hands: all its pieces were given out.
    is_counted: bool,
    /// Pieces that wait in each sink's queue.
    pieces: [u8; MAX_SINKS],
    /// The sinks from whose queues a piece was wiped by a refusal.
    purged: u32,
    /// The sinks that know.
    told: u32,
    /// The leg knows.
    is_told: bool,
}

/// What was new in what came of a piece.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum News {
    /// The first piece of the frame that this sink took.
    Handed {
        /// It had refused another one before.
        was_refused: bool,
    },
    /// The first piece of a frame of which it took none.
    Refused,
    Nothing,
}

impl Awaited {
    /// A piece of a frame was put into a sink's queue.
    pub(super) fn queue(&mut self, tag: Tag, sink: usize) {
        let frame = self.frames.entry(tag).or_insert_with(Awaiting::new);
        frame.pieces[sink] = frame.pieces[sink].saturating_add(1);
    }

    /// What came of a piece. One that was wiped was so by a refusal, or because its sink was stopped.
    pub(super) fn hear(&mut self, tag: Tag, sink: usize, came: Came, by_refusal: bool) -> News {
        let Some(frame) = self.frames.get_mut(&tag) else { return News::Nothing };
        let bit = 1 << sink;
        frame.pieces[sink] = frame.pieces[sink].saturating_sub(1);
        let (given, dropped) = (frame.shares.given & bit != 0, frame.shares.dropped & bit != 0);
        match came {
            Came::Handed => frame.shares.given |= bit,
            Came::Refused => frame.shares.dropped |= bit,
            Came::Wiped if by_refusal => frame.purged |= bit,
            Came::Wiped | Came::Lost => {}
        }
        match came {
            Came::Handed if !given => News::Handed { was_refused: dropped },
            Came::Refused if !given && !dropped => News::Refused,
            _ => News::Nothing,
        }
    }

    /// The frame was given out: what its sinks got of it directly. Those of them that had nothing of it yet.
    pub(super) fn count(&mut self, shares: Shares) -> u32 {
        let Some(frame) = self.frames.get_mut(&shares.tag) else { return 0 };
        frame.is_counted = true;
        let new = shares.given & !frame.shares.given;
        frame.shares.offered |= shares.offered;
        frame.shares.given |= shares.given;
        frame.shares.dropped |= shares.dropped;
        new
    }

    /// Tells the leg, and with `tell` the sinks, what is known by now.
    pub(super) fn settle(&mut self, tag: Tag, mut tell: impl FnMut(usize, End)) {
        let Some(frame) = self.frames.get_mut(&tag).filter(|frame| frame.is_counted) else { return };
        let open = frame.shares.offered & !frame.told;
        for sink in (0..MAX_SINKS).filter(|sink| open & (1 << sink) != 0) {
            if let Some(end) = frame.end(1 << sink, frame.pieces[sink] != 0) {
                frame.told |= 1 << sink;
                tell(sink, end);
            }
        }
        let waits = frame.shares.offered & !frame.told != 0;
        if !frame.is_told
            && let Some(end) = frame.end(u32::MAX, waits)
        {
            frame.is_told = true;
            self.counts.add(end);
        }
        if !waits && frame.pieces.iter().all(|pieces| *pieces == 0) {
            self.frames.remove(&tag);
        }
    }

    /// What frames that went to a queue came to.
    pub(super) fn counts(&self) -> Counts {
        self.counts
    }

    /// Frames given out of which the leg does not know yet what came of them.
    pub(super) fn waiting(&self) -> u64 {
        self.frames.values().filter(|frame| frame.is_counted && !frame.is_told).count() as u64
    }

    /// Frames given out of which a sink does not know yet.
    pub(super) fn waiting_for(&self, sink: usize) -> u64 {
        let waits = |frame: &&Awaiting| frame.is_counted && frame.shares.offered & !frame.told & (1 << sink) != 0;
        self.frames.values().filter(waits).count() as u64
    }

    /// Adds them to a leg's account.
    pub(super) fn add_to(&self, ledger: &mut Ledger) {
        ledger.delivered += self.counts.delivered;
        ledger.queue += self.counts.queue;
        ledger.purged += self.counts.purged;
        ledger.sink += self.counts.sink;
        ledger.in_flight += self.waiting();
    }
}

impl Awaiting {
    fn new() -> Awaiting {
        let shares = Shares::default();
        Awaiting { shares, is_counted: false, pieces: [0; MAX_SINKS], purged: 0, told: 0, is_told: false }
    }

    /// What became of it for these sinks together; `None` while that is open.
    fn end(&self, sinks: u32, waits: bool) -> Option<End> {
        match () {
            () if self.shares.given & sinks != 0 => Some(End::Delivered),
            () if waits => None,
            () if self.shares.dropped & sinks != 0 => Some(End::Queue),
            () if self.purged & sinks != 0 => Some(End::Purged),
            () => Some(End::Sink),
        }
    }
}

/// What became of a frame that went to no queue.
pub(super) fn end_of(shares: Shares, sinks: u32) -> Option<End> {
    match () {
        () if shares.given & sinks != 0 => Some(End::Delivered),
        () if shares.dropped & sinks != 0 => Some(End::Queue),
        () if shares.offered & sinks != 0 => Some(End::Sink),
        () => None,
    }
}

/// What a frame that no sink was offered came to.
pub(super) fn count_otherwise(ledger: &mut Ledger, fate: Fate) {
    *match fate {
        Fate::Withheld => &mut ledger.withheld,
        Fate::Purged => &mut ledger.purged,
        Fate::Late => &mut ledger.late,
    } += 1;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(awaited: &mut Awaited) -> Vec<(usize, End)> {
        let mut told = Vec::new();
        awaited.settle(7, |sink, end| told.push((sink, end)));
        told
    }

    fn shares(offered: u32, given: u32) -> Shares {
        Shares { tag: 7, offered, given, queued: offered & !given, dropped: 0 }
    }

    #[test]
    fn a_frame_is_delivered_with_the_first_piece_that_any_sink_takes_and_each_sink_counts_its_own() {
        let mut awaited = Awaited::default();
        awaited.queue(7, 0);
        awaited.queue(7, 0);
        awaited.queue(7, 2);
        awaited.count(shares(0b101, 0));
        assert_eq!(told(&mut awaited), []);
        assert_eq!((awaited.waiting(), awaited.waiting_for(2)), (1, 1));
        awaited.hear(7, 0, Came::Refused, false);
        assert_eq!(told(&mut awaited), []);
        awaited.hear(7, 0, Came::Handed, false);
        assert_eq!(told(&mut awaited), [(0, End::Delivered)]);
        assert_eq!((awaited.waiting(), awaited.waiting_for(2), awaited.counts().delivered), (0, 1, 1));
        awaited.hear(7, 2, Came::Wiped, true);
        assert_eq!(told(&mut awaited), [(2, End::Purged)]);
        assert_eq!((awaited.counts().sum(), awaited.frames.len()), (1, 0));
    }

    #[test]
    fn what_is_heard_before_the_frame_is_given_out_counts_once_it_is() {
        let mut awaited = Awaited::default();
        awaited.queue(7, 1);
        awaited.hear(7, 1, Came::Handed, false);
        assert_eq!((told(&mut awaited), awaited.waiting()), (Vec::new(), 0));
        awaited.count(shares(0b10, 0));
        assert_eq!(told(&mut awaited), [(1, End::Delivered)]);
        assert!(awaited.frames.is_empty());
    }

    #[test]
    fn a_frame_that_a_direct_sink_took_is_delivered_while_it_waits_for_another() {
        for (came, by_refusal, end) in [
            (Came::Refused, false, End::Queue),
            (Came::Wiped, true, End::Purged),
            (Came::Wiped, false, End::Sink),
            (Came::Lost, false, End::Sink),
        ] {
            let mut awaited = Awaited::default();
            awaited.queue(7, 1);
            awaited.count(shares(0b11, 0b01));
            assert_eq!(told(&mut awaited), [(0, End::Delivered)]);
            assert_eq!((awaited.counts().delivered, awaited.waiting_for(1)), (1, 1));
            awaited.hear(7, 1, came, by_refusal);
            assert_eq!(told(&mut awaited), [(1, end)]);
            assert!(awaited.frames.is_empty() && awaited.counts().sum() == 1);
        }
    }
}
