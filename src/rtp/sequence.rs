//! Sequence numbers made long, and sorted into news and repetition (after RFC 3550 appendix A.1). `[any]`
//!
//! Invariant: a number is answered as [`Order::InOrder`], [`Order::Ahead`] or [`Order::Reordered`] once at most; every
//! further time it is a [`Order::Duplicate`]. Long numbers never wrap, and never repeat, not even over a restart.

/// How far behind the highest number a packet is still told from a duplicate.
const WINDOW: u64 = 256;
/// How far ahead of the highest number a packet may be and still be of the same run (A.1: MAX_DROPOUT).
const MAX_AHEAD: u16 = 3000;

/// The sequence numbers of one stream (one SSRC).
#[derive(Clone, Debug, Default)]
pub struct Sequence {
    run: Option<Run>,
    /// Below all numbers of the next run.
    floor: u64,
    /// What was counted before this run.
    expected_before: u64,
    received_before: u64,
}

/// A stretch without jumps.
#[derive(Clone, Debug)]
struct Run {
    /// The lowest and the highest number so far.
    first: u64,
    highest: u64,
    /// Different numbers received.
    received: u64,
    /// One bit for each of the last `WINDOW` numbers, at its place modulo `WINDOW`: whether it was received.
    seen: [u64; WINDOW as usize / 64],
    /// The number that would follow the last packet that jumped (A.1: `bad_seq`).
    after_jump: Option<u16>,
}

/// Where a packet stands in its stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// News or not.
    pub order: Order,
    /// The long number: its lower 16 bits are the packet's. In one run, differences count packets; over a restart they
    /// only say which was later. For a [`Order::Jump`], what [`Sequence::restart`] would make of it.
    pub number: u64,
}

/// News or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// The next one, or the first.
    InOrder,
    /// News, after a gap of so many packets that are late or lost.
    Ahead(u16),
    /// News from before the highest number: it fills a gap.
    Reordered,
    /// Was there already.
    Duplicate,
    /// Too far from the others: a stray packet, one very late, or a sender that started anew. It is not counted and
    /// changes nothing; the time stamp says which it is, and [`Sequence::restart`] takes it as a new beginning.
    Jump {
        /// Whether it follows directly on another jump, so that the sender did start anew (A.1).
        repeated: bool,
    },
}

impl Sequence {
    /// Before the first packet.
    pub fn new() -> Sequence {
        Sequence::default()
    }

    /// Sorts in the packet numbered `sequence`.
    pub fn classify(&mut self, sequence: u16) -> Arrival {
        match &mut self.run {
            Some(run) => run.classify(sequence),
            None => Arrival { order: Order::InOrder, number: self.restart(sequence) },
        }
    }

    /// Whether the packet numbered `sequence` would be [`Order::Ahead`]. Changes nothing.
    pub fn leaves_a_gap(&self, sequence: u16) -> bool {
        let ahead = |run: &Run| sequence.wrapping_sub(run.highest as u16);
        self.run.as_ref().is_some_and(|run| (2..=MAX_AHEAD).contains(&ahead(run)))
    }

    /// Takes the packet numbered `sequence` as received, and as the beginning of a new run. Counts go on, gaps between
    /// the runs are not lost packets. Answers the packet's long number, higher than any before.
    pub fn restart(&mut self, sequence: u16) -> u64 {
        self.start_anew();
        // From 65,536 on: there must be room below for packets that the first one overtook.
        let number = next_like(sequence, self.floor.max(1 << 16));
        let mut run =
            Run { first: number, highest: number, received: 1, seen: [0; WINDOW as usize / 64], after_jump: None };
        run.mark(number);
        self.run = Some(run);
        number
    }

    /// Ends the run: the next packet, whatever its number, is the first of a new one. For a new SSRC.
    pub fn start_anew(&mut self) {
        if let Some(run) = self.run.take() {
            self.floor = run.floor_of_next();
            self.expected_before += run.expected();
            self.received_before += run.received;
        }
    }

    /// How many packets were sent, as far as the numbers tell.
    pub fn expected(&self) -> u64 {
        self.expected_before + self.run.as_ref().map_or(0, Run::expected)
    }

    /// How many different packets came.
    pub fn received(&self) -> u64 {
        self.received_before + self.run.as_ref().map_or(0, |run| run.received)
    }

    /// How many are missing so far (RFC 3550 appendix A.3, without its duplicates); falls when a late one comes.
    pub fn lost(&self) -> u64 {
        self.expected() - self.received()
    }

