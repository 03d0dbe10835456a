//! The ids of outputs.

use std::sync::Mutex;

use uuid::Builder;

use crate::sink::OutputId;

/// Where output ids come from. A test, or a host with ids of its own, brings another source. `[worker]`
pub trait OutputIds: Send + Sync {
    /// A new id for an output that begins `unix_ms` milliseconds after 1970-01-01 UTC.
    fn next(&self, unix_ms: u64) -> OutputId;
}

/// UUIDv7 (RFC 9562, section 5.7) with random bits from the operating system.
///
/// When the system gives no randomness the bits are zero but for a count: ids then are still unique in their engine,
/// and files are created exclusively, so none is ever overwritten.
#[derive(Debug, Default)]
pub struct RandomIds {
    count: Mutex<u64>,
}

impl OutputIds for RandomIds {
    fn next(&self, unix_ms: u64) -> OutputId {
        let mut bits = [0; 10];
        if getrandom::fill(&mut bits).is_err() {
            bits = numbered(&self.count);
        }
        OutputId(Builder::from_unix_timestamp_millis(unix_ms, &bits).into_uuid())
    }
}

/// UUIDv7 with a count in place of random bits: the same on every run.
#[derive(Debug, Default)]
pub struct CountedIds {
    count: Mutex<u64>,
}

impl OutputIds for CountedIds {
    fn next(&self, unix_ms: u64) -> OutputId {
        OutputId(Builder::from_unix_timestamp_millis(unix_ms, &numbered(&self.count)).into_uuid())
    }
}

fn numbered(count: &Mutex<u64>) -> [u8; 10] {
    // A poisoned count is still a count.
    let mut count = count.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    *count += 1;
    let mut bits = [0; 10];
    bits[2..].copy_from_slice(&count.to_be_bytes());
    bits
}
