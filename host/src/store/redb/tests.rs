use redb::{Database, ReadableDatabase, ReadableTableMetadata};

use super::*;
use crate::store::Target;
use crate::store::memory::MemoryStore;

fn random_seed() -> u64 {
    let given = std::env::var("REWEFT_TEST_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed = given.unwrap_or_else(|| u64::from(std::process::id()));
    println!("REWEFT_TEST_SEED={seed}");
    seed
}

fn new(instance: u64, text: &str) -> Commit {
    Commit {
        instance: InstanceNumber(instance),
        target: Target::New { id: InstanceId::unchecked(text), replaces: None },
        summary: b"summary".to_vec(),
        history: Some(Chunk { first: 0, bytes: b"start".to_vec() }),
        set_timers: vec![Timer {
            due: Timestamp(5),
            instance: InstanceNumber(instance),
            task: TaskNumber(1),
        }],
        clear_timers: Vec::new(),
        consumed: Vec::new(),
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
    store.commit(lease, new(1, "one")).await.unwrap();
    store.enqueue(InstanceNumber(1), b"mail".to_vec()).await.unwrap();
    store.purge(lease, InstanceNumber(1), Version(1)).await.unwrap();
    drop(store);
    let database = Database::open(&path).unwrap();
    let transaction = database.begin_read().unwrap();
    assert_eq!(transaction.open_table(IDS).unwrap().len().unwrap(), 0);
    assert_eq!(transaction.open_table(INSTANCES).unwrap().len().unwrap(), 0);
    assert_eq!(transaction.open_table(HISTORY).unwrap().len().unwrap(), 0);
    assert_eq!(transaction.open_table(TIMERS).unwrap().len().unwrap(), 0);
    assert_eq!(transaction.open_table(INBOX).unwrap().len().unwrap(), 0);
    assert_eq!(transaction.open_table(ACTIVE).unwrap().len().unwrap(), 0);
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
async fn a_file_of_a_newer_release_is_refused_and_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("store");
    furnished(&path).await;
    let set_format = |format: u64| {
        let database = Database::open(&path).unwrap();
        let transaction = database.begin_write().unwrap();
        transaction.open_table(tables::META).unwrap().insert(meta::FORMAT, format).unwrap();
        transaction.commit().unwrap();
    };
    set_format(FORMAT + 1);
    let refused = RedbStore::open(&path).err().unwrap();
    assert!(matches!(refused, OpenError::NewerFormat { found, .. } if found == FORMAT + 1));
    set_format(FORMAT);
    let store = RedbStore::open(&path).unwrap();
    assert!(store.load(InstanceNumber(1)).await.unwrap().is_some());
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

/// Random changes to few instances, so that they often conflict: both stores say the same.
#[tokio::test]
async fn the_file_does_what_the_reference_does() {
    use rand_chacha::ChaCha8Rng;
    use rand_chacha::rand_core::{Rng, SeedableRng};

    let mut random = ChaCha8Rng::seed_from_u64(random_seed());
    let mut below = |bound: u32| u64::from(random.next_u32() % bound);
    let directory = tempfile::tempdir().unwrap();
    let (one, two) =
        (MemoryStore::default(), RedbStore::open(&directory.path().join("store")).unwrap());
    let lease = one.acquire().await.unwrap();
    assert_eq!(two.acquire().await.unwrap(), lease);
    for step in 0..600 {
        let instance = InstanceNumber(below(5));
        match below(8) {
            0 => {
                let message = step.to_string().into_bytes();
                let sent = one.enqueue(instance, message.clone()).await;
                assert_eq!(two.enqueue(instance, message).await, sent);
            }
            1 => {
                let version = Version(below(4));
                let purged = one.purge(lease, instance, version).await;
                assert_eq!(two.purge(lease, instance, version).await, purged, "step {step}");
            }
            kind => {
                let timer = |due, task: u64| {
                    let (due, task) = (Timestamp(due), TaskNumber(task as u32));
                    Timer { due, instance, task }
                };
                let target = if kind < 4 {
                    let id = InstanceId::unchecked(&below(3).to_string());
                    let replaced = (InstanceNumber(below(5)), Version(1 + below(3)));
                    Target::New { id, replaces: (below(2) == 0).then_some(replaced) }
                } else {
                    Target::Existing(Version(below(4)))
                };
                let commit = Commit {
                    instance,
                    target,
                    summary: step.to_string().into_bytes(),
                    history: (below(2) == 0)
                        .then(|| Chunk { first: below(20), bytes: vec![step as u8] }),
                    set_timers: vec![timer(below(9), below(3))],
                    clear_timers: vec![timer(below(9), below(3)), timer(below(9), below(3))],
                    consumed: vec![below(99)],
                    outbox: vec![(InstanceNumber(below(5)), vec![step as u8])],
                    active: below(2) == 0,
                };
                let done = one.commit(lease, commit.clone()).await;
                assert_eq!(two.commit(lease, commit).await, done, "step {step}");
            }
        }
        compare(&one, &two, step).await;
    }
}

async fn compare(one: &dyn Store, two: &dyn Store, step: usize) {
    let all = Timestamp::MAX;
    let of = async |store: &dyn Store| {
        let mut rows = Vec::new();
        for number in (0..5).map(InstanceNumber) {
            let stored = store.load(number).await.unwrap();
            rows.push((
                stored,
                store.history(number, 0..99).await.unwrap(),
                store.history(number, 7..8).await.unwrap(),
                store.inbox(number).await.unwrap(),
            ));
        }
        let mut ids = Vec::new();
        for id in 0..3 {
            ids.push(store.find(&InstanceId::unchecked(&id.to_string())).await.unwrap());
        }
        let timers = store.timers(None, all, 99).await.unwrap();
        (rows, ids, timers, store.active(None, 99).await.unwrap())
    };
    assert_eq!(of(one).await, of(two).await, "after step {step}");
}
