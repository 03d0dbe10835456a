//! The crew of writer threads and what it has to do.
//!
//! Outputs that have work stand in one line, each at most once; any writer serves the first for a while and puts it back
//! at the end. Idle writers wait at the line, without polling. One that is stuck in a sink is replaced; when it comes
//! back and there are too many, it goes.

use std::io;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, unbounded};

use crate::thread;
use crate::time::MonoTime;

use super::job::Job;
use super::place::Place;
use super::quiet::Quiet;
use super::writers::{Attendance, Now, WritersConfig};

/// How many items a writer hands over before another output has its turn.
const TURN: usize = 32;

/// What all writers and outputs of one pool know.
pub(super) struct Core {
    config: WritersConfig,
    clock: Now,
    phase: AtomicU8,
    /// Not bounded: each output is in it at most once.
    line: Sender<Work>,
    crew: Mutex<Crew>,
    /// Notified when a writer has ended.
    ended: Quiet,
}

/// Writers hand over what comes.
const RUNNING: u8 = 0;
/// Writers hand over what is there, and end.
const ENDING: u8 = 1;
/// Nothing more is handed over.
const OVER: u8 = 2;

#[expect(clippy::large_enum_variant, reason = "nearly all of it is the large one, and a box would allocate for each")]
enum Work {
    Serve(Job),
    /// Look what phase it is.
    Look,
}

struct Crew {
    /// The line's other end, for new writers; `None` once no more are made.
    line: Option<Receiver<Work>>,
    members: Vec<Member>,
}

struct Member {
    /// The lowest number that no other has: it is in the thread's name.
    number: usize,
    place: Arc<Place>,
    thread: JoinHandle<()>,
}

impl Core {
    pub(super) fn new(config: WritersConfig, clock: Now) -> Arc<Core> {
        let (line, work) = unbounded();
        Arc::new(Core {
            config,
            clock,
            phase: AtomicU8::new(RUNNING),
            line,
            crew: Mutex::new(Crew { line: Some(work), members: Vec::new() }),
            ended: Quiet::new(),
        })
    }

    pub(super) fn now(&self) -> MonoTime {
        (self.clock)()
    }

    /// How long ago that was.
    pub(super) fn since(&self, then: MonoTime) -> Duration {
        Duration::from_nanos(self.now().0.saturating_sub(then.0))
    }

    /// Puts an output into the line. Without writers it is given up, and its sink dropped here.
    pub(super) fn bring(&self, job: Job) {
        if self.is_over() {
            job.output.abandon();
        }
        // A job that comes back is dropped: the sink goes with it.
        let _ = self.line.send(Work::Serve(job));
    }

    /// Looks after the crew: who is stuck, who is missing, who has ended.
    pub(super) fn attend(self: &Arc<Core>, now: MonoTime) -> Attendance {
        let mut crew = self.crew();
        let ended = crew.part();
        for member in &crew.members {
            member.place.look(now, self.config.stuck_after);
        }
        let mut failed = None;
        while failed.is_none() && self.needs_more(&crew) {
            failed = self.enlist(&mut crew).err();
        }
        let attendance = Attendance { working: crew.working(), stuck: crew.members.len() - crew.working(), failed };
        drop(crew);
        bury(ended);
        attendance
    }

    fn needs_more(&self, crew: &Crew) -> bool {
        let has_work = match self.phase.load(Ordering::SeqCst) {
            RUNNING => true,
            ENDING => crew.line.as_ref().is_some_and(|line| !line.is_empty()),
            _ => false,
        };
        has_work && crew.working() < self.config.threads && crew.members.len() < self.config.most
    }

    fn enlist(self: &Arc<Core>, crew: &mut Crew) -> io::Result<()> {
        let Some(line) = crew.line.clone() else { return Ok(()) };
        let taken = |number: usize| crew.members.iter().any(|member| member.number == number);
        let number = (0..).find(|number| !taken(*number)).unwrap_or(0);
        let place = Arc::new(Place::default());
        let writer = Writer { core: Arc::clone(self), place: Arc::clone(&place) };
        let thread = thread::spawn(&format!("calltap-write-{number}"), move || writer.run(line))?;
        crew.members.push(Member { number, place, thread });
        Ok(())
    }

