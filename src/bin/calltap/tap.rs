//! `calltap tap`: a call from a capture, decided, tapped and recorded.

use std::sync::{Arc, Mutex, PoisonError};

use calltap::capture::{Capture, Side, Survey, escape_wire};
use calltap::consent::{Decision, Reason};
use calltap::engine::{Call, CallEvent, CallSpec, Config, Engine, Run, SinkSpec};
use calltap::policy::{Direction, Policy, Purpose, Tap as Kind};
use calltap::replay::{Action, Chosen, Prepared, ReplayError, Script, Seen};
use calltap::sink::Sink;
use calltap::sink::wav::{WavEncoding, WavFiles, WavFolder, WavOptions};
use calltap::time::CallTime;

use crate::args::{CallerIs, Encoding, Tap};
use crate::error::Failure;
use crate::report::{Accounts, Report, Voice};
use crate::{json, policy, progress, realtime, text, times};

/// The service that is called when nobody says which.
const CUSTOMER_CARE: &str = "customer-care";

/// Where each output's files are, as they are made.
type Files = Arc<Mutex<Vec<WavFiles>>>;

/// `calltap tap CAPTURE ...`
pub fn run(args: &Tap) -> Result<(), Failure> {
    let policy = policy::load(args.policy.as_deref())?;
    let (prepared, capture, id) = read(args)?;
    let (entity, service) = called(args, &policy);
    let spec = CallSpec {
        id,
        entity: entity.clone(),
        service: service.clone(),
        direction: direction(args),
        language: args.language.clone(),
        zero: prepared.zero(),
        started: prepared.started(),
    };
    let voice: &dyn Voice = if args.json { &json::Json } else { &text::Text };
    let begin = || voice.begin(args, &policy, &entity, &service, &prepared);
    let mut report = if args.realtime {
        realtime::run(args, &prepared, capture, &policy, spec, voice, begin)?
    } else {
        step(args, &prepared, capture, &policy, spec, voice, begin)?
    };
    report.notes = report.notes(&prepared);
    report.entity = entity;
    report.policy_hash = policy.hash().to_owned();
    voice.end(&report)?;
    report.failure(&prepared)
}

/// Plays the call in virtual time.
fn step(
    args: &Tap,
    prepared: &Prepared,
    capture: Capture,
    policy: &Arc<Policy>,
    spec: CallSpec,
    voice: &dyn Voice,
    begin: impl FnOnce() -> Result<(), Failure>,
) -> Result<Report, Failure> {
    let engine = Engine::new(Config::default(), Some(Arc::clone(policy)))
        .map_err(|error| Failure::Failed(format!("the engine cannot start: {error}")))?;
    let mut call = engine.start_call(spec);
    let (sink, files) = recorder(args, &call.decision(Kind::Record))?;
    sink.map_or(Ok(()), |sink| call.add_sink(sink)).map_err(|error| Failure::Failed(error.to_string()))?;
    begin()?;
    let mut report = play(args, prepared, capture, &mut call, voice)?;
    report.finish(Accounts::of(&call), &files.lock().unwrap_or_else(PoisonError::into_inner));
    Ok(report)
}

/// Finds the call in the capture and reads its packets once.
fn read(args: &Tap) -> Result<(Prepared, Capture, String), Failure> {
    let input = |error: calltap::capture::CaptureError| Failure::Input(error.to_string());
    let mut capture = Capture::open(&args.capture).map_err(input)?;
    let bar = progress::bar("searching", capture.size());
    let survey = Survey::of(&mut capture, |position| bar.set_position(position)).map_err(input)?;
    bar.finish_and_clear();
    let (chosen, id) = match (args.caller, args.agent) {
        (Some(caller), Some(agent)) => {
            let id = args.capture.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            (Chosen::Sources(survey.sources(caller, agent).map_err(input)?), id)
        }
        _ => {
            let call = survey.select(args.call_id.as_deref()).map_err(input)?.clone();
            let id = escape_wire(call.id.as_bytes());
            (Chosen::Call(Box::new(call)), id)
        }
    };
    let caller = if args.caller_is == CallerIs::Callee { Side::Callee } else { Side::Inviter };
    let bar = progress::bar("reading", capture.size());
    let (prepared, capture) =
        Prepared::read(capture, chosen, caller, &args.rtpmap, |position| bar.set_position(position))
            .map_err(of_replay)?;
    bar.finish_and_clear();
    Ok((prepared, capture, id))
}

