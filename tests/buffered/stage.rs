//! A pool of writers with a clock that a test moves, and sinks that do what a test says.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::Duration;

use calltap::audio::Format;
use calltap::consent::{Permit, Reason, Role};
use calltap::frame::{Frame, Pool};
use calltap::policy::{Pairs, Purpose, Tap};
use calltap::sink::buffered::{Around, Buffered, Limits, Quiet, Report, Writers, WritersConfig};
use calltap::sink::{
    Closing, Description, Erasure, Fate, GapCause, Handed, LegIndex, Mark, NoticeDescription, Outcome, OutputId,
    Receipt, Sink, SinkError,
};
use calltap::time::{CallTime, Interval, MonoTime};

#[path = "../wav/permit.rs"]
mod permit;

pub const CALLER: u8 = 0;
pub const AGENT: u8 = 1;
/// What a frame of 160 bytes costs in the pool.
pub const FRAME: usize = 160 + 192;

/// Waits until something is so; a test that waits for half a minute has failed.
pub fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    for _ in 0..30_000 {
        if is_so() {
            return;
        }
        std::thread::park_timeout(Duration::from_millis(1));
    }
    panic!("it never came that {what}");
}

pub fn at(millis: i64) -> CallTime {
    CallTime::from_millis(millis)
}

pub fn stretch(from: i64, to: i64) -> Interval {
    Interval { from: at(from), to: at(to) }
}

pub fn permit() -> Permit {
    permit::permit_for(Pairs::one(Tap::Monitor, Purpose::Quality))
}

pub fn output() -> OutputId {
    OutputId("01944f2c-5c00-7000-8000-0000000000cc".parse().expect("a UUID"))
}

pub fn description() -> Description {
    Description {
        output: output(),
        call: "call".into(),
        entity: "ecommerce-be".into(),
        controller: "Ingenico e-Commerce Solutions BV/SRL".into(),
        country: "BE".into(),
        service: "customer-care".into(),
        language: "nl".into(),
        tap: Tap::Monitor,
        pairs: permit().pairs(),
        policy_hash: "ab".repeat(32),
        notice: NoticeDescription { language: "nl".into(), played: stretch(0, 6_000), window_end: at(9_000) },
        permitted_from: at(9_000),
        started: "2026-01-31T09:30:00Z".parse().expect("a time"),
        delete_after: "2026-02-28T10:30:00+01:00[Europe/Brussels]".parse().expect("a time"),
        legal_basis: vec![],
        legs: vec![],
    }
}

pub fn closing() -> Closing {
    Closing { outcome: Outcome::Complete, at: at(10_000), reason: Reason::Ended, permitted: vec![], ledgers: vec![] }
}

pub fn erasure() -> Erasure {
    Erasure { reason: Reason::Objected, at: at(9_500) }
}

/// 20 ms of a leg.
pub fn frame(pool: &Arc<Pool>, leg: u8, millis: i64) -> Frame {
    Frame::copied(pool, leg, Role::Caller, at(millis), Format::PCMA, 160, &[millis as u8; 160]).expect("room")
}

/// Writers, and what their outputs share.
pub struct Stage {
    pub writers: Writers,
    pub pool: Arc<Pool>,
    pub quiet: Arc<Quiet>,
    pub time: Arc<AtomicU64>,
    pub limits: Limits,
}

impl Stage {
    pub fn new() -> Stage {
        Stage::with(WritersConfig::default())
    }

    pub fn with(config: WritersConfig) -> Stage {
        let time = Arc::new(AtomicU64::new(0));
        let clock = Arc::clone(&time);
        Stage::on(config, time, move || MonoTime(clock.load(Ordering::SeqCst)))
    }

    /// With a clock of the test's own.
    pub fn on(
        config: WritersConfig,
        time: Arc<AtomicU64>,
        now: impl Fn() -> MonoTime + Send + Sync + 'static,
    ) -> Stage {
        Stage {
            writers: Writers::start(config, Arc::new(now)).expect("threads"),
            pool: Pool::new(64 << 20),
            quiet: Arc::new(Quiet::new()),
            time,
            limits: Limits::default(),
        }
    }

    pub fn now(&self) -> MonoTime {
        MonoTime(self.time.load(Ordering::SeqCst))
    }

    pub fn advance(&self, span: Duration) {
        self.time.fetch_add(span.as_nanos() as u64, Ordering::SeqCst);
    }

