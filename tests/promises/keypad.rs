//! A telephone's keys: what it sends while one is pressed (RFC 4733).

use calltap::time::CallTime;

use super::scene::{EVENT, Scene};

/// Sends event packets of one key; both sides go on speaking.
pub fn key(scene: &mut Scene, leg: usize, key: u8, onset: CallTime, events: &[Event]) {
    let timestamp = scene.phones[leg].timestamp_at(onset);
    for (number, event) in events.iter().enumerate() {
        let when = CallTime::from_nanos(onset.nanos() + event.after * 1_000_000);
        scene.run_to(when);
        let packet = scene.phones[leg].packet(EVENT, number == 0, timestamp, &payload(key, *event));
        let _ = scene.push(leg, &packet);
    }
}

/// An event packet: how long after the onset it is sent, its duration in time stamp units, and whether it is an end.
#[derive(Clone, Copy)]
pub struct Event {
    pub after: i64,
    pub duration: u16,
    pub end: bool,
}

/// A press of so many milliseconds, a packet every 20 ms and the last one three times.
pub fn press(millis: i64) -> Vec<Event> {
    let steps = millis / 20;
    let going_on = (1..=steps).map(|step| Event { after: step * 20, duration: step as u16 * 160, end: false });
    let ends =
        (1..=3).map(|repeat| Event { after: millis + repeat * 20, duration: (steps + 1) as u16 * 160, end: true });
    going_on.chain(ends).collect()
}

pub fn payload(key: u8, event: Event) -> [u8; 4] {
    let [high, low] = event.duration.to_be_bytes();
    [key, if event.end { 0x8a } else { 0x0a }, high, low]
}

/// One packet of a press of 9 at `onset`, `millis` of it; the first one has the marker.
pub fn nine(scene: &mut Scene, leg: usize, onset: CallTime, millis: u16) -> Vec<u8> {
    let event = Event { after: 0, duration: millis * 8, end: false };
    let timestamp = scene.phones[leg].timestamp_at(onset);
    scene.phones[leg].packet(EVENT, millis <= 20, timestamp, &payload(9, event))
}
