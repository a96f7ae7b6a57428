//! What a step costs after many others of the same instance: by the times in its history.

use anyhow::Context;
use support::{Client, Host};

use super::{Setting, run};
use crate::figures::Figures;

/// How many steps are timed, each time.
const TIMED: u64 = 1_000;
const AFTER: [u64; 4] = [10, 1_000, 10_000, 100_000];
/// What a history has of each step: that it was scheduled, and that it has completed.
const EVENTS: u64 = 2;

/// Returns when a step of a chain was scheduled, in seconds since whenever.
fn scheduled(client: &Client, id: &str, step: u64) -> anyhow::Result<f64> {
    let path = format!("/v1.0/workflows/dapr/{id}/history?from={}&limit=1", 1 + EVENTS * step);
    let page = client.send("GET", &path, b"").expect(200).json();
    let event = &page["events"][0];
    anyhow::ensure!(event["kind"] == "ActivityScheduled", "event of step {step}: {event}");
    let time: jiff::Timestamp = event["time"].as_str().context("an event has a time")?.parse()?;
    Ok(time.as_millisecond() as f64 / 1e3)
}

/// Returns how long a step of a chain of so many takes, in seconds.
pub(super) fn time(host: &Host, count: u64) -> anyhow::Result<f64> {
    let client = host.client();
    run(&client, "Chaining", "time", &(count + 1).to_string());
    Ok((scheduled(&client, "time", count)? - scheduled(&client, "time", 0)?) / count as f64)
}

pub(super) fn measure(setting: &Setting, figures: &mut Figures) -> anyhow::Result<()> {
    let host = setting.host();
    let fsync = setting.machine.fsync.as_secs_f64() * 1e6;
    time(&host, TIMED)?;
    let client = host.client();
    let most = AFTER.iter().max().copied().unwrap_or_default() + TIMED;
    run(&client, "Chaining", "steps", &(most + 1).to_string());
    let mut first = None;
    for after in AFTER {
        let began = scheduled(&client, "steps", after)?;
        let each = (scheduled(&client, "steps", after + TIMED)? - began) / TIMED as f64 * 1e6;
        figures.add_beside(format!("a step after {after}"), each, "µs", ("an fsync", fsync));
        let first = *first.get_or_insert(each);
        figures.add_beside("  the same", each, "µs", ("one after 10", first));
    }
    Ok(())
}
