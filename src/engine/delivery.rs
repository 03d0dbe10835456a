//! How frames go from the lines to the sinks, and how each is counted at its first fate.
//!
//! The part of the session that promises 1 and 5 hang on: nothing reaches a sink here but a part of a frame that
//! consent allowed for that sink's pairs, and every frame is settled once.

use std::time::Duration;

use crate::consent::{Reason, Ruling};
use crate::frame::Frame;
use crate::policy::Pairs;
use crate::sink::buffered::Tag;
use crate::sink::{GapCause, LegDescription, Outcome, SinkError};
use crate::time::{CallTime, Interval};

use super::awaited::{End, News, count_otherwise, end_of};
use super::event::CallEvent;
use super::line::{Fate, Held, Shares};
use super::outlet::Given;
use super::session::Session;
use super::track::Track;
use crate::sink::Fault;

/// Which frames go.
#[derive(Clone, Copy)]
enum Which {
    /// Those whose hold-back is over; what is undecided stays.
    Due(CallTime),
    /// All that lie before a moment; nobody waits any longer, so what is undecided is wiped.
    Before(CallTime),
}

impl Session {
    /// Hands on every frame whose hold-back is over.
    pub(super) fn hand_on_due(&mut self, now: CallTime) {
        self.hand_on(Which::Due(now));
    }

    /// Hands on at once whatever lies before `end`, and lets go of the rest.
    pub(super) fn hand_on_now(&mut self, end: CallTime) {
        self.hand_on(Which::Before(end));
    }

    /// Takes a frame from the ring into its line, unless it is clear already that it may never go.
    ///
    /// Its place decides, but for this: what arrived before a permission was spoken before it, whatever its time stamp
    /// says. Places are counted from a leg's first packet, which may have come late itself: that much is conceded.
    pub(super) fn take_in(&mut self, index: usize, held: Held) {
        let stretch = held.frame.stretch();
        let heard_by = held.arrival + self.shared.config.max_packet + self.shared.config.reorder;
        let heard_by = Interval { from: heard_by, to: heard_by + Duration::from_nanos(1) };
        let hope = self.may_go(stretch) && self.may_go(heard_by);
        let is_final = self.consent.is_final();
        let track = &mut self.tracks[index];
        if is_final {
            // It was being pushed while the gates shut.
            self.settle(index, held, Fate::Purged);
        } else if !hope {
            track.withhold(stretch.to);
            self.settle(index, held, Fate::Withheld);
        } else if stretch.to <= track.settled_to() {
            track.withhold(stretch.to);
            self.settle(index, held, Fate::Late);
        } else if track.line.insert(held, &self.shared.pool).is_err() {
            track.count_full();
        }
    }

    /// Whether any of a stretch is allowed, or may yet be.
    fn may_go(&self, stretch: Interval) -> bool {
        let mut verdicts = self.consent.judge(self.consent.pairs(), stretch);
        verdicts.any(|verdict| !matches!(verdict.ruling, Ruling::Refused(_)))
    }

    fn hand_on(&mut self, which: Which) {
        for index in 0..self.tracks.len() {
            while !self.must_leave_off(which) && self.hand_on_next(index, which) {}
            if let Which::Before(end) = which {
                // What comes late from before a pause or an end must not be handed on after it.
                self.tracks[index].settle_to(end);
            }
        }
    }

    /// Whether nothing more goes: after a panic, for the call is about to fail; after a refusal; and of what is only due,
    /// while a verb waits to be done, which says itself what still goes. What must go now, or never, goes.
    fn must_leave_off(&self, which: Which) -> bool {
        let waits = || matches!(which, Which::Due(_)) && self.around.stops.is_posted();
        self.broken.is_some() || self.around.stops.is_refused() || waits()
    }

    /// Hands on the first frame of a line, or the part of it that is decided. False when the rest must wait.
    fn hand_on_next(&mut self, index: usize, which: Which) -> bool {
        let Some(front) = self.tracks[index].line.front() else { return false };
        if let Which::Due(now) = which
            && front.due > now
        {
            return false;
        }
        let Some(mut held) = self.tracks[index].line.pop() else { return false };
        self.in_hand = Some((index, held.shares));
        let stretch = held.frame.stretch();
        let settled_to = self.tracks[index].settled_to();
        let mut verdicts = self.consent.judge(self.consent.pairs(), stretch);
        let undecided = verdicts.find(|verdict| verdict.ruling == Ruling::Undecided).map(|verdict| verdict.part.from);
        let limit = match which {
            Which::Due(_) => stretch.to,
            Which::Before(end) => stretch.to.min(end),
        };
        let decided = Interval { from: stretch.from.max(settled_to), to: undecided.unwrap_or(limit).min(limit) };
        if let Some(part) = held.frame.cut(decided) {
            self.give(index, &part, &mut held);
            self.tracks[index].settle_to(decided.to);
        }
        match (undecided, which) {
            (Some(from), Which::Due(now)) => {
                if let Some(rest) = held.frame.cut(Interval { from, to: stretch.to }) {
                    held.frame = rest;
                    let line = &mut self.tracks[index].line;
                    line.put_back(held);
                    line.waits_at(now);
                    self.in_hand = None;
                    return false;
                }
                self.settle(index, held, Fate::Withheld);
            }
            (Some(_), Which::Before(_)) => self.settle(index, held, Fate::Purged),
            (None, _) if stretch.to <= settled_to => self.settle(index, held, Fate::Late),
            (None, _) => {
                if decided.to < stretch.to || held.shares.offered == 0 {
                    self.tracks[index].withhold(stretch.to);
                }
                self.settle(index, held, Fate::Withheld);
            }
        }
        true
    }

