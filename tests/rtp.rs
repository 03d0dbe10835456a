//! Streams as networks deliver them, and bytes as nobody should send them, through everything in `calltap::rtp`.

use std::collections::{BTreeMap, HashSet};

use calltap::audio::{self, Encoding, Format};
use calltap::rtp::{
    Block, EventDecoder, Order, Packet, PayloadTypes, Redundant, Sequence, Timeline, from_rtpmap, is_rtcp,
};
use calltap::time::CallTime;
use proptest::collection::vec;
use proptest::prelude::*;

/// Bytes that look like RTP more often than chance would have it.
fn nearly_rtp() -> impl Strategy<Value = Vec<u8>> {
    (any::<bool>(), vec(any::<u8>(), 0..200)).prop_map(|(version, mut bytes)| {
        if let (true, Some(first)) = (version, bytes.first_mut()) {
            *first = 0x80 | *first & 0x3F;
        }
        bytes
    })
}

proptest! {
    #[test]
    fn no_bytes_make_a_reader_panic(bytes in nearly_rtp(), rate in any::<u32>(), timestamp in any::<u32>(), marker: bool) {
        let _ = is_rtcp(&bytes);
        if let Ok(packet) = Packet::parse(&bytes) {
            prop_assert!(packet.payload.len() + 12 <= bytes.len());
            prop_assert!(packet.payload_type < 128);
        }
        if let Ok(redundant) = Redundant::parse(&bytes) {
            let blocks = redundant.blocks();
            let data: usize = blocks.iter().map(|block| block.data.len()).sum();
            prop_assert_eq!(4 * (blocks.len() - 1) + 1 + data, bytes.len());
        }
        let mut decoder = EventDecoder::new();
        for payload in [&bytes[..], &bytes[bytes.len() / 2..]] {
            prop_assert!(decoder.read(payload, 1, timestamp, marker, rate).len() <= 16);
        }
    }

    #[test]
    fn no_line_of_sdp_makes_a_map_panic(payload_type: u8, line in "\\PC{0,40}|[A-Z0-9/ ]{0,20}") {
        let mut types = PayloadTypes::rfc3551();
        if types.map(payload_type, &line).is_ok() {
            let format = types.format(payload_type).expect("it was mapped");
            prop_assert!(format.rate > 0 && format.channels > 0);
        }
    }

    #[test]
    fn no_payload_makes_a_decoder_panic(bytes in vec(any::<u8>(), 0..400), name in "PCMU|PCMA|L16|CN|x", channels: u8) {
        let format = from_rtpmap(&name, 8_000, channels);
        let mut samples = Vec::new();
        match audio::decode(format, &bytes, &mut samples) {
            Ok(()) => {
                let unit = format.bytes_per_sample().expect("it was decoded");
                prop_assert_eq!(samples.len() * unit, bytes.len());
            }
            Err(_) => prop_assert!(samples.is_empty()),
        }
    }

    #[test]
    fn whatever_surrounds_the_payload_is_left_out_and_no_cut_packet_shows_more_than_it_has(
        csrcs in vec(any::<[u8; 4]>(), 0..16),
        extension in proptest::option::of(vec(any::<[u8; 4]>(), 0..20)),
        payload in vec(any::<u8>(), 0..50),
        padding in 0u8..20,
        (sequence, timestamp, ssrc) in any::<(u16, u32, u32)>(),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut bytes = vec![0x80 | csrcs.len() as u8, 0x80 | 96];
        bytes.extend(sequence.to_be_bytes());
        bytes.extend(timestamp.to_be_bytes());
        bytes.extend(ssrc.to_be_bytes());
        bytes.extend(csrcs.concat());
        if let Some(words) = &extension {
            bytes[0] |= 0x10;
            bytes.extend([0xBE, 0xDE, 0, words.len() as u8]);
            bytes.extend(words.concat());
        }
        let header = bytes.len();
        bytes.extend(&payload);
        if padding > 0 {
            bytes[0] |= 0x20;
            bytes.extend(vec![0; usize::from(padding) - 1]);
            bytes.push(padding);
        }
        let expected = Packet { payload_type: 96, sequence, timestamp, ssrc, marker: true, payload: &payload };
        prop_assert_eq!(Packet::parse(&bytes), Ok(expected));

        let cut = &bytes[..cut.index(bytes.len())];
        match Packet::parse(cut) {
            Ok(packet) => prop_assert!(header + packet.payload.len() <= cut.len()),
            Err(_) => prop_assert!(padding > 0 || cut.len() < header),
        }
    }

    #[test]
    fn redundant_blocks_come_out_as_they_were_packed(
        blocks in vec((0u8..128, 0u16..1 << 14, vec(any::<u8>(), 0..1024)), 0..8),
        primary in (0u8..128, vec(any::<u8>(), 0..200)),
    ) {
        let mut bytes = Vec::new();
        for (payload_type, offset, data) in &blocks {
            let word = 1 << 31 | u32::from(*payload_type) << 24 | u32::from(*offset) << 10 | data.len() as u32;
            bytes.extend(word.to_be_bytes());
        }
        bytes.push(primary.0);
        bytes.extend(blocks.iter().flat_map(|(_, _, data)| data));
        bytes.extend(&primary.1);

        let mut expected: Vec<Block> = blocks
            .iter()
            .map(|(payload_type, offset, data)| Block { payload_type: *payload_type, timestamp_offset: *offset, data })
            .collect();
        expected.push(Block { payload_type: primary.0, timestamp_offset: 0, data: &primary.1 });
        let redundant = Redundant::parse(&bytes).expect("it is well formed");
        prop_assert_eq!(redundant.blocks(), expected);
    }
}

