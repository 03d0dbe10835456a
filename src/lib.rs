//! calltap decides per call whether its audio may be tapped, and while it may, hands every frame to sinks.

pub mod audio;
#[cfg(feature = "capture")]
pub mod capture;
pub mod consent;
pub mod engine;
pub mod frame;
pub mod policy;
#[cfg(feature = "capture")]
pub mod replay;
pub mod rtp;
pub mod sink;
pub mod time;
