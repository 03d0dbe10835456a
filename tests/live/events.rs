//! What the engine tells its host: in order, by a descriptor or a call-back; and what its log must not say.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use calltap::consent::{Change, Digit};
use calltap::engine::{CallEvent, CallSpec, Config, Done, Run};
use calltap::policy::Tap;
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::stage::{LivePair, Stage, mono, spec, until};
use crate::witness::{Log, Payload, Where};

/// Whether an event waits, by the descriptor alone.
fn is_readable(stage: &Stage) -> bool {
    let mut watched = [PollFd::from_borrowed_fd(stage.engine.event_fd(), PollFlags::IN)];
    let at_once = Timespec { tv_sec: 0, tv_nsec: 0 };
    poll(&mut watched, Some(&at_once)).expect("a descriptor") == 1
}

fn name(event: &CallEvent) -> &'static str {
    match event {
        CallEvent::Consent(Change::NoticeGiven { .. }) => "notice",
        CallEvent::Consent(Change::Opened { .. }) => "permitted",
        CallEvent::OutputOpened { .. } => "opened",
        CallEvent::Consent(Change::Paused { .. }) => "paused",
        CallEvent::Consent(Change::Resumed { .. }) => "resumed",
        CallEvent::Consent(Change::Closed { .. }) => "over",
        CallEvent::OutputClosed { .. } => "closed",
        CallEvent::Consent(Change::Withdrawn { .. }) => "withdrawn",
        CallEvent::Receipt(_) => "receipt",
        _ => "other",
    }
}

const STORY: [&str; 9] =
    ["notice", "permitted", "opened", "paused", "resumed", "over", "closed", "withdrawn", "receipt"];

/// Two calls, each with all that can happen in good order.
fn tell_all(stage: &Stage) -> [LivePair; 2] {
    let mut pairs = [stage.pair(), stage.pair()];
    pairs.iter().for_each(|pair| pair.record(Run::Direct, Log::default().sink()));
    let [one, two] = &mut pairs;
    stage.play_all(&mut [one, two], 6_000);
    stage.at(6_500);
    for pair in &pairs {
        assert_eq!(pair.call.pause(Some(mono(6_000)), None).expect("told"), Done::Good);
        pair.call.resume(Some(mono(6_100))).expect("told");
        assert_eq!(pair.call.end(Some(mono(6_500)), None).expect("told"), Done::Good);
        assert_eq!(pair.call.withdraw("the agent", None, None).expect("told"), Done::Good);
    }
    pairs
}

#[test]
fn events_of_a_call_come_in_the_order_in_which_they_followed() {
    let stage = Stage::new(Config::default());
    let pairs = tell_all(&stage);
    until("all events", || stage.engine.counters().events_waiting == 2 * STORY.len());
    let events = stage.events();
    for pair in &pairs {
        let its = events.iter().filter(|event| event.call == pair.call.id());
        assert!(its.clone().is_sorted_by_key(|event| event.at));
        assert_eq!(its.map(|event| name(&event.event)).collect::<Vec<_>>(), STORY);
    }
}

#[test]
fn an_event_call_back_is_called_on_a_worker_and_leaves_nothing_in_the_queue() {
    let told = Arc::new(Mutex::new(Vec::new()));
    let telling = Arc::clone(&told);
    let stage = Stage::of(Config::default(), |parts| {
        parts.on_event = Some(Box::new(move |event| {
            let thread = std::thread::current().name().unwrap_or_default().to_owned();
            telling.lock().expect("free").push((event.call, name(&event.event), thread));
        }));
    });
    let pairs = tell_all(&stage);
    until("all events", || told.lock().expect("free").len() == 2 * STORY.len());
    let told = told.lock().expect("free");
    for pair in &pairs {
        let its = told.iter().filter(|(call, ..)| *call == pair.call.id());
        assert!(its.map(|(_, name, _)| name).eq(&STORY), "{told:?}");
    }
    assert!(told.iter().all(|(.., thread)| thread.starts_with("calltap-work")), "{told:?}");
    assert!(!is_readable(&stage) && stage.engine.next_event().is_none());
}

#[test]
fn the_descriptor_is_readable_while_an_event_waits_and_not_otherwise() {
    let stage = Stage::new(Config::default());
    assert!(!is_readable(&stage));
    let pair = stage.pair();
    let mut expected = 0;
    for _ in 0..20 {
        for _ in 0..=expected % 3 {
            assert_eq!(pair.call.pause(None, None).expect("told"), Done::Good);
            pair.call.resume(None).expect("told");
        }
        while is_readable(&stage) {
            assert!(stage.engine.next_event().is_some(), "readable, and nothing waits");
            expected += 1;
        }
        assert!(stage.engine.next_event().is_none(), "not readable, and something waits");
    }
    assert!(expected >= 40, "{expected}");
}

