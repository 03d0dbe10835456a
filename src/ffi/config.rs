//! What an engine is made with, as C says it. The header is `include/calltap/engine.h`.
//!
//! A complaint names the member that the host set, in the member's unit.

use std::time::Duration;

use crate::engine::{Config, ConfigError, EXAMINE_LAG, MAX_HOLD_BACK};

use super::c;

/// The configuration that C means; what is zero is the default.
pub(super) fn config_of(given: &c::EngineConfig) -> Config {
    let mut config = Config::default();
    let times = [
        (given.hold_back_ms, &mut config.hold_back),
        (given.max_packet_ms, &mut config.max_packet),
        (given.reorder_ms, &mut config.reorder),
        (given.tick_ms, &mut config.tick),
        (given.deadline_ms, &mut config.deadline),
        (given.stuck_after_ms, &mut config.stuck_after),
    ];
    for (millis, time) in times.into_iter().filter(|(millis, _)| *millis != 0) {
        *time = Duration::from_millis(u64::from(millis));
    }
    if given.direct_budget_us != 0 {
        config.direct_budget = Duration::from_micros(u64::from(given.direct_budget_us));
    }
    let counts = [
        (given.workers, &mut config.workers),
        (given.writers, &mut config.writers),
        (given.max_writers, &mut config.max_writers),
        (given.calls, &mut config.calls),
        (given.legs, &mut config.legs),
        (given.outputs, &mut config.outputs),
        (given.line_frames, &mut config.line_frames),
        (given.ssrcs, &mut config.ssrcs),
        (given.events, &mut config.events),
        (given.policy_bytes, &mut config.policy_bytes),
        (given.queue_frames, &mut config.queue_frames),
        (given.slot_quota, &mut config.slot_quota),
    ];
    for (number, count) in counts.into_iter().filter(|(number, _)| *number != 0) {
        *count = number as usize;
    }
    if given.held_bytes != 0 {
        // More than there can be is refused with the rest of the configuration.
        config.held_bytes = usize::try_from(given.held_bytes).unwrap_or(usize::MAX);
    }
    if given.queue_bytes != 0 {
        config.queue_bytes = usize::try_from(given.queue_bytes).unwrap_or(usize::MAX);
    }
    config
}

/// Why no engine can be made of it.
pub(super) fn complaint(error: &ConfigError) -> String {
    match error {
        ConfigError::HoldBackTooShort { given, needed } => format!(
            "hold_back_ms is {}: a 9 may take {} ms to be heard ({} for the detector, max_packet_ms, reorder_ms and tick_ms together); give {} to {}, or 0 for 240; no engine was made",
            given.as_millis(),
            needed.as_millis(),
            EXAMINE_LAG.as_millis(),
            needed.as_millis(),
            MAX_HOLD_BACK.as_millis()
        ),
        ConfigError::HoldBackTooLong { given } => format!(
            "hold_back_ms is {}: nothing would be recorded for so long; give at most {}, or 0 for 240; no engine was made",
            given.as_millis(),
            MAX_HOLD_BACK.as_millis()
        ),
        ConfigError::OutOfRange { name, given, low, high } => {
            let (unit, nanos) = unit(name);
            // What is 0 in Rust cannot be said in C, where it means the default.
            let low = (low / nanos).max(1);
            let (given, high) = (given / nanos, high / nanos);
            format!("{name}{unit} is {given}: give {low} to {high}, or 0 for the default; no engine was made")
        }
        // They name members that C and Rust call the same.
        ConfigError::NoForkMark { .. } | ConfigError::PolicyTooLong { .. } => error.to_string(),
    }
}

/// What C adds to the name of a time, and how many nanoseconds one of it is.
fn unit(name: &str) -> (&'static str, u128) {
    match name {
        "max_packet" | "reorder" | "tick" | "stuck_after" | "deadline" => ("_ms", 1_000_000),
        "direct_budget" => ("_us", 1_000),
        _ => ("", 1),
    }
}