/// The entity and the service that were called. A number that is nobody's gives an entity that nobody configured.
fn called(args: &Tap, policy: &Policy) -> (String, String) {
    let said = args.service.clone();
    match args.dialed.as_deref().and_then(|number| policy.dialed(number)) {
        Some((entity, service)) => {
            // Of two answers the stricter one counts: nobody can talk a number out of its service.
            let is_covered = |service: &str| policy.rules(entity.id(), service, direction(args)).is_ok();
            let service = said.filter(|_| is_covered(service)).unwrap_or_else(|| service.to_owned());
            (entity.id().to_owned(), service)
        }
        None => (args.entity.clone().unwrap_or_default(), said.unwrap_or_else(|| CUSTOMER_CARE.to_owned())),
    }
}

fn direction(args: &Tap) -> Direction {
    if args.caller_is == CallerIs::Callee { Direction::Outbound } else { Direction::Inbound }
}

/// What records, unless the call can never be recorded: then not even a folder is made.
pub fn recorder(args: &Tap, decision: &Decision) -> Result<(Option<SinkSpec>, Files), Failure> {
    let files = Files::default();
    if !decision.hook_needed || decision.reason == Reason::EntityExcluded {
        return Ok((None, files));
    }
    let folder = WavFolder::open(&args.out).map_err(|error| Failure::Failed(error.sentence()))?;
    let encoding = match args.encoding {
        Encoding::Pcm => WavEncoding::Pcm,
        Encoding::AsItCame => WavEncoding::AsItCame,
    };
    let made = Arc::clone(&files);
    let make = Box::new(move |output| -> Box<dyn Sink> {
        let sink = folder.sink(WavOptions { encoding }, output);
        made.lock().unwrap_or_else(PoisonError::into_inner).push(sink.files());
        Box::new(sink)
    });
    let pairs = Purpose::ALL.into_iter().map(|purpose| (Kind::Record, purpose)).collect();
    Ok((Some(SinkSpec { tap: Kind::Record, pairs, run: Run::File, live: false, make }), files))
}

/// Plays the call and tells what follows as it follows.
fn play(
    args: &Tap,
    prepared: &Prepared,
    capture: Capture,
    call: &mut Call,
    voice: &dyn Voice,
) -> Result<Report, Failure> {
    let mut legs = prepared.open_legs(call).map_err(|error| Failure::Failed(error.to_string()))?;
    let mut report = Report::of(&call.decision(Kind::Record));
    let mut told = Ok(());
    let bar = progress::bar("playing", capture.size());
    let mut tell = |at: CallTime, event: &CallEvent| {
        report.see(event);
        if told.is_ok() {
            told = bar.suspend(|| voice.event(at, event));
        }
    };
    // What was decided when the call started.
    let at_start = call.events();
    at_start.iter().for_each(|event| tell(CallTime::ZERO, event));
    let mut watch = |seen: Seen| match seen {
        Seen::Event(at, event) => tell(at, &event),
        Seen::Position(position) => bar.set_position(position),
        // Nothing else follows in virtual time.
        _ => {}
    };
    let played = prepared.play(capture, call, &mut legs, &script(args), args.stop_at, &mut watch);
    bar.finish_and_clear();
    played.map_err(of_replay)?;
    told?;
    Ok(report)
}

/// What the host did, from the arguments.
pub fn script(args: &Tap) -> Script {
    let mut script = Script::default();
    if let Some(notice) = args.notice {
        let language = args.notice_language.as_ref().unwrap_or(&args.language);
        script.at(notice.from, Action::NoticeStarts(language.clone()));
        script.at(notice.to, Action::NoticeStops(!args.notice_broken_off));
    }
    for data in times::union(&args.digits_are_data) {
        script.at(data.from, Action::DigitsAreData(true));
        script.at(data.to, Action::DigitsAreData(false));
    }
    for pause in times::union(&args.pause) {
        script.at(pause.from, Action::Pause);
        script.at(pause.to, Action::Resume);
    }
    if let Some(at) = args.withdraw_at {
        script.at(at, Action::Withdraw("the command line".to_owned()));
    }
    script
}

pub fn of_replay(error: ReplayError) -> Failure {
    match error {
        error @ (ReplayError::Call(_) | ReplayError::Live(_) | ReplayError::NoThread { .. }) => {
            Failure::Failed(error.to_string())
        }
        other => Failure::Input(other.to_string()),
    }
}
