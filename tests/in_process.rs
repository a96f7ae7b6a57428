//! Hosts in the process of the test, on a store and a clock of the test's own: for what must not wait
//! for real time, and for failures of the store.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use reweft::clock::{Clock, SimulatedClock};
use reweft::scheduler::modules::{ANY_MODULE, Modules};
use reweft::scheduler::{Handle, Limits, Reuse, Scheduler, Start};
use reweft::store::fault::{Plan, Then, When};
use reweft::store::{self, DocumentStore, ModuleStore, Store};
use reweft::wasm::cache::CompileCache;
use reweft::wasm::engine::{GuestLimits, WasmEngine};
use reweft::workers::Workers;
use reweft::workflow::id::{InstanceId, Timestamp};
use support::module;

/// How long anything may take before the test gives up on it.
const PATIENCE: Duration = Duration::from_secs(30);

/// What all hosts of a test share: compiling once is enough.
pub(crate) struct Bench {
    engine: Arc<WasmEngine>,
    compiled: tempfile::TempDir,
    pub(crate) clock: Arc<SimulatedClock>,
    pub(crate) module: Bytes,
}

impl Bench {
    /// Returns a bench whose clock stands at this time.
    pub(crate) fn at(start: Timestamp) -> Self {
        Self {
            engine: Arc::new(WasmEngine::start(Limits::default().guests()).unwrap()),
            compiled: tempfile::tempdir().unwrap(),
            clock: Arc::new(SimulatedClock::at(start)),
            module: module("patterns").into(),
        }
    }

    fn cache(&self) -> CompileCache {
        CompileCache::open(Path::new(self.compiled.path())).unwrap()
    }

    /// Starts a host on a store.
    pub(crate) async fn host<S>(&self, store: Arc<S>) -> Result<Scheduler, store::Error>
    where
        S: Store + ModuleStore + DocumentStore,
    {
        self.host_with(store, Limits::default()).await
    }

    /// Starts a host on a store, with these limits.
    pub(crate) async fn host_with<S>(
        &self,
        store: Arc<S>,
        limits: Limits,
    ) -> Result<Scheduler, store::Error>
    where
        S: Store + ModuleStore + DocumentStore,
    {
        let lease = store.acquire().await?;
        let memory = GuestLimits::with_memory(64 << 20);
        let engine = self.engine.clone();
        let modules = Modules::open(store.clone(), lease, engine, self.cache(), memory).await?;
        let modules = Arc::new(modules);
        let clock: Arc<dyn Clock> = self.clock.clone();
        Scheduler::start(store, lease, modules, clock, limits, Workers::here()).await
    }

    /// Starts a host on a store, and uploads the module with the patterns.
    pub(crate) async fn host_with_patterns<S>(&self, store: Arc<S>) -> Scheduler
    where
        S: Store + ModuleStore + DocumentStore,
    {
        let host = self.host(store).await.unwrap();
        host.handle().upload("patterns", self.module.clone(), true).await.unwrap();
        host
    }
}

/// Returns the start of an instance.
pub(crate) fn start(id: &str, workflow: &str, input: &str) -> Start {
    Start {
        instance: InstanceId::unchecked(id),
        module: ANY_MODULE.to_owned(),
        workflow: workflow.to_owned(),
        input: input.to_owned(),
        start_at: None,
        reuse: Reuse::default(),
    }
}

/// Waits until something is so, looking again and again.
pub(crate) async fn eventually(what: &str, mut look: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !look().await {
        assert!(Instant::now() < deadline, "in vain for {PATIENCE:?}: {what}");
        tokio::time::sleep(Duration::from_micros(500)).await;
    }
}

/// Runs something with a failure before and after each of its writes, from which the store recovers
/// or does not. It says how many writes there were.
pub(crate) async fn at_every_write(run: impl AsyncFn(Plan) -> u64) {
    for (when, then) in [
        (When::Before, Then::Recover),
        (When::After, Then::Recover),
        (When::Before, Then::StayDown),
        (When::After, Then::StayDown),
    ] {
        for write in 0.. {
            let writes = run(Plan { write, when, then }).await;
            if writes <= write {
                // There was no such write: every one there is has failed once.
                println!("{when:?}, {then:?}: {writes} writes");
                break;
            }
        }
    }
}

/// Returns whether there is an instance of this ID that has ended.
pub(crate) async fn has_ended(handle: &Handle, id: &str) -> bool {
    let found = handle.get(&InstanceId::unchecked(id)).await;
    found.is_ok_and(|found| found.summary.phase.is_terminal())
}

/// Returns whether there is an instance of this ID.
pub(crate) async fn exists(handle: &Handle, id: &str) -> bool {
    handle.get(&InstanceId::unchecked(id)).await.is_ok()
}

/// Lets time go on, whatever the others do.
pub(crate) async fn tick(clock: Arc<SimulatedClock>) {
    loop {
        tokio::time::sleep(Duration::from_micros(200)).await;
        clock.advance_ms(10);
    }
}
