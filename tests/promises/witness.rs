//! A sink that checks everything it is given, and that can be told to fail.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard};

use calltap::consent::Permit;
use calltap::frame::Frame;
use calltap::policy::Pairs;
use calltap::sink::{
    Closing, Description, Erasure, Fate, GapCause, Handed, LegIndex, Mark, Outcome, OutputId, Receipt, Sink, SinkError,
};
use calltap::time::{CallTime, Interval};

use super::scene::sample;

/// What a sink was told, beside frames.
#[derive(Clone, Debug, PartialEq)]
pub enum Told {
    Opened { output: OutputId, entity: String, from: CallTime },
    Gap { leg: usize, cause: GapCause, stretch: Interval },
    Mark(Mark),
    Closed(Outcome),
    Erased,
}

/// One frame, or a part of one.
#[derive(Clone, Copy, Debug)]
pub struct Piece {
    /// When it came.
    pub came: CallTime,
    pub leg: usize,
    pub stretch: Interval,
    /// Its first sample.
    pub byte: u8,
    /// Its output is erased.
    pub erased: bool,
}

/// What a sink can be asked to do.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Method {
    Open,
    Frame,
    Gap,
    Mark,
    Flush,
    Close,
    Erase,
}

impl Method {
    pub const ALL: [Method; 7] =
        [Method::Open, Method::Frame, Method::Gap, Method::Mark, Method::Flush, Method::Close, Method::Erase];
}

/// What a sink does wrong, when asked.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Mood {
    #[default]
    Good,
    /// Every call gives an error.
    Fails,
    /// One of the calls gives an error.
    FailsIn(Method),
    /// One of the calls panics.
    Panics(Method),
    /// Erasures cannot be done.
    Keeps,
}

/// Everything that reached one sink: over all of its outputs.
#[derive(Clone, Default)]
pub struct Log(Arc<Mutex<Notes>>);

#[derive(Default)]
struct Notes {
    now: CallTime,
    mood: Mood,
    /// Its samples do not say where they belong.
    takes_any_samples: bool,
    /// From when on it gets audio, when it was registered in the middle of a call.
    since: CallTime,
    /// How many times it was asked to erase.
    asked: u32,
    pairs: Pairs,
    pieces: Vec<Piece>,
    told: Vec<Told>,
    /// The packets, by their place in the stream.
    packets: [BTreeSet<i64>; 2],
    /// A sample with which a packet of each leg begins.
    grid: [i64; 2],
    /// How many pieces were taken by `take_new`.
    taken: usize,
}

impl Log {
    fn notes(&self) -> MutexGuard<'_, Notes> {
        // A sink that panics on purpose poisons it.
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    pub fn set_now(&self, now: CallTime) {
        self.notes().now = now;
    }

    /// Tells where packets begin: every 160 samples from here.
    pub fn set_grid(&self, grid: [i64; 2]) {
        self.notes().grid = grid;
    }

    pub fn set_mood(&self, mood: Mood) {
        self.notes().mood = mood;
    }

    /// The telephone lies about time: its samples need not be those of their place.
    pub fn take_any_samples(&self) {
        self.notes().takes_any_samples = true;
    }

    /// It is registered in the middle of the call, and gets nothing from before.
    pub fn set_since(&self, since: CallTime) {
        self.notes().since = since;
    }

    pub fn mood(&self) -> Mood {
        self.notes().mood
    }

    /// How many times its outputs were asked to erase.
    pub fn asked_to_erase(&self) -> u32 {
        self.notes().asked
    }

    /// The pairs of its permit; none before it was opened.
    pub fn pairs(&self) -> Pairs {
        self.notes().pairs
    }

    pub fn told(&self) -> Vec<Told> {
        self.notes().told.clone()
    }

    /// Whether it was ever opened.
    pub fn is_opened(&self) -> bool {
        self.notes().told.iter().any(|told| matches!(told, Told::Opened { .. }))
    }

    pub fn is_erased(&self) -> bool {
        self.notes().told.contains(&Told::Erased)
    }

    /// The frames of a leg, in the order in which they came.
    pub fn pieces(&self, leg: usize) -> Vec<Piece> {
        self.notes().pieces.iter().filter(|piece| piece.leg == leg).copied().collect()
    }

    /// The stretches of a leg that it got, those that touch joined.
    pub fn heard(&self, leg: usize) -> Vec<Interval> {
        let mut heard: Vec<Interval> = Vec::new();
        for piece in self.pieces(leg) {
            match heard.last_mut() {
                Some(last) if last.to == piece.stretch.from => last.to = piece.stretch.to,
                _ => heard.push(piece.stretch),
            }
        }
        heard
    }

    /// The gaps of a leg that it was told of.
    pub fn gaps(&self, leg: usize) -> Vec<(GapCause, Interval)> {
        let of_leg = |told: &Told| match told {
            Told::Gap { leg: other, cause, stretch } if *other == leg => Some((*cause, *stretch)),
            _ => None,
        };
        self.notes().told.iter().filter_map(of_leg).collect()
    }

    /// How many packets of a leg it got, whole or in part; `None` when a telephone lies about where they belong.
    pub fn packets(&self, leg: usize) -> Option<u64> {
        let notes = self.notes();
        (!notes.takes_any_samples).then(|| notes.packets[leg].len() as u64)
    }

