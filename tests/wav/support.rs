//! A call to record, and programs that read what was recorded.

#[path = "permit.rs"]
mod permit;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use calltap::audio::{Encoding, Format};
use calltap::consent::{Permit, Reason, Role};
use calltap::frame::{Frame, Ledger, Pool};
use calltap::policy::{Pairs, Purpose, Tap};
use calltap::sink::wav::{WavEncoding, WavFolder, WavOptions, WavSink};
use calltap::sink::{Closing, Description, Erasure, LegDescription, NoticeDescription, Outcome, OutputId, Sink};
use calltap::time::{CallTime, Interval};
pub use permit::permit_for;

pub const L16: Format = Format { encoding: Encoding::L16, rate: 8_000, channels: 1 };
pub const CALLER: u8 = 0;
pub const AGENT: u8 = 1;
/// A third leg that not every call has.
pub const THIRD: u8 = 2;

/// The permission begins 9 s after the clock's zero.
pub const FROM: CallTime = CallTime::from_millis(9_000);
/// What every file of these calls is named after.
pub const STEM: &str = "20260131T093009Z_01944f2c-5c00-7000-8000-0000000000aa";

/// A call whose recording is being written.
pub struct Call {
    pub dir: tempfile::TempDir,
    pub folder: WavFolder,
    pub sink: WavSink,
    pub pool: Arc<Pool>,
}

impl Call {
    /// A call with a caller and an agent, its recording open.
    pub fn of(format: Format, encoding: WavEncoding) -> Call {
        let mut call = Call::unopened(encoding);
        call.sink.open(&permit(), &description(&[format])).expect("opened");
        call
    }

    pub fn unopened(encoding: WavEncoding) -> Call {
        let dir = tempfile::tempdir().expect("a folder");
        let folder = WavFolder::open(dir.path()).expect("the folder is ours");
        let sink = folder.sink(WavOptions { encoding }, output());
        Call { dir, folder, sink, pool: Pool::new(1 << 30) }
    }

    /// Hands over 16-bit audio that begins at sample `at` of the file.
    pub fn linear(&mut self, leg: u8, at: i64, samples: &[i16]) {
        let frame = linear(&self.pool, leg, at, samples);
        self.sink.frame(&frame).expect("written");
    }

    /// Hands over audio of one byte a sample.
    pub fn coded(&mut self, leg: u8, at: i64, format: Format, bytes: &[u8]) {
        let frame = frame(&self.pool, leg, at, format, bytes.len() as u32, bytes);
        self.sink.frame(&frame).expect("written");
    }

    pub fn close(&mut self) {
        self.sink.close(&closing(Outcome::Complete)).expect("closed");
    }

    /// Where its files are.
    pub fn path(&self, ending: &str) -> PathBuf {
        self.dir.path().join(format!("{STEM}.{ending}"))
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&std::fs::read(self.path("json")).expect("a description")).expect("JSON")
    }
}

pub fn output() -> OutputId {
    OutputId("01944f2c-5c00-7000-8000-0000000000aa".parse().expect("a UUID"))
}

pub fn pairs() -> Pairs {
    [(Tap::Record, Purpose::Quality), (Tap::Record, Purpose::Evidence)].into_iter().collect()
}

pub fn permit() -> Permit {
    let permit = permit_for(pairs());
    assert_eq!(permit.from(), FROM);
    permit
}

pub fn description(formats: &[Format]) -> Description {
    let leg = |(leg, role)| LegDescription { leg, role, formats: formats.to_vec() };
    let started: jiff::Timestamp = "2026-01-31T09:30:00Z".parse().expect("a time");
    Description {
        output: output(),
        call: "a84b4c76e66710@pbx.example".into(),
        entity: "ecommerce-be".into(),
        controller: "Ingenico e-Commerce Solutions BV/SRL".into(),
        country: "BE".into(),
        service: "customer-care".into(),
        language: "fr".into(),
        tap: Tap::Record,
        pairs: pairs(),
        policy_hash: "ab".repeat(32),
        notice: NoticeDescription {
            language: "fr".into(),
            played: Interval { from: CallTime::ZERO, to: CallTime::from_millis(6_000) },
            window_end: FROM,
        },
        permitted_from: FROM,
        started,
        delete_after: "2026-02-28T10:30:00+01:00[Europe/Brussels]".parse().expect("a time"),
        legal_basis: vec!["Regulation (EU) 2016/679, article 6(1)(f)".into()],
        legs: [(CALLER, Role::Caller), (AGENT, Role::Agent)].map(leg).to_vec(),
    }
}

pub fn closing(outcome: Outcome) -> Closing {
    let ledger = Ledger { pushed: 12, delivered: 7, withheld: 2, full: 1, late: 2, lost: 3, ..Ledger::default() };
    Closing {
        outcome,
        at: CallTime::from_millis(20_500),
        reason: Reason::Ended,
        permitted: vec![Interval { from: FROM, to: CallTime::from_millis(20_500) }],
        ledgers: vec![(CALLER, ledger), (AGENT, ledger)],
    }
}

pub fn erasure() -> Erasure {
    Erasure { reason: Reason::Objected, at: CallTime::from_millis(20_000) }
}

