//! `calltap tap --realtime`: the same call at its own pace, through the live engine.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use calltap::capture::Capture;
use calltap::engine::{CallSpec, Clock as _, Config, LiveEngine, LiveError, SystemClock};
use calltap::policy::{Policy, Tap as Kind};
use calltap::replay::{Prepared, Seen, Stage};
use calltap::time::CallTime;

use crate::args::Tap;
use crate::error::Failure;
use crate::progress;
use crate::report::{Accounts, Report, Voice};
use crate::tap::{of_replay, recorder, script};

/// How long a control call waits here: the order of a capture matters more than an exchange's patience.
const DEADLINE: Duration = Duration::from_secs(1);

/// How long the engine may take to stop.
const LAST_WAIT: Duration = Duration::from_secs(10);

/// Plays the call in real time.
pub fn run(
    args: &Tap,
    prepared: &Prepared,
    capture: Capture,
    policy: &Arc<Policy>,
    spec: CallSpec,
    voice: &dyn Voice,
    begin: impl FnOnce() -> Result<(), Failure>,
) -> Result<Report, Failure> {
    // One for each leg's thread.
    let again = Capture::open(&args.capture).map_err(|error| Failure::Input(error.to_string()))?;
    let readings = prepared.read_again([capture, again]).map_err(of_replay)?;
    let config = Config { deadline: DEADLINE, ..Config::default() };
    let engine = LiveEngine::start(config, Some(Arc::clone(policy)))
        .map_err(|error| Failure::Failed(format!("the engine cannot start: {error}")))?;
    let zero = prepared.live_zero(SystemClock.now());
    let call = engine.start_call(CallSpec { zero, ..spec });
    let decision = call.decision(Kind::Record);
    let (sink, files) = recorder(args, &decision)?;
    sink.map_or(Ok(()), |sink| call.add_sink(sink)).map_err(of_live)?;
    begin()?;
    let mut legs = prepared.open_live_legs(&call).map_err(of_live)?;
    let mut report = Report::of(&decision);
    let mut told = Ok(());
    let bar = progress::time_bar("playing", seconds(lasts(args, prepared)));
    let mut watch = |seen: Seen| {
        if let Seen::Event(_, event) = &seen {
            report.see(event);
        }
        if told.is_err() {
            return;
        }
        match seen {
            Seen::Event(at, event) => told = bar.suspend(|| voice.event(at, &event)),
            Seen::Pending { at, what, inside } => told = bar.suspend(|| voice.pending(at, what, &inside)),
            Seen::Moment(at) => bar.set_position(seconds(at)),
            _ => {}
        }
    };
    let stage = Stage { engine: &engine, call: &call, clock: &SystemClock, zero };
    let played = prepared.play_live(readings, &stage, &mut legs, &script(args), args.stop_at, &mut watch);
    bar.finish_and_clear();
    report.see_pace(&played.map_err(of_replay)?);
    told?;
    let accounts = Accounts::of_live(&call).map_err(of_live)?;
    drop(call);
    // Whatever did not return by then was told of already.
    engine.shutdown(LAST_WAIT);
    report.finish(accounts, &files.lock().unwrap_or_else(PoisonError::into_inner));
    Ok(report)
}

/// The last thing that is waited for.
fn lasts(args: &Tap, prepared: &Prepared) -> CallTime {
    let end = args.stop_at.unwrap_or(prepared.ends_at()).min(prepared.ends_at());
    args.withdraw_at.map_or(end, |at| at.max(end))
}

fn seconds(at: CallTime) -> u64 {
    at.since(CallTime::ZERO).as_secs()
}

fn of_live(error: LiveError) -> Failure {
    Failure::Failed(error.to_string())
}
