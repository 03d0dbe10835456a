//! A call from its beginning to its end.

use calltap::consent::Reason;
use calltap::engine::{Config, Done, Run};
use calltap::policy::Tap;
use calltap::sink::Outcome;

use crate::stage::{Stage, mono};
use crate::witness::{Got, Log};

#[test]
fn a_call_is_recorded_from_the_end_of_its_window_to_its_end() {
    for run in [Run::Direct, Run::Queued, Run::File] {
        let stage = Stage::new(Config::default());
        let log = Log::default();
        let mut pair = stage.call("ecommerce-be");
        pair.record(run, log.sink());
        assert_eq!(pair.call.decision(Tap::Record).reason, Reason::NoticeNotGiven);
        stage.play(&mut pair, 8_000);
        assert_eq!(pair.call.decision(Tap::Record).reason, Reason::Allowed, "{run:?}");
        assert_eq!(pair.call.end(Some(mono(8_000)), None).expect("told"), Done::Good);
        log.wait("the end", |notes| notes.got.contains(&Got::Closed(Outcome::Complete)));
        // From 5 s to 8 s, two legs, 50 packets a second.
        assert_eq!(log.frames(), 300, "{run:?}");
        for leg in 0..2 {
            let ledger = pair.call.ledger(leg).expect("an answer").expect("a leg");
            assert!(ledger.balances() && ledger.in_flight == 0 && ledger.delivered == 150, "{run:?}: {ledger:?}");
        }
    }
}
