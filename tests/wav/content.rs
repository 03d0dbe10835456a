//! What is in a file: whose voice where, sample by sample.

use calltap::audio::{Encoding, Format};
use calltap::consent::Role;
use calltap::sink::wav::WavEncoding;
use calltap::sink::{GapCause, LegDescription, Sink};
use calltap::time::CallTime;

use super::support::*;

/// 20 ms.
const FRAME: i64 = 160;

#[test]
fn the_caller_is_left_the_agent_right_and_no_sample_is_lost_or_doubled() {
    let mut call = Call::of(L16, WavEncoding::Pcm);
    for at in (0..8_000 * 5).step_by(FRAME as usize) {
        call.linear(CALLER, at, &voice(CALLER, at..at + FRAME));
        call.linear(AGENT, at, &voice(AGENT, at..at + FRAME));
        if at % 8_000 == 0 {
            call.sink.flush().expect("flushed");
        }
    }
    call.close();
    let expected = (voice(CALLER, 0..40_000), voice(AGENT, 0..40_000));
    assert_eq!(channels(&call.path("wav")), expected);
    assert_eq!(played_by_sox(&call.path("wav")), expected);
    assert_eq!(counted_by_python(&call.path("wav")), 40_000);
    assert_eq!(call.json()["offset_samples"], 72_000);
    assert_eq!(call.json()["samples"], 40_000);
}

#[test]
fn nothing_exists_before_the_sink_is_opened() {
    let call = Call::unopened(WavEncoding::Pcm);
    assert_eq!((call.sink.path(), call.sink.files().existing()), (None, vec![]));
    assert!(names(call.dir.path()).is_empty());
}

#[test]
fn where_nobody_speaks_there_is_silence_and_the_file_ends_with_the_last_audio() {
    let mut call = Call::of(L16, WavEncoding::Pcm);
    call.linear(AGENT, 100, &voice(AGENT, 100..261));
    // Many windows, and odd lengths.
    let far = 8_000 * 100 + 3;
    call.linear(CALLER, far, &voice(CALLER, far..far + 7));
    let frame = linear(&call.pool, CALLER, far + 7, &[1]);
    call.sink.gap(CALLER, GapCause::Lost, frame.stretch()).expect("noted");
    call.close();
    let (left, right) = channels(&call.path("wav"));
    assert_eq!((left.len() as i64, right.len()), (far + 7, left.len()));
    assert_eq!(right[100..261], voice(AGENT, 100..261));
    assert_eq!(left[far as usize..], voice(CALLER, far..far + 7));
    assert_eq!(left.iter().chain(&right).filter(|&&sample| sample != 0).count(), 168);
}

#[test]
fn a_law_that_all_legs_share_is_kept_byte_for_byte() {
    for (format, tag, silence) in [(Format::PCMA, 6, 0xD5), (Format::PCMU, 7, 0xFF)] {
        let mut call = Call::of(format, WavEncoding::AsItCame);
        let every: Vec<u8> = (0..=255).collect();
        call.coded(CALLER, 0, format, &every);
        call.coded(CALLER, 3 * 8_000, format, &every[..255]);
        call.coded(AGENT, 10, format, &every);
        call.close();
        let (left, right) = codes(&call.path("wav"), tag);
        assert_eq!((left.len(), right.len()), (24_255, 24_255));
        assert_eq!((&left[..256], &left[24_000..], &right[10..266]), (&every[..], &every[..255], &every[..]));
        let silent = |codes: &[u8]| codes.iter().all(|&code| code == silence);
        assert!(silent(&left[256..24_000]) && silent(&right[..10]) && silent(&right[266..]));
        assert_eq!(played_by_sox(&call.path("wav")).0.len(), 24_255);
        assert_eq!(call.json()["encoding"], if tag == 6 { "pcma" } else { "pcmu" });
        assert!(call.json()["encoding_why"].is_null());
    }
}

#[test]
fn a_file_of_a_law_played_is_the_same_as_one_of_linear_samples() {
    for format in [Format::PCMA, Format::PCMU] {
        let every: Vec<u8> = (0..=255).collect();
        let [kept, linear] = [WavEncoding::AsItCame, WavEncoding::Pcm].map(|encoding| {
            let mut call = Call::of(format, encoding);
            call.coded(CALLER, 0, format, &every);
            call.coded(AGENT, 0, format, &every);
            call.close();
            played_by_sox(&call.path("wav"))
        });
        assert_eq!(kept, linear, "{format:?}");
    }
}

#[test]
fn a_later_frame_in_the_other_law_is_brought_into_the_files_own() {
    let mut call = Call::of(Format::PCMA, WavEncoding::AsItCame);
    call.coded(CALLER, 0, Format::PCMA, &[0x55; 160]);
    call.coded(CALLER, 160, Format::PCMU, &[0x80; 160]);
    call.coded(AGENT, 0, Format::PCMU, &[0xFF; 320]);
    call.close();
    let (left, right) = codes(&call.path("wav"), 6);
    assert!(left[..160].iter().all(|&code| code == 0x55));
    // The loudest of one law is the loudest of the other, and silence is silence.
    assert!(left[160..].iter().all(|&code| code == 0xAA));
    assert!(right.iter().all(|&code| code == 0xD5));
}

