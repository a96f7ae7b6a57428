//! The parts of a host, each by itself: what is pure, a guest's turn, and commits. `make bench` shows how
//! much of the time of a whole host each of them is.

#[allow(dead_code, reason = "the other benchmark uses all of it")]
mod chaining;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use futures::future::join_all;
use reweft::store::redb::RedbStore;
use reweft::store::{Chunk, Commit, New, Store, Target, Version};
use reweft::wasm::component::LoadedModule;
use reweft::wasm::engine::{GuestLimits, WasmEngine};
use reweft::workflow::codec::{decode_history, encode_history};
use reweft::workflow::event::Recorded;
use reweft::workflow::id::{InstanceId, InstanceNumber, Timestamp};
use reweft::workflow::state::State;
use tokio::runtime::{Builder, Runtime};

/// Steps of the histories.
const STEPS: u32 = 1_000;

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

fn histories(criterion: &mut Criterion) {
    let history = chaining::history(STEPS);
    let bytes = encode_history(&history);
    let mut group = criterion.benchmark_group("history");
    group.throughput(Throughput::Elements(history.len() as u64));
    group.bench_function("encode", |bencher| bencher.iter(|| encode_history(&history)));
    group.bench_function("decode", |bencher| bencher.iter(|| decode_history(&bytes).unwrap()));
    group.bench_function("apply", |bencher| {
        bencher.iter(|| {
            let mut state = State::default();
            history.iter().map(|recorded| state.apply(recorded).unwrap().len()).sum::<usize>()
        });
    });
    group.bench_function("replay", |bencher| {
        bencher.iter(|| chaining::play(&history).unwrap());
    });
    group.finish();
}

fn turns(criterion: &mut Criterion) {
    let runtime = runtime();
    let engine = WasmEngine::start(10).unwrap();
    let module = LoadedModule::of_upload(&engine, &support::module("patterns")).unwrap();
    let limits = GuestLimits::with_memory(256 << 20);
    let mut group = criterion.benchmark_group("turn");
    group.bench_function("first, with the guest's start and end", |bencher| {
        bencher.iter(|| runtime.block_on(chaining::start(&module, &limits)).unwrap());
    });
    group.bench_function("next, of a guest in memory", |bencher| {
        let mut guest = runtime.block_on(chaining::start(&module, &limits)).unwrap();
        let mut step = 0;
        bencher.iter(|| {
            guest.feed(Recorded { time: Timestamp(1_000), event: chaining::completed(step) });
            step += 1;
            runtime.block_on(chaining::turn(&mut guest)).unwrap();
        });
    });
    group.finish();
}

/// What a step of an instance writes.
fn step(instance: u64, version: u64) -> Commit {
    let id = InstanceId::unchecked(&format!("instance-{instance}"));
    let (replaces, created_at, parent) = (None, Timestamp(instance), None);
    let target = match version {
        0 => Target::New(New { id, replaces, created_at, parent }),
        _ => Target::Existing(Version(version)),
    };
    Commit {
        instance: InstanceNumber(instance),
        target,
        label: b"patterns/Chaining/running".to_vec(),
        summary: vec![7; 150],
        history_anew: false,
        history: Some(Chunk { first: version * 2, bytes: vec![7; 80] }),
        set_timers: Vec::new(),
        clear_timers: Vec::new(),
        consumed: Vec::new(),
        births: Vec::new(),
        outbox: Vec::new(),
        active: true,
    }
}

fn commits(criterion: &mut Criterion) {
    let runtime = runtime();
    let directory = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let store = RedbStore::open(&directory.path().join("store")).unwrap();
    let lease = runtime.block_on(store.acquire()).unwrap();
    let mut group = criterion.benchmark_group("commit");
    let mut first = 0;
    for count in [1, 16, 256, 1_024] {
        group.throughput(Throughput::Elements(count));
        let mut version = 0;
        let mut steps = || {
            let steps = (first..first + count).map(|instance| step(instance, version));
            let committed = join_all(steps.map(|step| store.commit(lease, step)));
            runtime.block_on(committed).into_iter().for_each(|committed| drop(committed.unwrap()));
            version += 1;
        };
        steps();
        group.bench_function(BenchmarkId::new("steps at once", count), |bencher| {
            bencher.iter(&mut steps);
        });
        first += count;
    }
    group.finish();
}

criterion_group!(benches, histories, turns, commits);
criterion_main!(benches);
