//! What is fuzzed: every reader of bytes that a stranger wrote. Used by `tests/fuzz_short.rs` and by `fuzz/`.
//!
//! Each must return, whatever the bytes: no panic, no endless loop, no memory without bounds.

use calltap::capture::{Capture, CaptureError, MediaPacket, Side, Streams, Survey, escape_wire, sdp, sip};
use calltap::policy::Policy;
use calltap::rtp::{EventDecoder, Packet, PayloadTypes, Redundant, Sequence, Timeline, is_rtcp};
use calltap::time::CallTime;

/// A capture: its calls, their words and their audio.
pub fn capture(bytes: &[u8]) {
    // What is wrong with a capture has been said in words by then; there is nothing else to be done about it.
    let _ = read_capture(bytes).map_err(|error| error.to_string());
}

fn read_capture(bytes: &[u8]) -> Result<(), CaptureError> {
    let open = || Capture::from_bytes("fuzz", bytes.to_vec());
    let survey = Survey::of(&mut open()?, |_| ())?;
    let _ = survey.select(None).map_err(|error| error.to_string());
    for call in survey.calls().iter().take(4) {
        let shown = call.id.to_string();
        assert!(shown.is_ascii() && !shown.contains(|c: char| c.is_ascii_control()), "{shown:?}");
        let _ = survey.select(Some(&shown)).map_err(|error| error.to_string());
        let mut heard = 0;
        let mut streams = Streams::of_call(open()?, call.clone())?;
        while let Some(MediaPacket { time_ns, side, payload }) = streams.next_packet()? {
            heard += 1;
            let _ = call.payload_type(side, payload[1] & 0x7f, time_ns);
        }
        assert!(heard <= survey.packets());
    }
    if let [first, .., last] = &survey.streams().0[..]
        && let Ok(sources) = survey.sources(first.from, last.from)
    {
        let mut streams = Streams::of_sources(open()?, sources)?;
        while let Some(packet) = streams.next_packet()? {
            assert!(packet.payload.len() >= 12 && matches!(packet.side, Side::Inviter | Side::Callee));
        }
    }
    Ok(())
}

/// A SIP message.
pub fn sip(bytes: &[u8]) {
    if let Ok(message) = sip::Message::parse(bytes) {
        assert!(sip::looks_like_sip(bytes) || !bytes[0].is_ascii_alphabetic());
        let _ = message.sdp().map(sdp::audio_of);
        let _ = message.digit();
    }
    assert!(escape_wire(bytes).bytes().all(|byte| matches!(byte, b' '..=b'~')));
}

/// A session description.
pub fn sdp(bytes: &[u8]) {
    match sdp::audio_of(bytes) {
        Ok(audio) => {
            assert!((1..=4).contains(&audio.len()));
            for map in audio.iter().flat_map(|audio| &audio.payload_types) {
                assert!(map.number < 128 && map.rate > 0 && map.channels > 0 && map.name.is_ascii(), "{map}");
            }
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

/// The RTP packets of one stream: each with its length before it, in one byte.
pub fn rtp(bytes: &[u8]) {
    let (mut types, mut sequence, mut timeline) = (PayloadTypes::default(), Sequence::new(), Timeline::new(8_000));
    let (mut events, mut now) = (EventDecoder::new(), CallTime::ZERO);
    let _ = types.map(100, "red/8000");
    let mut rest = bytes;
    while let [length, after @ ..] = rest {
        let (datagram, left) = after.split_at(after.len().min(usize::from(*length)));
        rest = left;
        now = now + std::time::Duration::from_millis(20);
        let Ok(packet) = Packet::parse(datagram) else { continue };
        if is_rtcp(datagram) {
            continue;
        }
        sequence.classify(packet.sequence);
        let placed = timeline.place(packet.timestamp, now, CallTime::MIN);
        assert!(placed.rebased || placed.at >= CallTime::MIN);
        let presses = events.read(packet.payload, packet.ssrc, packet.timestamp, packet.marker, 8_000);
        assert!(presses.len() <= packet.payload.len() / 4);
        let _ = types.format(packet.payload_type);
        let Ok(redundant) = Redundant::parse(packet.payload) else { continue };
        for block in redundant.blocks() {
            assert!(block.data.len() <= packet.payload.len());
            let presses = events.read(block.data, packet.ssrc, block.timestamp(packet.timestamp), false, 8_000);
            assert!(presses.len() <= block.data.len() / 4);
        }
    }
}

/// A policy file.
pub fn policy(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    match Policy::parse(text, "fuzz") {
        Ok(policy) => assert!(!policy.hash().is_empty()),
        Err(error) => assert!(error.to_string().contains("fuzz"), "the origin is named: {error}"),
    }
}
