//! Many instances that wait for long: what they cost in memory and on disk, how exact a timer among them is,
//! and how fast a host with all of them comes back after a crash.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Context;
use support::Host;
use tokio::task::LocalSet;

use super::Setting;
use crate::client::Connection;
use crate::figures::Figures;
use crate::process::resident_bytes;

/// How many clients start them.
const CLIENTS: u64 = 256;
/// An hour: they wait for as long as all this takes.
const LONG: &str = "3600000";
/// How many timers are due among them, and after how many milliseconds the first and the last are.
const TIMERS: u64 = 200;
const DUE: (u64, u64) = (2_000, 6_000);
/// What the system counts the room of a file in, whatever its file system does.
const BLOCK_BYTES: u64 = 512;
/// How many instances are in the middle of something when the host is killed.
const RUNNING: u64 = 1_000;
/// Steps of each of those: more than it will have made by then.
const STEPS: &str = "100000";

pub(super) fn measure(setting: &Setting, figures: &mut Figures) -> anyhow::Result<()> {
    let mut host = setting.host();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let count = setting.dormant;
    let of = |host: &Host| {
        anyhow::Ok((resident_bytes(&host.process_id().to_string())?, disk_bytes(host.data_dir())?))
    };
    let (resident, disk) = of(&host)?;
    let began = Instant::now();
    block_on(&runtime, start_all(host.client().address(), "dormant", "LongTimer", LONG, count))?;
    figures.add(
        "starts of what will be dormant",
        count as f64 / began.elapsed().as_secs_f64(),
        "/s",
    );
    let (resident_after, disk_after) = of(&host)?;
    figures.add(
        format!("memory of the host with {count} dormant"),
        resident_after as f64 / 1e6,
        "MB",
    );
    let each = |after: u64, before: u64| after.saturating_sub(before) as f64 / count as f64;
    figures.add("  each", each(resident_after, resident), "bytes");
    figures.add("disk for each", each(disk_after, disk), "bytes");
    block_on(&runtime, lateness(host.client().address(), figures))?;

    block_on(&runtime, start_all(host.client().address(), "running", "Chaining", STEPS, RUNNING))?;
    host.kill();
    let began = Instant::now();
    host.restart();
    host.client().send("GET", "/v1.0/counts", b"").expect(200);
    figures.add("restart: answering after", began.elapsed().as_secs_f64(), "s");
    block_on(&runtime, all_have_moved(host.client().address()))?;
    figures.add(
        format!("restart: {RUNNING} running all moving after"),
        began.elapsed().as_secs_f64(),
        "s",
    );
    figures.add("memory after the restart", of(&host)?.0 as f64 / 1e6, "MB");
    Ok(())
}

fn block_on<T>(runtime: &tokio::runtime::Runtime, work: impl Future<Output = T>) -> T {
    LocalSet::new().block_on(runtime, work)
}

async fn start_all(
    address: &str,
    prefix: &'static str,
    workflow: &'static str,
    input: &'static str,
    count: u64,
) -> anyhow::Result<()> {
    let mut clients = Vec::new();
    for client in 0..CLIENTS {
        let mut connection = Connection::open(address).await?;
        clients.push(tokio::task::spawn_local(async move {
            for number in (client..count).step_by(CLIENTS as usize) {
                connection.start(workflow, &format!("{prefix}-{number}"), input).await?;
            }
            anyhow::Ok(())
        }));
    }
    for client in clients {
        client.await??;
    }
    Ok(())
}

/// Measures how late timers fire, by what the host has recorded.
async fn lateness(address: &str, figures: &mut Figures) -> anyhow::Result<()> {
    let mut connection = Connection::open(address).await?;
    for timer in 0..TIMERS {
        let wait = DUE.0 + timer * (DUE.1 - DUE.0) / TIMERS;
        connection.start("LongTimer", &format!("timer-{timer}"), &wait.to_string()).await?;
    }
    let mut late = Vec::new();
    for timer in 0..TIMERS {
        let id = format!("timer-{timer}");
        connection.completed(&id).await?;
        let path = format!("/v1.0/workflows/dapr/{id}/history");
        let history: serde_json::Value =
            serde_json::from_slice(&connection.expect("GET", &path, "").await?)?;
        let time_of = |kind: &str, field: &str| -> anyhow::Result<jiff::Timestamp> {
            let events = history["events"].as_array().context("a history has events")?;
            let event = events.iter().find(|event| event["kind"] == kind);
            Ok(event
                .and_then(|event| event[field].as_str())
                .context("it has the event")?
                .parse()?)
        };
        let (due, fired) = (time_of("TimerCreated", "fireAt")?, time_of("TimerFired", "time")?);
        late.push(fired.as_millisecond() - due.as_millisecond());
    }
    late.sort_unstable();
    figures.add("a timer among them is late by: p50", late[late.len() / 2] as f64, "ms");
    figures.add("a timer among them is late by: p99", late[late.len() * 99 / 100] as f64, "ms");
    Ok(())
}

/// Waits until each of the running instances has done something since the host came back.
async fn all_have_moved(address: &str) -> anyhow::Result<()> {
    let mut connection = Connection::open(address).await?;
    let path = format!(
        "/v1.0/workflows/dapr?name=Chaining&status=RUNNING&limit={RUNNING}&updatedFrom={:.3}",
        jiff::Timestamp::now()
    );
    loop {
        let moved = connection.expect("GET", &path, "").await?;
        let moved: serde_json::Value = serde_json::from_slice(&moved)?;
        if moved["instances"].as_array().context("it is a list")?.len() as u64 == RUNNING {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Returns how much of the disk a folder takes: files have holes where nothing was written yet.
fn disk_bytes(folder: &Path) -> anyhow::Result<u64> {
    let mut bytes = 0;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        bytes += match entry.file_type()?.is_dir() {
            true => disk_bytes(&entry.path())?,
            false => entry.metadata()?.blocks() * BLOCK_BYTES,
        };
    }
    Ok(bytes)
}