#[test]
fn legs_of_different_laws_make_a_linear_file_that_says_why() {
    let mut call = Call::unopened(WavEncoding::AsItCame);
    let mut description = description(&[Format::PCMA]);
    description.legs[1].formats = vec![Format::PCMU];
    call.sink.open(&permit(), &description).expect("opened");
    call.coded(CALLER, 0, Format::PCMA, &[0xD5, 0xAA]);
    call.coded(AGENT, 0, Format::PCMU, &[0xFF, 0x80]);
    call.close();
    assert_eq!(channels(&call.path("wav")), (vec![8, 32_256], vec![0, 32_124]));
    assert_eq!(call.json()["encoding"], "pcm16");
    assert_eq!(call.json()["encoding_why"], "the legs may carry different formats");
}

#[test]
fn all_legs_but_the_callers_are_added_and_saturate() {
    let mut call = Call::unopened(WavEncoding::Pcm);
    let mut description = description(&[L16]);
    description.legs.push(LegDescription { leg: THIRD, role: Role::Mix, formats: vec![L16] });
    call.sink.open(&permit(), &description).expect("opened");
    call.linear(CALLER, 0, &[1, 2, 3]);
    call.linear(AGENT, 0, &[100, 32_000, -32_000]);
    call.linear(THIRD, 1, &[32_000, -32_000, 5]);
    call.close();
    let expected = (vec![1, 2, 3, 0], vec![100, i16::MAX, i16::MIN, 5]);
    assert_eq!(channels(&call.path("wav")), expected);
}

#[test]
fn a_leg_that_joins_later_is_added_to_a_file_of_a_law_too() {
    let mut call = Call::of(Format::PCMU, WavEncoding::AsItCame);
    // µ-law 0xAF is 1884 steps of 1/32768 up, 0x2F as many down.
    call.coded(AGENT, 0, Format::PCMU, &[0xAF, 0xAF, 0xAF]);
    call.coded(THIRD, 1, Format::PCMU, &[0x2F, 0xFF, 0xAF]);
    call.close();
    let (left, right) = codes(&call.path("wav"), 7);
    assert_eq!((left, right), (vec![0xFF; 4], vec![0xAF, 0xFF, 0xAF, 0xAF]));
    assert_eq!(call.json()["legs"][2]["leg"], 2);
}

#[test]
fn audio_that_comes_late_is_put_in_its_place_and_what_is_too_late_is_written_down() {
    for encoding in [WavEncoding::Pcm, WavEncoding::AsItCame] {
        let mut call = Call::of(Format::PCMA, encoding);
        let (loud, soft) = ([0xAA; 160], [0x2A; 160]);
        call.coded(CALLER, 0, Format::PCMA, &loud);
        call.coded(CALLER, 8_000 * 12, Format::PCMA, &loud);
        call.sink.flush().expect("flushed");
        // Nine seconds, a bit of one, and more than ten late.
        call.coded(AGENT, 8_000 * 3, Format::PCMA, &soft);
        call.coded(AGENT, 8_000 * 11 + 1, Format::PCMA, &soft);
        call.coded(AGENT, 8_000, Format::PCMA, &soft);
        call.close();
        let (left, right) = played_by_sox(&call.path("wav"));
        assert_eq!(left.len(), 8_000 * 12 + 160);
        let at: Vec<usize> = (0..right.len()).filter(|&at| right[at] < -1_000).collect();
        assert_eq!(at, (24_000..24_160).chain(88_001..88_161).collect::<Vec<_>>());
        assert_eq!(left.iter().filter(|&&sample| sample > 1_000).count(), 320);
        let json = call.json();
        assert_eq!((&json["legs"][1]["late_frames"], &json["legs"][1]["frames"]), (&1.into(), &2.into()));
        let gap = serde_json::json!([{"leg": 1, "cause": "dropped", "from": 10.0, "to": 10.02}]);
        assert_eq!(json["gaps"], gap);
    }
}

#[test]
fn audio_of_a_leg_that_comes_twice_is_not_added_twice() {
    let mut call = Call::of(L16, WavEncoding::Pcm);
    call.linear(AGENT, 0, &[10; 160]);
    call.linear(AGENT, 8_000 * 6, &[10; 160]);
    // The same again: on disk, in memory, and half over its edge.
    call.linear(AGENT, 0, &[10; 160]);
    call.linear(AGENT, 8_000 * 6, &[10; 160]);
    call.linear(AGENT, 8_000 * 6 + 80, &[10; 160]);
    call.close();
    let (_, right) = channels(&call.path("wav"));
    assert_eq!(right.iter().map(|&sample| i32::from(sample)).sum::<i32>(), 10 * (160 + 240));
    assert_eq!(call.json()["legs"][1]["doubled_samples"], 400);
}

