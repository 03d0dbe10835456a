//! A forked child: every handle says so, nothing is pushed, asked or taken there, and the parent goes on.

#![allow(unsafe_code, reason = "a child can only be made by fork; each block names the fact it relies on")]

use calltap::audio::Format;
use calltap::consent::{Digit, Role};
use calltap::engine::{Config, Done, LegSpec, LiveError, Pushed, Run};
use calltap::policy::Tap;
use calltap::sink::Outcome;

use crate::alone::alone;
use crate::stage::{LivePair, PATIENCE, Stage, mono, packet, sink_spec, spec};
use crate::witness::{Got, Log};

/// Does something in a forked child; whether all of it was so.
fn in_child(act: impl FnOnce() -> Result<(), &'static str>) -> bool {
    // SAFETY: the child does what `act` does, which takes no lock of another thread, and ends without returning.
    let child = unsafe { libc::fork() };
    assert!(child >= 0, "no child");
    if child == 0 {
        // SAFETY: has a child end that waits for a lock which nobody will ever give back.
        unsafe { libc::alarm(20) };
        let code = match act() {
            Ok(()) => 0,
            Err(what) => {
                // SAFETY: the text is there, and as long as that.
                unsafe { libc::write(2, what.as_ptr().cast(), what.len()) };
                1
            }
        };
        // SAFETY: ends the child.
        unsafe { libc::_exit(code) };
    }
    let mut status = 0;
    // SAFETY: `status` is ours and may be written to.
    let waited = unsafe { libc::waitpid(child, &raw mut status, 0) };
    assert_eq!(waited, child);
    libc::WIFEXITED(status) && libc::WEXITSTATUS(status) == 0
}

fn is_forked<T>(answer: Result<T, LiveError>) -> bool {
    matches!(answer, Err(LiveError::Forked))
}

#[test]
fn in_a_forked_child_every_handle_says_so_and_the_parent_goes_on() {
    alone("fork::in_a_forked_child_every_handle_says_so_and_the_parent_goes_on", || {
        let stage = Stage::new(Config::default());
        let log = Log::default();
        let mut pair = stage.pair();
        pair.record(Run::Queued, log.sink());
        stage.play(&mut pair, 6_000);
        let waiting = stage.engine.counters().events_waiting;
        assert!(waiting > 0);
        let LivePair { call, legs, .. } = &mut pair;
        let child = || {
            let so = |so: bool, what| if so { Ok(()) } else { Err(what) };
            for leg in legs {
                so(leg.push(&packet(300)) == Pushed::Shut, "push\n")?;
                so(leg.is_gone() && !leg.digit(Digit::NINE, None) && !leg.hold(true, mono(6_000)), "gone\n")?;
            }
            so(is_forked(call.withdraw("the agent", None, None)), "withdraw\n")?;
            so(is_forked(call.pause(None, None)), "pause\n")?;
            so(is_forked(call.end(None, None)), "end\n")?;
            so(is_forked(call.resume(None)), "resume\n")?;
            so(is_forked(call.notice_started("en", None)), "notice\n")?;
            so(is_forked(call.ledger(0)), "ledger\n")?;
            so(is_forked(call.open_leg(&LegSpec::new(Role::Mix, vec![Format::PCMA]))), "open_leg\n")?;
            so(is_forked(call.add_sink(sink_spec(Run::Direct, Log::default().sink()))), "add_sink\n")?;
            so(!call.decision(Tap::Record).hook_needed, "decision\n")?;
            so(stage.engine.next_event().is_none(), "next_event\n")?;
            so(stage.engine.counters().calls == 0, "counters\n")?;
            let late = stage.engine.start_call(spec("ecommerce-be"));
            so(!late.decision(Tap::Record).hook_needed && is_forked(late.end(None, None)), "start_call\n")?;
            so(stage.engine.shutdown(PATIENCE), "shutdown\n")
        };
        assert!(in_child(child));
        // The parent has its events, its descriptor, and its call.
        let mut told = 0;
        while stage.engine.next_event().is_some() {
            told += 1;
        }
        assert_eq!(told, waiting);
        stage.play(&mut pair, 7_000);
        assert_eq!(pair.call.end(None, None).expect("told"), Done::Good);
        assert_eq!(pair.delivered(), [100, 100]);
        assert!(log.notes().got.contains(&Got::Closed(Outcome::Complete)));
    });
}

#[test]
fn a_child_of_a_busy_parent_is_never_kept_waiting_by_a_lock_of_its() {
    alone("fork::a_child_of_a_busy_parent_is_never_kept_waiting_by_a_lock_of_its", || {
        let stage = Stage::new(Config { workers: 2, ..Config::default() });
        let calls: Vec<_> = (0..2).map(|_| stage.engine.start_call(spec("ecommerce-be"))).collect();
        let stop = std::sync::atomic::AtomicBool::new(false);
        std::thread::scope(|scope| {
            for call in &calls {
                scope.spawn(|| {
                    while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                        let _ = call.pause(None, None);
                        let _ = call.resume(None);
                        let _ = stage.engine.next_event();
                    }
                });
            }
            for _ in 0..100 {
                let ended = in_child(|| {
                    let _ = (calls[0].decision(Tap::Record), stage.engine.counters(), stage.engine.next_event());
                    let late = stage.engine.start_call(spec("ecommerce-be"));
                    if is_forked(calls[1].pause(None, None)) && is_forked(late.pause(None, None)) {
                        Ok(())
                    } else {
                        Err("not refused\n")
                    }
                });
                assert!(ended);
            }
            stop.store(true, std::sync::atomic::Ordering::Relaxed);
        });
    });
}

#[test]
fn a_child_of_a_busy_parent_destroys_its_engine_without_waiting_for_a_lock() {
    alone("fork::a_child_of_a_busy_parent_destroys_its_engine_without_waiting_for_a_lock", || {
        let stage = Stage::new(Config::default());
        let stop = std::sync::atomic::AtomicBool::new(false);
        std::thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                        // It wakes the keeper, each time.
                        drop(stage.engine.start_call(spec("ecommerce-be")));
                    }
                });
            }
            for _ in 0..200 {
                let ended = in_child(|| {
                    // SAFETY: the child ends without a look at the original.
                    drop(unsafe { std::ptr::read(&raw const stage.engine) });
                    Ok(())
                });
                assert!(ended);
            }
            stop.store(true, std::sync::atomic::Ordering::Relaxed);
        });
    });
}