    /// Offers a decided part of a frame to every sink; each gets what its own pairs allow.
    fn give(&mut self, index: usize, part: &Frame, held: &mut Held) {
        let is_old = self.tracks[index].line.has_waited(held);
        for sink in 0..self.outlets.len() {
            let outlet = &self.outlets[sink];
            if is_old && outlet.is_live() {
                self.outlets[sink].skip(part.leg());
                continue;
            }
            let (pairs, from) = if outlet.output().is_some() {
                (outlet.pairs(), outlet.opened_from())
            } else {
                match self.consent.permit(outlet.tap(), outlet.pairs()) {
                    Some(permit) => (permit.pairs(), outlet.begins(&permit)),
                    None => continue,
                }
            };
            // What was permitted to another controller before is not this one's.
            let mut rest = part.stretch().intersection(Interval { from, to: CallTime::MAX });
            while let Some(stretch) = self.next_allowed(pairs, rest) {
                rest.from = stretch.to;
                let Some(piece) = part.cut(stretch) else { continue };
                held.shares.offered |= 1 << sink;
                self.in_hand = Some((index, held.shares));
                if self.outlets[sink].has_failed() {
                    continue;
                }
                match self.give_to(index, sink, &piece, held) {
                    Ok(Given::Taken) => held.shares.given |= 1 << sink,
                    Ok(Given::Queued) => {
                        held.shares.queued |= 1 << sink;
                        self.tracks[index].awaited.get_mut().queue(held.shares.tag, sink);
                    }
                    Ok(Given::Dropped) => held.shares.dropped |= 1 << sink,
                    Err(fault) => self.sink_failed(sink, fault),
                }
            }
            self.in_hand = Some((index, held.shares));
        }
        if held.shares.offered != 0 {
            self.tracks[index].remember(held.origin);
        }
    }

    fn next_allowed(&self, pairs: Pairs, stretch: Interval) -> Option<Interval> {
        let mut verdicts = self.consent.judge(pairs, stretch);
        verdicts.find(|verdict| verdict.ruling == Ruling::Allowed).map(|verdict| verdict.part)
    }

    /// Hands one piece to one sink, after opening it and after saying what is missing before it.
    fn give_to(&mut self, index: usize, sink: usize, piece: &Frame, held: &Held) -> Result<Given, Fault> {
        self.open(sink)?;
        let leg = piece.leg();
        if let Some(handed_to) = self.outlets[sink].handed_to(leg)
            && let gap = (Interval { from: handed_to, to: piece.place() })
            && is_a_gap(gap, piece.format().rate)
        {
            let missing = self.tracks[index].gap_cause(held.origin, gap.from);
            self.say_gap(sink, leg, gap, missing)?;
        }
        self.outlets[sink].frame(piece, held.shares.tag)
    }

    fn open(&mut self, sink: usize) -> Result<(), Fault> {
        let outlet = &self.outlets[sink];
        if outlet.output().is_some() {
            return Ok(());
        }
        let what = "no permission was ever given: nothing was opened";
        let refused = || Fault::Error(SinkError { what: what.to_owned(), source: None });
        let permit = self.consent.permit(outlet.tap(), outlet.pairs()).ok_or_else(refused)?;
        let notice = self.consent.notice().ok_or_else(refused)?;
        let begins = self.facts.started_at(permit.from()).as_millisecond();
        let output = self.shared.ids.next(u64::try_from(begins).unwrap_or(0));
        let legs: Vec<LegDescription> = self.tracks.iter().map(Track::description).collect();
        let description = self.facts.description(output, &permit, notice, legs).ok_or_else(refused)?;
        self.outlets[sink].open(&permit, &description)?;
        self.events.add(CallEvent::OutputOpened { output, tap: permit.tap(), from: permit.from() });
        Ok(())
    }

