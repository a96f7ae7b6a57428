use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use redb::{Database, ReadableDatabase, ReadableTable, TableDefinition};

use super::disk::{FORMAT, ROWS};
use super::keys::Kind;
use super::*;
use crate::store::{Birth, DocumentStore, ModuleStore, New, Receiver, Target, Version, one_of};
use crate::workflow::id::{Digest, TaskNumber};

pub(super) fn new(instance: u64, text: &str) -> Commit {
    let (id, created_at) = (InstanceId::unchecked(text), Timestamp(instance));
    Commit {
        instance: InstanceNumber(instance),
        target: Target::New(New { id, replaces: None, created_at, parent: None }),
        label: b"label".to_vec(),
        summary: b"summary".to_vec(),
        history_anew: false,
        history: Some(Chunk { first: 0, bytes: b"start".to_vec() }),
        set_timers: vec![Timer {
            due: Timestamp(5),
            instance: InstanceNumber(instance),
            task: TaskNumber(1),
        }],
        clear_timers: Vec::new(),
        consumed: Vec::new(),
        births: Vec::new(),
        outbox: Vec::new(),
        active: true,
    }
}

async fn furnished(path: &Path) -> Lease {
    let store = RedbStore::open(path).unwrap();
    let lease = store.acquire().await.unwrap();
    store.commit(lease, new(1, "one")).await.unwrap();
    store.enqueue(InstanceNumber(1), b"mail".to_vec()).await.unwrap().unwrap();
    let binary = Some((Digest([1; 32]), Bytes::from_static(b"code")));
    store.save_module(lease, "m", b"record".to_vec(), binary).await.unwrap();
    store.save_document(lease, "k", "n", b"document".to_vec()).await.unwrap();
    lease
}

#[tokio::test]
async fn everything_acknowledged_is_there_when_the_file_is_opened_again() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("store");
    let lease = furnished(&path).await;
    let store = RedbStore::open(&path).unwrap();
    let one = InstanceNumber(1);
    assert_eq!(store.find(&InstanceId::unchecked("one")).await.unwrap(), Some(one));
    assert_eq!(store.load(one).await.unwrap().unwrap().version, Version(1));
    assert_eq!(store.history(one, 0..9).await.unwrap().len(), 1);
    assert_eq!(store.timers(None, Timestamp(9), 9).await.unwrap().len(), 1);
    assert_eq!(store.active(None, 9).await.unwrap(), [one]);
    assert_eq!(store.modules().await.unwrap(), [("m".to_owned(), b"record".to_vec())]);
    assert_eq!(store.binary(Digest([1; 32])).await.unwrap().unwrap(), "code");
    assert_eq!(store.documents("k").await.unwrap(), [("n".to_owned(), b"document".to_vec())]);
    assert_eq!(store.labels().await.unwrap(), [(b"label".to_vec(), 1)]);
    let first = store.inbox(one).await.unwrap()[0].0;
    assert!(store.enqueue(one, Vec::new()).await.unwrap().unwrap() > first);
    let stale = store.reserve(lease, 1).await.unwrap();
    let newer = store.acquire().await.unwrap();
    assert!(newer > lease);
    assert!(store.reserve(newer, 1).await.unwrap().start >= stale.end);
}