/// What the network does to one packet.
#[derive(Clone, Copy, Debug)]
struct Fate {
    lost: bool,
    /// How many places later it comes, and the same for a copy of it.
    late: usize,
    copy_late: Option<usize>,
}

fn fate(lateness: usize) -> impl Strategy<Value = Fate> {
    let late = prop_oneof![4 => Just(0), 1 => 0..lateness];
    let copy_late = prop_oneof![9 => Just(None), 1 => (0..lateness).prop_map(Some)];
    (prop::bool::weighted(0.15), late, copy_late).prop_map(|(lost, late, copy_late)| Fate { lost, late, copy_late })
}

/// The order in which `sent` packets arrive: their numbers.
fn delivered(fates: &[Fate]) -> Vec<usize> {
    let mut arrivals: Vec<(usize, usize)> = Vec::new();
    for (number, fate) in fates.iter().enumerate() {
        if !fate.lost {
            arrivals.push((number + fate.late, number));
        }
        arrivals.extend(fate.copy_late.map(|late| (number + late, number)));
    }
    arrivals.sort();
    arrivals.into_iter().map(|(_, number)| number).collect()
}

/// The rules of `Sequence` on numbers that never wrap, with a set of all that was seen.
#[derive(Default)]
struct SequenceModel {
    seen: HashSet<i64>,
    highest: Option<i64>,
    jumped_to: Option<i64>,
    lost_before: i64,
}

impl SequenceModel {
    fn classify(&mut self, number: i64) -> Order {
        let Some(highest) = self.highest else {
            self.restart(number);
            return Order::InOrder;
        };
        if highest < number && number <= highest + 3000 {
            self.highest = Some(number);
            self.seen.insert(number);
            return if number == highest + 1 { Order::InOrder } else { Order::Ahead((number - highest - 1) as u16) };
        }
        if number <= highest - 256 || number > highest {
            let repeated = self.jumped_to.replace(number) == Some(number - 1);
            return Order::Jump { repeated };
        }
        if self.seen.insert(number) { Order::Reordered } else { Order::Duplicate }
    }

    fn restart(&mut self, number: i64) {
        self.lost_before = self.lost();
        self.seen = HashSet::from([number]);
        self.highest = Some(number);
        self.jumped_to = None;
    }