#[cfg(test)]
mod tests {
    use super::super::pointer::Struct;
    use super::*;
    use crate::engine::{LiveEngine, StartError};

    /// What is said of a configuration that cannot work.
    fn said(set: impl FnOnce(&mut c::EngineConfig)) -> String {
        let mut given = c::EngineConfig::sized();
        set(&mut given);
        match LiveEngine::start(config_of(&given), None) {
            Err(StartError::Config(error)) => complaint(&error),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_complaint_names_the_member_of_c_in_its_own_unit() {
        let end = "or 0 for the default; no engine was made";
        assert_eq!(said(|given| given.tick_ms = 500), format!("tick_ms is 500: give 1 to 100, {end}"));
        assert_eq!(said(|given| given.reorder_ms = 1001), format!("reorder_ms is 1001: give 1 to 1000, {end}"));
        assert_eq!(
            said(|given| given.direct_budget_us = 1_000_001),
            format!("direct_budget_us is 1000001: give 1 to 1000000, {end}")
        );
        assert_eq!(said(|given| given.legs = 9), format!("legs is 9: give 1 to 8, {end}"));
        assert_eq!(said(|given| given.max_writers = 1), format!("max_writers is 1: give 2 to 10, {end}"));
        assert!(said(|given| given.hold_back_ms = 100).starts_with("hold_back_ms is 100: a 9 may take 230 ms"));
        assert!(said(|given| given.hold_back_ms = 2001).starts_with("hold_back_ms is 2001: "));
    }

    #[test]
    fn every_range_that_the_header_names_is_the_range_that_is_checked() {
        type Set = fn(&mut c::EngineConfig);
        let beyond: [(&str, Set); 19] = [
            ("max_packet_ms", |given| given.max_packet_ms = u32::MAX),
            ("reorder_ms", |given| given.reorder_ms = u32::MAX),
            ("tick_ms", |given| given.tick_ms = u32::MAX),
            ("deadline_ms", |given| given.deadline_ms = u32::MAX),
            ("workers", |given| given.workers = u32::MAX),
            ("writers", |given| given.writers = u32::MAX),
            ("max_writers", |given| given.max_writers = u32::MAX),
            ("stuck_after_ms", |given| given.stuck_after_ms = u32::MAX),
            ("direct_budget_us", |given| given.direct_budget_us = u32::MAX),
            ("calls", |given| given.calls = u32::MAX),
            ("legs", |given| given.legs = u32::MAX),
            ("outputs", |given| given.outputs = u32::MAX),
            ("line_frames", |given| given.line_frames = u32::MAX),
            ("ssrcs", |given| given.ssrcs = u32::MAX),
            ("events", |given| given.events = u32::MAX),
            ("policy_bytes", |given| given.policy_bytes = u32::MAX),
            ("queue_frames", |given| given.queue_frames = u32::MAX),
            ("slot_quota", |given| given.slot_quota = u32::MAX),
            ("held_bytes", |given| given.held_bytes = u64::MAX),
        ];
        let header = include_str!("../../include/calltap/engine.h");
        for (name, set) in beyond {
            let said = said(set);
            let range = said.strip_prefix(&format!("{name} is ")).and_then(|rest| rest.split("give ").nth(1));
            let range = range.and_then(|rest| rest.split(", or 0").next()).unwrap_or_else(|| panic!("{name}: {said}"));
            let member = header.find(&format!(" {name};\n")).unwrap_or_else(|| panic!("{name} is no member"));
            let comment = header[..member].rsplit("/*").next().expect("a comment");
            let named = match name {
                // As much as there can be.
                "held_bytes" => continue,
                // From the other member on.
                "max_writers" => range.replace("2 to", "`writers` to"),
                _ => range.to_owned(),
            };
            let comment = comment.replace("\n     *", "");
            assert!(comment.contains(&format!(" {named}")), "{name}: {named} is not in {comment}");
        }
    }
}
