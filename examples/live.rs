//! A telephone exchange in small, the twin of `examples/c/record.c`: replays a call from a packet capture at its own pace,
//! from a thread for each leg, through a live engine, and records it while it may be recorded.
//!
//! `cargo run --features wav,capture --example live -- examples/captures/kept.pcap --caller 192.0.2.10:10018
//! --agent 192.0.2.20:10020 --entity ecommerce-be --notice 0s..2s`; also `--service ID`, `--language TAG`, `--out FOLDER`,
//! `--digit KEY@TIME`. Times count from the caller's first packet.

use std::error::Error;
use std::time::Duration;

use calltap::audio::Format;
use calltap::capture::{Capture, Side, Streams, Survey};
use calltap::consent::{Digit, Role};
use calltap::engine::{
    CallSpec, Clock as _, Config, Done, LegSpec, LegWriter, LiveCall, LiveEngine, Pushed, Run, SinkSpec, SystemClock,
};
use calltap::policy::{Direction, Pairs, Policy, Purpose, Tap};
use calltap::sink::wav::{WavFolder, WavOptions};
use calltap::time::{CallTime, MonoTime};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

type Fallible<T> = Result<T, Box<dyn Error>>;

fn main() -> Fallible<()> {
    let options = Options::read(std::env::args().skip(1))?;
    let [caller, agent] = read_capture(&options)?;
    let zero = caller.first().ok_or("the caller sends nothing")?.at;
    let last = caller.iter().chain(&agent).map(|packet| packet.at - zero).max().unwrap_or(0);

    // Once, when the exchange starts.
    // It would wait less long for an answer: this one has nothing else to do.
    let config = Config { deadline: Duration::from_secs(1), ..Config::default() };
    let engine = LiveEngine::start(config, Some(Policy::embedded()))?;

    // A call comes in. The caller's first moment is a little ahead, for the agent may begin before.
    let start = after(SystemClock.now(), 200_000_000);
    let call = engine.start_call(CallSpec {
        id: options.capture.rsplit('/').next().unwrap_or_default().to_owned(),
        entity: options.entity.clone(),
        service: options.service.clone(),
        direction: Direction::Inbound,
        language: options.language.clone(),
        zero: start,
        started: jiff::Timestamp::from_nanosecond(i128::from(zero))?,
    });
    let decision = call.decision(Tap::Record);
    println!("recording: {}", decision.reason);
    if !decision.hook_needed {
        // Such a call's audio is not given to anybody.
        return Ok(());
    }
    let folder = WavFolder::open(&options.out)?;
    let make = Box::new(move |output| Box::new(folder.sink(WavOptions::default(), output)) as _);
    call.add_sink(SinkSpec { tap: Tap::Record, pairs: recording(), live: false, run: Run::File, make })?;

    let legs = [(Role::Caller, caller, options.digit), (Role::Agent, agent, None)];
    let mut media = Vec::new();
    for (role, packets, digit) in legs {
        let mut spec = LegSpec::new(role, vec![Format::PCMA, Format::PCMU, Format::TELEPHONE_EVENT]);
        spec.payload_types = vec![(8, 0), (0, 1), (101, 2)];
        let leg = call.open_leg(&spec)?;
        media.push(std::thread::spawn(move || carry(leg, &packets, digit, zero, start)));
    }

    // The announcement plays; then the call goes on until somebody hangs up. Times are told, so they are exact.
    if let Some([from, to]) = options.notice.map(|times| times.map(|time| after(start, time))) {
        serve_until(&engine, from)?;
        call.notice_started(&options.language, Some(from))?;
        serve_until(&engine, to)?;
        call.notice_finished(true, Some(to))?;
    }
    serve_until(&engine, after(start, last))?;
    for thread in media {
        thread.join().map_err(|_| "a media thread broke")?;
    }
    if call.end(Some(after(start, last)), None)? != Done::Good {
        eprintln!("live: a sink is stuck; it gets nothing more");
    }
    serve_until_written(&engine, &call)?;
    print_account(&call)?;
    drop(call);
    if !engine.shutdown(Duration::from_secs(5)) {
        eprintln!("live: not everything was written yet");
    }
    print_events(&engine);
    Ok(())
}

/// A media thread: it offers each packet when it arrives, and does nothing that could block.
fn carry(mut leg: LegWriter, packets: &[Packet], mut digit: Option<(Digit, i64)>, zero: i64, start: MonoTime) {
    for packet in packets {
        let offset = packet.at - zero;
        if let Some((key, at)) = digit.take_if(|(_, at)| *at <= offset) {
            let onset = after(start, at);
            sleep_until(onset);
            leg.digit(key, Some(onset));
        }
        let arrival = after(start, offset);
        sleep_until(arrival);
        if leg.push_rtp(&packet.bytes, arrival) == Pushed::Shut {
            // For good: an exchange takes its hook out.
            break;
        }
    }
}

/// What an exchange's main loop does: waits until a moment, and for the library's descriptor meanwhile.
fn serve_until(engine: &LiveEngine, moment: MonoTime) -> Fallible<()> {
    let descriptor = engine.event_fd();
    while let left @ 1.. = moment.0.saturating_sub(SystemClock.now().0) {
        let left = Timespec::try_from(Duration::from_nanos(left))?;
        poll(&mut [PollFd::new(&descriptor, PollFlags::IN)], Some(&left))?;
        print_events(engine);
    }
    Ok(())
}