#[tokio::test]
async fn a_purge_leaves_not_a_single_row() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("store");
    let store = RedbStore::open(&path).unwrap();
    let lease = store.acquire().await.unwrap();
    let (one, two, three) = (InstanceNumber(1), InstanceNumber(2), InstanceNumber(3));
    store.commit(lease, new(1, "one")).await.unwrap();
    let born = |instance: InstanceNumber, text, parent| Birth {
        instance,
        new: New {
            id: InstanceId::unchecked(text),
            replaces: None,
            created_at: Timestamp(9),
            parent: Some(parent),
        },
        label: text.as_bytes().to_vec(),
        summary: Vec::new(),
        history: Chunk { first: 0, bytes: Vec::new() },
        if_born: Some(b"born".to_vec()),
        if_refused: b"refused".to_vec(),
    };
    let commit = Commit {
        target: Target::Existing(Version(1)),
        history: None,
        births: vec![born(two, "two", one), born(three, "three", two)],
        outbox: vec![(Receiver::Id(InstanceId::unchecked("two")), b"mail".to_vec())],
        ..new(1, "one")
    };
    store.commit(lease, commit).await.unwrap();
    store.enqueue(one, b"mail".to_vec()).await.unwrap();
    for (instance, version) in [(one, 2), (three, 1), (two, 1)] {
        store.purge(lease, instance, Version(version)).await.unwrap();
    }
    drop(store);
    let database = Database::open(&path).unwrap();
    let rows = database.begin_read().unwrap().open_table(ROWS).unwrap();
    for entry in rows.iter().unwrap() {
        let (key, _) = entry.unwrap();
        assert_eq!(key.value()[0], Kind::Meta as u8, "{:?} is left", key.value());
    }
}

#[tokio::test]
async fn a_file_in_use_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("store");
    let first = RedbStore::open(&path).unwrap();
    let refused = RedbStore::open(&path).err().unwrap();
    assert!(matches!(refused, OpenError::InUse(_)), "{refused}");
    assert!(refused.to_string().contains("store is in use by another host"), "{refused}");
    first.acquire().await.unwrap();
}

#[tokio::test]
async fn a_file_of_another_format_is_refused_and_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("store");
    furnished(&path).await;
    let set_format = |format: u64| {
        let database = Database::open(&path).unwrap();
        let transaction = database.begin_write().unwrap();
        let key = keys::meta(Meta::Format);
        let value = format.to_le_bytes();
        transaction.open_table(ROWS).unwrap().insert(&key[..], &value[..]).unwrap();
        transaction.commit().unwrap();
    };
    set_format(FORMAT + 1);
    let refused = RedbStore::open(&path).err().unwrap();
    assert!(matches!(refused, OpenError::NewerFormat { found, .. } if found == FORMAT + 1));
    set_format(FORMAT - 1);
    let refused = RedbStore::open(&path).err().unwrap();
    assert!(matches!(refused, OpenError::OlderFormat { found, .. } if found == FORMAT - 1));
    set_format(FORMAT);
    let store = RedbStore::open(&path).unwrap();
    assert!(store.load(InstanceNumber(1)).await.unwrap().is_some());
}

#[test]
fn a_file_from_before_there_were_journals_is_refused_and_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("store");
    let meta = TableDefinition::<&str, u64>::new("meta");
    let database = Database::create(&path).unwrap();
    let transaction = database.begin_write().unwrap();
    transaction.open_table(meta).unwrap().insert("format", 1).unwrap();
    transaction.commit().unwrap();
    drop(database);
    let refused = RedbStore::open(&path).err().unwrap();
    assert!(matches!(refused, OpenError::OlderFormat { found: 1, .. }), "{refused}");
    let database = Database::open(&path).unwrap();
    let tables = database.begin_read().unwrap().list_tables().unwrap().count();
    assert_eq!(tables, 1);
}

#[tokio::test]
async fn a_file_that_is_none_of_ours_gives_an_error() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("store");
    furnished(&path).await;
    let whole = std::fs::read(&path).unwrap();
    let garbage = vec![0x5a; 10_000];
    for bytes in [&b"not a database"[..], &garbage, &whole[..100], &whole[..5_000]] {
        std::fs::write(&path, bytes).unwrap();
        let refused = RedbStore::open(&path).err().unwrap();
        assert!(matches!(refused, OpenError::Unusable { .. }), "{} bytes", bytes.len());
        assert_eq!(std::fs::read(&path).unwrap(), bytes, "it is left alone");
    }
}

