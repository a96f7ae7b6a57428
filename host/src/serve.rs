//! Owns the life of a host: puts the parts together, serves until told to stop, and ends cleanly.

use std::fs;
use std::io::IsTerminal;
use std::num::NonZero;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tracing::{info, warn};
use tracing_subscriber::EnvFilter;

use crate::cli::{LogFormat, Serve};
use crate::clock::{Clock, SystemClock};
use crate::http::{self, Guard};
use crate::machine;
use crate::scheduler::modules::Modules;
use crate::scheduler::{self, Handle, Scheduler};
use crate::store::Store;
use crate::store::redb::RedbStore;
use crate::wasm::cache::CompileCache;
use crate::wasm::engine::{GuestLimits, WasmEngine};
use crate::workers::{self, Workers};

const STORE_FILE: &str = "reweft.redb";
const COMPILED_FOLDER: &str = "compiled";
/// How long activities under way are given when the host closes. One that takes longer is run again
/// by the next host.
const ACTIVITIES_TIME_MAX: Duration = Duration::from_secs(10);

/// Runs a host until it is told to stop.
///
/// # Errors
/// The arguments contradict each other, or something it needs can't be had.
pub fn run(arguments: Serve) -> anyhow::Result<()> {
    run_beside(arguments, |_| std::future::pending())
}

/// Runs a host until it is told to stop, and something beside it for as long.
///
/// # Errors
/// As for [`run`].
pub fn run_beside<F>(arguments: Serve, beside: impl FnOnce(Handle) -> F) -> anyhow::Result<()>
where
    F: Future<Output = ()> + Send + 'static,
{
    start_log(arguments.log_format);
    check(&arguments)?;
    machine::use_small_pages();
    let threads = workers::start(arguments.workers.map(NonZero::get))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let outcome = runtime.block_on(host(arguments, threads.workers(), beside));
    // Compiling can't be interrupted; whatever else is left is safe to leave.
    runtime.shutdown_background();
    drop(threads);
    outcome
}

fn start_log(format: LogFormat) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    match format {
        LogFormat::Text => log.init(),
        LogFormat::Json => log.json().init(),
    }
}

fn check(arguments: &Serve) -> anyhow::Result<()> {
    let reachable = !arguments.listen.ip().is_loopback();
    if arguments.api_token.as_deref() == Some("") {
        bail!("the API token is empty: give it a value, or leave it out");
    }
    if let Some(folder) = arguments.secrets_dir.as_ref().filter(|folder| !folder.is_dir()) {
        bail!("--secrets-dir {} is no folder", folder.display());
    }
    if reachable && arguments.api_token.is_none() && !arguments.allow_unauthenticated {
        bail!(
            "{} can be reached from other machines, and no API token is set: set one with --api-token, or say --allow-unauthenticated",
            arguments.listen
        );
    }
    Ok(())
}

async fn host<F>(
    arguments: Serve,
    workers: Workers,
    beside: impl FnOnce(Handle) -> F,
) -> anyhow::Result<()>
where
    F: Future<Output = ()> + Send + 'static,
{
    // Before anything is done, so that no signal is missed.
    let (mut terminate, mut interrupt) =
        (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let data_dir = &arguments.data_dir;
    fs::create_dir_all(data_dir)
        .with_context(|| format!("the data directory {} can't be made", data_dir.display()))?;
    let scheduler = open(data_dir, &arguments, workers.clone()).await?;
    let listener = TcpListener::bind(arguments.listen)
        .await
        .with_context(|| format!("can't listen on {}", arguments.listen))?;
    let address = listener.local_addr()?;
    info!(%address, data_dir = %data_dir.display(), "listening");
    let local_only = arguments.listen.ip().is_loopback();
    let limits = http::Limits {
        body_bytes: arguments.body_bytes_max,
        module_bytes: arguments.module_bytes_max,
        body_time: Duration::from_secs(arguments.body_seconds_max),
        connections: arguments.connections_max.clamp(1, tokio::sync::Semaphore::MAX_PERMITS),
    };
    let closing = async {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        info!("closing");
    };
    let guard = Guard::new(arguments.api_token, local_only);
    let beside = tokio::spawn(beside(scheduler.handle()));
    http::serve(listener, scheduler.handle(), workers, guard, limits, closing).await;
    beside.abort();
    if tokio::time::timeout(ACTIVITIES_TIME_MAX, scheduler.drain()).await.is_err() {
        warn!("some activities took too long to end; the next host will run them again");
    }
    info!("closed");
    Ok(())
}

async fn open(data_dir: &Path, arguments: &Serve, workers: Workers) -> anyhow::Result<Scheduler> {
    let store = Arc::new(RedbStore::open(&data_dir.join(STORE_FILE))?);
    let lease = store.acquire().await?;
    let limits = scheduler::Limits {
        turn_ms: arguments.turn_ms_max,
        activity_ms: arguments.activity_seconds_max * 1_000,
        cancel_grace_ms: arguments.cancel_grace_ms,
        concurrent_activities: arguments.activities_max as usize,
        idle_guests: arguments.idle_guests_max as usize,
        idle_guest_bytes: arguments.idle_guest_bytes_max,
        payload_bytes: arguments.payload_bytes_max,
        history_events: arguments.history_events_max,
        tasks: arguments.tasks_max as usize,
        depth: arguments.depth_max,
    };
    let engine = Arc::new(WasmEngine::start(limits.guests())?);
    let compiled = data_dir.join(COMPILED_FOLDER);
    let cache = CompileCache::open(&compiled)
        .with_context(|| format!("the folder {} can't be made", compiled.display()))?;
    let guest_limits = GuestLimits::with_memory(arguments.guest_bytes_max);
    let modules = Modules::open(store.clone(), lease, engine, cache, guest_limits)
        .await?
        .with_secrets(arguments.secrets_dir.clone());
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    Ok(Scheduler::start(store, lease, Arc::new(modules), clock, limits, workers).await?)
}