/// What is in a file's queue counts as handed over, and nobody waits for it: the account is final once it is written.
fn serve_until_written(engine: &LiveEngine, call: &LiveCall) -> Fallible<()> {
    let patience = after(SystemClock.now(), 5_000_000_000);
    let is_written = |leg| call.ledger(leg).map(|ledger| ledger.is_none_or(|ledger| ledger.in_flight == 0));
    while !(is_written(0)? && is_written(1)?) && SystemClock.now() < patience {
        serve_until(engine, after(SystemClock.now(), 10_000_000))?;
    }
    print_events(engine);
    Ok(())
}

fn print_events(engine: &LiveEngine) {
    while let Some(event) = engine.next_event() {
        println!("{:>11}  {:?}", event.at.to_string(), event.event);
    }
}

fn print_account(call: &LiveCall) -> Fallible<()> {
    println!("decision  {}", call.decision(Tap::Record).reason);
    for permission in call.permitted(recording())? {
        let stretch = permission.stretch;
        let second = |at: CallTime| at.nanos() as f64 / 1e9;
        println!("permitted {:.3}..{:.3} s: {}", second(stretch.from), second(stretch.to), permission.ended);
    }
    for (number, name) in ["caller", "agent"].into_iter().enumerate() {
        let ledger = call.ledger(number as u8)?.ok_or("the leg is there")?;
        println!(
            "{name:9} {} packets = {} delivered + {} masked + {} withheld + {} dropped + {} purged; {} lost",
            ledger.pushed,
            ledger.delivered,
            ledger.masked,
            ledger.withheld,
            ledger.dropped(),
            ledger.purged,
            ledger.lost
        );
    }
    Ok(())
}

/// For what the call is recorded, if the policy allows it.
fn recording() -> Pairs {
    Purpose::ALL.into_iter().map(|purpose| (Tap::Record, purpose)).collect()
}

/// One RTP packet of the capture.
struct Packet {
    /// Nanoseconds since 1970.
    at: i64,
    bytes: Vec<u8>,
}

fn read_capture(options: &Options) -> Fallible<[Vec<Packet>; 2]> {
    let mut capture = Capture::open(options.capture.as_ref())?;
    let sources = Survey::of(&mut capture, |_| ())?.sources(options.caller, options.agent)?;
    let mut streams = Streams::of_sources(capture, sources)?;
    let mut legs = [Vec::new(), Vec::new()];
    while let Some(packet) = streams.next_packet()? {
        let leg = &mut legs[usize::from(packet.side == Side::Callee)];
        leg.push(Packet { at: packet.time_ns.try_into()?, bytes: packet.payload.to_vec() });
    }
    Ok(legs)
}

/// What was asked for.
struct Options {
    capture: String,
    caller: std::net::SocketAddr,
    agent: std::net::SocketAddr,
    entity: String,
    service: String,
    language: String,
    out: String,
    notice: Option<[i64; 2]>,
    digit: Option<(Digit, i64)>,
}

impl Options {
    fn read(mut arguments: impl Iterator<Item = String>) -> Fallible<Options> {
        let mut said = std::collections::HashMap::new();
        while let Some(argument) = arguments.next() {
            match argument.strip_prefix("--") {
                Some(name) => said.insert(name.to_owned(), arguments.next().ok_or("a value is missing at the end")?),
                None => said.insert("capture".to_owned(), argument),
            };
        }
        let mut of = |name: &str| said.remove(name);
        let options = Options {
            capture: of("capture").ok_or("which capture?")?,
            caller: of("caller").ok_or("--caller IP:PORT is missing")?.parse()?,
            agent: of("agent").ok_or("--agent IP:PORT is missing")?.parse()?,
            entity: of("entity").unwrap_or_default(),
            service: of("service").unwrap_or_else(|| "customer-care".to_owned()),
            language: of("language").unwrap_or_else(|| "en".to_owned()),
            out: of("out").unwrap_or_else(|| "recordings".to_owned()),
            notice: of("notice")
                .map(|text| pair(&text, "..", moment, moment))
                .transpose()?
                .map(|(from, to)| [from, to]),
            digit: of("digit").map(|text| pair(&text, "@", key, moment)).transpose()?,
        };
        match said.keys().next() {
            Some(name) => Err(format!("there is no --{name}; the source begins with what there is").into()),
            None => Ok(options),
        }
    }
}

fn pair<A, B>(
    text: &str,
    between: &str,
    first: fn(&str) -> Fallible<A>,
    second: fn(&str) -> Fallible<B>,
) -> Fallible<(A, B)> {
    let (a, b) = text.split_once(between).ok_or_else(|| format!("{text}: there is no {between} in it"))?;
    Ok((first(a)?, second(b)?))
}

/// Nanoseconds, from `2s` or `1.5s`.
fn moment(text: &str) -> Fallible<i64> {
    let seconds: f64 = text.trim_end_matches('s').parse().map_err(|_| format!("{text}: not a time, as in 1.5s"))?;
    Ok((seconds * 1e3).round() as i64 * 1_000_000)
}

fn key(text: &str) -> Fallible<Digit> {
    let key = text.chars().next().and_then(Digit::from_char);
    key.ok_or_else(|| format!("{text}: not a key").into())
}

fn after(start: MonoTime, nanos: i64) -> MonoTime {
    MonoTime(start.0.saturating_add_signed(nanos))
}

#[expect(clippy::disallowed_methods, reason = "a capture has no sound card to wait for")]
fn sleep_until(moment: MonoTime) {
    std::thread::sleep(Duration::from_nanos(moment.0.saturating_sub(SystemClock.now().0)));
}
