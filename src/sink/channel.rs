//! Frames to a Rust program, over a bounded channel.
//!
//! Never blocks. When the channel is full the new item is dropped and counted, and the gap is told (cause `Dropped`)
//! before the next item of that leg that fits. The beginning, the end, an order to erase and the last gaps have places
//! kept for them: they always fit. A frame in the channel keeps its slot: a program that is slow, or keeps frames, makes
//! their leg's ring drop new ones. Runs on the worker; allocates for the description and the closing only.

use crossbeam_channel::{Receiver, Sender, TrySendError};
use uuid::Uuid;

use super::{
    Closing, Description, Erasure, Fate, GapCause, Handed, LegIndex, Mark, OutputId, Receipt, Sink, SinkError,
};
use crate::consent::Permit;
use crate::frame::Frame;
use crate::time::{CallTime, Interval};

/// How many legs a call has at most.
const LEGS: usize = 8;
/// Places for `Open`, `Close`, `Erase` and a gap of each leg.
const KEPT: usize = 3 + LEGS;

/// What the receiver gets, in this order: one `Open`; frames, gaps and marks; one `Close`. An `Erase` may come at any
/// moment after `Open`, also after `Close`.
#[derive(Clone, Debug)]
pub enum ChannelItem {
    /// The output begins.
    Open(Box<Description>),
    /// Audio. Its bytes are wiped when the last clone goes.
    Frame(Frame),
    /// A stretch of a leg without audio.
    Gap {
        /// Which leg.
        leg: LegIndex,
        /// Why.
        cause: GapCause,
        /// From when to when.
        stretch: Interval,
    },
    /// A pause begins or ends.
    Mark {
        /// Which.
        mark: Mark,
        /// When.
        at: CallTime,
    },
    /// Nothing more comes.
    Close(Box<Closing>),
    /// The caller refused: everything that was received must go.
    Erase(Erasure),
}

/// A sink that hands everything to a Rust program.
#[derive(Debug)]
pub struct Channel {
    /// Given up when the receiver is gone: what nobody took is wiped then.
    sender: Option<Sender<ChannelItem>>,
    /// Places for frames, gaps and marks.
    places: usize,
    output: Option<OutputId>,
    closed: bool,
    told_to_erase: bool,
    /// For each leg, what was dropped and not told yet.
    missing: [Option<Interval>; LEGS],
    dropped: u64,
    frames: u64,
    bytes: u64,
}

impl Channel {
    /// A sink and its receiver, with room for `places` frames, gaps and marks (at least one). `[control]`
    pub fn bounded(places: usize) -> (Channel, Receiver<ChannelItem>) {
        let places = places.max(1);
        let (sender, receiver) = crossbeam_channel::bounded(places.saturating_add(KEPT));
        let channel = Channel {
            sender: Some(sender),
            places,
            output: None,
            closed: false,
            told_to_erase: false,
            missing: [None; LEGS],
            dropped: 0,
            frames: 0,
            bytes: 0,
        };
        (channel, receiver)
    }

    /// How many frames, gaps and marks were dropped because the channel was full. `[worker]`
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Sends when one of the common places is free; whether it did.
    fn offer(&mut self, item: ChannelItem) -> Result<bool, SinkError> {
        if self.closed || self.output.is_none() {
            return Err(error("the channel is not open: nothing is handed over"));
        }
        if self.is_full() {
            self.dropped += 1;
            return Ok(false);
        }
        self.send(item).map(|()| true)
    }

    fn send(&mut self, item: ChannelItem) -> Result<(), SinkError> {
        match self.sender.as_ref().map(|sender| sender.try_send(item)) {
            Some(Ok(())) => Ok(()),
            Some(Err(TrySendError::Full(_))) => {
                Err(error("the channel is full to its kept places: the item was dropped"))
            }
            Some(Err(TrySendError::Disconnected(_))) | None => {
                self.sender = None;
                Err(error("the channel's receiver is gone: nothing more is handed over"))
            }
        }
    }

    /// Whether all common places are taken. Only this end fills them, so a place that is free stays free.
    fn is_full(&self) -> bool {
        self.sender.as_ref().is_some_and(|sender| sender.len() >= self.places)
    }

