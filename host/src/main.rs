//! The `reweft` binary: reads the command line and does what it says.

use std::path::Path;
use std::process::ExitCode;

use clap::Parser;
use mimalloc::MiMalloc;
use reweft::cli::{Build, Cli, Command, Dev, New};
use reweft::project;

/// What one thread allocates, another often frees: under load a host does a third more with this one than
/// with the system's.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    let (Cli { command }, here) = (Cli::parse(), Path::new("."));
    match command {
        Command::Serve(arguments) => {
            end(reweft::serve::run(arguments), |error| tracing::error!("{error:#}"))
        }
        Command::Replay(arguments) => end(reweft::replay::run(&arguments), say),
        Command::New(New { name, language }) => end(project::create(&name, language, here), say),
        Command::Build(Build { source, output }) => {
            end(project::build(&source, output.as_deref()), say)
        }
        Command::Dev(Dev { folder, serve }) => end(project::develop(&folder, serve), say),
    }
}

fn say(error: anyhow::Error) {
    eprintln!("reweft: {error:#}");
}

fn end(outcome: anyhow::Result<()>, say: impl FnOnce(anyhow::Error)) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(error);
            ExitCode::FAILURE
        }
    }
}
