//! Promises 1 and 5 in calls that nobody would make: everything happens at random, on bad lines, with sinks that fail.
//! After every single step each frame that a sink got lies within a permission, and every account balances.

use std::collections::BTreeMap;
use std::time::Duration;

use calltap::consent::Digit;
use calltap::engine::{CallEvent, Config, CountedIds, Engine, Pushed};
use calltap::policy::{Policy, Tap};
use calltap::time::CallTime;

use super::scene::{AGENT, CALLER, EVENT, MONITOR, RECORD, Scene, ms};
use super::witness::{Log, Mood};

/// A random number generator that gives the same numbers on every run (SplitMix64).
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    /// True once in `times`.
    fn once_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }

    fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len() as u64) as usize]
    }
}

/// A call in which everything happens at random.
struct Chaos {
    scene: Scene,
    dice: Dice,
    /// Packets on their way, by the moment they arrive and a count.
    on_the_way: BTreeMap<(CallTime, u64), (usize, Vec<u8>)>,
    sent: u64,
    /// The worker sleeps until then.
    asleep_until: CallTime,
    /// How bad the lines are: one packet in so many is harmed.
    harm: u64,
    /// Nobody refuses: the call gets further.
    calm: bool,
    /// How far each telephone's packets are behind the ticks.
    behind: [Duration; 2],
    /// How many pieces each sink had when a verb returned that lets nothing more through.
    silent_since: Option<Vec<usize>>,
}

/// Until then the lines are good and everything is punctual: a leg is placed by its first packet.
const PUNCTUAL: CallTime = CallTime::from_millis(100);

impl Chaos {
    fn new(seed: u64) -> Chaos {
        let mut dice = Dice(seed);
        let held_bytes = dice.pick(&[1_000, 20_000, 64 << 20, 64 << 20]);
        let config = Config { held_bytes, ..Config::default() };
        let timestamps = [0, 1].map(|_| dice.pick(&[0, u32::MAX - 100_000, 1 << 31, 77]));
        let sequences = [0, 1].map(|_| dice.pick(&[0, 65_000, 32_700, 9]));
        let ids = Box::new(CountedIds::default());
        let engine = Engine::with_ids(config, Some(Policy::embedded()), ids).expect("the configuration is sound");
        let entity = dice.pick(&["ecommerce-be", "ecommerce-be", "ecommerce-ch", "financial-be", "ecommerce-us"]);
        let mut scene = Scene::of(std::sync::Arc::new(engine), entity, timestamps, sequences);
        scene.add_sink(Tap::Record, Log::default());
        scene.add_sink(Tap::Monitor, Log::default());
        // A second recorder, which fails when it likes.
        scene.add_sink(Tap::Record, Log::default());
        let harm = dice.pick(&[5, 20, 1_000_000]);
        let calm = dice.once_in(2);
        let behind = [0, 1].map(|_| Duration::from_nanos(dice.pick(&[0, 1_480_000, 6_519_999, 9_999_999])));
        for sink in &scene.sinks {
            sink.set_grid(behind.map(|behind| (CallTime::ZERO - behind).sample(8_000)));
        }
        Chaos {
            scene,
            dice,
            on_the_way: BTreeMap::new(),
            sent: 0,
            asleep_until: CallTime::MIN,
            harm,
            calm,
            behind,
            silent_since: None,
        }
    }

    fn run_to(&mut self, until: CallTime) {
        while self.scene.now() < until {
            let now = self.scene.now() + Duration::from_millis(10);
            self.scene.set_now(now);
            if now.nanos() % 20_000_000 == 0 {
                self.speak(now);
            }
            while let Some(packet) = self.on_the_way.first_entry().filter(|packet| packet.key().0 <= now) {
                let ((arrival, _), (leg, bytes)) = packet.remove_entry();
                let _ = self.scene.push_at(leg, &bytes, arrival);
            }
            if now > PUNCTUAL && self.dice.once_in(40) {
                self.happen(now);
                self.check();
            }
            if self.dice.once_in(500) {
                self.asleep_until = now + Duration::from_millis(self.dice.below(1_500));
            }
            if now >= self.asleep_until {
                self.scene.step();
                self.check();
            }
        }
    }

