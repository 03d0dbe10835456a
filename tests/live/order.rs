//! What several control threads tell one call is done in order, and costs no audio.

use std::sync::Arc;
use std::time::Duration;

use calltap::engine::{CallEvent, Config, Run};

use crate::stage::{Stage, mono};
use crate::witness::{Log, Where};

#[test]
fn a_transfer_hands_on_what_is_held_though_a_verb_waits_behind_it() {
    let stage = Stage::new(Config::default());
    let (log, blocker) = (Log::default(), Log::default());
    let (mut pair, mut other) = (stage.pair(), stage.pair());
    pair.record(Run::Direct, log.sink());
    other.record(Run::Direct, blocker.sink());
    stage.play_all(&mut [&mut pair, &mut other], 5_500);
    // The worker is kept in the other call until both orders wait for it.
    blocker.set(|notes| notes.blocks = Some(Where::Frame));
    stage.push_on(&mut [&mut other], 5_540);
    blocker.wait_inside();
    let long = Some(Duration::from_secs(3600));
    let (moving, pausing) = (Arc::clone(&pair.call), Arc::clone(&pair.call));
    let moving = std::thread::spawn(move || moving.transfer("ecommerce-be", "sales", Some(mono(5_500))));
    std::thread::park_timeout(Duration::from_millis(50));
    let pausing = std::thread::spawn(move || pausing.pause(Some(mono(5_500)), long));
    std::thread::park_timeout(Duration::from_millis(50));
    blocker.set(|notes| notes.blocks = None);
    moving.join().expect("no panic").expect("told");
    let _ = pausing.join().expect("no panic").expect("told");
    // Twelve frames of each leg were held.
    assert_eq!(log.frames(), 50);
    stage.event("the end of the recording", |event| matches!(event, CallEvent::OutputClosed { .. }));
}