pub fn role_of(leg: u8) -> Role {
    if leg == CALLER { Role::Caller } else { Role::Agent }
}

/// A frame that begins at sample `at` of the file.
pub fn frame(pool: &Arc<Pool>, leg: u8, at: i64, format: Format, samples: u32, bytes: &[u8]) -> Frame {
    let place = CallTime::of_sample(FROM.sample(format.rate) + at, format.rate);
    Frame::copied(pool, leg, role_of(leg), place, format, samples, bytes).expect("room in the pool")
}

pub fn linear(pool: &Arc<Pool>, leg: u8, at: i64, samples: &[i16]) -> Frame {
    let bytes: Vec<u8> = samples.iter().flat_map(|sample| sample.to_be_bytes()).collect();
    frame(pool, leg, at, L16, samples.len() as u32, &bytes)
}

/// Audio that is different at every sample and for every leg, and never silent.
pub fn voice(leg: u8, samples: std::ops::Range<i64>) -> Vec<i16> {
    let value = |at: i64| {
        let mixed = (at as u32).wrapping_mul(0x9E37_79B1).wrapping_add(u32::from(leg) * 0x85EB_CA6B);
        ((mixed >> 17) as i16 - 0x2000) | 1
    };
    samples.map(value).collect()
}

/// Both channels of a linear file, as `hound` reads them.
pub fn channels(path: &Path) -> (Vec<i16>, Vec<i16>) {
    let mut reader = hound::WavReader::open(path).expect("a WAV file");
    let spec = reader.spec();
    assert_eq!((spec.channels, spec.sample_rate, spec.bits_per_sample), (2, 8_000, 16));
    let samples: Vec<i16> = reader.samples::<i16>().collect::<Result<_, _>>().expect("whole samples");
    let channel = |first: usize| samples.iter().skip(first).step_by(2).copied().collect();
    (channel(0), channel(1))
}

/// Both channels of a file in a law, as they lie in it.
pub fn codes(path: &Path, tag: u16) -> (Vec<u8>, Vec<u8>) {
    let bytes = std::fs::read(path).expect("a file");
    let number = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes"));
    assert_eq!((&bytes[0..4], &bytes[8..16]), (&b"RIFF"[..], &b"WAVEfmt "[..]));
    assert_eq!(number(4) as usize, bytes.len() - 8, "the size of the whole");
    assert_eq!((number(16), u16::from_le_bytes([bytes[20], bytes[21]])), (18, tag));
    assert_eq!((&bytes[38..42], &bytes[50..54]), (&b"fact"[..], &b"data"[..]));
    let audio = &bytes[58..];
    assert_eq!((number(54) as usize, number(46) as usize), (audio.len(), audio.len() / 2));
    let channel = |first: usize| audio.iter().skip(first).step_by(2).copied().collect();
    (channel(0), channel(1))
}

/// Both channels as sox plays them.
pub fn played_by_sox(path: &Path) -> (Vec<i16>, Vec<i16>) {
    let played = run(Command::new("sox").arg(path).args(["-t", "raw", "-e", "signed", "-b", "16", "-L", "-"]));
    let channel = |first: usize| {
        played.chunks_exact(4).map(|block| i16::from_le_bytes([block[first], block[first + 1]])).collect()
    };
    (channel(0), channel(2))
}

/// How many samples Python's `wave` finds in a stereo file of 16 bits.
pub fn counted_by_python(path: &Path) -> usize {
    let script = "import sys, wave\nw = wave.open(sys.argv[1])\n\
                  assert (w.getnchannels(), w.getsampwidth(), w.getframerate()) == (2, 2, 8000)\n\
                  assert len(w.readframes(w.getnframes())) == 4 * w.getnframes()\nprint(w.getnframes())";
    let printed = run(Command::new("python3").args(["-c", script]).arg(path));
    String::from_utf8_lossy(&printed).trim().parse().expect("a number")
}

/// Runs a program that must be there and must succeed.
pub fn run(command: &mut Command) -> Vec<u8> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command.output().unwrap_or_else(|why| panic!("{program}: {why}; Debian has a package of this name"));
    assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

const AGAIN: &str = "CALLTAP_TEST_FOLDER";

/// The folder that [`again`] gave to this run of the test, if this is such a run.
pub fn given_folder() -> Option<PathBuf> {
    std::env::var_os(AGAIN).map(PathBuf::from)
}

/// Runs the test `name` of this program once more, in a shell that does `before` (where `$1` is `folder`) and then
/// becomes the test.
pub fn again(name: &str, folder: &Path, shell: &[&str], before: &str) -> Command {
    let program = std::env::current_exe().expect("this program");
    let script = format!("{before}; folder=$1; shift; {AGAIN}=$folder exec \"$@\"");
    let mut command = Command::new(shell[0]);
    command.args(&shell[1..]).args(["-ec", &script, "sh"]).arg(folder).arg(program);
    command.args(["--exact", name, "--nocapture", "--test-threads=1"]);
    command
}

/// Names in a folder.
pub fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).expect("a folder");
    let mut names: Vec<String> =
        entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}
