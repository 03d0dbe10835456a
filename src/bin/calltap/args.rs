//! What can be asked on the command line.

use std::net::SocketAddr;
use std::path::PathBuf;

use calltap::time::{CallTime, Interval};
use clap::{Parser, Subcommand, ValueEnum};

use crate::times;

/// Decides whether a telephone call may be tapped, and records it while it may.
///
/// A call is made to a legal entity. The policy says whether that entity's calls may be monitored or recorded, after
/// which notice, and for how long; the caller can refuse by pressing 9. Start with
/// `calltap policy show`, then `calltap tap --help`.
#[derive(Parser, Debug)]
#[command(version, max_term_width = 110)]
pub struct Args {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Subcommand, Debug)]
pub enum Command {
    Tap(Box<Tap>),
    /// Look at a policy: who may be tapped, for what, after which notice, and how long it is kept.
    #[command(subcommand)]
    Policy(PolicyCommand),
}

#[derive(Subcommand, Debug)]
pub enum PolicyCommand {
    /// Check a policy file: says what it allows, or the first mistake with file, line and column.
    Check {
        /// The TOML file.
        file: PathBuf,
    },
    /// Show what a policy says, for one entity or for all.
    Show {
        /// The entity's id, as in `ecommerce-be`. Without it: everything.
        entity: Option<String>,
        /// A policy file; without it the policy that is built in.
        #[arg(long, value_name = "FILE")]
        policy: Option<PathBuf>,
    },
}

/// Replay a call from a packet capture: decide, tap, and write the recording while it may be written.
///
/// All times count from the caller's first RTP packet. Nothing is written before a complete notice has ended and the
/// opt-out window (3 s in the built-in policy) has closed without a 9.
#[derive(Parser, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Tap {
    /// The capture: pcap or pcapng.
    pub capture: PathBuf,

    /// The legal entity that was called, by its id in the policy.
    #[arg(
        long,
        value_name = "ID",
        required_unless_present = "dialed",
        conflicts_with = "dialed",
        help_heading = "The call"
    )]
    pub entity: Option<String>,
    /// The number that was dialled; the policy knows whose it is.
    #[arg(long, value_name = "NUMBER", help_heading = "The call")]
    pub dialed: Option<String>,
    /// The service that was called. Default: the dialled number's, else customer-care. A dialled number's service
    /// that is not covered cannot be overruled.
    #[arg(long, value_name = "NAME", help_heading = "The call")]
    pub service: Option<String>,
    /// The language the caller chose, as in en, nl or fr-BE.
    #[arg(long, value_name = "TAG", help_heading = "The call", default_value = "en")]
    pub language: String,

    /// When the notice was played, as in 0s..6s. Without it nothing may be written.
    #[arg(long, value_name = "FROM..TO", value_parser = times::stretch, help_heading = "What happened")]
    pub notice: Option<Interval>,
    /// The language the notice was played in. Default: the caller's.
    #[arg(long, value_name = "TAG", requires = "notice", help_heading = "What happened")]
    pub notice_language: Option<String>,
    /// The notice stopped before its end: it was not given.
    #[arg(long, requires = "notice", help_heading = "What happened")]
    pub notice_broken_off: bool,
    /// When the caller told the agent that they withdraw. Also after the call: what was recorded is then erased.
    #[arg(long, value_name = "TIME", value_parser = times::moment, help_heading = "What happened")]
    pub withdraw_at: Option<CallTime>,
    /// When the call was paused, as in 10s..15s. May be given several times.
    #[arg(long, value_name = "FROM..TO", value_parser = times::stretch, help_heading = "What happened")]
    pub pause: Vec<Interval>,
    /// When keyed digits were data, so that no 9 among them refuses, not even in notice or window. May be given several
    /// times.
    #[arg(long, value_name = "FROM..TO", value_parser = times::stretch, help_heading = "What happened")]
    pub digits_are_data: Vec<Interval>,
    /// Hang up here instead of at the capture's end.
    #[arg(long, value_name = "TIME", value_parser = times::moment, help_heading = "What happened")]
    pub stop_at: Option<CallTime>,

    /// Which call of the capture, by its SIP Call-ID; needed when there are several.
    #[arg(long, value_name = "ID", conflicts_with_all = ["caller", "agent"], help_heading = "In the capture")]
    pub call_id: Option<String>,
    /// Which side of the SIP call is the caller: the outside party, whose 9 counts. `callee` is for outbound calls,
    /// which are tapped only if the policy covers them.
    #[arg(long, value_enum, default_value_t = CallerIs::Inviter, help_heading = "In the capture")]
    pub caller_is: CallerIs,
    /// Where the caller's RTP comes from, for a capture without SIP.
    #[arg(
        long,
        value_name = "IP:PORT",
        requires = "agent",
        conflicts_with = "caller_is",
        help_heading = "In the capture"
    )]
    pub caller: Option<SocketAddr>,
    /// Where the agent's RTP comes from, for a capture without SIP.
    #[arg(long, value_name = "IP:PORT", requires = "caller", help_heading = "In the capture")]
    pub agent: Option<SocketAddr>,
    /// What an RTP payload type means, as in 97=L16/16000, beside what SIP says. Without SIP, 101 is telephone-event/8000.
    #[arg(long, value_name = "TYPE=NAME/RATE", value_parser = payload_type, help_heading = "In the capture")]
    pub rtpmap: Vec<(u8, String)>,

    /// The folder that recordings are written to. Made when it is missing.
    #[arg(long, value_name = "DIR", help_heading = "The result")]
    pub out: PathBuf,
    /// How samples are written.
    #[arg(long, value_enum, default_value_t = Encoding::Pcm, help_heading = "The result")]
    pub encoding: Encoding,
    /// A policy file; without it the policy that is built in.
    #[arg(long, value_name = "FILE", help_heading = "The result")]
    pub policy: Option<PathBuf>,
    /// Print one JSON object a line; the last has "event":"summary".
    #[arg(long, help_heading = "The result")]
    pub json: bool,
    /// Push the capture at its own pace through the live engine, as an exchange would: from a thread for each leg, to a
    /// worker, to a writer. The result is the same; it takes as long as the call, and on to --withdraw-at where that
    /// is later.
    #[arg(long, help_heading = "The result")]
    pub realtime: bool,
}