    /// Tells what was dropped of a leg, if there is room; whether nothing is left to tell.
    fn tell_missing(&mut self, leg: LegIndex) -> Result<bool, SinkError> {
        let place = usize::from(leg);
        let Some(stretch) = self.missing.get(place).copied().flatten() else { return Ok(true) };
        if self.is_full() {
            return Ok(false);
        }
        if let Some(missing) = self.missing.get_mut(place) {
            *missing = None;
        }
        self.send(ChannelItem::Gap { leg, cause: GapCause::Dropped, stretch }).map(|()| true)
    }

    /// Remembers that a stretch of a leg was dropped.
    fn miss(&mut self, leg: LegIndex, stretch: Interval) {
        if let Some(missing) = self.missing.get_mut(usize::from(leg)) {
            let all = missing.get_or_insert(stretch);
            *all = Interval { from: all.from.min(stretch.from), to: all.to.max(stretch.to) };
        }
    }

    /// Hands over an item about a stretch of a leg, after what is missing before it; whether it did.
    fn hand_over(&mut self, leg: LegIndex, stretch: Interval, item: ChannelItem) -> Result<bool, SinkError> {
        let handed = if self.tell_missing(leg)? {
            self.offer(item)?
        } else {
            self.dropped += 1;
            false
        };
        if !handed {
            self.miss(leg, stretch);
        }
        Ok(handed)
    }
}

impl Sink for Channel {
    fn open(&mut self, _: &Permit, description: &Description) -> Result<(), SinkError> {
        if self.output.is_some() {
            return Err(error("the channel was opened before: one channel is for one output"));
        }
        self.output = Some(description.output);
        self.send(ChannelItem::Open(Box::new(description.clone())))
    }

    fn frame(&mut self, frame: &Frame) -> Result<Handed, SinkError> {
        if !self.hand_over(frame.leg(), frame.stretch(), ChannelItem::Frame(frame.clone()))? {
            return Ok(Handed::Dropped);
        }
        self.frames += 1;
        self.bytes += frame.bytes().len() as u64;
        Ok(Handed::Taken)
    }

    fn gap(&mut self, leg: LegIndex, cause: GapCause, stretch: Interval) -> Result<(), SinkError> {
        self.hand_over(leg, stretch, ChannelItem::Gap { leg, cause, stretch }).map(drop)
    }

    fn mark(&mut self, mark: Mark, at: CallTime) -> Result<(), SinkError> {
        self.offer(ChannelItem::Mark { mark, at }).map(drop)
    }

    fn flush(&mut self) -> Result<(), SinkError> {
        Ok(())
    }

    fn close(&mut self, closing: &Closing) -> Result<(), SinkError> {
        if self.closed || self.output.is_none() {
            return Ok(());
        }
        self.closed = true;
        for (leg, missing) in (0..).zip(std::mem::take(&mut self.missing)) {
            if let Some(stretch) = missing {
                self.send(ChannelItem::Gap { leg, cause: GapCause::Dropped, stretch })?;
            }
        }
        self.send(ChannelItem::Close(Box::new(closing.clone())))
    }

    /// What was handed over is out of reach; the receiver is told once. Answers with a nil id when never opened.
    fn erase(&mut self, erasure: &Erasure) -> Receipt {
        let output = self.output.unwrap_or(OutputId(Uuid::nil()));
        let (frames, bytes) = (std::mem::take(&mut self.frames), std::mem::take(&mut self.bytes));
        let mut told = true;
        if self.output.is_some() && !self.told_to_erase {
            self.told_to_erase = true;
            told = self.send(ChannelItem::Erase(erasure.clone())).is_ok();
        }
        let fate = match (frames, told) {
            (0, _) => Fate::Erased,
            (_, true) => Fate::Gone("the program at the channel's other end, which was told to erase it".into()),
            (_, false) => Fate::Gone("the program at the channel's other end, which has closed it".into()),
        };
        Receipt { output, fate, frames, bytes }
    }
}

fn error(what: &str) -> SinkError {
    SinkError { what: what.into(), source: None }
}
