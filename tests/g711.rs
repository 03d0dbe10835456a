//! G.711 against the tables of the Recommendation, built here by counting up their steps, and against `sox`.

use std::io::Write as _;
use std::ops::Range;
use std::process::{Command, Stdio};

use calltap::audio::g711::{alaw_to_ulaw, decode_alaw, decode_ulaw, encode_alaw, encode_ulaw, transcode, ulaw_to_alaw};
use calltap::audio::{Encoding, l16};

/// One law as its tables give it, for positive values. Negative ones mirror it.
struct Law {
    /// Column 3: decision values x1 to x129 (x128 in µ-law), in the law's own units.
    decisions: Vec<i32>,
    /// Column 7: quantised values, in the law's own units, each beside its positive and negative code.
    values: Vec<(i32, u8, u8)>,
    /// Units of 16-bit samples in one of the law's own.
    scale: i32,
}

impl Law {
    /// Table 1: thirty-two steps of 2 units, then six segments of sixteen steps, each twice as wide as those before.
    /// The code counts the intervals from 0 (positive: 128), and has its even bits inverted (Note 2 of the table).
    fn alaw() -> Law {
        let mut decisions = vec![0];
        count_up(&mut decisions, 32, 2);
        for step in [4, 8, 16, 32, 64, 128] {
            count_up(&mut decisions, 16, step);
        }
        let code = |interval: usize, sign: u8| (sign | interval as u8) ^ 0b0101_0101;
        let values = (0..128).map(|n| ((decisions[n] + decisions[n + 1]) / 2, code(n, 0x80), code(n, 0))).collect();
        Law { decisions, values, scale: 8 }
    }

    /// Table 2: a first interval of 1 unit whose value is 0, fifteen of 2, then seven segments of sixteen steps, each
    /// twice as wide. The codes count down from all ones (positive) and from 0111 1111 (negative).
    fn ulaw() -> Law {
        let mut decisions = vec![0, 1];
        count_up(&mut decisions, 15, 2);
        for step in [4, 8, 16, 32, 64, 128, 256] {
            count_up(&mut decisions, 16, step);
        }
        let middle = |n: usize| if n == 0 { 0 } else { (decisions[n] + decisions[n + 1]) / 2 };
        let values = (0..128).map(|n| (middle(n), 255 - n as u8, 127 - n as u8)).collect();
        Law { decisions, values, scale: 4 }
    }

    /// The 16-bit samples of interval `n` on the positive side; the last interval has no end.
    fn positive(&self, n: usize) -> Range<i32> {
        let end = if n == 127 { 1 << 15 } else { self.decisions[n + 1] * self.scale };
        self.decisions[n] * self.scale..end
    }

    /// The same on the negative side: a sample on a decision value goes up here too, that is towards zero.
    fn negative(&self, n: usize) -> Range<i32> {
        let Range { start, end } = self.positive(n);
        -end..-start
    }
}

fn count_up(decisions: &mut Vec<i32>, steps: usize, step: i32) {
    for _ in 0..steps {
        decisions.push(decisions[decisions.len() - 1] + step);
    }
}

#[test]
fn the_counted_tables_meet_the_values_printed_in_the_recommendation() {
    let alaw = Law::alaw();
    assert_eq!(alaw.decisions.len(), 129);
    for (number, printed) in [(1, 0), (33, 64), (49, 128), (65, 256), (81, 512), (97, 1024), (113, 2048), (129, 4096)] {
        assert_eq!(alaw.decisions[number - 1], printed, "decision value x{number} of Table 1");
    }
    for (number, printed) in [(1, 1), (33, 66), (49, 132), (65, 264), (81, 528), (97, 1056), (113, 2112), (128, 4032)] {
        assert_eq!(alaw.values[number - 1].0, printed, "quantised value y{number} of Table 1");
    }
    assert_eq!(alaw.values[127], (4032, 0b1111_1111 ^ 0x55, 0b0111_1111 ^ 0x55));

    let ulaw = Law::ulaw();
    assert_eq!(ulaw.decisions.len(), 129);
    for (interval, printed) in
        [(16, 31), (32, 95), (48, 223), (64, 479), (80, 991), (96, 2015), (112, 4063), (128, 8159)]
    {
        assert_eq!(ulaw.decisions[interval], printed, "decision value {interval} of Table 2");
    }
    for (interval, printed) in
        [(0, 0), (1, 2), (16, 33), (32, 99), (48, 231), (64, 495), (80, 1023), (96, 2079), (112, 4191), (127, 8031)]
    {
        assert_eq!(ulaw.values[interval].0, printed, "quantised value {interval} of Table 2");
    }
    assert_eq!(ulaw.values[127], (8031, 0b1000_0000, 0b0000_0000));
}

