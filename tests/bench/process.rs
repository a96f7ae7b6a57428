//! Owns what the system says of a process: its time on the processors, its memory.

use std::time::Duration;

use anyhow::Context;

/// How many ticks `/proc` counts in a second: Linux has shown 100 to user space for ever.
const TICKS: u64 = 100;

/// Returns for how long a process has been on the processors.
pub(crate) fn processor_time(process: &str) -> anyhow::Result<Duration> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat"))?;
    // The name in parentheses may hold anything.
    let (_, rest) = stat.rsplit_once(')').context("/proc has another form")?;
    let fields: Vec<_> = rest.split_whitespace().collect();
    let ticks = |position: usize| -> anyhow::Result<u64> { Ok(fields[position].parse()?) };
    Ok(Duration::from_millis((ticks(11)? + ticks(12)?) * 1_000 / TICKS))
}

/// Returns how much of a process is in memory, in bytes.
pub(crate) fn resident_bytes(process: &str) -> anyhow::Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().next());
    Ok(kilobytes.context("/proc has another form")?.parse::<u64>()? * 1024)
}