    /// A notice as it should be, so that there is something to get wrong.
    fn begin_well(&mut self) {
        self.scene.call.notice_started(CallTime::ZERO, "en");
        self.run_to(PUNCTUAL);
        self.scene.call.notice_finished(PUNCTUAL, true);
    }

    fn check(&mut self) {
        self.scene.check_accounts();
        self.scene.check_permitted();
        if let Some(before) = &self.silent_since {
            assert_eq!(*before, self.pieces(), "at {}: nothing was to be handed on", self.scene.now());
        }
        let failed = self.scene.events.iter().find(|event| matches!(event, CallEvent::CallFailed { .. }));
        assert!(failed.is_none(), "{failed:?}");
    }

    /// How many pieces each sink has.
    fn pieces(&self) -> Vec<usize> {
        let both = |sink: &Log| sink.pieces(CALLER).len() + sink.pieces(AGENT).len();
        self.scene.sinks.iter().map(both).collect()
    }

    /// Both telephones send their next packet.
    fn speak(&mut self, now: CallTime) {
        for leg in [CALLER, AGENT] {
            if self.dice.once_in(700) {
                self.scene.phones[leg].speaks = !self.scene.phones[leg].speaks && now > PUNCTUAL;
            }
            if self.scene.phones[leg].speaks || now <= PUNCTUAL {
                let place = now - self.behind[leg];
                let packet = self.scene.audio(leg, place);
                self.send(leg, packet, place);
            }
        }
    }

    /// Puts a packet on the line, which does to it what bad lines do.
    fn send(&mut self, leg: usize, packet: Vec<u8>, at: CallTime) {
        let late = |dice: &mut Dice, most: u64| at + Duration::from_millis(1 + dice.below(most));
        if at <= PUNCTUAL || !self.dice.once_in(self.harm) {
            return self.arrive(leg, packet, at);
        }
        match self.dice.below(9) {
            0 | 1 => {}
            2 | 3 => {
                let again = late(&mut self.dice, 60);
                self.arrive(leg, packet.clone(), at);
                self.arrive(leg, packet, again);
            }
            4 | 5 => {
                let later = late(&mut self.dice, 60);
                self.arrive(leg, packet, later);
            }
            6 => {
                let much_later = late(&mut self.dice, 700);
                self.arrive(leg, packet, much_later);
            }
            7 => {
                // Longer than a slot, or of a type that nobody registered.
                let mut changed = packet;
                if self.dice.once_in(2) {
                    changed.resize(700, 0xd5);
                } else {
                    changed[1] = 77;
                }
                self.arrive(leg, changed, at);
            }
            _ => {
                let length = self.dice.below(12) as usize;
                self.arrive(leg, packet[..length].to_vec(), at);
            }
        }
    }

    fn arrive(&mut self, leg: usize, packet: Vec<u8>, at: CallTime) {
        self.sent += 1;
        self.on_the_way.insert((at, self.sent), (leg, packet));
    }

    /// A key is pressed: nine packets and three with E, as most telephones send them.
    fn press(&mut self, leg: usize, key: u8, onset: CallTime) {
        let timestamp = self.scene.phones[leg].timestamp_at(onset);
        for number in 1..=12u16 {
            let duration = (number.min(9) * 160).to_be_bytes();
            let payload = [key, if number > 9 { 0x8a } else { 0x0a }, duration[0], duration[1]];
            let packet = self.scene.phones[leg].packet(EVENT, number == 1, timestamp, &payload);
            self.send(leg, packet, onset + Duration::from_millis(20 * u64::from(number.min(9))));
        }
    }

