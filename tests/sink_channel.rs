//! Frames to a Rust program: what it gets, in which order, and what happens when it is slow.

#[path = "wav/permit.rs"]
mod permit;

use std::sync::Arc;

use calltap::audio::Format;
use calltap::consent::{Permit, Reason, Role};
use calltap::frame::{Frame, Pool};
use calltap::policy::{Pairs, Purpose, Tap};
use calltap::sink::{
    Channel, ChannelItem, Closing, Description, Erasure, Fate, GapCause, Handed, Mark, NoticeDescription, Outcome,
    OutputId, Sink,
};
use calltap::time::{CallTime, Interval};

const CALLER: u8 = 0;
const AGENT: u8 = 1;

fn at(millis: i64) -> CallTime {
    CallTime::from_millis(millis)
}

fn stretch(from: i64, to: i64) -> Interval {
    Interval { from: at(from), to: at(to) }
}

fn permit() -> Permit {
    permit::permit_for(Pairs::one(Tap::Monitor, Purpose::Quality))
}

fn output() -> OutputId {
    OutputId("01944f2c-5c00-7000-8000-0000000000bb".parse().expect("a UUID"))
}

fn description() -> Description {
    Description {
        output: output(),
        call: "call".into(),
        entity: "ecommerce-be".into(),
        controller: "Ingenico e-Commerce Solutions BV/SRL".into(),
        country: "BE".into(),
        service: "customer-care".into(),
        language: "nl".into(),
        tap: Tap::Monitor,
        pairs: permit().pairs(),
        policy_hash: "ab".repeat(32),
        notice: NoticeDescription { language: "nl".into(), played: stretch(0, 6_000), window_end: at(9_000) },
        permitted_from: at(9_000),
        started: "2026-01-31T09:30:00Z".parse().expect("a time"),
        delete_after: "2026-02-28T10:30:00+01:00[Europe/Brussels]".parse().expect("a time"),
        legal_basis: vec![],
        legs: vec![],
    }
}

fn closing() -> Closing {
    Closing { outcome: Outcome::Complete, at: at(10_000), reason: Reason::Ended, permitted: vec![], ledgers: vec![] }
}

fn erasure() -> Erasure {
    Erasure { reason: Reason::Objected, at: at(9_500) }
}

fn frame(pool: &Arc<Pool>, leg: u8, millis: i64) -> Frame {
    Frame::copied(pool, leg, Role::Caller, at(millis), Format::PCMA, 160, &[millis as u8; 160]).expect("room")
}

/// What an item is, in a word or two.
fn word(item: &ChannelItem) -> String {
    match item {
        ChannelItem::Open(description) => format!("open {}", description.entity),
        ChannelItem::Frame(frame) => format!("{}@{}", frame.leg(), frame.place()),
        ChannelItem::Gap { leg, cause, stretch } => format!("{leg} {cause:?} {}-{}", stretch.from, stretch.to),
        ChannelItem::Mark { mark, at } => format!("{mark:?} {at}"),
        ChannelItem::Close(closing) => format!("close {:?}", closing.outcome),
        ChannelItem::Erase(erasure) => format!("erase {}", erasure.reason),
    }
}

/// What a frame of 160 bytes costs in the pool: its audio, and 192 bytes beside.
const FRAME: usize = 160 + 192;

#[test]
fn everything_arrives_in_order_and_frames_are_not_copied() {
    let pool = Pool::new(1_000);
    let (mut sink, items) = Channel::bounded(10);
    sink.open(&permit(), &description()).expect("open");
    let first = frame(&pool, CALLER, 9_000);
    sink.frame(&first).expect("there is room");
    sink.gap(AGENT, GapCause::Lost, stretch(9_000, 9_020)).expect("there is room");
    sink.mark(Mark::Pause, at(9_020)).expect("there is room");
    sink.flush().expect("nothing to do");
    sink.close(&closing()).expect("closed");
    drop(sink);
    let items: Vec<ChannelItem> = items.into_iter().collect();
    let words: Vec<String> = items.iter().map(word).collect();
    let expected = ["open ecommerce-be", "0@9.000 s", "1 Lost 9.000 s-9.020 s", "Pause 9.020 s", "close Complete"];
    assert_eq!(words, expected);
    let ChannelItem::Frame(received) = &items[1] else { panic!("a frame") };
    assert_eq!(received.bytes().as_ptr(), first.bytes().as_ptr());
    assert_eq!(pool.used(), FRAME);
}