#[test]
fn every_code_decodes_to_its_quantised_value() {
    for (law, decode, name) in
        [(Law::alaw(), decode_alaw as fn(u8) -> i16, "A-law"), (Law::ulaw(), decode_ulaw as fn(u8) -> i16, "µ-law")]
    {
        let mut seen = [false; 256];
        for &(value, positive, negative) in &law.values {
            assert_eq!(i32::from(decode(positive)), value * law.scale, "{name} code {positive:#04x}");
            assert_eq!(i32::from(decode(negative)), -value * law.scale, "{name} code {negative:#04x}");
            seen[usize::from(positive)] = true;
            seen[usize::from(negative)] = true;
        }
        assert!(seen.iter().all(|&code| code), "{name}: a code was left out");
    }
}

#[test]
fn every_sample_gets_the_code_of_the_interval_it_lies_in() {
    for (law, encode, name) in
        [(Law::alaw(), encode_alaw as fn(i16) -> u8, "A-law"), (Law::ulaw(), encode_ulaw as fn(i16) -> u8, "µ-law")]
    {
        let mut samples = 0;
        for (n, &(_, positive, negative)) in law.values.iter().enumerate() {
            for (interval, code) in [(law.positive(n), positive), (law.negative(n), negative)] {
                for sample in interval {
                    let sample = i16::try_from(sample).expect("the intervals cover the 16-bit range");
                    assert_eq!(encode(sample), code, "{name} sample {sample}");
                    samples += 1;
                }
            }
        }
        assert_eq!(samples, 1 << 16, "{name}: a sample was left out");
    }
}

#[test]
fn every_code_comes_back_as_it_went_but_the_negative_zero_of_ulaw() {
    for code in 0..=255 {
        assert_eq!(encode_alaw(decode_alaw(code)), code, "A-law");
        let back = if code == 0x7F { 0xFF } else { code };
        assert_eq!(encode_ulaw(decode_ulaw(code)), back, "µ-law");
    }
}

#[test]
fn silence_is_the_smallest_positive_value() {
    assert_eq!(Encoding::Pcma.silence(), Some(encode_alaw(0)));
    assert_eq!(Encoding::Pcmu.silence(), Some(encode_ulaw(0)));
    assert_eq!(Encoding::L16.silence(), Some(0));
    assert_eq!(Encoding::TelephoneEvent.silence(), None);
}

/// Tables 5 and 6: eight codes that are a sine of 1 kHz at 0 dBm0.
#[test]
fn the_reference_sine_of_the_recommendation_is_one_milliwatt() {
    let alaw = [0x34, 0x21, 0x21, 0x34, 0xB4, 0xA1, 0xA1, 0xB4];
    is_one_milliwatt(alaw, encode_alaw, decode_alaw, 4096.0 * 8.0 / amplitude(ALAW_FULL_SCALE));
    let ulaw = [0x1E, 0x0B, 0x0B, 0x1E, 0x9E, 0x8B, 0x8B, 0x9E];
    is_one_milliwatt(ulaw, encode_ulaw, decode_ulaw, 8159.0 * 4.0 / amplitude(ULAW_FULL_SCALE));
}

/// A sine that just reaches the last decision value, in hundredths of a dBm0 (G.711 section 4).
const ALAW_FULL_SCALE: f64 = 314.0;
const ULAW_FULL_SCALE: f64 = 317.0;

fn amplitude(hundredths_of_db: f64) -> f64 {
    10f64.powf(hundredths_of_db / 2000.0)
}

fn is_one_milliwatt(codes: [u8; 8], encode: fn(i16) -> u8, decode: fn(u8) -> i16, peak: f64) {
    for (n, &code) in codes.iter().enumerate() {
        // The sequence begins with the negative half of the wave.
        let sample = -peak * ((n as f64 + 0.5) * std::f64::consts::FRAC_PI_4).sin();
        assert_eq!(encode(sample.round() as i16), code, "sample {n}");
    }
    let power = codes.iter().map(|&code| f64::from(decode(code)).powi(2)).sum::<f64>() / 8.0;
    let level = 10.0 * (power / (peak * peak / 2.0)).log10();
    assert!(level.abs() < 0.1, "{level} dB from 0 dBm0");
}

/// What G.711 says (Note 3 to Tables 3 and 4) about going from one law to the other and back.
#[test]
fn there_and_back_between_the_laws_changes_what_the_recommendation_says_and_only_the_last_bit() {
    // µ-law numbers count from 0, A-law numbers from 1.
    let ulaw_number = |code: u8| !code & 0x7F;
    let alaw_number = |code: u8| ((code ^ 0x55) & 0x7F) + 1;
    for code in 0..=255u8 {
        let back = alaw_to_ulaw(ulaw_to_alaw(code));
        let changed = [0, 2, 4, 6, 8, 10, 12, 14].contains(&ulaw_number(code));
        assert_eq!(ulaw_number(back), ulaw_number(code) + u8::from(changed), "µ-law {code:#04x}");
        assert_eq!(back | 1, code | 1, "µ-law {code:#04x}: more than the last bit");

        let back = ulaw_to_alaw(alaw_to_ulaw(code));
        let changed = [26, 28, 30, 32, 45, 47, 63, 80].contains(&alaw_number(code));
        assert_eq!(back != code, changed, "A-law {code:#04x}");
        assert_eq!(back | 1, code | 1, "A-law {code:#04x}: more than the last bit");
    }
}