    /// How many packets numbered between `from` and `to`, both left out, are missing, as far back as is remembered.
    /// What lies between two runs was never sent.
    pub fn missing_between(&self, from: u64, to: u64) -> u64 {
        let Some(run) = &self.run else { return 0 };
        let first = from.saturating_add(1).max(run.highest.saturating_sub(WINDOW - 1)).max(run.first);
        (first..to.min(run.highest)).filter(|&number| !run.is_marked(number)).count() as u64
    }
}

impl Run {
    fn classify(&mut self, sequence: u16) -> Arrival {
        let ahead = sequence.wrapping_sub(self.highest as u16);
        let behind = u64::from(ahead.wrapping_neg());
        if (1..=MAX_AHEAD).contains(&ahead) {
            let number = self.advance(u64::from(ahead));
            let order = if ahead == 1 { Order::InOrder } else { Order::Ahead(ahead - 1) };
            Arrival { order, number }
        } else if behind < WINDOW {
            let number = self.highest - behind;
            if self.is_marked(number) {
                return Arrival { order: Order::Duplicate, number };
            }
            self.mark(number);
            self.first = self.first.min(number);
            self.received += 1;
            Arrival { order: Order::Reordered, number }
        } else {
            let repeated = self.after_jump == Some(sequence);
            self.after_jump = Some(sequence.wrapping_add(1));
            Arrival { order: Order::Jump { repeated }, number: next_like(sequence, self.floor_of_next()) }
        }
    }

    /// Moves the highest number `ahead` further and marks it.
    fn advance(&mut self, ahead: u64) -> u64 {
        for number in self.highest + 1..=self.highest + ahead.min(WINDOW) {
            let (word, bit) = place(number);
            self.seen[word] &= !bit;
        }
        self.highest += ahead;
        self.received += 1;
        self.mark(self.highest);
        self.highest
    }

    /// So far above all numbers of this run that no late packet of the next one can have one of them.
    fn floor_of_next(&self) -> u64 {
        self.highest + WINDOW
    }

    fn expected(&self) -> u64 {
        self.highest - self.first + 1
    }

    fn mark(&mut self, number: u64) {
        let (word, bit) = place(number);
        self.seen[word] |= bit;
    }

    fn is_marked(&self, number: u64) -> bool {
        let (word, bit) = place(number);
        self.seen[word] & bit != 0
    }
}

/// The lowest number from `floor` on that ends in `sequence`.
fn next_like(sequence: u16, floor: u64) -> u64 {
    floor + u64::from(sequence.wrapping_sub(floor as u16))
}