/// Which side of a SIP call is the outside party.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum CallerIs {
    /// The side that sent the first INVITE: an inbound call.
    Inviter,
    /// The side that got it: an outbound call.
    Callee,
}

/// How samples are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Encoding {
    /// Linear, 16 bits.
    Pcm,
    /// A-law or µ-law untouched, where both legs carry the same.
    AsItCame,
}

fn payload_type(text: &str) -> Result<(u8, String), String> {
    let expected = || format!("'{text}' explains no payload type; expected TYPE=NAME/RATE, as in 97=L16/16000");
    let (number, rtpmap) = text.split_once('=').ok_or_else(expected)?;
    let number = number.parse().ok().filter(|&number: &u8| number < 128).ok_or_else(expected)?;
    calltap::rtp::PayloadTypes::rfc3551().map(number, rtpmap).map_err(|error| error.to_string())?;
    Ok((number, rtpmap.to_owned()))
}

const EXAMPLES: &str = "\
Examples:
  A call to the Belgian entity, whose notice was played in the first two seconds:
    calltap tap call.pcap --entity ecommerce-be --notice 0s..2s --language en --out recordings
  The same with a card number keyed from 8 s to 14 s, and a pause while it is spoken:
    calltap tap call.pcap --entity ecommerce-be --notice 0s..2s --out recordings \\
        --digits-are-data 8s..14s --pause 15s..20s
  A capture without SIP:
    calltap tap rtp.pcap --caller 192.0.2.1:4000 --agent 192.0.2.2:4002 --entity ecommerce-fr \\
        --language fr --notice 0s..6s --out recordings

Exit codes:
  0  it did what was asked, also when nothing might be recorded
  1  it failed
  2  wrong usage, or unreadable input";