#[test]
fn a_host_that_waits_at_the_descriptor_misses_nothing_while_workers_add() {
    let stage = Arc::new(Stage::new(Config { workers: 4, ..Config::default() }));
    let telling = Arc::clone(&stage);
    let tellers: Vec<_> = (0..4)
        .map(|_| {
            let stage = Arc::clone(&telling);
            std::thread::spawn(move || {
                let call = stage.engine.start_call(spec("ecommerce-be"));
                for _ in 0..500 {
                    let _ = call.pause(None, None).expect("told");
                    call.resume(None).expect("told");
                }
                call
            })
        })
        .collect();
    let mut count = 0;
    while count < 4_000 {
        let mut watched = [PollFd::from_borrowed_fd(stage.engine.event_fd(), PollFlags::IN)];
        let patience = Timespec { tv_sec: 60, tv_nsec: 0 };
        assert_eq!(poll(&mut watched, Some(&patience)).expect("a descriptor"), 1, "after {count} events");
        count += usize::from(stage.engine.next_event().is_some());
    }
    // Kept: a call that is let go tells that too.
    let calls: Vec<_> = tellers.into_iter().map(|teller| teller.join().expect("no panic")).collect();
    assert_eq!(calls.len(), 4);
    assert!(!is_readable(&stage));
}

#[test]
fn neither_the_log_nor_events_nor_errors_name_a_person() {
    // A call's id that says who, a number kept for fiction, a person, and the entity's own words.
    const SECRETS: [&str; 4] = ["7946 0958", "id-of-jane", "Jane Doe", "zx-service"];
    let lines = Arc::new(Mutex::new(Vec::new()));
    let logging = Arc::clone(&lines);
    let config = Config { calls: 1, deadline: Duration::ZERO, ..Config::default() };
    let stage = Stage::of(config, |parts| {
        parts.on_log = Some(Arc::new(move |level, target, text: &str| {
            logging.lock().expect("free").push(format!("{level:?} {target} {text}"));
        }));
    });
    let personal = CallSpec {
        id: format!("{} +44 20 {}", SECRETS[1], SECRETS[0]),
        service: SECRETS[3].to_owned(),
        ..spec(SECRETS[2])
    };
    let call = stage.engine.start_call(personal.clone());
    let mut texts = vec![format!("{call:?} {personal:?}").replace(SECRETS[3], "").replace(SECRETS[2], "")];
    // Over the limit: that is logged.
    let over = stage.engine.start_call(personal.clone());
    assert!(!over.decision(Tap::Record).hook_needed);
    texts.push(format!("{:?}", over.transfer(SECRETS[2], SECRETS[3], None)));
    // Refused, and more orders than wait.
    for _ in 0..200 {
        texts.push(format!("{:?}", call.digit(0, Digit::NINE, None, None)));
        texts.push(format!("{:?}", call.transfer(SECRETS[2], SECRETS[3], None)));
        texts.push(format!("{:?}", call.withdraw(SECRETS[2], None, Some(Duration::ZERO))));
    }
    drop((call, over));
    // A worker that is stuck and one that panics: both are logged.
    until("room", || stage.engine.counters().calls == 0);
    let log = Log::default();
    let mut pair = loop {
        let pair = stage.engine.start_call(CallSpec { id: personal.id.clone(), ..spec("ecommerce-be") });
        if pair.decision(Tap::Record).hook_needed {
            break pair;
        }
    };
    log.set(|notes| notes.panics = Some((Where::Make, Payload::Text)));
    let _ = pair.add_sink(crate::stage::sink_spec(Run::Direct, log.sink()));
    let _ = &mut pair;
    until("quiet", || stage.engine.counters().events_waiting > 0);
    texts.extend(stage.events().iter().map(|event| format!("{event:?}")));
    texts.push(format!("{:?}", stage.engine));
    let lines = lines.lock().expect("free");
    assert!(lines.iter().any(|line| line.contains("limit of 1 calls")), "{lines:?}");
    for text in lines.iter().chain(&texts) {
        for secret in SECRETS {
            assert!(!text.contains(secret), "{secret} in: {text}");
        }
        // A digit would be the event's number.
        assert!(!text.contains("Digit(9)") && !text.contains("NINE"), "{text}");
    }
}
