//! Many short workflows: a chain of three activities with small inputs, by so many clients at once. Their
//! module holds nothing else.

use std::time::Duration;

use serde_json::Value;

use super::Setting;
use crate::figures::Figures;
use crate::load::{Load, apply};

const ACTIVITIES: &str = "3";
/// The least that is to be committed: the start with the first activity, and each activity's result with
/// what follows.
const COMMITS: u32 = 4;

pub(super) fn measure(setting: &Setting, figures: &mut Figures) -> anyhow::Result<()> {
    for concurrency in [1, 16, 64, 256] {
        let mut host = setting.host_with("chain");
        let load = Load {
            workflow: "Chaining",
            input: ACTIVITIES,
            concurrency,
            warm_up: Duration::from_secs(2),
            time: Duration::from_secs(10),
        };
        let outcome = apply(&host, &load)?;
        let (each, of) =
            (|time| outcome.each(time).as_secs_f64() * 1e3, format!("{concurrency} at once"));
        let fsyncs = ("fsyncs of the disk", setting.machine.fsyncs_per_second());
        figures.add_beside(format!("{of}: completed"), outcome.per_second(), "/s", fsyncs);
        let least = (setting.machine.fsync * COMMITS).as_secs_f64() * 1e3;
        let (middle, slow) = (outcome.latency(50), outcome.latency(99));
        let milliseconds = |time: Duration| time.as_secs_f64() * 1e3;
        figures.add_beside(format!("{of}: p50"), milliseconds(middle), "ms", ("4 fsyncs", least));
        figures.add_beside(
            format!("{of}: p99"),
            milliseconds(slow),
            "ms",
            ("p50", milliseconds(middle)),
        );
        let (_, log) = host.stop();
        let commits = batches(&log) / outcome.started as f64;
        figures.add_beside(format!("{of}: commits"), commits, "each", ("4", f64::from(COMMITS)));
        figures.add(format!("{of}: processors, host"), each(outcome.host), "ms each");
        figures.add(format!("{of}: processors, client"), each(outcome.client), "ms each");
    }
    Ok(())
}

/// Returns how many batches a host has written, as it says at its end. One that says nothing is older.
fn batches(log: &[String]) -> f64 {
    let lines = log.iter().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    lines.filter_map(|line| line["fields"]["batches"].as_f64()).next_back().unwrap_or(f64::NAN)
}
