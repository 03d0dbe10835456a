//! The two file formats, in all their kinds; and files that are something else.

use std::io::Cursor;
use std::path::Path;

use calltap::capture::{Capture, CaptureError};
use pcap_file::pcap::PcapReader;
use pcap_file::pcapng::{Block, PcapNgReader};

use crate::scene::{BEGIN, People, Scene};
use crate::writer::{Order, PcapNg, pcap};

/// Time, link type and bytes of every packet.
fn read(file: Vec<u8>) -> Vec<(u64, u16, Vec<u8>)> {
    let mut capture = Capture::from_bytes("test", file).expect("a capture");
    let mut packets = Vec::new();
    while let Some(record) = capture.next_record().expect("a packet") {
        assert_eq!(record.number, packets.len() as u64 + 1);
        packets.push((record.time_ns, record.link, record.bytes.to_vec()));
    }
    assert_eq!(capture.position(), capture.size());
    packets
}

fn refused(file: &[u8]) -> String {
    Capture::from_bytes("test", file.to_vec()).map(|_| ()).expect_err("no capture").to_string()
}

#[test]
fn pcap_is_read_in_both_byte_orders_and_resolutions() {
    let packets = [(BEGIN + 123_456_789, b"one".to_vec()), (BEGIN + 999_999_999, Vec::new())];
    for order in [Order::Big, Order::Little] {
        for nanos in [true, false] {
            let unit = if nanos { 1 } else { 1_000 };
            let file = pcap(order, nanos, 101, &packets);
            let expected = packets.clone().map(|(time, bytes)| (time / unit * unit, 101, bytes));
            assert_eq!(read(file), expected, "{order:?}, in nanoseconds: {nanos}");
        }
    }
}

#[test]
fn a_packet_cut_by_the_snap_length_is_read_as_far_as_it_is_there() {
    let mut file = pcap(Order::Little, true, 1, &[(BEGIN, b"12345678".to_vec())]);
    file[16..20].copy_from_slice(&8_u32.to_le_bytes());
    file[36..40].copy_from_slice(&1_500_u32.to_le_bytes());
    assert_eq!(read(file), [(BEGIN, 1, b"12345678".to_vec())]);
}

#[test]
fn the_check_sequence_bits_of_the_link_type_are_left_out() {
    let mut file = pcap(Order::Big, true, 1, &[(BEGIN, b"x".to_vec())]);
    file[20] = 0x50;
    assert_eq!(read(file)[0].1, 1);
}

#[test]
fn pcapng_is_read_with_its_interfaces_and_sections() {
    let seconds = |time: u64| time / 1_000_000_000;
    for (first, second) in [(Order::Big, Order::Little), (Order::Little, Order::Big)] {
        let mut file = PcapNg::new(first);
        file.interface(1, 0, &[(2, b"eth0"), (9, &[6])]);
        file.interface(101, 4, &[(1, b"\xff not UTF-8"), (9, &[9]), (10, &[0; 4])]);
        file.block(0x0bad_cafe, &[1; 40]);
        file.enhanced(0, BEGIN / 1_000, b"micro");
        file.enhanced(1, BEGIN + 7, b"nano");
        file.block(5, b"statistics..");
        file.section(second);
        let offset = 1_000_000_000_i64;
        let offset = if second == Order::Big { offset.to_be_bytes() } else { offset.to_le_bytes() };
        file.interface(113, 4, &[(9, &[0x80 | 10]), (14, &offset), (0, b"")]);
        file.enhanced(0, (seconds(BEGIN) - 1_000_000_000) * 1_024 + 512, b"binary");
        file.obsolete(0, (seconds(BEGIN) - 1_000_000_000) * 1_024, b"old");
        file.simple(9, b"cut.");
        file.simple(2, b"ab");
        let expected: [(u64, u16, &[u8]); 6] = [
            (BEGIN, 1, b"micro"),
            (BEGIN + 7, 101, b"nano"),
            (BEGIN + 500_000_000, 113, b"binary"),
            (BEGIN, 113, b"old"),
            (BEGIN, 113, b"cut."),
            (BEGIN, 113, b"ab"),
        ];
        assert_eq!(read(file.file), expected.map(|(time, link, bytes)| (time, link, bytes.to_vec())));
    }
}