    /// One thing that a host, a caller or an agent does.
    fn happen(&mut self, now: CallTime) {
        let calm = self.calm;
        let scene = &mut self.scene;
        match self.dice.below(24) {
            0..=3 => scene.call.notice_started(now, self.dice.pick(&["en", "en", "en", "en", "fr"])),
            4..=8 => {
                let complete = !self.dice.once_in(8);
                scene.call.notice_finished(now, complete);
            }
            9 => {
                scene.call.pause(now);
                self.silent_since = Some(self.pieces());
            }
            10..=12 => {
                self.silent_since = None;
                scene.call.resume(now);
            }
            13 => {
                let data = self.dice.once_in(2);
                scene.call.digits_are_data(now, data);
            }
            14..=16 => {
                let keys = if calm { &[4, 0, 10, 11, 15][..] } else { &[9, 9, 4, 0, 11, 15] };
                let key = self.dice.pick(keys);
                let leg = self.dice.pick(&[CALLER, CALLER, AGENT]);
                self.press(leg, key, now);
            }
            17 if !calm => {
                let key = self.dice.pick(&['9', '9', '1', '#']);
                let digit = Digit::from_char(key).expect("a key");
                let onset = self.dice.once_in(2).then(|| now - Duration::from_millis(self.dice.below(900)));
                scene.call.digit(now, self.dice.pick(&[0, 0, 1, 7]), digit, onset);
            }
            18 if !calm && self.dice.once_in(4) => {
                drop(scene.call.withdraw(now, "the agent's screen"));
                self.silent_since = Some(self.pieces());
            }
            19 if self.dice.once_in(2) => {
                let entity = self.dice.pick(&["ecommerce-nl", "ecommerce-be", "ecommerce-fr", "ebilling-in"]);
                let service = if self.dice.once_in(8) { "sales" } else { "customer-care" };
                scene.call.transfer(now, entity, service);
            }
            20 if self.dice.once_in(6) => scene.call.close_leg(now, self.dice.pick(&[0, 1, 1, 5])),
            21 | 22 => {
                let mood = self.dice.pick(&[Mood::Good, Mood::Good, Mood::Fails, Mood::Keeps]);
                scene.sinks[2].set_mood(mood);
            }
            _ => {}
        }
        self.scene.take_events();
    }

    /// The call ends, and what comes after it changes nothing.
    fn end(mut self) -> Scene {
        self.scene.end();
        self.check();
        self.scene.check_the_end();
        let before = self.pieces();
        let late: Vec<_> = std::mem::take(&mut self.on_the_way).into_values().collect();
        for (leg, packet) in late {
            assert_eq!(self.scene.push(leg, &packet[..packet.len().min(500)]), self.scene.answers[leg]);
        }
        for leg in [CALLER, AGENT] {
            let now = self.scene.now();
            let packet = self.scene.audio(leg, now);
            assert_eq!(self.scene.push(leg, &packet), Pushed::Shut);
        }
        self.scene.step();
        self.scene.check_the_end();
        assert_eq!(before, self.pieces());
        self.scene
    }
}

/// How many calls.
const CALLS: u64 = 100;

#[test]
fn in_any_call_every_frame_is_permitted_and_accounted_for_after_every_step() {
    let (mut recorded, mut monitored, mut erased, mut failed, mut transferred) = (0, 0, 0, 0, 0);
    for seed in 0..CALLS {
        // A test that fails says which call it was.
        let seen = std::panic::catch_unwind(|| {
            let mut chaos = Chaos::new(seed);
            let seconds = 12 + chaos.dice.below(20) as i64;
            if chaos.dice.once_in(2) {
                chaos.begin_well();
            }
            chaos.run_to(ms(seconds * 1_000));
            chaos.end()
        });
        let scene = seen.unwrap_or_else(|panic| {
            let text = panic.downcast_ref::<String>().cloned();
            panic!("call number {seed}: {}", text.unwrap_or_else(|| "no message".to_owned()))
        });
        recorded += u64::from(!scene.sinks[RECORD].pieces(CALLER).is_empty());
        monitored += u64::from(!scene.sinks[MONITOR].pieces(AGENT).is_empty());
        erased += u64::from(scene.sinks[RECORD].is_erased());
        failed += u64::from(scene.events.iter().any(|event| matches!(event, CallEvent::SinkFailed { .. })));
        let outputs = scene.sinks[RECORD].told();
        let opened = outputs.iter().filter(|told| matches!(told, super::witness::Told::Opened { .. })).count();
        transferred += u64::from(opened > 1);
    }
    // The dice must not have been kind.
    for (count, what) in [
        (recorded, "recorded"),
        (monitored, "monitored"),
        (erased, "erased"),
        (failed, "failed"),
        (transferred, "with two outputs"),
    ] {
        assert!(count * 50 >= CALLS, "only {count} calls {what}");
    }
}