    fn around(&self) -> Around<'_> {
        Around {
            output: output(),
            writers: &self.writers,
            pool: &self.pool,
            quiet: &self.quiet,
            limits: self.limits.clone(),
        }
    }

    pub fn queue_before(&self, sink: Box<dyn Sink>) -> Buffered {
        Buffered::around(sink, self.around())
    }

    /// A queue before a sink that is not open.
    pub fn queue(&self, part: &Arc<Part>) -> Buffered {
        self.queue_before(part.sink())
    }

    /// A queue before a sink that is open already.
    pub fn queue_of_open(&self, part: &Arc<Part>) -> Buffered {
        Buffered::around_open(part.sink(), self.around())
    }

    /// A queue, its output ordered to open.
    pub fn opened(&self, part: &Arc<Part>) -> Buffered {
        let mut queue = self.queue(part);
        queue.open(&permit(), &description()).expect("queued");
        queue
    }

    /// A queue whose writer is held in its first frame, the one at 9 s.
    pub fn stalled(&self, part: &Arc<Part>) -> Buffered {
        part.hold();
        let mut queue = self.opened(part);
        queue.frame(&frame(&self.pool, CALLER, 9_000)).expect("queued");
        part.await_held();
        queue
    }

    /// Waits for reports until one is so; all that came.
    pub fn reports_until(&self, queue: &mut Buffered, is_so: impl Fn(&Report) -> bool) -> Vec<Report> {
        let mut reports = Vec::new();
        until("the report came", || {
            reports.extend(queue.reports(self.now()));
            reports.iter().any(&is_so)
        });
        reports
    }
}

/// What a test says to a sink, and what the sink says of itself.
#[derive(Default)]
pub struct Part {
    state: Mutex<State>,
    changed: Condvar,
    /// How often its sink was dropped.
    pub dropped: AtomicUsize,
}

#[derive(Default)]
struct State {
    log: Vec<String>,
    holding: bool,
    held: bool,
    act: Option<(&'static str, Act)>,
    dropped_on: Option<String>,
}

/// What a sink does instead of its work.
#[derive(Clone, Copy)]
pub enum Act {
    Fail,
    Panic,
    /// It has no room for a frame.
    Refuse,
}

impl Part {
    pub fn new() -> Arc<Part> {
        Arc::default()
    }

    /// A sink that plays this part.
    pub fn sink(self: &Arc<Part>) -> Box<dyn Sink> {
        Box::new(Scripted(Arc::clone(self)))
    }

    /// From now on its frames do not return.
    pub fn hold(&self) {
        self.state().holding = true;
    }

    /// Lets what is held return.
    pub fn let_go(&self) {
        self.state().holding = false;
        self.changed.notify_all();
    }

    pub fn await_held(&self) {
        let mut state = self.state();
        while !state.held {
            state = self.changed.wait(state).expect("no test panics with it");
        }
    }

    /// It does this at the call whose log line begins so.
    pub fn at(&self, line: &'static str, act: Act) {
        self.state().act = Some((line, act));
    }

    pub fn log(&self) -> Vec<String> {
        self.state().log.clone()
    }

    pub fn dropped_on(&self) -> Option<String> {
        self.state().dropped_on.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no test panics with it")
    }

    fn told(&self, line: String) -> Result<Handed, SinkError> {
        let mut state = self.state();
        let act = state.act.filter(|(at, _)| line.starts_with(at)).map(|(_, act)| act);
        let is_frame = line.contains('@');
        state.log.push(line);
        while is_frame && state.holding {
            state.held = true;
            self.changed.notify_all();
            state = self.changed.wait(state).expect("no test panics with it");
        }
        state.held = false;
        drop(state);
        match act {
            None => Ok(Handed::Taken),
            Some(Act::Refuse) => Ok(Handed::Dropped),
            Some(Act::Fail) => Err(SinkError { what: "the disk is full".into(), source: None }),
            Some(Act::Panic) => panic!("the sink has a bug"),
        }
    }
}

struct Scripted(Arc<Part>);

impl Sink for Scripted {
    fn open(&mut self, _: &Permit, description: &Description) -> Result<(), SinkError> {
        self.0.told(format!("open {}", description.entity)).map(drop)
    }

    fn frame(&mut self, frame: &Frame) -> Result<Handed, SinkError> {
        self.0.told(format!("{}@{}", frame.leg(), frame.place()))
    }

    fn gap(&mut self, leg: LegIndex, cause: GapCause, stretch: Interval) -> Result<(), SinkError> {
        self.0.told(format!("{leg} {cause:?} {}-{}", stretch.from, stretch.to)).map(drop)
    }

    fn mark(&mut self, mark: Mark, at: CallTime) -> Result<(), SinkError> {
        self.0.told(format!("{mark:?} {at}")).map(drop)
    }

    fn flush(&mut self) -> Result<(), SinkError> {
        self.0.told("flush".into()).map(drop)
    }

    fn close(&mut self, closing: &Closing) -> Result<(), SinkError> {
        self.0.told(format!("close {:?}", closing.outcome)).map(drop)
    }

    fn erase(&mut self, erasure: &Erasure) -> Receipt {
        let fate = match self.0.told(format!("erase {}", erasure.reason)) {
            Ok(_) => Fate::Erased,
            Err(error) => Fate::Pending(error.sentence()),
        };
        // Its own idea of its id is not to be trusted.
        Receipt { output: OutputId(uuid::Uuid::nil()), fate, frames: 7, bytes: 1_120 }
    }
}

impl Drop for Scripted {
    fn drop(&mut self) {
        self.0.dropped.fetch_add(1, Ordering::SeqCst);
        let thread = std::thread::current().name().map(str::to_owned);
        let mut state = self.0.state();
        state.dropped_on = thread;
        let panics = matches!(state.act, Some(("drop", Act::Panic)));
        drop(state);
        if panics {
            panic!("the sink has a bug in its drop");
        }
    }
}