    /// Tells a sink why a stretch has no audio: consent's reason where there is one, else what is known of the packets.
    fn say_gap(&mut self, sink: usize, leg: u8, gap: Interval, missing: GapCause) -> Result<(), Fault> {
        let outlet = &self.outlets[sink];
        let pairs = outlet.pairs();
        let allowed = if outlet.has_skipped(leg) { GapCause::Held } else { missing };
        let mut rest = gap;
        while let Some(verdict) = self.consent.judge(pairs, rest).next() {
            rest.from = verdict.part.to;
            let cause = match verdict.ruling {
                Ruling::Refused(Reason::Paused) => GapCause::Paused,
                Ruling::Refused(_) | Ruling::Undecided => GapCause::Withheld,
                Ruling::Allowed => allowed,
            };
            for (part, cause) in self.tracks[usize::from(leg)].holds.split(verdict.part, cause) {
                self.outlets[sink].gap(leg, cause, part)?;
            }
        }
        Ok(())
    }

    /// Tells a sink which legs had gone silent before the output's end.
    pub(super) fn say_last_gaps(&mut self, sink: usize, end: CallTime) -> Result<(), Fault> {
        for leg in 0..self.tracks.len() as u8 {
            let Some(from) = self.outlets[sink].handed_to(leg) else { continue };
            // Less than a packet is no silence, but where the hang-up fell.
            if end.since(from) > self.shared.config.max_packet {
                let cause = self.tracks[usize::from(leg)].last_gap_cause(from);
                self.say_gap(sink, leg, Interval { from, to: end }, cause)?;
            }
        }
        Ok(())
    }

    /// A sink's error ends that sink: what it has stays, it gets nothing more, the call goes on. A panic ends the call's
    /// tapping as well, as soon as what is being done now is done.
    pub(super) fn sink_failed(&mut self, sink: usize, fault: Fault) {
        let output = self.outlets[sink].last_output();
        if !self.around.stops.is_refused() {
            self.outlets[sink].fail();
            self.events.add(CallEvent::SinkFailed { output, what: fault.sentence() });
        }
        match fault {
            Fault::Panic(what) if !self.consent.is_final() => {
                self.broken.get_or_insert(what);
            }
            // Refused, not failed: it is about to be erased.
            _ if self.around.stops.is_refused() => {}
            // Of a call that is over nothing is left to end: the other sinks still get what is theirs.
            _ => {
                let at = self.outlets[sink].furthest();
                self.close_output(sink, at, Outcome::Truncated, Reason::Failed);
            }
        }
    }

    /// Counts a frame once: what a sink got a part of is delivered, whatever became of the rest.
    pub(super) fn settle(&mut self, index: usize, held: Held, otherwise: Fate) {
        self.in_hand = None;
        self.count(index, held.shares, otherwise);
    }

    /// The same, of a frame that is gone already.
    pub(super) fn count(&mut self, index: usize, shares: Shares, otherwise: Fate) {
        let leg = index as u8;
        let given = match shares.queued {
            0 => shares.given,
            _ => self.tracks[index].awaited.get_mut().count(shares),
        };
        let got = |sink: &usize| given & (1 << sink) != 0;
        (0..self.outlets.len()).filter(got).for_each(|sink| self.outlets[sink].note_given(leg));
        if shares.queued != 0 {
            // What came of it is heard later, or was heard already.
            return self.tell_settled(index, shares.tag);
        }
        for (sink, outlet) in self.outlets.iter().enumerate() {
            if let Some(end) = end_of(shares, 1 << sink) {
                outlet.count(leg, end);
            }
        }
        let counts = &mut self.tracks[index].counts;
        match end_of(shares, u32::MAX) {
            Some(End::Delivered) => counts.delivered += 1,
            Some(End::Queue) => counts.queue += 1,
            Some(End::Purged) => counts.purged += 1,
            Some(End::Sink) => counts.sink += 1,
            None => count_otherwise(counts, otherwise),
        }
    }

    /// Hears what came of frames behind queues, and counts it.
    pub(super) fn hear_settled(&self) {
        for (sink, outlet) in self.outlets.iter().enumerate() {
            outlet.hear_settled(|settled, by_refusal| {
                let index = usize::from(settled.leg);
                let Some(track) = self.tracks.get(index) else { return News::Nothing };
                let news = track.awaited.borrow_mut().hear(settled.tag, sink, settled.came, by_refusal);
                self.tell_settled(index, settled.tag);
                news
            });
        }
    }

    /// Tells the leg and its sinks what is known of a frame that went to queues.
    fn tell_settled(&self, index: usize, tag: Tag) {
        let leg = index as u8;
        self.tracks[index].awaited.borrow_mut().settle(tag, |sink, end| {
            if let Some(outlet) = self.outlets.get(sink) {
                outlet.count(leg, end);
            }
        });
    }
}

/// Whether a stretch is at least one sample long; less is rounding.
fn is_a_gap(stretch: Interval, rate: u32) -> bool {
    stretch.from.sample(rate) < stretch.to.sample(rate)
}
