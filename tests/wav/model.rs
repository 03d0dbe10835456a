//! Any order of frames, compared with a second, slower way to lay them.

use std::collections::HashMap;

use calltap::audio::Format;
use calltap::sink::Sink;
use calltap::sink::wav::WavEncoding;
use proptest::prelude::*;

use super::support::*;

#[derive(Clone, Debug)]
enum Step {
    Frame { leg: u8, at: i64, samples: i64, value: i16 },
    Flush,
}

/// Mostly frames that follow each other, some that jump ahead, some that come late.
fn steps() -> impl Strategy<Value = Vec<Step>> {
    let ahead = prop_oneof![8 => 0..400i64, 2 => -70_000..0i64, 1 => 8_000..60_000i64];
    let frame = (0..3u8, ahead, 1..400i64, any::<i16>());
    prop::collection::vec(prop_oneof![9 => frame.prop_map(Some), 1 => Just(None)], 1..60).prop_map(|steps| {
        let mut end = 0;
        let step = |step: Option<(u8, i64, i64, i16)>| match step {
            None => Step::Flush,
            Some((leg, ahead, samples, value)) => {
                let at = (end + ahead).max(0);
                end = end.max(at + samples);
                Step::Frame { leg, at, samples, value }
            }
        };
        steps.into_iter().map(step).collect()
    })
}

/// What should be in the file: for each sample of each leg, the first value that came in time.
#[derive(Default)]
struct Model {
    legs: [HashMap<i64, i16>; 3],
    /// The legs in the order in which they first had something at a place: sums that saturate depend on it.
    order: HashMap<i64, Vec<u8>>,
    end: i64,
}

impl Model {
    fn frame(&mut self, leg: u8, at: i64, samples: i64, value: i16) {
        if at + 80_000 < self.end {
            return;
        }
        for place in at..at + samples {
            if let std::collections::hash_map::Entry::Vacant(free) = self.legs[usize::from(leg)].entry(place) {
                free.insert(value);
                self.order.entry(place).or_default().push(leg);
            }
        }
        self.end = self.end.max(at + samples);
    }

    fn channel(&self, legs: &[u8]) -> Vec<i16> {
        let sample = |place| {
            let here = self.order.get(&place).into_iter().flatten().filter(|leg| legs.contains(leg));
            here.fold(0i16, |sum, &leg| sum.saturating_add(self.legs[usize::from(leg)][&place]))
        };
        (0..self.end).map(sample).collect()
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_sample_lies_where_it_belongs_once_in_whatever_order_frames_come(steps in steps()) {
        let mut call = Call::of(L16, WavEncoding::Pcm);
        let mut model = Model::default();
        for step in steps {
            match step {
                Step::Frame { leg, at, samples, value } => {
                    call.linear(leg, at, &vec![value; samples as usize]);
                    model.frame(leg, at, samples, value);
                }
                Step::Flush => call.sink.flush().expect("flushed"),
            }
        }
        call.close();
        let (left, right) = channels(&call.path("wav"));
        prop_assert!(left == model.channel(&[CALLER]), "the caller's channel");
        prop_assert!(right == model.channel(&[AGENT, THIRD]), "the others' channel");
    }

    #[test]
    fn every_code_of_a_law_lies_where_it_belongs_in_whatever_order_frames_come(steps in steps()) {
        let mut call = Call::of(Format::PCMA, WavEncoding::AsItCame);
        let mut model = Model::default();
        for step in steps {
            // A third leg would be mixed, and no code survives that.
            if let Step::Frame { leg: leg @ (CALLER | AGENT), at, samples, value } = step {
                call.coded(leg, at, Format::PCMA, &vec![value as u8; samples as usize]);
                model.frame(leg, at, samples, value);
            }
        }
        call.close();
        let (left, right) = codes(&call.path("wav"), 6);
        let expected = |leg: u8| -> Vec<u8> {
            (0..model.end).map(|at| model.legs[usize::from(leg)].get(&at).map_or(0xD5, |&value| value as u8)).collect()
        };
        prop_assert!(left == expected(CALLER), "the caller's channel");
        prop_assert!(right == expected(AGENT), "the agent's channel");
    }
}
