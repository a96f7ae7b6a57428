//! One suite for every store: each promise of the contract is a test, run for each store by name.

macro_rules! for_every_store {
    ($($promise:ident)*) => {
        mod in_memory {
            use crate::store::conformance::memory;
            $(#[tokio::test] async fn $promise() { super::$promise(memory().await).await; })*
        }
        mod in_redb {
            use crate::store::conformance::redb;
            $(#[tokio::test] async fn $promise() { super::$promise(redb().await).await; })*
        }
    };
}

mod births;
mod children;
mod commits;
mod histories;
mod inboxes;
mod listings;
mod named;
mod removals;

use std::sync::Arc;

use super::memory::MemoryStore;
use super::redb::RedbStore;
use super::{
    Birth, Chunk, Commit, Committed, Error, Lease, New, Store, Target, Timer, Version, one_of,
};
use crate::workflow::id::{InstanceId, InstanceNumber, TaskNumber, Timestamp};

/// A store under test, and what must live as long.
struct Bench<S> {
    store: Arc<S>,
    lease: Lease,
    _directory: Option<tempfile::TempDir>,
}

async fn memory() -> Bench<MemoryStore> {
    let store = Arc::new(MemoryStore::default());
    let lease = store.acquire().await.unwrap();
    Bench { store, lease, _directory: None }
}

async fn redb() -> Bench<RedbStore> {
    let directory = tempfile::tempdir().unwrap();
    let store = Arc::new(RedbStore::open(&directory.path().join("store")).unwrap());
    let lease = store.acquire().await.unwrap();
    Bench { store, lease, _directory: Some(directory) }
}

fn number(number: u64) -> InstanceNumber {
    InstanceNumber(number)
}

fn id(text: &str) -> InstanceId {
    InstanceId::unchecked(text)
}

fn timer(due: u64, instance: u64, task: u32) -> Timer {
    Timer { due: Timestamp(due), instance: number(instance), task: TaskNumber(task) }
}

/// A commit that changes the summary and nothing else.
fn commit(instance: u64, target: Target) -> Commit {
    Commit {
        instance: number(instance),
        target,
        label: b"label".to_vec(),
        summary: format!("summary of {instance}").into_bytes(),
        history_anew: false,
        history: None,
        set_timers: Vec::new(),
        clear_timers: Vec::new(),
        consumed: Vec::new(),
        births: Vec::new(),
        outbox: Vec::new(),
        active: false,
    }
}

/// The identity of a new instance, created in the order of the numbers.
fn identity(instance: u64, text: &str) -> New {
    New { id: id(text), replaces: None, created_at: Timestamp(10 * instance), parent: None }
}

fn new(instance: u64, text: &str) -> Commit {
    commit(instance, Target::New(identity(instance, text)))
}

fn replacing(instance: u64, text: &str, replaced: u64, version: u64) -> Commit {
    let replaces = Some((number(replaced), Version(version)));
    commit(instance, Target::New(New { replaces, ..identity(instance, text) }))
}

fn existing(instance: u64, version: u64) -> Commit {
    commit(instance, Target::Existing(Version(version)))
}

fn chunk(first: u64, bytes: &[u8]) -> Option<Chunk> {
    Some(Chunk { first, bytes: bytes.to_owned() })
}

impl<S: Store> Bench<S> {
    async fn commit(&self, commit: Commit) -> Result<Committed, Error> {
        self.store.commit(self.lease, commit).await
    }

    async fn version(&self, instance: u64) -> Option<u64> {
        self.store.load(number(instance)).await.unwrap().map(|stored| stored.version.0)
    }

    async fn messages(&self, instance: u64) -> Vec<Vec<u8>> {
        let inbox = self.store.inbox(number(instance)).await.unwrap();
        inbox.into_iter().map(|(_, message)| message).collect()
    }

    async fn purge(&self, instance: u64, version: u64) -> Result<(), Error> {
        self.store.purge(self.lease, number(instance), Version(version)).await
    }

    async fn children(&self, parent: u64) -> Vec<u64> {
        let children = self.store.children(number(parent), None, 99).await.unwrap();
        children.into_iter().map(|child| child.0).collect()
    }

    async fn labels(&self) -> Vec<(String, u64)> {
        let text = |label| String::from_utf8(label).unwrap();
        let labels = self.store.labels().await.unwrap();
        labels.into_iter().map(|(label, count)| (text(label), count)).collect()
    }

    async fn firsts(&self, range: std::ops::Range<u64>) -> Vec<u64> {
        let chunks = self.store.history(number(1), range).await.unwrap();
        chunks.into_iter().map(|chunk| chunk.first).collect()
    }
}

/// A birth that tells the instance whose commit it is what came of it.
fn birth(instance: u64, text: &str) -> Birth {
    Birth {
        instance: number(instance),
        new: identity(instance, text),
        label: b"label".to_vec(),
        summary: format!("summary of {instance}").into_bytes(),
        history: Chunk { first: 0, bytes: b"start".to_vec() },
        if_born: Some(format!("{instance} is born").into_bytes()),
        if_refused: format!("{instance} is refused").into_bytes(),
    }
}

fn woken(numbers: &[u64]) -> Result<Committed, Error> {
    Ok(Committed { wake: numbers.iter().copied().map(number).collect() })
}

/// An instance with a row of every kind.
async fn furnish<S: Store>(bench: &Bench<S>, instance: u64, text: &str) {
    let set_timers = vec![timer(5, instance, 1), timer(6, instance, 2)];
    let history = chunk(0, b"start");
    let furnished = Commit { set_timers, history, active: true, ..new(instance, text) };
    bench.commit(furnished).await.unwrap();
    bench.store.enqueue(number(instance), b"mail".to_vec()).await.unwrap().unwrap();
}

async fn nothing_of<S: Store>(bench: &Bench<S>, instance: u64) {
    assert_eq!(bench.version(instance).await, None);
    assert_eq!(bench.messages(instance).await, [b""; 0]);
    assert!(bench.store.history(number(instance), 0..99).await.unwrap().is_empty());
    let timers = bench.store.timers(None, Timestamp::MAX, 99).await.unwrap();
    assert!(timers.iter().all(|timer| timer.instance != number(instance)));
    assert!(!bench.store.active(None, 99).await.unwrap().contains(&number(instance)));
    let listed = bench.store.list_by_id("", None, 99).await.unwrap();
    assert!(listed.iter().all(|(_, listed)| listed.place.instance != number(instance)));
    let all = Timestamp(0)..Timestamp::MAX;
    let listed = bench.store.list(&one_of([b"label".to_vec()]), all, None, 99).await.unwrap();
    assert!(listed.iter().all(|listed| listed.place.instance != number(instance)));
    assert_eq!(bench.children(instance).await, [0; 0]);
}
