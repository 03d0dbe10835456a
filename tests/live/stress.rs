//! Promise 2 under way: media threads push, control threads say verbs at random, and no sink of any kind is handed
//! anything after a verb returned good.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use calltap::consent::Permit;
use calltap::engine::{Clock, Config, Done, LegWriter, Run};
use calltap::frame::Frame;
use calltap::sink::{Closing, Description, Erasure, Fate, Handed, OutputId, Receipt, Sink, SinkError};
use calltap::time::MonoTime;

use crate::stage::{LivePair, Stage, packet, sink_spec};

const CONTROLLERS: u64 = 8;
const CALLS: u64 = 25;

/// What all sinks of one kind share in a call.
#[derive(Default)]
struct Ban {
    /// A verb has returned good: nothing may come.
    now: AtomicBool,
    /// What came nevertheless.
    broken: AtomicUsize,
    frames: AtomicUsize,
}

struct Watched {
    ban: Arc<Ban>,
    output: OutputId,
}

impl Sink for Watched {
    fn open(&mut self, _: &Permit, _: &Description) -> Result<(), SinkError> {
        self.ban.broken.fetch_add(usize::from(self.ban.now.load(Ordering::SeqCst)), Ordering::SeqCst);
        Ok(())
    }

    fn frame(&mut self, _: &Frame) -> Result<Handed, SinkError> {
        self.ban.broken.fetch_add(usize::from(self.ban.now.load(Ordering::SeqCst)), Ordering::SeqCst);
        self.ban.frames.fetch_add(1, Ordering::SeqCst);
        // At the end of the call as well: it is still being handed over.
        self.ban.broken.fetch_add(usize::from(self.ban.now.load(Ordering::SeqCst)), Ordering::SeqCst);
        Ok(Handed::Taken)
    }

    fn flush(&mut self) -> Result<(), SinkError> {
        Ok(())
    }

    fn close(&mut self, _: &Closing) -> Result<(), SinkError> {
        Ok(())
    }

    fn erase(&mut self, _: &Erasure) -> Receipt {
        Receipt { output: self.output, fate: Fate::Erased, frames: 0, bytes: 0 }
    }
}

/// Numbers that look random: xorshift.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % sides
    }
}

/// Pushes on the legs it is given, each as the clock goes, until they are shut.
fn media(stage: &Stage, legs: &Receiver<[LegWriter; 2]>, over: &AtomicBool) {
    let mut all: Vec<([LegWriter; 2], u64)> = Vec::new();
    while !over.load(Ordering::SeqCst) {
        let now = (stage.clock.now().0 - crate::stage::ZERO.0) / 20_000_000;
        all.extend(legs.try_iter().map(|legs| (legs, now)));
        for (legs, next) in &mut all {
            for number in *next..now {
                for leg in legs.iter_mut() {
                    let _ = leg.push(&packet(number));
                }
            }
            *next = now;
        }
        all.retain(|(legs, _)| !legs[0].is_gone());
        std::thread::park_timeout(Duration::from_micros(500));
    }
}