#[test]
fn what_a_full_channel_drops_is_told_before_the_next_frame_that_fits() {
    let pool = Pool::new(10_000);
    let (mut sink, items) = Channel::bounded(2);
    sink.open(&permit(), &description()).expect("open");
    assert_eq!(items.try_recv().map(|item| word(&item)), Ok("open ecommerce-be".into()));
    for millis in [9_000, 9_020, 9_040, 9_060, 9_080] {
        let expected = if millis < 9_040 { Handed::Taken } else { Handed::Dropped };
        assert_eq!(sink.frame(&frame(&pool, CALLER, millis)).ok(), Some(expected));
    }
    assert_eq!(sink.frame(&frame(&pool, AGENT, 9_080)).ok(), Some(Handed::Dropped));
    sink.mark(Mark::Pause, at(9_100)).expect("dropped, not failed");
    assert_eq!(sink.dropped(), 5);
    assert_eq!(pool.used(), 2 * FRAME, "what was dropped is not kept");
    // One place: the gap fits, the frame after it does not, and is missing in its turn.
    let mut words = vec![word(&items.try_recv().expect("an item"))];
    assert_eq!(sink.frame(&frame(&pool, CALLER, 9_100)).ok(), Some(Handed::Dropped));
    words.extend(items.try_iter().map(|item| word(&item)));
    sink.frame(&frame(&pool, AGENT, 9_100)).expect("fits");
    words.extend(items.try_iter().map(|item| word(&item)));
    sink.frame(&frame(&pool, CALLER, 9_120)).expect("fits");
    words.extend(items.try_iter().map(|item| word(&item)));
    let expected = [
        "0@9.000 s",
        "0@9.020 s",
        "0 Dropped 9.040 s-9.100 s",
        "1 Dropped 9.080 s-9.100 s",
        "1@9.100 s",
        "0 Dropped 9.100 s-9.120 s",
        "0@9.120 s",
    ];
    assert_eq!(words, expected);
    assert_eq!(sink.dropped(), 6);
    assert_eq!(sink.erase(&erasure()).frames, 4, "only what was handed over");
}

#[test]
fn the_last_gaps_the_end_and_an_erasure_fit_into_a_full_channel() {
    let pool = Pool::new(100_000);
    let (mut sink, items) = Channel::bounded(0);
    sink.open(&permit(), &description()).expect("open");
    for leg in 0..8 {
        assert_eq!(sink.frame(&frame(&pool, leg, 9_000)).ok(), Some(Handed::Dropped));
    }
    sink.close(&closing()).expect("closed");
    let receipt = sink.erase(&erasure());
    assert_eq!((receipt.fate, receipt.frames), (Fate::Erased, 0));
    let words: Vec<String> = items.try_iter().map(|item| word(&item)).collect();
    assert_eq!(words.len(), 11);
    assert_eq!(words[0], "open ecommerce-be");
    assert!((0..8).all(|leg| words[1 + leg] == format!("{leg} Dropped 9.000 s-9.020 s")), "{words:?}");
    assert_eq!(words[9..], ["close Complete", "erase objected"]);
}

#[test]
fn what_was_handed_over_is_gone_unless_nothing_was() {
    let pool = Pool::new(1_000);
    let (mut sink, items) = Channel::bounded(10);
    let before = sink.erase(&erasure());
    assert_eq!((before.fate, before.output.0.is_nil()), (Fate::Erased, true));
    sink.open(&permit(), &description()).expect("open");
    sink.frame(&frame(&pool, CALLER, 9_000)).expect("there is room");
    let receipt = sink.erase(&erasure());
    assert!(matches!(&receipt.fate, Fate::Gone(whom) if whom.contains("told to erase")), "{receipt:?}");
    assert_eq!((receipt.output, receipt.frames, receipt.bytes), (output(), 1, 160));
    assert_eq!(items.try_iter().last().map(|item| word(&item)), Some("erase objected".into()));
    let again = sink.erase(&erasure());
    assert_eq!((again.fate, again.frames), (Fate::Erased, 0));
    assert_eq!(items.try_iter().count(), 0, "told once");
}

#[test]
fn a_receiver_that_is_gone_is_an_error_and_keeps_no_frame() {
    let pool = Pool::new(1_000);
    let (mut sink, items) = Channel::bounded(10);
    sink.open(&permit(), &description()).expect("open");
    sink.frame(&frame(&pool, CALLER, 9_000)).expect("there is room");
    drop(items);
    let gone = sink.frame(&frame(&pool, CALLER, 9_020)).expect_err("nobody is there").to_string();
    assert!(gone.contains("receiver is gone"), "{gone}");
    assert_eq!(pool.used(), 0);
    let receipt = sink.erase(&erasure());
    assert!(matches!(&receipt.fate, Fate::Gone(whom) if whom.contains("has closed it")), "{receipt:?}");
}

#[test]
fn nothing_is_handed_over_before_the_beginning_or_after_the_end() {
    let pool = Pool::new(1_000);
    let (mut sink, items) = Channel::bounded(10);
    sink.frame(&frame(&pool, CALLER, 9_000)).expect_err("not open");
    sink.close(&closing()).expect("nothing to close");
    sink.open(&permit(), &description()).expect("open");
    sink.open(&permit(), &description()).expect_err("open already");
    sink.close(&closing()).expect("closed");
    sink.frame(&frame(&pool, CALLER, 9_000)).expect_err("closed");
    sink.close(&closing()).expect("once is enough");
    let words: Vec<String> = items.try_iter().map(|item| word(&item)).collect();
    assert_eq!(words, ["open ecommerce-be", "close Complete"]);
}