#[test]
fn a_place_between_two_samples_goes_to_the_nearer_one() {
    let mut call = Call::of(L16, WavEncoding::Pcm);
    let place = |nanos| CallTime::from_nanos(FROM.nanos() + nanos);
    for (nanos, value) in [(125_000 * 3 + 62_499, 3), (125_000 * 4 + 62_500, 5)] {
        let bytes = i16::to_be_bytes(value);
        let frame = calltap::frame::Frame::copied(&call.pool, CALLER, Role::Caller, place(nanos), L16, 1, &bytes);
        call.sink.frame(&frame.expect("room")).expect("written");
    }
    call.close();
    assert_eq!(channels(&call.path("wav")).0, [0, 0, 0, 3, 0, 5]);
}

#[test]
fn a_permission_between_two_samples_begins_with_the_later_one() {
    let mut call = Call::unopened(WavEncoding::Pcm);
    let from = CallTime::from_nanos(FROM.nanos() + 1_000);
    let mut description = description(&[L16]);
    description.permitted_from = from;
    call.sink.open(&permit(), &description).expect("opened");
    let bytes: Vec<u8> = [1i16, 2, 3].iter().flat_map(|sample| sample.to_be_bytes()).collect();
    let frame = |place| calltap::frame::Frame::copied(&call.pool, CALLER, Role::Caller, place, L16, 3, &bytes);
    let (first, early) = (frame(from).expect("room"), frame(FROM).expect("room"));
    call.sink.frame(&first).expect("written");
    let refused = call.sink.frame(&early).expect_err("it lies before the permission").to_string();
    assert!(refused.contains("before the first permitted moment"), "{refused}");
    call.close();
    assert_eq!(channels(&call.path("wav")).0, [2, 3]);
    assert_eq!(call.json()["offset_samples"], 72_001);
}

#[test]
fn a_frame_that_cannot_be_written_is_refused_by_name_and_the_file_goes_on() {
    let mut call = Call::of(Format::PCMA, WavEncoding::Pcm);
    let unknown = Format { encoding: Encoding::Unknown, ..Format::PCMA };
    let fast = Format { rate: 16_000, ..Format::PCMA };
    for (format, samples, says) in [
        (unknown, 4, "leg 0 in unknown/8000 cannot be written"),
        (Format::TELEPHONE_EVENT, 4, "telephone-event/8000"),
        (fast, 4, "the file has 8000 samples a second"),
        (Format::PCMA, 5, "its bytes are not as many as its samples need"),
        (Format { channels: 0, ..Format::PCMA }, 4, "PCMA/8000/0"),
    ] {
        let odd = frame(&call.pool, CALLER, 0, format, samples, &[1, 2, 3, 4]);
        let refused = call.sink.frame(&odd).expect_err("refused").to_string();
        assert!(refused.contains(says), "{refused}");
    }
    let noise = Format { encoding: Encoding::ComfortNoise, ..Format::PCMA };
    call.coded(CALLER, 0, noise, &[40]);
    call.coded(CALLER, 4, Format::PCMA, &[0xAA; 4]);
    call.close();
    assert_eq!(channels(&call.path("wav")).0, [0, 0, 0, 0, 32_256, 32_256, 32_256, 32_256]);
}

#[test]
fn a_file_ends_just_under_four_gigabytes_and_keeps_what_it_has() {
    let mut call = Call::of(L16, WavEncoding::Pcm);
    call.linear(CALLER, 0, &[5; 160]);
    let beyond = (u32::MAX / 4) as i64;
    for at in [beyond, i64::from(u32::MAX), i64::MAX / 200_000] {
        let frame = linear(&call.pool, CALLER, at, &[5; 160]);
        let full = call.sink.frame(&frame).expect_err("full").to_string();
        assert!(full.contains("is truncated") && full.contains("its first 0.020 s stay"), "{full}");
    }
    call.sink.close(&closing(calltap::sink::Outcome::Truncated)).expect("closed");
    assert_eq!(channels(&call.path("wav")).0, [5; 160]);
    assert_eq!(call.json()["state"], "truncated");
}

#[test]
fn a_call_that_may_only_be_monitored_is_not_recorded() {
    use calltap::policy::{Pairs, Purpose, Tap};
    let monitor = Pairs::one(Tap::Monitor, Purpose::Quality);
    let mut call = Call::unopened(WavEncoding::Pcm);
    let refusal = |result: Result<(), calltap::sink::SinkError>| result.expect_err("refused").to_string();
    let told = refusal(call.sink.open(&permit_for(monitor), &description(&[L16])));
    assert!(told.contains("only monitored"), "{told}");
    let mut described = description(&[L16]);
    described.pairs = monitor;
    let told = refusal(call.sink.open(&permit(), &described));
    assert!(told.contains("only monitored"), "{told}");
    assert!(names(call.dir.path()).is_empty());
}