/// One call of a control thread; what was delivered in it.
fn one_call(stage: &Stage, media: &Sender<[LegWriter; 2]>, dice: &mut Dice) -> usize {
    // Longer than any machine is kept from a thread: the clock runs ahead of real time.
    let long = Some(Duration::from_secs(3_600));
    let until = |at: MonoTime| {
        while stage.clock.now() < at {
            std::thread::park_timeout(Duration::from_micros(500));
        }
    };
    let zero = stage.clock.now();
    let LivePair { call, legs, .. } = stage.pair_from(zero);
    media.send(legs).expect("a media thread");
    let bans = [Run::Direct, Run::Queued, Run::File].map(|run| {
        let ban = Arc::new(Ban::default());
        let sinks = Arc::clone(&ban);
        let make = move |output| Box::new(Watched { ban: Arc::clone(&sinks), output }) as Box<dyn Sink>;
        call.add_sink(sink_spec(run, make)).expect("room");
        ban
    });
    let after = |millis: u64| MonoTime(zero.0 + millis * 1_000_000);
    let forbid =
        |all: bool| bans[..if all { 3 } else { 2 }].iter().for_each(|ban| ban.now.store(true, Ordering::SeqCst));
    let _ = call.notice_started("en", Some(zero));
    until(after(2_000));
    let _ = call.notice_finished(true, Some(after(2_000)));
    until(after(5_300 + dice.roll(500)));
    for _ in 0..dice.roll(6) {
        match call.pause(None, long).expect("told") {
            Done::Good => forbid(false),
            pending => panic!("healthy sinks: {pending:?}"),
        }
        until(MonoTime(stage.clock.now().0 + dice.roll(200) * 1_000_000));
        bans.iter().for_each(|ban| ban.now.store(false, Ordering::SeqCst));
        let _ = call.resume(None);
        until(MonoTime(stage.clock.now().0 + dice.roll(400) * 1_000_000));
    }
    let done = match dice.roll(3) {
        0 => call.withdraw("the agent", None, long).map(|done| (done, true)),
        1 => call.end(None, long).map(|done| (done, false)),
        _ => call.pause(None, long).and_then(|_| call.end(None, long)).map(|done| (done, false)),
    };
    let (done, all) = done.expect("told");
    assert_eq!(done, Done::Good);
    forbid(all);
    until(MonoTime(stage.clock.now().0 + 100_000_000));
    for leg in 0..2 {
        // A machine under load may keep the worker from an answer for the deadline of this fast clock.
        if let Ok(Some(ledger)) = call.ledger(leg) {
            assert!(ledger.balances() && ledger.in_flight == 0, "{ledger:?}");
        }
    }
    let broken = bans.each_ref().map(|ban| ban.broken.load(Ordering::SeqCst));
    assert_eq!(broken, [0; 3], "direct, queued, file: handed over after good");
    bans.iter().map(|ban| ban.frames.load(Ordering::SeqCst)).sum()
}

#[test]
fn nothing_is_handed_to_a_healthy_sink_after_a_verb_returned_good() {
    let seed = std::env::var("CALLTAP_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(20_261_124_u64);
    println!("CALLTAP_SEED={seed}");
    let config = Config {
        workers: 2,
        deadline: Duration::from_secs(3_600),
        // Nobody is stuck here, whatever the fast clock says.
        stuck_after: Duration::from_secs(3_600),
        direct_budget: Duration::from_secs(1),
        ..Config::default()
    };
    let stage = Stage::new(config);
    let over = AtomicBool::new(false);
    let delivered = Mutex::new(0);
    std::thread::scope(|scope| {
        let (stage, over, delivered) = (&stage, &over, &delivered);
        let (senders, receivers): (Vec<_>, Vec<_>) = (0..2).map(|_| channel()).unzip();
        receivers.into_iter().for_each(|legs| drop(scope.spawn(move || media(stage, &legs, over))));
        // Twenty times as fast as real time.
        scope.spawn(move || {
            while !over.load(Ordering::SeqCst) {
                stage.clock.advance(Duration::from_millis(20));
                std::thread::park_timeout(Duration::from_millis(1));
            }
        });
        let controllers: Vec<_> = (0..CONTROLLERS)
            .map(|number| {
                let media = senders[number as usize % 2].clone();
                scope.spawn(move || {
                    let mut dice = Dice(seed.wrapping_mul(2 * number + 1) | 1);
                    for _ in 0..CALLS {
                        let frames = one_call(stage, &media, &mut dice);
                        *delivered.lock().expect("free") += frames;
                    }
                })
            })
            .collect();
        let ended: Vec<_> = controllers.into_iter().map(std::thread::ScopedJoinHandle::join).collect();
        over.store(true, Ordering::SeqCst);
        ended.into_iter().for_each(|ended| ended.expect("no panic"));
    });
    let delivered = *delivered.lock().expect("free");
    println!("{} calls, {delivered} frames", CONTROLLERS * CALLS);
    assert!(delivered > 1_000, "{delivered}: nothing was tried");
}