#[tokio::test]
async fn work_that_is_queued_is_written_before_the_store_is_gone() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("store");
    let store = Arc::new(RedbStore::open(&path).unwrap());
    let lease = store.acquire().await.unwrap();
    let writing: Vec<_> = (0..200)
        .map(|instance| {
            let store = store.clone();
            tokio::spawn(
                async move { store.commit(lease, new(instance, &instance.to_string())).await },
            )
        })
        .collect();
    drop(store);
    for written in writing {
        written.await.unwrap().unwrap();
    }
    let store = RedbStore::open(&path).unwrap();
    assert_eq!(store.instances(None, 999).await.unwrap().len(), 200);
}

/// Prints how long something takes, the first time and again.
async fn timed(what: &str, read: impl AsyncFn() -> usize) {
    for temperature in ["first", "again"] {
        let begun = Instant::now();
        let found = read().await;
        println!("{what}, {temperature}: {found} in {:?}", begun.elapsed());
    }
}

/// Prints how long the listings of a full store take: what an operator waits for. And how long
/// commits take that touch them, and those that do not.
#[tokio::test]
#[ignore = "takes a minute: run with make bench"]
async fn a_million_instances_are_listed_in_milliseconds() {
    const INSTANCES: u64 = 1_000_000;
    const ROUND: u64 = 10_000;
    /// One instance of so many has the rare label.
    const RARE: u64 = 50_000;
    let directory = tempfile::tempdir().unwrap();
    let store = RedbStore::open(&directory.path().join("store")).unwrap();
    let lease = store.acquire().await.unwrap();
    let label = |number: u64| format!("module/workflow-{number}/running").into_bytes();
    let first_label = |instance| if instance % RARE == 0 { 39 } else { instance % 39 };
    let commit = |instance: u64| {
        // Numbers like those of orders: their IDs are in no order.
        let id = format!("order-{:08x}", (instance as u32).wrapping_mul(2_654_435_761));
        let (summary, set_timers) = (vec![7; 150], Vec::new());
        let label = label(first_label(instance));
        Commit { label, summary, set_timers, active: false, ..new(instance, &id) }
    };
    let write = async |instances: std::ops::Range<u64>, commit: &dyn Fn(u64) -> Commit| {
        let commits = instances.map(|instance| store.commit(lease, commit(instance)));
        for committed in futures::future::join_all(commits).await {
            committed.unwrap();
        }
    };
    let begun = Instant::now();
    for first in (0..INSTANCES).step_by(ROUND as usize) {
        write(first..first + ROUND, &commit).await;
    }
    println!("{INSTANCES} instances written: {:?}", begun.elapsed());
    let page = async |labels: std::ops::Range<u64>, after: Option<u64>| {
        let labels = one_of(labels.map(label));
        let always = Timestamp(0)..Timestamp::MAX;
        let place =
            |number| Place { created_at: Timestamp(number), instance: InstanceNumber(number) };
        store.list(&labels, always, after.map(place), 100).await.unwrap().len()
    };
    let middle = Some(INSTANCES / 2);
    timed("the labels", async || store.labels().await.unwrap().len()).await;
    timed("the first page of a label", async || page(3..4, None).await).await;
    timed("a page in the middle of a label", async || page(3..4, middle).await).await;
    timed("a page in the middle of all labels", async || page(0..40, middle).await).await;
    timed("a rare label", async || page(39..40, None).await).await;
    let by_prefix = async || store.list_by_id("order-80", None, 100).await.unwrap().len();
    timed("a page by a prefix", by_prefix).await;
    for (what, version, moved) in [("that change no label", 1, 0), ("that change one", 2, 1)] {
        let begun = Instant::now();
        let again = |instance| Commit {
            target: Target::Existing(Version(version)),
            label: label(first_label(instance) + moved),
            history: None,
            ..commit(instance)
        };
        write(0..ROUND, &again).await;
        println!("{ROUND} commits {what}: {:?}", begun.elapsed());
    }
}
