//! Owns the command line: what can be asked for, under which name, and what holds otherwise. Every
//! flag can be given as an environment variable as well.

use std::net::SocketAddr;
use std::num::NonZero;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// Durable workflows written as WebAssembly components.
#[derive(Debug, Parser)]
#[command(name = "reweft", version, about)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What can be done.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run a host: take modules and run their workflows, until told to stop.
    Serve(Serve),
    /// Replay an exported history on a module, without a host: does the code fit?
    Replay(Replay),
    /// Begin a project, in a folder of its own: it builds and runs as it is.
    New(New),
    /// Make the module of a project or of a source, and check that a host would take it.
    Build(Build),
    /// Run a host with a project's module, and make and upload that again whenever a source changes.
    Dev(Dev),
}

/// What to begin.
#[derive(Args, Clone, Debug)]
pub struct New {
    /// The project's name: small letters, digits and '-'.
    #[arg(value_name = "NAME")]
    pub name: String,

    /// What it is to be written in.
    #[arg(long, value_enum)]
    pub language: Language,
}

/// What a project may be written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Language {
    /// AssemblyScript.
    #[value(name = "assemblyscript")]
    AssemblyScript,
    /// C.
    C,
    /// Go.
    Go,
    /// JavaScript.
    #[value(name = "js", alias = "javascript")]
    JavaScript,
    /// Python.
    Python,
    /// Rust.
    Rust,
    /// TypeScript.
    #[value(name = "ts", alias = "typescript")]
    TypeScript,
    /// Zig.
    Zig,
}

/// What to build.
#[derive(Args, Clone, Debug)]
pub struct Build {
    /// The project's folder; or a source in JavaScript or TypeScript, which is built with all that it
    /// imports.
    #[arg(default_value = ".", value_name = "DIR|FILE")]
    pub source: PathBuf,

    /// Where to put the module of a source [default: its name, with the ending .wasm, in this folder].
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

/// What to develop.
#[derive(Args, Clone, Debug)]
pub struct Dev {
    /// The project's folder.
    #[arg(default_value = ".", value_name = "DIR")]
    pub folder: PathBuf,

    /// How to run the host.
    #[command(flatten)]
    pub serve: Serve,
}

/// What to replay.
#[derive(Args, Clone, Debug)]
pub struct Replay {
    /// The module: a component, or a core module as it is uploaded.
    #[arg(long, value_name = "FILE")]
    pub module: PathBuf,

    /// The history, as GET …/workflows/dapr/{id}/export answers it.
    #[arg(long, value_name = "FILE")]
    pub history: PathBuf,

    /// Go through it event by event, and show what the code asks for after each; at a terminal, with
    /// the Enter key.
    #[arg(long)]
    pub step: bool,
}

/// How to run a host.
#[derive(Args, Clone, Debug)]
pub struct Serve {
    /// The address to listen on. Port 0 takes any that is free, and the log says which.
    #[arg(long, env = "REWEFT_LISTEN", default_value = "127.0.0.1:3500", value_name = "ADDR")]
    pub listen: SocketAddr,

    /// Where everything is kept. Made if it is not there; only one host may use it at a time.
    #[arg(long, env = "REWEFT_DATA_DIR", default_value = "./reweft-data", value_name = "DIR")]
    pub data_dir: PathBuf,

    /// How to write the log, to standard error. RUST_LOG says what is in it (default: info).
    #[arg(long, env = "REWEFT_LOG_FORMAT", value_enum, default_value_t = LogFormat::Text)]
    pub log_format: LogFormat,

    /// What clients must show in the header `dapr-api-token`.
    #[arg(long, env = "REWEFT_API_TOKEN", hide_env_values = true, value_name = "TOKEN")]
    pub api_token: Option<String>,

    /// Listen on an address that other machines can reach although there is no token.
    #[arg(long, env = "REWEFT_ALLOW_UNAUTHENTICATED")]
    pub allow_unauthenticated: bool,

    /// The folder with the secrets that modules may see, each in a file of its name.
    #[arg(long, env = "REWEFT_SECRETS_DIR", value_name = "DIR")]
    pub secrets_dir: Option<PathBuf>,

    /// The largest body of a request other than a module, in bytes.
    #[arg(long, env = "REWEFT_BODY_BYTES_MAX", default_value_t = 4 << 20, value_name = "N")]
    pub body_bytes_max: usize,

