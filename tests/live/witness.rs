//! A sink that writes down what reaches it, and misbehaves where it is told to.

use std::panic::panic_any;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use calltap::consent::Permit;
use calltap::frame::Frame;
use calltap::sink::{Closing, Description, Erasure, Fate, Handed, Outcome, OutputId, Receipt, Sink, SinkError};
use calltap::time::CallTime;

use crate::stage::PATIENCE;

/// What reached a sink.
#[derive(Clone, Debug, PartialEq)]
pub enum Got {
    Opened,
    Frame { leg: u8, place: CallTime },
    Closed(Outcome),
    Erased,
    Dropped,
}

/// The calls into a sink.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Where {
    Make,
    Open,
    Frame,
    Flush,
    Close,
    Erase,
    Drop,
}

/// What a panic carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Payload {
    Text,
    /// Something that panics when it is dropped.
    Bomb,
}

/// Everything that reached the outputs of one registered sink; and how it behaves.
#[derive(Clone, Default)]
pub struct Log(Arc<(Mutex<Notes>, Condvar)>);

/// What a sink does at each of its calls, beside writing it down.
pub type Hook = Arc<dyn Fn(Where) + Send + Sync>;

/// Whether there is room for a frame of a leg at a place.
pub type Room = fn(u8, CallTime) -> bool;

#[derive(Default)]
pub struct Notes {
    pub got: Vec<Got>,
    /// Its outputs.
    pub outputs: Vec<OutputId>,
    /// The threads that called it.
    pub threads: Vec<String>,
    /// This call is not given back until this is `None` again.
    pub blocks: Option<Where>,
    /// It is inside of a blocked call.
    pub inside: bool,
    pub panics: Option<(Where, Payload)>,
    pub hook: Option<Hook>,
    /// Whether it has room for a leg's frame.
    pub room: Option<Room>,
    /// What it was told at each close.
    pub closings: Vec<Closing>,
}

impl Log {
    pub fn notes(&self) -> MutexGuard<'_, Notes> {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn sink(&self) -> impl Fn(OutputId) -> Box<dyn Sink> + Send + 'static {
        let log = self.clone();
        move |output| {
            log.notes().outputs.push(output);
            log.pass(Where::Make);
            Box::new(Witness { log: log.clone(), output })
        }
    }

    pub fn frames(&self) -> usize {
        self.notes().got.iter().filter(|got| matches!(got, Got::Frame { .. })).count()
    }

    /// The places of a leg's frames.
    pub fn places(&self, wanted: u8) -> Vec<CallTime> {
        let place = |got: &Got| match got {
            Got::Frame { leg, place } if *leg == wanted => Some(*place),
            _ => None,
        };
        self.notes().got.iter().filter_map(place).collect()
    }

    pub fn set(&self, change: impl FnOnce(&mut Notes)) {
        change(&mut self.notes());
        self.0.1.notify_all();
    }

    /// Waits until something is so.
    pub fn wait(&self, what: &str, done: impl Fn(&Notes) -> bool) {
        let waited = self.0.1.wait_timeout_while(self.notes(), PATIENCE, |notes| !done(notes));
        let (notes, timed) = waited.unwrap_or_else(PoisonError::into_inner);
        assert!(!timed.timed_out(), "{what} did not come: {:?}", notes.got);
    }

    /// Waits until the sink is stuck.
    pub fn wait_inside(&self) {
        self.wait("a call that does not return", |notes| notes.inside);
    }

    fn note(&self, got: Got) {
        self.set(|notes| {
            notes.got.push(got);
            notes.threads.push(std::thread::current().name().unwrap_or_default().to_owned());
        });
    }

    /// Goes through one of its calls, as it was told to behave.
    fn pass(&self, at: Where) {
        let hook = self.notes().hook.clone();
        if let Some(hook) = hook {
            hook(at);
        }
        let panics = self.notes().panics;
        match panics {
            Some((place, Payload::Text)) if place == at => panic!("this sink was made to panic"),
            Some((place, Payload::Bomb)) if place == at => panic_any(Bomb),
            _ => {}
        }
        let mut notes = self.notes();
        while notes.blocks == Some(at) {
            if !std::mem::replace(&mut notes.inside, true) {
                self.0.1.notify_all();
            }
            notes = self.0.1.wait(notes).unwrap_or_else(PoisonError::into_inner);
        }
        notes.inside = false;
    }
}

/// Panics when it is dropped.
pub struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("this panics when it is dropped");
    }
}

/// A sink that writes down.
struct Witness {
    log: Log,
    output: OutputId,
}

impl Sink for Witness {
    fn open(&mut self, _: &Permit, _: &Description) -> Result<(), SinkError> {
        self.log.note(Got::Opened);
        self.log.pass(Where::Open);
        Ok(())
    }

    fn frame(&mut self, frame: &Frame) -> Result<Handed, SinkError> {
        self.log.note(Got::Frame { leg: frame.leg(), place: frame.place() });
        self.log.pass(Where::Frame);
        let room = self.log.notes().room.is_none_or(|room| room(frame.leg(), frame.place()));
        Ok(if room { Handed::Taken } else { Handed::Dropped })
    }

    fn flush(&mut self) -> Result<(), SinkError> {
        self.log.pass(Where::Flush);
        Ok(())
    }

    fn close(&mut self, closing: &Closing) -> Result<(), SinkError> {
        self.log.set(|notes| notes.closings.push(closing.clone()));
        self.log.note(Got::Closed(closing.outcome));
        self.log.pass(Where::Close);
        Ok(())
    }

    fn erase(&mut self, _: &Erasure) -> Receipt {
        self.log.note(Got::Erased);
        self.log.pass(Where::Erase);
        Receipt { output: self.output, fate: Fate::Erased, frames: 0, bytes: 0 }
    }
}

impl Drop for Witness {
    fn drop(&mut self) {
        self.log.note(Got::Dropped);
        self.log.pass(Where::Drop);
    }
}
