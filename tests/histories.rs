//! Reads histories out of a store, and replays them on real guests.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use reweft::store::redb::RedbStore;
use reweft::store::{Chunk, ModuleStore, Store};
use reweft::wasm::cache::CompileCache;
use reweft::wasm::component::LoadedModule;
use reweft::wasm::core_module::componentize;
use reweft::wasm::engine::{Effort, GuestLimits, WasmEngine};
use reweft::wasm::rehearsal::{Error, Rehearsed, Watch, rehearse};
use reweft::wasm::workflow_guest::TurnLimits;
use reweft::workflow::codec;
use reweft::workflow::command::Command;
use reweft::workflow::event::{Event, Recorded};
use reweft::workflow::id::Digest;
use reweft::workflow::replay::{Ended, Nondeterminism};
use reweft::workflow::state::State;
use reweft::workflow::summary::Summary;
use support::Host;

/// An instance as a store has it.
#[derive(Debug)]
pub(crate) struct Stored {
    pub(crate) summary: Summary,
    pub(crate) history: Vec<Recorded>,
}

/// Everything in a data directory whose host has stopped: instances by ID, and the modules' bytes.
pub(crate) async fn read(data_dir: &Path) -> (BTreeMap<String, Stored>, BTreeMap<Digest, Vec<u8>>) {
    let store = Arc::new(RedbStore::open(&data_dir.join("reweft.redb")).unwrap());
    let instances = read_instances(&*store).await;
    let modules = read_modules(&*store, &instances).await;
    (instances, modules)
}

/// The bytes of each module version that an instance is on.
pub(crate) async fn read_modules(
    store: &dyn ModuleStore,
    instances: &BTreeMap<String, Stored>,
) -> BTreeMap<Digest, Vec<u8>> {
    let mut modules = BTreeMap::new();
    for stored in instances.values() {
        let digest = stored.summary.digest;
        if let Some(bytes) = store.binary(digest).await.unwrap() {
            modules.insert(digest, bytes.to_vec());
        }
    }
    modules
}

/// All instances of a store, by ID. Folding each history shows that it is gapless and legal: no
/// result is there twice, and nothing happens before its time.
pub(crate) async fn read_instances(store: &dyn Store) -> BTreeMap<String, Stored> {
    let mut instances = BTreeMap::new();
    for (bytes, chunks) in read_at_rest(store).await {
        let summary = codec::decode_summary(&bytes).unwrap();
        let (mut history, mut state) = (Vec::new(), State::default());
        for chunk in chunks {
            assert_eq!(chunk.first, history.len() as u64, "a gap in {}", summary.instance);
            history.extend(codec::decode_history(&chunk.bytes).unwrap());
        }
        for recorded in &history {
            let applied = state.apply(recorded);
            applied.unwrap_or_else(|illegal| panic!("{}: {illegal}", summary.instance));
        }
        let of_history =
            Summary::of(&state, summary.turned, summary.delivered, summary.stall.clone());
        assert_eq!(of_history.as_ref(), Some(&summary), "the summary is the history's");
        let id = summary.instance.to_string();
        assert!(instances.insert(id, Stored { summary, history }).is_none(), "one ID twice");
    }
    instances
}

/// Reads each summary and its history. A host may be at work on them, and a summary is read before its
/// history: if any has changed meanwhile, all are read again.
async fn read_at_rest(store: &dyn Store) -> Vec<(Vec<u8>, Vec<Chunk>)> {
    for _ in 0..1_000 {
        let listed = store.instances(None, usize::MAX).await.unwrap();
        let mut read = Vec::new();
        for (number, summary) in &listed {
            let history = store.history(*number, 0..u64::MAX).await.unwrap();
            read.push((summary.clone(), history));
        }
        if store.instances(None, usize::MAX).await.unwrap() == listed {
            return read;
        }
    }
    panic!("the instances are never at rest");
}

/// Stops a host, replays all that it has in its store at every prefix, and returns how many instances
/// those are.
pub(crate) fn replay_all(host: &mut Host) -> usize {
    assert!(host.stop().0.success());
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let (instances, modules) = read(host.data_dir()).await;
        assert!(!instances.is_empty());
        let replayer = Replayer::new(&modules);
        for stored in instances.values() {
            replayer.replay_at_every_prefix(stored).await;
        }
        instances.len()
    })
}

/// Runs histories on real guests.
pub(crate) struct Replayer {
    engine: WasmEngine,
    modules: BTreeMap<Digest, LoadedModule>,
}

impl Replayer {
    pub(crate) fn new(modules: &BTreeMap<Digest, Vec<u8>>) -> Self {
        let engine = WasmEngine::start(1).unwrap();
        let cache = CompileCache::open(&support::compiled_folder()).unwrap();
        let load = |(digest, bytes): (&Digest, &Vec<u8>)| {
            let component = cache.load(&engine, *digest).unwrap_or_else(|| {
                let component = componentize(&engine, bytes).unwrap();
                cache.compile(&engine, Effort::Full, *digest, &component).unwrap()
            });
            (*digest, LoadedModule::link(&engine, &component).unwrap())
        };
        let modules = modules.iter().map(load).collect();
        Self { engine, modules }
    }

    /// Shows a fresh guest this stretch of history, and lets it run until it waits or ends.
    pub(crate) async fn replay(&self, history: &[Recorded]) -> Result<Rehearsed, Nondeterminism> {
        let _running = &self.engine;
        let Event::RunStarted(start) = &history[0].event else { panic!("{:?}", history[0]) };
        let selected = history.iter().rev().find_map(|recorded| match recorded.event {
            Event::VersionSelected { digest } => Some(digest),
            _ => None,
        });
        let module = &self.modules[&selected.unwrap_or(start.digest)];
        let limits = GuestLimits::with_memory(256 << 20);
        let turn = TurnLimits { ticks: 2_000, payload_bytes: usize::MAX, tasks: usize::MAX };
        match rehearse(module, &limits, turn, history, 0, Watch::Commands).await {
            Ok(rehearsed) => Ok(rehearsed),
            Err(Error::Diverged(found)) => Err(found),
            Err(other) => panic!("{other}"),
        }
    }

    /// Replays a history at every prefix: each time the guest must ask for just what the history says
    /// it asked for next, no more and no less, and end as it ended.
    pub(crate) async fn replay_at_every_prefix(&self, stored: &Stored) {
        let id = &stored.summary.instance;
        let history = &stored.history;
        for length in 1..=history.len() {
            let (before, after) = history.split_at(length);
            let replayed = self.replay(before).await;
            let replayed = replayed.unwrap_or_else(|found| {
                panic!("{id}: with {length} of {} events: {found}\n{history:#?}", history.len())
            });
            let next: Vec<&Command> = after
                .iter()
                .filter_map(|recorded| match &recorded.event {
                    Event::Asked(command) => Some(command),
                    _ => None,
                })
                .collect();
            let asked: Vec<&Command> = replayed.asked.iter().collect();
            assert!(next.starts_with(&asked), "{id} at {length}: {asked:?} instead of {next:?}");
            if after.is_empty() {
                check_end(stored, replayed.ended);
            }
        }
    }
}

fn check_end(stored: &Stored, ended: Option<Ended>) {
    let ends = stored.history.iter().rev().find_map(|recorded| match &recorded.event {
        Event::RunCompleted { output } => Some(Ended::Completed(output.clone())),
        Event::RunFailed { failure } => Some(Ended::Failed(failure.clone())),
        _ => None,
    });
    if ends.is_some() {
        assert_eq!(ended, ends, "{} ends otherwise", stored.summary.instance);
    }
}
