//! Keys that are sent by SIP INFO: a real call, with requests added to its capture as the host of a live call would
//! have got them.

use super::recording::{ms, nanos};
use super::run::{Ran, Tap, bare, written};
use super::speech::Talk;
use super::wire::{Packet, Wire};

/// An INFO in the capture of a call.
#[derive(Clone, Copy)]
pub struct Info {
    /// When it is captured, milliseconds of the call's clock.
    at: i64,
    by_caller: bool,
    cseq: u32,
    key: &'static str,
}

/// The caller's INFO.
pub fn caller(at: i64, cseq: u32, key: &'static str) -> Info {
    Info { at, by_caller: true, cseq, key }
}

/// The agent's INFO.
fn agent(at: i64, cseq: u32, key: &'static str) -> Info {
    Info { at, by_caller: false, cseq, key }
}

/// What came of `kept.pcap` with these requests in it, the notice from 0 to 2 s.
fn with(infos: &[Info]) -> Ran {
    with_args(infos, &[])
}

fn with_args(infos: &[Info], args: &[&str]) -> Ran {
    let (_folder, file) = written(&capture_with(infos, |_| false));
    on(&file).args(args).run().good()
}

fn on(file: &std::path::Path) -> Tap {
    bare(file).args(["--entity", "ecommerce-be", "--notice", "0s..2s", "--language", "en"])
}

/// `kept.pcap` with these requests in their places, without the packets that are `gone`.
pub fn capture_with(infos: &[Info], gone: impl Fn(&Packet) -> bool) -> Vec<u8> {
    let wire = Wire::of("kept.pcap");
    let zero = Talk::of("kept.pcap").zero;
    let kept = wire.packets.iter().filter(|packet| !gone(packet));
    let mut records: Vec<(i64, Vec<u8>)> =
        kept.map(|packet| (packet.at, wire.file[packet.record.clone()].to_vec())).collect();
    records.extend(infos.iter().map(|info| (zero + ms(info.at), info.record(&wire, zero + ms(info.at)))));
    records.sort_by_key(|(at, _)| *at);
    let mut file = wire.file[..24].to_vec();
    records.iter().for_each(|(_, record)| file.extend(record));
    file
}

impl Info {
    /// Its record: with the headers of a message that went the same way.
    fn record(self, wire: &Wire, at: i64) -> Vec<u8> {
        let sip = |start: &str| {
            let found = wire.packets.iter().find(|packet| wire.payload(packet).starts_with(start.as_bytes()));
            found.expect("a real call has it")
        };
        let like = if self.by_caller { sip("ACK ") } else { sip("SIP/2.0 200 ") };
        let text = self.text(std::str::from_utf8(wire.payload(sip("ACK "))).expect("text"));
        let mut frame = wire.file[like.record.start + 16..like.payload.start].to_vec();
        let [network, transport] = [like.network, like.transport].map(|place| place - like.record.start - 16);
        let udp_length = (8 + text.len()) as u16;
        let ip_length = (transport - network) as u16 + udp_length;
        frame[network + 2..network + 4].copy_from_slice(&ip_length.to_be_bytes());
        frame[transport + 4..transport + 6].copy_from_slice(&udp_length.to_be_bytes());
        // No check sum.
        frame[transport + 6..transport + 8].fill(0);
        frame.extend(text.as_bytes());
        let micros = at / 1_000;
        let length = frame.len() as u32;
        let header = [(micros / 1_000_000) as u32, (micros % 1_000_000) as u32, length, length];
        header.iter().flat_map(|number| number.to_le_bytes()).chain(frame).collect()
    }

    /// The request, in the dialog of this ACK of the caller's.
    fn text(self, ack: &str) -> String {
        let header = |name: &str| {
            let line = ack.lines().find_map(|line| line.strip_prefix(name));
            line.expect("a header that every request has").trim()
        };
        let (caller, agent) = (header("From:"), header("To:"));
        let (from, to) = if self.by_caller { (caller, agent) } else { (agent, caller) };
        let body = format!("Signal={}\r\nDuration=160\r\n", self.key);
        format!(
            "INFO sip:+15550199@192.0.2.20 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bK{}\r\n\
             From: {from}\r\nTo: {to}\r\nCall-ID: {}\r\nCSeq: {} INFO\r\n\
             Content-Type: application/dtmf-relay\r\nContent-Length: {}\r\n\r\n{body}",
            self.cseq,
            header("Call-ID:"),
            self.cseq,
            body.len(),
        )
    }
}

/// The caller refused at `onset`, in milliseconds, as the host said.
fn objected(ran: &Ran, onset: i64) {
    ran.nothing_left();
    assert_eq!(ran.reason(), "objected");
    let objected = ran.event("objected");
    assert!((nanos(&objected["onset"]) - ms(onset)).abs() < 1_000, "{objected}");
}

/// The whole call was recorded.
fn whole(ran: &Ran) {
    assert_eq!(ran.reason(), "allowed");
    ran.recording().holds(&Talk::of("kept.pcap"), ms(5_000), &[]);
    assert!(ran.events("objected").is_empty() && ran.events("receipt").is_empty());
}

/// The onsets that events of this name tell, in milliseconds.
fn onsets(ran: &Ran, name: &str) -> Vec<i64> {
    ran.events(name).iter().map(|line| (nanos(&line["onset"]) + ms(1) / 2) / ms(1)).collect()
}

#[test]
fn without_a_key_nothing_changes() {
    whole(&with(&[]));
    whole(&with(&[caller(10_000, 40_000, "!")]));
}