    fn lost(&self) -> i64 {
        let span = self.seen.iter().max().zip(self.seen.iter().min()).map_or(0, |(max, min)| max - min + 1);
        self.lost_before + span - self.seen.len() as i64
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// Runs of packets, between them gaps (up to 2,900) or a sender that starts anew somewhere else.
    #[test]
    fn a_stream_is_sorted_as_a_set_of_unwrapped_numbers_would_sort_it(
        start in 0i64..1 << 17,
        runs in vec((prop_oneof![1 => Just(0i64), 1 => 1i64..2_900, 1 => 10_000i64..50_000], 300usize..400), 1..5),
        fates in vec(fate(120), 1600),
    ) {
        let mut sent = Vec::new();
        let mut next = start;
        for (gap, packets) in runs {
            next += gap;
            sent.extend(next..next + packets as i64);
            next += packets as i64;
        }
        let fates = &fates[..sent.len()];

        let mut sequence = Sequence::new();
        let mut model = SequenceModel::default();
        let mut given: HashSet<u64> = HashSet::new();
        // What to add to a number of the model for the long one, in the present run.
        let mut shift = None;
        for number in delivered(fates).into_iter().map(|at| sent[at]) {
            let arrival = sequence.classify(number as u16);
            prop_assert_eq!(arrival.order, model.classify(number), "{}", number);
            prop_assert_eq!(arrival.number as u16, number as u16);
            match arrival.order {
                Order::Jump { repeated: false } => continue,
                Order::Jump { repeated: true } => {
                    prop_assert_eq!(sequence.restart(number as u16), arrival.number);
                    model.restart(number);
                    shift = None;
                }
                Order::Duplicate => prop_assert!(given.contains(&arrival.number)),
                _ => {}
            }
            if arrival.order != Order::Duplicate {
                prop_assert!(given.insert(arrival.number), "{} was given twice", arrival.number);
            }
            let here = arrival.number as i64 - number;
            prop_assert_eq!(*shift.get_or_insert(here), here);
            prop_assert_eq!(sequence.lost() as i64, model.lost());
        }
    }
}

/// Nanoseconds, exact, as a fraction of `rate`.
fn scaled(time: CallTime, rate: u32) -> i128 {
    i128::from(time.nanos()) * i128::from(rate)
}

proptest! {
    /// The model counts samples in unwrapped numbers from the sender's clock and places by one division.
    #[test]
    fn a_stream_is_placed_as_unwrapped_samples_would_place_it(
        rate in prop_oneof![Just(8_000u32), Just(11_025), Just(44_100), Just(48_000), Just(90_000)],
        start in any::<u32>(),
        sent in vec((prop_oneof![20 => Just(0u32), 2 => 0u32..30_000, 1 => 12_000_000u32..1 << 26], 0i64..400), 2..300),
        fates in vec(fate(10), 300),
    ) {
        // Packets of 20 ms: silence lets time and time stamp go on, a jump the time stamp alone.
        let packet = i64::from(rate / 50);
        let mut stamps = Vec::new();
        let (mut sample, mut jumps) = (i64::from(start), 0i64);
        for &(skip, jitter) in &sent {
            if skip < 30_000 { sample += i64::from(skip) } else { jumps += i64::from(skip) }
            stamps.push((sample + jumps, CallTime::of_sample(sample - i64::from(start), rate), jitter));
            sample += packet;
        }
        let mut timeline = Timeline::new(rate);
        let mut anchor: Option<(i64, CallTime)> = None;
        let mut placed_until = CallTime::MIN;
        let mut now = CallTime::MIN;
        for (stamp, sent_at, jitter) in delivered(&fates[..stamps.len()]).into_iter().map(|at| stamps[at]) {
            now = now.max(CallTime::from_nanos(sent_at.nanos() + jitter * 1_000_000));
            let due = anchor.map(|(zero, at)| {
                let exact = scaled(at, rate) + i128::from(stamp - zero) * 1_000_000_000;
                CallTime::from_nanos(exact.div_euclid(i128::from(rate)) as i64)
            });
            let believed = due.filter(|due| (-10_000_000_000..=1_000_000_000).contains(&(due.nanos() - now.nanos())));

            prop_assert_eq!(timeline.at(stamp as u32), due);
            let placed = timeline.place(stamp as u32, now, placed_until);
            prop_assert_eq!(placed.rebased, believed.is_none());
            prop_assert_eq!(placed.at, believed.unwrap_or(now.max(placed_until)));
            if placed.rebased {
                anchor = Some((stamp, placed.at));
            }
            placed_until = placed_until.max(placed.at + std::time::Duration::from_millis(20));
        }
    }
}

/// One packet of a press as it is sent.
#[derive(Clone, Copy, Debug)]
struct EventPacket {
    press: usize,
    payload: [u8; 4],
    timestamp: u32,
    marker: bool,
}

/// The packets of presses as RFC 4733 has them: each of `packets` packets of 20 ms, the last three times; segments end
/// at 0xFFFF units. Between two presses there is a pause.
fn sent_presses(start: u32, presses: &[(u8, u32, u32)]) -> (Vec<u32>, Vec<EventPacket>) {
    let mut onsets = Vec::new();
    let mut sent = Vec::new();
    let mut onset = start;
    for (press, &(event, packets, pause)) in presses.iter().enumerate() {
        onsets.push(onset);
        let mut segment = 0;
        for packet in 1..=packets {
            let mut duration = packet * 160 - segment;
            let mut emit = |segment: u32, duration: u32, end: bool, marker: bool| {
                let [high, low] = (duration as u16).to_be_bytes();
                let payload = [event, if end { 0x8A } else { 0x0A }, high, low];
                sent.push(EventPacket { press, payload, timestamp: onset.wrapping_add(segment), marker });
            };
            if duration > 0xFFFF {
                emit(segment, 0xFFFF, false, false);
                segment += 0xFFFF;
                duration -= 0xFFFF;
            }
            let end = packet == packets;
            for copy in 0..if end { 3 } else { 1 } {
                emit(segment, duration, end, packet == 1 && copy == 0);
            }
        }
        onset = onset.wrapping_add(packets * 160 + pause);
    }
    (onsets, sent)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn each_press_of_which_a_packet_comes_is_reported_once_with_its_onset(
        start in prop_oneof![any::<u32>(), u32::MAX - 3_000..u32::MAX],
        presses in vec((0u8..16, prop_oneof![9 => 1u32..10, 1 => 700u32..1_000], 1_601u32..4_000), 1..12),
        loss in 0u8..4,
        fates in vec((0u8..4, fate(6)), 1..200),
    ) {
        let (onsets, sent) = sent_presses(start, &presses);
        // A share of all packets is lost beside what `fate` loses; the fates repeat. Of a press of several segments no
        // more than three in a row are lost: a long silence within it does look like two presses.
        let mut in_a_row = 0;
        let fates: Vec<Fate> = sent
            .iter()
            .zip(fates.iter().cycle())
            .map(|(packet, &(dice, fate))| {
                let spared = presses[packet.press].1 * 160 > 0xFFFF && in_a_row == 3;
                let lost = !spared && (fate.lost || dice < loss);
                in_a_row = if lost { in_a_row + 1 } else { 0 };
                Fate { lost, ..fate }
            })
            .collect();
        // What the first packet to come says of each press.
        let mut expected: BTreeMap<usize, (u8, u32, u32, bool)> = BTreeMap::new();
        let mut reported: BTreeMap<usize, (u8, u32, u32, bool)> = BTreeMap::new();
        let mut decoder = EventDecoder::new();
        for packet in delivered(&fates).into_iter().map(|at| sent[at]) {
            let [event, _, high, low] = packet.payload;
            let duration = u32::from(u16::from_be_bytes([high, low]));
            expected.entry(packet.press).or_insert((event, packet.timestamp, duration, !packet.marker));
            for press in decoder.read(&packet.payload, 7, packet.timestamp, packet.marker, 8_000) {
                let report = (press.event, press.onset, press.duration, press.start_lost);
                prop_assert!(reported.insert(packet.press, report).is_none(), "press {} twice", packet.press);
            }
        }
        prop_assert_eq!(&reported, &expected);
        for (press, (_, onset, _, _)) in &reported {
            prop_assert_eq!(*onset, onsets[*press]);
        }
    }
}

#[test]
fn a_press_wrapped_in_redundant_packets_is_one() {
    let mut decoder = EventDecoder::new();
    let mut reports = Vec::new();
    // Audio goes on while the key is held: the event's start lies further back from each packet.
    for timestamp in [8_000u32, 8_160, 8_320] {
        let since = timestamp - 7_840;
        let header = (1 << 31 | 101 << 24 | since << 10 | 4).to_be_bytes();
        let [.., high, low] = since.to_be_bytes();
        let payload = [&header[..], &[0], &[9, 10, high, low], b"audio"].concat();
        let redundant = Redundant::parse(&payload).expect("it is well formed");
        for block in redundant.blocks().iter().filter(|block| block.payload_type == 101) {
            let presses = decoder.read(block.data, 1, block.timestamp(timestamp), false, 8_000);
            reports.extend(presses.into_iter().map(|press| (timestamp, press.event, press.onset)));
        }
    }
    assert_eq!(reports, [(8_000, 9, 7_840)]);
}

#[test]
fn a_packet_goes_all_the_way_from_bytes_to_samples_in_their_place() {
    let mut types = PayloadTypes::rfc3551();
    types.map(97, "L16/8000/2").expect("it is well formed");
    let bytes = [0x80, 97, 0, 1, 0, 0, 0, 160, 0, 0, 0, 7, 0x10, 0x00, 0x20, 0x00];
    let packet = Packet::parse(&bytes).expect("it is well formed");
    let format = types.format(packet.payload_type).expect("it was mapped");
    assert_eq!(format, Format { encoding: Encoding::L16, rate: 8_000, channels: 2 });
    assert_eq!(Sequence::new().classify(packet.sequence).order, Order::InOrder);
    let placed = Timeline::new(format.rate).place(packet.timestamp, CallTime::from_millis(5), CallTime::MIN);
    assert_eq!(placed.at, CallTime::from_millis(5));
    let mut samples = Vec::new();
    audio::decode(format, packet.payload, &mut samples).expect("it is audio");
    assert_eq!(samples, [0x1800]);
}
