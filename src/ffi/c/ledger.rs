//! `include/calltap/ledger.h`.

sized_struct! {
    /// What became of every frame of a leg.
    Ledger since 128 {
        unused: u32,
        pushed: u64,
        delivered: u64,
        masked: u64,
        withheld: u64,
        full: u64,
        size: u64,
        format: u64,
        duplicate: u64,
        late: u64,
        queue: u64,
        sink: u64,
        purged: u64,
        in_flight: u64,
        lost: u64,
        erased: u64,
    }
}

impl From<crate::frame::Ledger> for Ledger {
    fn from(ledger: crate::frame::Ledger) -> Ledger {
        Ledger {
            struct_size: size_of::<Ledger>() as u32,
            unused: 0,
            pushed: ledger.pushed,
            delivered: ledger.delivered,
            masked: ledger.masked,
            withheld: ledger.withheld,
            full: ledger.full,
            size: ledger.size,
            format: ledger.format,
            duplicate: ledger.duplicate,
            late: ledger.late,
            queue: ledger.queue,
            sink: ledger.sink,
            purged: ledger.purged,
            in_flight: ledger.in_flight,
            lost: ledger.lost,
            erased: ledger.erased,
        }
    }
}
