//! The command line `calltap`. No logic of its own: it reads arguments, calls the library, and says what came of it.
//!
//! Exit code 0 when it did what was asked (also when nothing might be recorded), 1 when it failed, 2 for wrong usage or
//! unreadable input.

mod args;
mod error;
mod json;
mod policy;
mod progress;
mod realtime;
mod report;
mod tap;
mod text;
mod times;

use std::process::ExitCode;

use clap::Parser;

use args::{Args, Command, PolicyCommand};
use error::Failure;

fn main() -> ExitCode {
    let args = Args::parse();
    let done = match args.command {
        Command::Tap(tap) => tap::run(&tap),
        Command::Policy(PolicyCommand::Check { file }) => policy::check(&file),
        Command::Policy(PolicyCommand::Show { entity, policy }) => policy::show(entity.as_deref(), policy.as_deref()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("calltap: {failure}");
            failure.code()
        }
    }
}

/// Writes text for people or programs to standard output. A reader that closed its end is not an error.
fn say(text: &str) -> Result<(), Failure> {
    use std::io::Write as _;

    match writeln!(std::io::stdout().lock(), "{text}") {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Failure::Failed(format!("cannot write to standard output: {error}")))
        }
        _ => Ok(()),
    }
}