    /// The largest module, in bytes.
    #[arg(long, env = "REWEFT_MODULE_BYTES_MAX", default_value_t = 64 << 20, value_name = "N")]
    pub module_bytes_max: usize,

    /// For how long a client may take to send a body, in seconds.
    #[arg(long, env = "REWEFT_BODY_SECONDS_MAX", default_value_t = 60, value_name = "N")]
    pub body_seconds_max: u64,

    /// The most connections at the same time; others wait.
    #[arg(long, env = "REWEFT_CONNECTIONS_MAX", default_value_t = 10_000, value_name = "N")]
    pub connections_max: usize,

    /// The memory of a guest, in bytes; recorded with each module version at its upload.
    #[arg(long, env = "REWEFT_GUEST_BYTES_MAX", default_value_t = 256 << 20, value_name = "N")]
    pub guest_bytes_max: u64,

    /// How many threads answer requests and run guests; as many as processors if it is not said, and then
    /// each stays on its own.
    #[arg(long, env = "REWEFT_WORKERS", value_name = "N")]
    pub workers: Option<NonZero<usize>>,

    /// For how long a workflow may compute in one turn, in milliseconds.
    #[arg(long, env = "REWEFT_TURN_MS_MAX", default_value_t = 10_000, value_name = "N",
          value_parser = clap::value_parser!(u64).range(1..))]
    pub turn_ms_max: u64,

    /// For how long an attempt of an activity may run, in seconds.
    #[arg(long, env = "REWEFT_ACTIVITY_SECONDS_MAX", default_value_t = 3_600, value_name = "N",
          value_parser = clap::value_parser!(u64).range(1..=31_536_000))]
    pub activity_seconds_max: u64,

    /// For how long an activity that is no longer wanted may clean up before it is interrupted, in
    /// milliseconds. Its next heartbeat tells it.
    #[arg(long, env = "REWEFT_CANCEL_GRACE_MS", default_value_t = 5_000, value_name = "N")]
    pub cancel_grace_ms: u64,

    /// The largest payload that a guest may give to the host (input, output, event, status), in bytes.
    #[arg(long, env = "REWEFT_PAYLOAD_BYTES_MAX", default_value_t = 16 << 20, value_name = "N")]
    pub payload_bytes_max: usize,

    /// The most events in the history of a run. One that has more is stalled until this is raised.
    #[arg(long, env = "REWEFT_HISTORY_EVENTS_MAX", default_value_t = 1_000_000, value_name = "N",
          value_parser = clap::value_parser!(u64).range(1..))]
    pub history_events_max: u64,

    /// The most activities, children, timers and events that a workflow may wait for at the same time.
    #[arg(long, env = "REWEFT_TASKS_MAX", default_value_t = 100_000, value_name = "N",
          value_parser = clap::value_parser!(u32).range(1..))]
    pub tasks_max: u32,

    /// How deep child workflows may be nested.
    #[arg(long, env = "REWEFT_DEPTH_MAX", default_value_t = 32, value_name = "N")]
    pub depth_max: u32,

    /// How many activities run at the same time; others wait.
    #[arg(long, env = "REWEFT_ACTIVITIES_MAX", default_value_t = 256, value_name = "N",
          value_parser = clap::value_parser!(u32).range(1..))]
    pub activities_max: u32,

    /// How many idle workflows stay in memory; the others come back by replay.
    #[arg(long, env = "REWEFT_IDLE_GUESTS_MAX", default_value_t = 2_000, value_name = "N")]
    pub idle_guests_max: u32,

    /// How large the memories of idle workflows may be together, in bytes. Guests touch a part of
    /// theirs only: a tenth if written in Rust or C, a third if in JavaScript, Python or Go.
    #[arg(long, env = "REWEFT_IDLE_GUEST_BYTES_MAX", default_value_t = 4 << 30, value_name = "N")]
    pub idle_guest_bytes_max: u64,
}

/// How to write the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_flag_of_serve_is_a_variable_too() {
        let command = Cli::command();
        let serve = command.find_subcommand("serve").unwrap();
        for argument in serve.get_arguments().filter(|it| it.get_id() != "help") {
            let flag = argument.get_long().unwrap();
            let variable = format!("REWEFT_{}", flag.to_uppercase().replace('-', "_"));
            assert_eq!(argument.get_env().unwrap().to_str(), Some(variable.as_str()), "{flag}");
        }
    }
}
