//! The account of a leg's frames.

/// What became of every frame of one leg, for the whole call or as one sink saw it.
///
/// `pushed = delivered + masked + withheld + dropped() + purged + in_flight`, always. Each frame counts once, at its
/// first fate; all but `in_flight` and `lost` only rise. Counts are frames, not samples.
///
/// What waits in a sink's queue is in flight. For the whole call a frame is delivered as soon as one sink took a piece of
/// it; if none did, it counts once nothing of it waits. In a sink's view what that sink was not offered is withheld. The
/// ledgers that a sink behind a queue is told when its output ends are settled up to its queue's end; only what still waits
/// in the queue of an earlier output of the same sink is in flight there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Ledger {
    /// Frames the host offered, refused ones included.
    pub pushed: u64,
    /// Handed to a sink, whole or cut at the edge of a permission.
    pub delivered: u64,
    /// Handed to a sink with samples silenced.
    pub masked: u64,
    /// Refused by the gate, or only listened to.
    pub withheld: u64,
    /// Dropped: no free slot, or the pool was full.
    pub full: u64,
    /// Dropped: longer than a slot.
    pub size: u64,
    /// Dropped: a format nobody registered or this version cannot decode.
    pub format: u64,
    /// Dropped: the same packet again.
    pub duplicate: u64,
    /// Dropped: its place had been handed on already.
    pub late: u64,
    /// Dropped: a slow sink's queue was full, or the sink itself had no room.
    pub queue: u64,
    /// Dropped: the sink had failed, or was stopped because it did not come back in time.
    pub sink: u64,
    /// Wiped before any sink had it: in a line, or by a refusal in a queue.
    pub purged: u64,
    /// On its way.
    pub in_flight: u64,
    /// Beside the sum: packets that never arrived. Falls when one of them comes late after all.
    pub lost: u64,
    /// Beside the sum: delivered frames that receipts call erased.
    pub erased: u64,
}

impl Ledger {
    /// All dropped frames, by whatever cause.
    pub fn dropped(&self) -> u64 {
        self.full + self.size + self.format + self.duplicate + self.late + self.queue + self.sink
    }

    /// Whether every pushed frame is accounted for.
    pub fn balances(&self) -> bool {
        self.pushed == self.delivered + self.masked + self.withheld + self.dropped() + self.purged + self.in_flight
    }
}