    /// Lets the writers finish, then end; how many are left behind in their sinks after `patience`.
    pub(super) fn drain(&self, patience: Duration) -> usize {
        // Never back from a later phase.
        self.phase.fetch_max(ENDING, Ordering::SeqCst);
        self.look();
        if !self.ended.wait(patience, || self.crew().all_gone()) {
            self.give_up();
        }
        self.phase.store(OVER, Ordering::SeqCst);
        let mut crew = self.crew();
        let ended = crew.part();
        let left = crew.members.len();
        // A stuck thread ends by itself, when its sink lets it.
        crew.members.clear();
        // With the last writer the line's last reader goes: what comes then is dropped where it comes from.
        let line = crew.line.take();
        drop(crew);
        drop(line);
        bury(ended);
        left
    }

    /// Nothing more is handed over: wipes what waits, also of outputs whose writer is stuck.
    fn give_up(&self) {
        self.phase.store(OVER, Ordering::SeqCst);
        let crew = self.crew();
        for output in crew.members.iter().filter_map(|member| member.place.serves()) {
            output.stop();
        }
        let Some(line) = &crew.line else { return };
        for _ in 0..line.len() {
            let Ok(work) = line.try_recv() else { break };
            if let Work::Serve(job) = &work {
                job.output.stop();
            }
            // Back into the line: a sink is dropped by a writer, for it may block.
            let _ = self.line.send(work);
        }
        drop(crew);
        self.look();
    }

    /// Has an idle writer look what phase it is.
    fn look(&self) {
        let _ = self.line.send(Work::Look);
    }

    fn is_over(&self) -> bool {
        self.phase.load(Ordering::SeqCst) == OVER
    }

    fn crew(&self) -> MutexGuard<'_, Crew> {
        self.crew.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Crew {
    /// Writers that are not stuck.
    fn working(&self) -> usize {
        self.members.iter().filter(|member| !member.place.is_stuck()).count()
    }

    fn all_gone(&self) -> bool {
        self.members.iter().all(|member| member.place.is_gone())
    }

    /// Parts from those that have ended, or are about to.
    fn part(&mut self) -> Vec<Member> {
        self.members.extract_if(.., |member| member.place.is_gone()).collect()
    }
}

/// Joins threads that have ended. Never under the crew's lock: the last thing a writer does is to tell who waits for the
/// crew, who may be waiting for that lock.
fn bury(ended: Vec<Member>) {
    for member in ended {
        // Its panic, if it had one, ended no sink but its own.
        let _ = member.thread.join();
    }
}

/// A writer thread.
struct Writer {
    core: Arc<Core>,
    place: Arc<Place>,
}

impl Writer {
    // The line goes before the writer says that it has ended: what is left in it may go with its last reader.
    fn run(self, line: Receiver<Work>) {
        loop {
            let ending = self.core.phase.load(Ordering::SeqCst) != RUNNING;
            let work = if ending { line.try_recv().ok() } else { line.recv().ok() };
            match work {
                Some(Work::Serve(job)) => self.serve(job),
                Some(Work::Look) => {}
                None => return,
            }
            if self.place.is_stuck() && self.is_too_many() {
                return;
            }
        }
    }

    /// Serves an output for one turn.
    fn serve(&self, mut job: Job) {
        self.place.serve(Some(Arc::clone(&job.output)));
        for _ in 0..TURN {
            if self.core.is_over() {
                break;
            }
            if !job.step(&self.place) {
                let Some(again) = job.park() else { return self.place.serve(None) };
                job = again;
            }
            if self.place.is_stuck() {
                break;
            }
        }
        self.place.serve(None);
        if !self.core.is_over() {
            self.core.bring(job);
        }
    }

    /// Back from a sink in which it was stuck: whether another has its place by now.
    fn is_too_many(&self) -> bool {
        let crew = self.core.crew();
        self.place.is_back();
        let goes = crew.working() > self.core.config.threads;
        if goes {
            // Under the lock, so that two that come back do not both go for the same one.
            self.place.end();
        }
        goes
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.place.end();
        if self.core.phase.load(Ordering::SeqCst) != RUNNING {
            // The next one: it may be waiting at the line.
            self.core.look();
        }
        self.core.ended.notify();
    }
}
