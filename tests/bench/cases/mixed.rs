//! A day in ten minutes: starts, events, timers, and what has ended removed soon. Memory, the file and the
//! throughput are to level off.

use std::cell::Cell;
use std::fs;
use std::rc::Rc;
use std::time::Duration;

use support::Host;
use tokio::task::LocalSet;

use super::Setting;
use crate::client::Connection;
use crate::figures::Figures;
use crate::process::resident_bytes;

const CLIENTS: usize = 64;
/// For how long what has ended is kept.
const RETENTION: &str = r#"{"anyTerminal":"30s"}"#;
const MINUTE: Duration = Duration::from_secs(60);

pub(super) fn measure(setting: &Setting, figures: &mut Figures) -> anyhow::Result<()> {
    let host = setting.host();
    host.client().send("PUT", "/v1.0/retention", RETENTION.as_bytes()).expect(200);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let minutes = (setting.mixed_seconds / MINUTE.as_secs()).max(2);
    LocalSet::new().block_on(&runtime, mix(&host, minutes, figures))
}

async fn mix(host: &Host, minutes: u64, figures: &mut Figures) -> anyhow::Result<()> {
    let (stop, done) = (Rc::new(Cell::new(false)), Rc::new(Cell::new(0_u64)));
    let address = host.client().address().to_owned();
    let mut clients = Vec::new();
    for client in 0..CLIENTS {
        let (stop, done, address) = (stop.clone(), done.clone(), address.clone());
        clients.push(tokio::task::spawn_local(async move {
            let mut connection = Connection::open(&address).await?;
            for number in 0.. {
                if stop.get() {
                    break;
                }
                let id = format!("mixed-{client}-{number}");
                one(&mut connection, &id, number).await?;
                done.set(done.get() + 1);
            }
            anyhow::Ok(())
        }));
    }
    let mut minute = Vec::new();
    for _ in 0..minutes {
        let before = done.get();
        tokio::time::sleep(MINUTE).await;
        let resident = resident_bytes(&host.process_id().to_string())?;
        let file = fs::metadata(host.data_dir().join("reweft.redb"))?.len();
        minute.push((
            (done.get() - before) as f64 / 60.0,
            resident as f64 / 1e6,
            file as f64 / 1e6,
        ));
    }
    stop.set(true);
    for client in clients {
        client.await??;
    }
    // Of the first minute, the host needs some to get going.
    let (second, last) = (minute[1], minute[minute.len() - 1]);
    let half = minute[minute.len() / 2];
    figures.add_beside("completed in the last minute", last.0, "/s", ("the second", second.0));
    figures.add_beside("memory at the end", last.1, "MB", ("half-way", half.1));
    figures.add_beside("file at the end", last.2, "MB", ("half-way", half.2));
    Ok(())
}

/// Runs one workflow, of each kind in turn.
async fn one(connection: &mut Connection, id: &str, number: u64) -> anyhow::Result<()> {
    match number % 4 {
        0 => connection.run("Chaining", id, "3").await,
        1 => connection.run("FanOutFanIn", id, "10").await,
        2 => connection.run("LongTimer", id, "20").await,
        _ => {
            connection.start("EventCollector", id, r#"{"name":"go","count":1}"#).await?;
            let path = format!("/v1.0/workflows/dapr/{id}/raiseEvent/go");
            connection.expect("POST", &path, "1").await?;
            connection.completed(id).await
        }
    }
}