#[test]
fn the_other_law_says_the_same_at_the_same_level() {
    let of_ulaw = |code| f64::from(decode_ulaw(code)) / (8159.0 * 4.0) * amplitude(ULAW_FULL_SCALE);
    let of_alaw = |code| f64::from(decode_alaw(code)) / (4096.0 * 8.0) * amplitude(ALAW_FULL_SCALE);
    for code in 0..=255u8 {
        let pairs = [(of_ulaw(code), of_alaw(ulaw_to_alaw(code))), (of_alaw(code), of_ulaw(alaw_to_ulaw(code)))];
        for (was, is) in pairs {
            // The wider of the laws' steps at a level is a sixteenth of it at most; near zero it is A-law's 2 units.
            let step = (was.abs() / 16.0).max(2.0 / 4096.0 * amplitude(ALAW_FULL_SCALE));
            assert!((was - is).abs() <= step, "code {code:#04x}: {was} became {is}");
        }
    }
}

#[test]
fn transcoding_rewrites_in_place_and_leaves_other_formats_alone() {
    let mut codes: Vec<u8> = (0..=255).collect();
    assert!(transcode(Encoding::Pcmu, Encoding::Pcma, &mut codes));
    assert!((0..=255u8).zip(&codes).all(|(was, &is)| is == ulaw_to_alaw(was)));
    assert!(transcode(Encoding::Pcma, Encoding::Pcmu, &mut codes));
    assert!((0..=255u8).zip(&codes).all(|(was, &is)| is == alaw_to_ulaw(ulaw_to_alaw(was))));

    let before = codes.clone();
    assert!(transcode(Encoding::Pcma, Encoding::Pcma, &mut codes));
    assert!(!transcode(Encoding::Pcma, Encoding::L16, &mut codes));
    assert!(!transcode(Encoding::TelephoneEvent, Encoding::Pcma, &mut codes));
    assert_eq!(codes, before);
}

#[test]
fn sox_decodes_every_code_to_the_same_sample() {
    let codes: Vec<u8> = (0..=255).collect();
    for (law, decode) in [("a-law", decode_alaw as fn(u8) -> i16), ("mu-law", decode_ulaw as fn(u8) -> i16)] {
        let decoded = sox(&["-e", law, "-b", "8"], &["-e", "signed-integer", "-b", "16", "-B"], &codes);
        assert!(l16::samples(&decoded).eq(codes.iter().map(|&code| decode(code))), "{law}");
    }
}

/// sox rounds a sample to the law's own 13 or 14 bits before it looks for the interval, where G.711 has the sample
/// itself compared with the decision values. In µ-law it also sends a negative sample on a decision value down, not
/// up. With those two differences put in here, and no other, it says the same for every sample.
#[test]
fn sox_encodes_every_sample_to_the_same_code_but_for_its_rounding() {
    let samples: Vec<i16> = (i16::MIN..=i16::MAX).collect();
    let mut linear = vec![0; 2 * samples.len()];
    l16::write(&samples, &mut linear);
    let encoded = |law| sox(&["-e", "signed-integer", "-b", "16", "-B"], &["-e", law, "-b", "8"], &linear);

    let alaw = |sample: i16| encode_alaw(sample.saturating_add(4));
    let ulaw = |sample: i16| match sample.saturating_add(2) & !3 {
        positive @ 0.. => encode_ulaw(positive),
        negative => encode_ulaw(negative.saturating_neg()) & 0x7F,
    };
    for (law, model, ours) in
        [("a-law", &alaw as &dyn Fn(i16) -> u8, encode_alaw as fn(i16) -> u8), ("mu-law", &ulaw, encode_ulaw)]
    {
        let theirs = encoded(law);
        assert_eq!(theirs.len(), samples.len(), "{law}");
        let mut differ = 0;
        for (&sample, &code) in samples.iter().zip(&theirs) {
            assert_eq!(code, model(sample), "{law}: sample {sample}");
            differ += usize::from(code != ours(sample));
        }
        // Four samples below each of the 255 decision values; two, at or beside each of them but zero.
        assert_eq!(differ, if law == "a-law" { 4 * 255 } else { 2 * 255 }, "{law}: samples that sox rounds across");
    }
}

/// Runs raw audio of one channel through sox, from one encoding to another, without dither.
fn sox(from: &[&str], to: &[&str], input: &[u8]) -> Vec<u8> {
    let mut command = Command::new("sox");
    command.args(["-D", "-V1", "-t", "raw", "-r", "8000", "-c", "1"]).args(from).arg("-");
    command.args(["-t", "raw"]).args(to).arg("-");
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("this test compares with sox: install the Debian package `sox` (apt-get install sox)");
    let mut stdin = child.stdin.take().expect("stdin is piped");
    let input = input.to_vec();
    let feeder = std::thread::spawn(move || stdin.write_all(&input));
    let output = child.wait_with_output().expect("sox runs to its end");
    assert!(output.status.success(), "sox failed");
    feeder.join().expect("the feeder does not panic").expect("sox reads all of its input");
    output.stdout
}
