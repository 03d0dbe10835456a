//! Sinks of the host's own. The header is `include/calltap/sink.h`.

mod description;
mod table;

pub(super) use description::outcome;
pub(super) use table::Table;
