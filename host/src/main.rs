//! The `reweft` binary: reads the command line and does what it says.

use std::process::ExitCode;

use clap::Parser;
use reweft::cli::{Cli, Command};

fn main() -> ExitCode {
    let Cli { command } = Cli::parse();
    match command {
        Command::Serve(arguments) => {
            end(reweft::serve::run(arguments), |error| tracing::error!("{error:#}"))
        }
        Command::Replay(arguments) => {
            end(reweft::replay::run(&arguments), |error| eprintln!("reweft: {error:#}"))
        }
    }
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