    /// What came since this was last asked.
    pub fn take_new(&self) -> Vec<(usize, Interval)> {
        let mut notes = self.notes();
        let new = notes.pieces[notes.taken..].iter().map(|piece| (piece.leg, piece.stretch)).collect();
        notes.taken = notes.pieces.len();
        new
    }
}

/// The sink of one output.
pub struct Witness {
    output: OutputId,
    log: Log,
    open: bool,
    /// Up to where each leg is accounted for: handed over, or told to be missing.
    reached: [CallTime; 2],
    /// Which pieces are this output's.
    first: usize,
    frames: u64,
}

impl Witness {
    pub fn new(output: OutputId, log: Log) -> Witness {
        Witness { output, log, open: false, reached: [CallTime::ZERO; 2], first: 0, frames: 0 }
    }

    fn answer(&self, method: Method) -> Result<(), SinkError> {
        let mood = self.log.notes().mood;
        if mood == Mood::Panics(method) {
            panic!("this sink was told to panic");
        }
        if mood == Mood::Fails || mood == Mood::FailsIn(method) {
            return Err(SinkError { what: "this sink was told to fail".to_owned(), source: None });
        }
        Ok(())
    }
}

/// Less than a sample.
fn nearly(one: CallTime, other: CallTime) -> bool {
    one.since(other).max(other.since(one)).as_nanos() < 125_000
}

impl Sink for Witness {
    fn open(&mut self, permit: &Permit, description: &Description) -> Result<(), SinkError> {
        assert!(!self.open, "opened once");
        assert_eq!(description.output, self.output);
        assert!(!permit.pairs().is_empty() && permit.pairs().of(permit.tap()) == permit.pairs());
        self.answer(Method::Open)?;
        self.open = true;
        let mut notes = self.log.notes();
        self.reached = [permit.from().max(notes.since); 2];
        self.first = notes.pieces.len();
        notes.pairs = permit.pairs();
        let entity = description.entity.clone();
        notes.told.push(Told::Opened { output: self.output, entity, from: permit.from() });
        Ok(())
    }

    fn frame(&mut self, frame: &Frame) -> Result<Handed, SinkError> {
        assert!(self.open, "a frame before it was opened, or after it was closed");
        self.answer(Method::Frame)?;
        let (leg, stretch) = (usize::from(frame.leg()), frame.stretch());
        assert!(nearly(stretch.from, self.reached[leg]), "{stretch:?} comes after {:?}", self.reached[leg]);
        self.reached[leg] = stretch.to;
        let first = frame.place().sample(8_000);
        if !self.log.notes().takes_any_samples {
            for (at, &byte) in (first..).zip(frame.bytes()) {
                assert_eq!(byte, sample(leg, at), "leg {leg}: what is said to be sample {at} is another");
            }
        }
        assert_eq!(frame.bytes().len(), frame.samples() as usize);
        self.frames += 1;
        let mut notes = self.log.notes();
        let came = notes.now;
        let byte = frame.bytes().first().copied().unwrap_or_default();
        notes.pieces.push(Piece { came, leg, stretch, byte, erased: false });
        let packet = (first - notes.grid[leg]).div_euclid(160);
        notes.packets[leg].insert(packet);
        Ok(Handed::Taken)
    }

    fn gap(&mut self, leg: LegIndex, cause: GapCause, stretch: Interval) -> Result<(), SinkError> {
        assert!(self.open && !stretch.is_empty());
        self.answer(Method::Gap)?;
        let leg = usize::from(leg);
        assert!(nearly(stretch.from, self.reached[leg]), "the gap {stretch:?} comes after {:?}", self.reached[leg]);
        self.reached[leg] = stretch.to;
        self.log.notes().told.push(Told::Gap { leg, cause, stretch });
        Ok(())
    }

    fn mark(&mut self, mark: Mark, _: CallTime) -> Result<(), SinkError> {
        assert!(self.open);
        self.answer(Method::Mark)?;
        self.log.notes().told.push(Told::Mark(mark));
        Ok(())
    }

    fn flush(&mut self) -> Result<(), SinkError> {
        assert!(self.open);
        self.answer(Method::Flush)
    }

    fn close(&mut self, closing: &Closing) -> Result<(), SinkError> {
        assert!(std::mem::take(&mut self.open), "closed once, after it was opened");
        for (_, ledger) in &closing.ledgers {
            assert!(ledger.balances(), "{ledger:?}");
        }
        self.log.notes().told.push(Told::Closed(closing.outcome));
        self.answer(Method::Close)
    }

    fn erase(&mut self, _: &Erasure) -> Receipt {
        self.open = false;
        self.log.notes().asked += 1;
        // An erasure gives a receipt, no error.
        let _ = self.answer(Method::Erase);
        let mut notes = self.log.notes();
        if notes.mood == Mood::Keeps {
            let fate = Fate::Pending("this sink was told to keep it".to_owned());
            return Receipt { output: self.output, fate, frames: self.frames, bytes: 0 };
        }
        let first = self.first;
        notes.pieces[first..].iter_mut().for_each(|piece| piece.erased = true);
        notes.told.push(Told::Erased);
        Receipt { output: self.output, fate: Fate::Erased, frames: self.frames, bytes: 0 }
    }
}
