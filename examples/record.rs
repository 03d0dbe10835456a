//! One call from its notice to its file, with a tone for each voice: `cargo run --features wav --example record [FOLDER]`.

use calltap::audio::{Encoding, Format};
use calltap::consent::Role;
use calltap::engine::{CallSpec, Config, Engine, Incoming, LegSpec, Run, SinkSpec};
use calltap::policy::{Direction, Pairs, Policy, Purpose, Tap};
use calltap::sink::wav::{WavFolder, WavOptions};
use calltap::time::{CallTime, MonoTime};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let engine = Engine::new(Config::default(), Some(Policy::embedded()))?;
    let mut call = engine.start_call(CallSpec {
        id: "an example".to_owned(),
        entity: "ecommerce-be".to_owned(),
        service: "customer-care".to_owned(),
        direction: Direction::Inbound,
        language: "en".to_owned(),
        zero: MonoTime(0),
        started: "2026-11-24T12:00:00Z".parse()?,
    });

    // A leg for each voice. The writers go to the threads that carry the media.
    let format = Format { encoding: Encoding::L16, rate: 8_000, channels: 1 };
    let mut caller = call.open_leg(&LegSpec::new(Role::Caller, vec![format]))?;
    let mut agent = call.open_leg(&LegSpec::new(Role::Agent, vec![format]))?;

    // A sink for recordings. Nothing is opened before something may be recorded.
    let folder = WavFolder::open(std::env::args().nth(1).unwrap_or_else(|| "recordings".to_owned()))?;
    let (made, files) = std::sync::mpsc::channel();
    let make = Box::new(move |output| {
        let sink = folder.sink(WavOptions::default(), output);
        let _ = made.send(sink.files());
        Box::new(sink) as _
    });
    let pairs = Pairs::one(Tap::Record, Purpose::Quality);
    call.add_sink(SinkSpec { tap: Tap::Record, pairs, run: Run::File, live: false, make })?;

    // Twelve seconds, a packet every 20 ms. The announcement plays for two of them; then the caller may press 9 for three.
    let mut said = None;
    for packet in 0..600_u16 {
        let now = CallTime::from_millis(i64::from(packet) * 20);
        if packet == 0 {
            call.notice_started(now, "en");
        } else if packet == 100 {
            call.notice_finished(now, true);
        }
        for (leg, hertz) in [(&mut caller, 440.0), (&mut agent, 554.4)] {
            // Until something may be tapped, most of it is refused: `Shut` and `Wait` are answers like any other.
            let _ = leg.push(&Incoming {
                data: &tone(hertz, packet),
                format: 0,
                samples: 160,
                sequence: Some(packet),
                timestamp: Some((u32::from(packet) * 160, 1)),
                arrival: MonoTime(u64::from(packet) * 20_000_000),
                marker: packet == 0,
            });
        }
        // The worker's part: twice for each packet, every 10 ms.
        call.step(now);
        call.step(now + std::time::Duration::from_millis(10));
        let decided = call.decision(Tap::Record).reason;
        if said.replace(decided) != Some(decided) {
            println!("{now}  {decided}");
        }
    }
    call.end(CallTime::from_millis(12_000));
    println!("12.000 s  {}", call.decision(Tap::Record).reason);
    for path in files.try_iter().flat_map(|recording| recording.existing()) {
        println!("{}", path.display());
    }
    Ok(())
}

/// 20 ms of a sine at 8 kHz, linear in network byte order.
fn tone(hertz: f32, packet: u16) -> [u8; 320] {
    let mut bytes = [0; 320];
    for (at, sample) in bytes.chunks_exact_mut(2).enumerate() {
        let turns = (f32::from(packet) * 160.0 + at as f32) * hertz / 8_000.0;
        sample.copy_from_slice(&(((turns * std::f32::consts::TAU).sin() * 8_000.0) as i16).to_be_bytes());
    }
    bytes
}