/// The word and the bit that stand for `number` in the window.
fn place(number: u64) -> (usize, u64) {
    let at = number % WINDOW;
    ((at / 64) as usize, 1 << (at % 64))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn orders(sequence: &mut Sequence, numbers: &[u16]) -> Vec<Order> {
        numbers.iter().map(|&number| sequence.classify(number).order).collect()
    }

    #[test]
    fn a_gap_is_counted_and_falls_when_the_late_one_comes() {
        use Order::{Ahead, Duplicate, InOrder, Reordered};
        let mut sequence = Sequence::new();
        assert_eq!(orders(&mut sequence, &[10, 11, 14]), [InOrder, InOrder, Ahead(2)]);
        assert_eq!((sequence.expected(), sequence.received(), sequence.lost()), (5, 3, 2));
        assert_eq!(orders(&mut sequence, &[12, 12, 14, 10]), [Reordered, Duplicate, Duplicate, Duplicate]);
        assert_eq!((sequence.expected(), sequence.received(), sequence.lost()), (5, 4, 1));
    }

    #[test]
    fn whether_a_packet_leaves_a_gap_can_be_asked_before_it_is_counted() {
        let mut sequence = Sequence::new();
        assert!(!sequence.leaves_a_gap(7), "the first one");
        sequence.classify(65_534);
        for (number, order) in
            [(65_535, false), (0, true), (2_998, true), (2_999, false), (65_534, false), (65_533, false)]
        {
            assert_eq!(sequence.leaves_a_gap(number), order, "{number}");
            let counted = sequence.clone().classify(number).order;
            assert_eq!(matches!(counted, Order::Ahead(_)), order, "{number}: {counted:?}");
        }
        assert_eq!(sequence.expected(), 1);
    }

    #[test]
    fn numbers_go_on_over_the_wrap_and_back() {
        let mut sequence = Sequence::new();
        let first = sequence.classify(65_534).number;
        assert_eq!(sequence.classify(1), Arrival { order: Order::Ahead(2), number: first + 3 });
        assert_eq!(sequence.classify(65_535), Arrival { order: Order::Reordered, number: first + 1 });
        assert_eq!(sequence.classify(0), Arrival { order: Order::Reordered, number: first + 2 });
        assert_eq!(sequence.classify(65_535), Arrival { order: Order::Duplicate, number: first + 1 });
        assert_eq!(sequence.lost(), 0);
    }

    #[test]
    fn the_first_packet_may_have_overtaken_others() {
        let mut sequence = Sequence::new();
        let first = sequence.classify(1).number;
        assert_eq!(sequence.classify(65_535), Arrival { order: Order::Reordered, number: first - 2 });
        assert_eq!((sequence.expected(), sequence.lost()), (3, 1));
    }

    #[test]
    fn the_window_reaches_back_255_packets() {
        let mut sequence = Sequence::new();
        sequence.classify(1_000);
        sequence.classify(1_300);
        assert_eq!(sequence.classify(1_300 - 255).order, Order::Reordered);
        assert_eq!(sequence.classify(1_300 - 255).order, Order::Duplicate);
        assert_eq!(sequence.classify(1_300 - 256).order, Order::Jump { repeated: false });
        assert_eq!(sequence.received(), 3, "a jump is not counted");
    }

    #[test]
    fn marks_of_long_ago_do_not_make_duplicates_of_new_packets() {
        let mut sequence = Sequence::new();
        for number in 0..=300 {
            assert_eq!(sequence.classify(number).order, Order::InOrder);
        }
        sequence.classify(900);
        for number in 900 - 255..900 {
            assert_eq!(sequence.classify(number).order, Order::Reordered, "{number}");
        }
    }

    #[test]
    fn a_stray_packet_changes_nothing_and_two_in_a_row_are_told() {
        let mut sequence = Sequence::new();
        sequence.classify(100);
        assert_eq!(sequence.classify(40_000).order, Order::Jump { repeated: false });
        assert_eq!(sequence.classify(101).order, Order::InOrder);
        assert_eq!(sequence.classify(40_001).order, Order::Jump { repeated: true });
        assert_eq!(sequence.lost(), 0);
    }

    #[test]
    fn a_restart_keeps_the_counts_and_its_numbers_are_new() {
        let mut sequence = Sequence::new();
        let mut numbers = vec![sequence.classify(100).number, sequence.classify(103).number];
        let jump = sequence.classify(50);
        assert_eq!(jump.order, Order::Reordered, "that near it is no jump");
        let jump = sequence.classify(40_000);
        assert_eq!(sequence.restart(40_000), jump.number);
        numbers.extend([jump.number, sequence.classify(40_001).number]);
        let again = sequence.restart(40_002);
        numbers.extend([sequence.classify(40_001).number, again, sequence.restart(5)]);
        assert!(numbers.is_sorted_by(|a, b| a < b), "{numbers:?}");
        assert_eq!(sequence.expected(), 54 + 2 + 2 + 1);
        assert_eq!(sequence.lost(), 51);
    }
    #[test]
    fn a_new_stream_may_begin_with_any_number_and_be_overtaken_at_once() {
        let mut sequence = Sequence::new();
        let last = sequence.classify(10).number;
        sequence.start_anew();
        let first = sequence.classify(10);
        assert_eq!(first.order, Order::InOrder);
        let late = sequence.classify(9);
        assert_eq!(late, Arrival { order: Order::Reordered, number: first.number - 1 });
        assert!(late.number > last);
        assert_eq!((sequence.expected(), sequence.received()), (3, 3));
    }

    #[test]
    fn missing_packets_are_found_between_two_numbers_but_not_between_two_runs() {
        let mut sequence = Sequence::new();
        let from = sequence.classify(10).number;
        let to = sequence.classify(15).number;
        sequence.classify(12);
        assert_eq!(sequence.missing_between(from, to), 3);
        assert_eq!(sequence.missing_between(from + 2, to), 2);
        assert_eq!(sequence.missing_between(to, from), 0);
        let anew = sequence.restart(40_000);
        let next = sequence.classify(40_002).number;
        assert_eq!(sequence.missing_between(to, anew), 0);
        assert_eq!(sequence.missing_between(to, next), 1);
    }
}
