//! Reads a recording and its description, and compares them with what was said.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use super::speech::{MILLI, SAMPLE, Talk, from_a_law, from_mu_law, spoken};

/// What is in a WAV file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coding {
    Pcm16,
    ALaw,
    MuLaw,
}

/// A recording.
pub struct Recording {
    pub wav: PathBuf,
    /// The description.
    pub told: Value,
    /// The whole text of the description.
    pub told_text: String,
    pub coding: Coding,
    /// Left and right, as they stand in the file: linear samples, or bytes of G.711.
    pub channels: [Vec<i16>; 2],
    /// The first sample's number on the call's clock.
    pub offset: i64,
}

impl Recording {
    pub fn read(wav: &Path, description: &Path) -> Recording {
        let told_text = std::fs::read_to_string(description).expect("a description");
        let told: Value = serde_json::from_str(&told_text).expect("JSON");
        let (coding, channels) = read_wav(&std::fs::read(wav).expect("audio"));
        let offset = told["offset_samples"].as_i64().expect("a number");
        assert_eq!(told["samples"], channels[0].len(), "samples of each channel");
        assert_eq!(told["file"], wav.file_name().expect("a name").to_string_lossy().as_ref());
        Recording { wav: wav.to_owned(), told, told_text, coding, channels, offset }
    }

    /// From the first sample to the end of the last, nanoseconds on the call's clock.
    pub fn stretch(&self) -> Range<i64> {
        self.offset * SAMPLE..(self.offset + self.channels[0].len() as i64) * SAMPLE
    }

    /// Both channels hold what both sides sent from `from` on and outside of `pauses`, each sample in its place and none
    /// besides.
    pub fn holds(&self, talk: &Talk, from: i64, pauses: &[Range<i64>]) {
        assert_eq!(self.offset, -(-from).div_euclid(SAMPLE), "it starts at the first permitted instant");
        let said = [&talk.caller, &talk.agent].map(|side| spoken(side, from, pauses, talk.bye));
        let last = said.iter().filter_map(BTreeMap::last_key_value).map(|(at, _)| at + 1).max().expect("audio");
        for ((channel, said), name) in self.channels.iter().zip(&said).zip(["left", "right"]) {
            assert_eq!(channel.len() as i64, last - self.offset, "{name}: as long as what was said");
            for (at, &sample) in (self.offset..).zip(channel) {
                let expected = match said.get(&at) {
                    Some(&byte) => self.written(byte),
                    None => self.silence(),
                };
                assert_eq!(sample, expected, "{name}: sample {at} of the call, {} s", at as f64 / 8_000.0);
            }
        }
    }

    /// How a byte that was sent stands in the file.
    fn written(&self, byte: u8) -> i16 {
        match (self.coding, self.told["legs"][0]["formats"][0].as_str()) {
            (Coding::ALaw | Coding::MuLaw, _) => i16::from(byte),
            (Coding::Pcm16, Some("PCMU/8000")) => from_mu_law(byte),
            (Coding::Pcm16, _) => from_a_law(byte),
        }
    }

    /// What fills a place for which nothing was sent.
    fn silence(&self) -> i16 {
        match self.coding {
            Coding::Pcm16 => 0,
            Coding::ALaw => 0xd5,
            Coding::MuLaw => 0xff,
        }
    }

    /// The gaps that the description lists for a leg, from and to in nanoseconds, with their causes.
    pub fn gaps(&self, leg: u8) -> Vec<(Range<i64>, String)> {
        assert_eq!(self.told["gaps_unlisted"], 0);
        let all = self.told["gaps"].as_array().expect("a list").iter().filter(|gap| gap["leg"] == leg);
        all.map(|gap| (nanos(&gap["from"])..nanos(&gap["to"]), gap["cause"].as_str().expect("a cause").to_owned()))
            .collect()
    }

    /// sox plays it to its end, and Python's reader of WAV files (which takes linear samples only) counts as many
    /// samples.
    pub fn can_be_played(&self) {
        let sox = output(Command::new("sox").arg(&self.wav).args(["-n", "stat"]));
        let seconds = sox.lines().find_map(|line| line.strip_prefix("Length (seconds):")).expect("a length");
        let seconds: f64 = seconds.trim().parse().expect("seconds");
        assert!((seconds - self.channels[0].len() as f64 / 8_000.0).abs() < 1e-5, "{seconds} s");
        if self.coding == Coding::Pcm16 {
            let script =
                "import sys,wave; w=wave.open(sys.argv[1]); print(w.getnchannels(), w.getframerate(), w.getnframes())";
            let counted = output(Command::new("python3").args(["-c", script]).arg(&self.wav));
            assert_eq!(counted.trim(), format!("2 8000 {}", self.channels[0].len()));
        }
    }
}

/// Seconds of a JSON number as nanoseconds.
pub fn nanos(seconds: &Value) -> i64 {
    (seconds.as_f64().expect("seconds") * 1e9).round() as i64
}

/// Milliseconds as nanoseconds.
pub const fn ms(millis: i64) -> i64 {
    millis * MILLI
}

/// A stretch between two moments in milliseconds.
pub fn between(from: i64, to: i64) -> Range<i64> {
    ms(from)..ms(to)
}

/// What a program says, on either stream. It must be there, and succeed.
fn output(command: &mut Command) -> String {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.output();
    let output = output.unwrap_or_else(|error| panic!("this test needs the Debian package {name}: {error}"));
    let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(output.status.success(), "{name}: {text}");
    text
}

/// Reads a WAV file of two channels at 8 kHz.
pub fn read_wav(file: &[u8]) -> (Coding, [Vec<i16>; 2]) {
    let word = |at: usize| u32::from_le_bytes(file[at..at + 4].try_into().expect("four bytes")) as usize;
    let half = |at: usize| u16::from_le_bytes(file[at..at + 2].try_into().expect("two bytes"));
    assert_eq!((&file[..4], &file[8..12]), (&b"RIFF"[..], &b"WAVE"[..]));
    assert!(word(4) + 8 <= file.len(), "what the header promises is there");
    let (mut coding, mut at) = (None, 12);
    loop {
        let (name, length, body) = (&file[at..at + 4], word(at + 4), at + 8);
        match name {
            b"fmt " => {
                assert_eq!((half(body + 2), word(body + 4)), (2, 8_000), "two channels at 8 kHz");
                coding = Some(match (half(body), half(body + 14)) {
                    (1, 16) => Coding::Pcm16,
                    (6, 8) => Coding::ALaw,
                    (7, 8) => Coding::MuLaw,
                    other => panic!("format tag and bits a sample are {other:?}"),
                });
            }
            b"data" => {
                let coding = coding.expect("the format comes first");
                return (coding, channels(coding, &file[body..body + length]));
            }
            _ => {}
        }
        at = body + length + length % 2;
    }
}

fn channels(coding: Coding, audio: &[u8]) -> [Vec<i16>; 2] {
    let samples: Vec<i16> = match coding {
        Coding::Pcm16 => audio.as_chunks::<2>().0.iter().map(|&two| i16::from_le_bytes(two)).collect(),
        _ => audio.iter().map(|&byte| i16::from(byte)).collect(),
    };
    [0, 1].map(|channel| samples.iter().skip(channel).step_by(2).copied().collect())
}
