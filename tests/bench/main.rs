//! The end-to-end benchmark: the real binary on a fresh file on a real disk, driven over HTTP by a bounded
//! load from this process, and beside each figure what the machine itself can do, measured in the same run.
//!
//! `make bench` runs all of it. `--only chain,steps` runs some, `--baseline PATH` runs two builds of the
//! host in alternation and compares them, `--json FILE` keeps the figures.

mod cases;
mod chaining;
mod client;
mod figures;
mod load;
mod machine;
mod process;

use std::path::PathBuf;

use anyhow::{Context, ensure};
use clap::Parser;

use self::cases::{CASES, Setting};
use self::figures::{Figures, Report};
use self::machine::Machine;

/// How many times two builds are measured, one after the other.
const ROUNDS: usize = 3;

/// Measures a host from end to end.
#[derive(Parser)]
struct Arguments {
    /// The host to measure.
    #[arg(long, default_value = "target/dist/reweft", value_name = "PATH")]
    binary: PathBuf,

    /// Another build of it to compare with, measured in alternation.
    #[arg(long, value_name = "PATH")]
    baseline: Option<PathBuf>,

    /// Which cases to measure; all if none is named.
    #[arg(long, value_delimiter = ',', value_name = "CASE")]
    only: Vec<String>,

    /// How many instances are dormant, in the cases that have any.
    #[arg(long, default_value_t = 1_000_000, value_name = "N")]
    dormant: u64,

    /// How long the mixed load goes on, in seconds.
    #[arg(long, default_value_t = 600, value_name = "N")]
    mixed_seconds: u64,

    /// Where to keep the figures.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,

    /// What cargo says to every benchmark.
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let known: Vec<_> = CASES.iter().map(|(name, _)| *name).collect();
    for name in &arguments.only {
        ensure!(known.contains(&name.as_str()), "there is no case '{name}', only {known:?}");
    }
    // Cargo runs a benchmark in the folder of its package.
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..");
    let in_root = |path: &PathBuf| {
        root.join(path).canonicalize().with_context(|| format!("{}", path.display()))
    };
    let binaries: Vec<_> = [Some(&arguments.binary), arguments.baseline.as_ref()]
        .into_iter()
        .flatten()
        .map(in_root)
        .collect::<Result<_, _>>()?;
    let machine = Machine::measure()?;
    println!("{machine}");
    let mut report = Report::new(machine, binaries.len());
    let rounds = if binaries.len() > 1 { ROUNDS } else { 1 };
    for (name, measure) in CASES {
        if !arguments.only.is_empty() && !arguments.only.iter().any(|it| it == name) {
            continue;
        }
        for _ in 0..rounds {
            for (build, binary) in binaries.iter().enumerate() {
                let setting = Setting {
                    binary: binary.clone(),
                    machine,
                    dormant: arguments.dormant,
                    mixed_seconds: arguments.mixed_seconds,
                };
                let mut figures = Figures::default();
                measure(&setting, &mut figures).with_context(|| format!("case {name}"))?;
                report.add(build, name, figures);
            }
        }
        report.print(name);
    }
    if let Some(path) = &arguments.json {
        let path = root.join(path);
        std::fs::write(&path, report.json()).with_context(|| format!("{}", path.display()))?;
    }
    Ok(())
}