#[test]
fn a_nine_by_info_in_the_notice_or_its_window_is_an_objection_before_anything_is_made() {
    for at in [1_000, 1_999, 4_000, 4_999] {
        let ran = with(&[caller(at, 40_000, "9")]);
        objected(&ran, at);
        assert!(ran.events("output_opened").is_empty() && ran.events("receipt").is_empty(), "{}", ran.stdout);
        assert_eq!(ran.summary()["legs"][0]["delivered"], 0);
    }
}

#[test]
fn a_nine_by_info_that_stands_alone_in_the_middle_erases_what_was_recorded() {
    let ran = with(&[caller(10_000, 40_000, "9")]);
    objected(&ran, 10_000);
    assert_eq!(onsets(&ran, "held"), [10_000]);
    let refused = nanos(&ran.event("objected")["at"]);
    assert!((ms(13_000)..ms(13_250)).contains(&refused), "{refused}");
    assert_eq!(ran.event("receipt")["fate"], "erased");
    assert!(ran.summary()["legs"][0]["delivered"].as_u64() > Some(100));
}

#[test]
fn a_nine_by_info_from_the_agent_changes_nothing() {
    for at in [1_000, 4_000, 10_000] {
        let ran = with(&[agent(at, 40_000, "9")]);
        whole(&ran);
        assert!(ran.events("held").is_empty(), "not even held");
    }
}

#[test]
fn it_is_the_called_persons_nine_that_counts_in_an_outbound_call() {
    let (_folder, policy) = super::never::with_outbound_calls();
    let args = ["--caller-is", "callee", "--policy", policy.to_str().expect("a path")];
    let ran = with_args(&[agent(10_000, 40_000, "9")], &args);
    ran.nothing_left();
    assert_eq!(ran.reason(), "objected");
    assert_eq!(with_args(&[caller(10_000, 40_000, "9")], &args).summary()["recorded"], true, "there it is the agent's");
}

#[test]
fn a_nine_by_info_beside_another_key_changes_nothing_in_the_end() {
    let ran = with(&[caller(10_000, 40_000, "9"), caller(11_500, 40_001, "4")]);
    whole(&ran);
    assert_eq!((onsets(&ran, "held"), onsets(&ran, "released")), (vec![10_000], vec![10_000]));
    let ran = with(&[caller(10_000, 40_000, "4"), caller(11_500, 40_001, "9")]);
    whole(&ran);
    assert!(ran.events("held").is_empty(), "not even held");
    // A key of the agent's is no neighbour.
    objected(&with(&[caller(10_000, 40_000, "9"), agent(11_500, 40_001, "4")]), 10_000);
}

#[test]
fn a_request_that_is_sent_again_is_one_press() {
    let again = |key| [10_000, 10_500, 11_500, 13_500].map(|at| caller(at, 40_000, key));
    let ran = with(&again("9"));
    objected(&ran, 10_000);
    assert_eq!(onsets(&ran, "held"), [10_000]);
    // Pressed while keys were data, sent again when they were not.
    whole(&with_args(&again("9"), &["--digits-are-data", "9s..10200ms"]));
    // A 4 that is sent again is no neighbour of a 9 that comes 3.2 s after it was pressed.
    let mut late = again("4").to_vec();
    late.push(caller(13_200, 40_001, "9"));
    objected(&with(&late), 13_200);
}

#[test]
fn a_nine_by_info_while_keys_are_data_or_in_a_pause_is_no_objection() {
    let nine = [caller(10_000, 40_000, "9")];
    let ran = with_args(&nine, &["--digits-are-data", "9s..12s"]);
    whole(&ran);
    assert!(ran.events("held").is_empty());
    let ran = with_args(&nine, &["--pause", "9s..12s"]);
    assert_eq!((ran.reason().as_str(), &ran.summary()["recorded"]), ("allowed", &true.into()));
}

#[test]
fn a_nine_by_info_before_the_notice_belongs_to_the_menu() {
    let (_folder, file) = written(&capture_with(&[caller(1_000, 40_000, "9")], |_| false));
    let late = ["--entity", "ecommerce-be", "--notice", "3s..5s"];
    let ran = bare(&file).args(late).run().good();
    ran.recording().holds(&Talk::of("kept.pcap"), ms(8_000), &[]);
}

#[test]
fn a_nine_by_info_after_the_last_packet_of_a_call_that_was_not_hung_up_is_an_objection() {
    let cut = Talk::of("kept.pcap").zero + ms(12_000);
    let (_folder, file) = written(&capture_with(&[caller(12_500, 40_000, "9")], |packet| packet.at > cut));
    let ran = on(&file).run().good();
    objected(&ran, 12_500);
    assert_eq!(ran.event("receipt")["fate"], "erased");
}

#[test]
fn no_key_is_printed_or_written() {
    let ran = with(&[caller(10_000, 40_000, "9"), caller(11_500, 40_001, "4")]);
    let other = with(&[caller(10_000, 40_000, "9"), caller(11_500, 40_001, "5")]);
    let shown = |ran: &Ran| {
        let output = ran.event("output_opened")["output"].as_str().expect("an id").to_owned();
        let folder = ran.folder.path().to_str().expect("a path");
        let capture = ran.event("call")["capture"].as_str().expect("a path").to_owned();
        ran.stdout.replace(&output, "OUTPUT").replace(folder, "FOLDER").replace(&capture, "CAPTURE")
    };
    assert_eq!(shown(&ran), shown(&other));
    let [told, other] = [&ran, &other].map(|ran| ran.recording().told);
    assert_eq!(told["legs"], other["legs"]);
    assert_eq!(told.as_object().map(|map| map.len()), other.as_object().map(|map| map.len()));
}
