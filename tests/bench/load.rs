//! Owns the bounded load: so many clients, each of whom starts a workflow, gets its result in the same
//! request, and starts the next.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::{Duration, Instant};

use support::Host;
use tokio::task::LocalSet;

use crate::client::Connection;
use crate::process::processor_time;

pub(crate) struct Load<'a> {
    pub(crate) workflow: &'a str,
    pub(crate) input: &'a str,
    pub(crate) concurrency: usize,
    /// Not counted.
    pub(crate) warm_up: Duration,
    pub(crate) time: Duration,
}

/// What came of it.
pub(crate) struct Outcome {
    pub(crate) completed: usize,
    /// With those that were not counted.
    pub(crate) started: usize,
    pub(crate) time: Duration,
    /// From the start to the result, sorted.
    latencies: Vec<Duration>,
    /// What the host took of the processors, and what this process did.
    pub(crate) host: Duration,
    pub(crate) client: Duration,
}

impl Outcome {
    pub(crate) fn per_second(&self) -> f64 {
        self.completed as f64 / self.time.as_secs_f64()
    }

    pub(crate) fn latency(&self, percent: usize) -> Duration {
        let last = self.latencies.len().saturating_sub(1);
        self.latencies
            .get((self.latencies.len() * percent / 100).min(last))
            .copied()
            .unwrap_or_default()
    }

    pub(crate) fn each(&self, time: Duration) -> Duration {
        time / u32::try_from(self.completed.max(1)).unwrap_or(u32::MAX)
    }
}

/// Applies a load to a host.
pub(crate) fn apply(host: &Host, load: &Load<'_>) -> anyhow::Result<Outcome> {
    // One thread is enough, and takes the least from the host.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    LocalSet::new().block_on(&runtime, apply_all(host, load))
}

async fn apply_all(host: &Host, load: &Load<'_>) -> anyhow::Result<Outcome> {
    let address = host.client().address().to_owned();
    let (stop, started) = (Rc::new(Cell::new(false)), Rc::new(Cell::new(0)));
    let latencies = Rc::new(RefCell::new(Vec::new()));
    let mut clients = Vec::new();
    for client in 0..load.concurrency {
        let (address, stop, started) = (address.clone(), stop.clone(), started.clone());
        let latencies = latencies.clone();
        let (workflow, input) = (load.workflow.to_owned(), load.input.to_owned());
        clients.push(tokio::task::spawn_local(async move {
            let mut connection = Connection::open(&address).await?;
            for number in 0.. {
                let (id, began) = (format!("load-{client}-{number}"), Instant::now());
                started.set(started.get() + 1);
                connection.run(&workflow, &id, &input).await?;
                if stop.get() {
                    break;
                }
                latencies.borrow_mut().push(began.elapsed());
            }
            anyhow::Ok(())
        }));
    }
    tokio::time::sleep(load.warm_up).await;
    latencies.borrow_mut().clear();
    let process = host.process_id().to_string();
    let (began, of_host, of_client) =
        (Instant::now(), processor_time(&process)?, processor_time("self")?);
    tokio::time::sleep(load.time).await;
    let time = began.elapsed();
    let mut counted = latencies.take();
    let (of_host, of_client) =
        (processor_time(&process)? - of_host, processor_time("self")? - of_client);
    stop.set(true);
    for client in clients {
        client.await??;
    }
    counted.sort_unstable();
    Ok(Outcome {
        completed: counted.len(),
        started: started.get(),
        time,
        latencies: counted,
        host: of_host,
        client: of_client,
    })
}