#[test]
fn another_reader_finds_the_same_packets() {
    let mut scene = Scene::new();
    People::v4().call(&mut scene, "one");
    for order in [Order::Big, Order::Little] {
        let file = pcap(order, true, 101, &scene.packets);
        let mut other = PcapReader::new(Cursor::new(file.clone())).expect("a capture");
        let mut expected = Vec::new();
        while let Some(packet) = other.next_packet() {
            let packet = packet.expect("a packet");
            expected.push((packet.timestamp.as_nanos() as u64, 101, packet.data.into_owned()));
        }
        assert_eq!(read(file), expected);

        let mut file = PcapNg::new(order);
        // The other reader wants the options ended, which is not demanded.
        file.interface(101, 0, &[(9, &[9]), (0, b"")]);
        scene.packets.iter().for_each(|(time, bytes)| file.enhanced(0, *time, bytes));
        let mut other = PcapNgReader::new(Cursor::new(file.file.clone())).expect("a capture");
        let mut expected = Vec::new();
        while let Some(block) = other.next_block() {
            if let Block::EnhancedPacket(packet) = block.expect("a block") {
                expected.push((packet.timestamp.as_nanos() as u64, 101, packet.data.into_owned()));
            }
        }
        assert_eq!(expected.len(), scene.packets.len());
        assert_eq!(read(file.file), expected);
    }
}

#[test]
fn a_capture_is_read_again_from_its_beginning() {
    let mut file = PcapNg::new(Order::Big);
    file.interface(101, 0, &[]);
    file.enhanced(0, 5, b"x");
    file.section(Order::Little);
    let mut capture = Capture::from_bytes("test", file.file).expect("a capture");
    for _ in 0..3 {
        assert_eq!(capture.next_record().expect("a packet").map(|record| record.time_ns), Some(5_000));
        assert_eq!(capture.next_record().expect("the end"), None);
        capture.rewind().expect("the beginning");
    }
}

#[test]
fn a_file_that_ends_inside_a_packet_is_refused_with_its_place() {
    let packets = [(BEGIN, b"one".to_vec()), (BEGIN, b"two".to_vec())];
    let mut file = pcap(Order::Big, true, 101, &packets);
    file.pop();
    let mut capture = Capture::from_bytes("call.pcap", file).expect("a capture");
    capture.next_record().expect("the first packet");
    let error = capture.next_record().expect_err("the second");
    assert!(matches!(error, CaptureError::Truncated { offset: 43, packet: 2, .. }), "{error:?}");
    let message = error.to_string();
    assert!(message.contains("call.pcap is cut off: it ends inside packet 2, which begins at byte 43;"), "{message}");
}

#[test]
fn lengths_that_cannot_be_are_refused_with_their_place() {
    let mut file = pcap(Order::Big, true, 101, &[(BEGIN, b"one".to_vec())]);
    file[32..36].copy_from_slice(&[0xff; 4]);
    let mut capture = Capture::from_bytes("test", file).expect("a capture");
    let message = capture.next_record().expect_err("a packet of 4 GiB").to_string();
    assert!(message.contains("test is damaged at byte 24, packet 1: it claims 4294967295 bytes"), "{message}");

    for (kind, body) in
        [(6, &[0; 16][..]), (6, &[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 9]), (1, b"")]
    {
        let mut file = PcapNg::new(Order::Big);
        file.interface(101, 0, &[]);
        file.block(kind, body);
        let mut capture = Capture::from_bytes("test", file.file).expect("a capture");
        let error = capture.next_record().expect_err("a block that cannot be");
        assert!(matches!(error, CaptureError::Damaged { offset: 48, packet: 1, .. }), "{error:?}");
    }
    let mut file = PcapNg::new(Order::Big);
    file.enhanced(0, 0, b"of which interface?");
    let message = Capture::from_bytes("test", file.file).expect("a capture").next_record().expect_err("no interface");
    assert!(message.to_string().contains("an interface that was not described"), "{message}");
}

#[test]
fn what_is_no_capture_is_refused_with_what_it_is() {
    assert!(refused(b"").contains("test is not a packet capture: it is empty"));
    assert!(refused(b"abc").contains("less than four bytes"));
    assert!(refused(b"hello, world").contains("it begins with none of the known magic numbers"));
    assert!(refused(&[0x1f, 0x8b, 8, 0]).contains("gunzip"));
    assert!(refused(b"RIFF....WAVE").contains("WAV"));
    assert!(refused(&[0xa1, 0xb2, 0xc3, 0xd4, 0, 9]).contains("it ends inside its header"));
    let mut old = pcap(Order::Big, true, 1, &[]);
    old[5] = 1;
    assert!(refused(&old).contains("it is of version 1"));
}

#[test]
fn a_path_that_is_no_regular_file_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let open = |path: &Path| Capture::open(path).map(|_| ()).expect_err("no capture").to_string();
    assert!(open(folder.path()).contains("is a folder"));
    assert!(open(Path::new("/dev/null")).contains("is a pipe or a device"));
    let missing = folder.path().join("missing.pcap");
    let message = open(&missing);
    assert!(message.contains("cannot open the capture") && message.contains("missing.pcap"), "{message}");
    let path = folder.path().join("call.pcap");
    std::fs::write(&path, pcap(Order::Big, true, 1, &[(1, b"x".to_vec())])).expect("a file");
    assert!(Capture::open(&path).expect("a capture").next_record().expect("a packet").is_some());
}
