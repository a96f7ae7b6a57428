//! One suite for every store: each promise of the contract is a test, run for each store by name.

use std::sync::Arc;

use super::memory::MemoryStore;
use super::redb::RedbStore;
use super::{Chunk, Commit, Error, Lease, ModuleStore, Store, Stored, Target, Timer, Version};
use crate::workflow::id::{Digest, InstanceId, InstanceNumber, TaskNumber, Timestamp};

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
        summary: format!("summary of {instance}").into_bytes(),
        history: None,
        set_timers: Vec::new(),
        clear_timers: Vec::new(),
        consumed: Vec::new(),
        outbox: Vec::new(),
        active: false,
    }
}

fn new(instance: u64, text: &str) -> Commit {
    commit(instance, Target::New { id: id(text), replaces: None })
}

fn existing(instance: u64, version: u64) -> Commit {
    commit(instance, Target::Existing(Version(version)))
}

fn chunk(first: u64, bytes: &[u8]) -> Option<Chunk> {
    Some(Chunk { first, bytes: bytes.to_owned() })
}

impl<S: Store> Bench<S> {
    async fn commit(&self, commit: Commit) -> Result<(), Error> {
        self.store.commit(self.lease, commit).await
    }

    async fn version(&self, instance: u64) -> Option<u64> {
        self.store.load(number(instance)).await.unwrap().map(|stored| stored.version.0)
    }

    async fn messages(&self, instance: u64) -> Vec<Vec<u8>> {
        let inbox = self.store.inbox(number(instance)).await.unwrap();
        inbox.into_iter().map(|(_, message)| message).collect()
    }

    async fn firsts(&self, range: std::ops::Range<u64>) -> Vec<u64> {
        let chunks = self.store.history(number(1), range).await.unwrap();
        chunks.into_iter().map(|chunk| chunk.first).collect()
    }
}

async fn an_old_lease_is_refused<S: Store + ModuleStore>(bench: Bench<S>) {
    bench.commit(new(1, "one")).await.unwrap();
    let newer = bench.store.acquire().await.unwrap();
    assert!(newer > bench.lease);
    let fenced = Error::Fenced { held: bench.lease.fence, newest: newer.fence };
    let (store, old) = (&bench.store, bench.lease);
    assert_eq!(bench.commit(existing(1, 1)).await, Err(fenced.clone()));
    assert_eq!(store.purge(old, number(1), Version(1)).await, Err(fenced.clone()));
    assert_eq!(store.reserve(old, 1).await, Err(fenced.clone()));
    assert_eq!(store.save_module(old, "m", vec![1], None).await, Err(fenced.clone()));
    assert_eq!(store.delete_module(old, "m", Vec::new()).await, Err(fenced));
    store.commit(newer, existing(1, 1)).await.unwrap();
}

async fn numbers_are_never_reserved_twice<S: Store>(bench: Bench<S>) {
    let mut known = Vec::new();
    for count in [1, 10, 0, 1_000] {
        known.push(bench.store.reserve(bench.lease, count).await.unwrap());
    }
    for (range, count) in known.iter().zip([1, 10, 0, 1_000]) {
        assert_eq!(range.end - range.start, count);
    }
    assert!(known.windows(2).all(|pair| pair[0].end <= pair[1].start), "{known:?}");
}

async fn a_commit_holds_only_for_the_version_it_was_decided_on<S: Store>(bench: Bench<S>) {
    let conflict = |expected: Option<u64>, found: Option<u64>| {
        Err(Error::Conflict { expected: expected.map(Version), found: found.map(Version) })
    };
    assert_eq!(bench.commit(existing(1, 1)).await, conflict(Some(1), None));
    bench.commit(new(1, "one")).await.unwrap();
    assert_eq!(bench.version(1).await, Some(1));
    bench.commit(existing(1, 1)).await.unwrap();
    assert_eq!(bench.version(1).await, Some(2));
    assert_eq!(bench.commit(existing(1, 1)).await, conflict(Some(1), Some(2)));
    assert_eq!(bench.commit(existing(1, 3)).await, conflict(Some(3), Some(2)));
    assert_eq!(bench.commit(new(1, "another")).await, conflict(None, Some(2)));
    assert_eq!(bench.store.find(&id("another")).await.unwrap(), None);
}

async fn an_id_belongs_to_one_instance<S: Store>(bench: Bench<S>) {
    bench.commit(new(1, "one")).await.unwrap();
    assert_eq!(bench.commit(new(2, "one")).await, Err(Error::IdTaken(number(1))));
    assert_eq!(bench.store.find(&id("one")).await.unwrap(), Some(number(1)));
    assert_eq!(bench.store.find(&id("One")).await.unwrap(), None, "case matters");
    assert_eq!(bench.version(2).await, None);
}

async fn of_racing_creations_exactly_one_wins<S: Store>(bench: Bench<S>) {
    let racing = (0..32).map(|instance| bench.commit(new(instance, "one")));
    let outcomes = futures::future::join_all(racing).await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
    let winner = bench.store.find(&id("one")).await.unwrap().unwrap();
    assert_eq!(outcomes[winner.0 as usize], Ok(()));
    assert_eq!(bench.store.instances(None, 99).await.unwrap().len(), 1);
}

fn replacing(instance: u64, text: &str, replaced: u64, version: u64) -> Commit {
    let replaces = Some((number(replaced), Version(version)));
    commit(instance, Target::New { id: id(text), replaces })
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
}

async fn an_ended_instance_can_be_replaced<S: Store>(bench: Bench<S>) {
    furnish(&bench, 1, "one").await;
    let stale = bench.commit(replacing(2, "one", 1, 7)).await;
    assert!(matches!(stale, Err(Error::Conflict { .. })), "{stale:?}");
    assert_eq!(bench.version(1).await, Some(1));
    bench.commit(replacing(2, "one", 1, 1)).await.unwrap();
    nothing_of(&bench, 1).await;
    assert_eq!(bench.store.find(&id("one")).await.unwrap(), Some(number(2)));
    let again = bench.commit(replacing(3, "one", 1, 1)).await;
    assert_eq!(again, Err(Error::IdTaken(number(2))), "somebody else was faster");
    bench.store.purge(bench.lease, number(2), Version(1)).await.unwrap();
    let gone = bench.commit(replacing(3, "one", 2, 1)).await;
    assert!(matches!(gone, Err(Error::Conflict { .. })), "{gone:?}");
}

async fn purging_leaves_nothing<S: Store>(bench: Bench<S>) {
    furnish(&bench, 1, "one").await;
    furnish(&bench, 2, "two").await;
    let purge =
        |instance, version| bench.store.purge(bench.lease, number(instance), Version(version));
    assert!(matches!(purge(1, 2).await, Err(Error::Conflict { .. })));
    assert!(matches!(purge(9, 1).await, Err(Error::Conflict { .. })));
    purge(1, 1).await.unwrap();
    nothing_of(&bench, 1).await;
    assert_eq!(bench.store.find(&id("one")).await.unwrap(), None);
    assert!(matches!(purge(1, 1).await, Err(Error::Conflict { .. })));
    assert_eq!(bench.messages(2).await, [b"mail"]);
    assert_eq!(bench.store.timers(None, Timestamp::MAX, 99).await.unwrap().len(), 2);
    bench.commit(new(3, "one")).await.unwrap();
}

async fn an_inbox_is_in_order_and_never_uses_a_number_twice<S: Store>(bench: Bench<S>) {
    assert_eq!(bench.store.enqueue(number(1), vec![0]).await.unwrap(), None);
    bench.commit(new(1, "one")).await.unwrap();
    let mut numbers = Vec::new();
    for message in 1..=3 {
        numbers.push(bench.store.enqueue(number(1), vec![message]).await.unwrap().unwrap());
    }
    assert_eq!(bench.messages(1).await, [[1], [2], [3]]);
    let consumed = Commit { consumed: numbers.clone(), ..existing(1, 1) };
    bench.commit(consumed).await.unwrap();
    assert_eq!(bench.messages(1).await, [b""; 0]);
    numbers.push(bench.store.enqueue(number(1), Vec::new()).await.unwrap().unwrap());
    assert!(numbers.is_sorted_by(|one, other| one < other), "{numbers:?}");
}

async fn an_outbox_is_delivered_with_its_commit<S: Store>(bench: Bench<S>) {
    bench.commit(new(1, "one")).await.unwrap();
    bench.commit(new(2, "two")).await.unwrap();
    let outbox = vec![
        (number(2), vec![1]),
        (number(9), vec![2]),
        (number(2), vec![3]),
        (number(1), vec![4]),
    ];
    let refused = Commit { outbox: outbox.clone(), ..existing(1, 9) };
    assert!(bench.commit(refused).await.is_err());
    assert_eq!(bench.messages(2).await, [b""; 0]);
    bench.commit(Commit { outbox, ..existing(1, 1) }).await.unwrap();
    assert_eq!(bench.messages(2).await, [[1], [3]]);
    assert_eq!(bench.messages(1).await, [[4]], "to itself, too");
    assert_eq!(bench.messages(9).await, [b""; 0]);
}

async fn timers_come_in_order_and_in_pages<S: Store>(bench: Bench<S>) {
    let set_timers = vec![timer(20, 1, 1), timer(10, 1, 2), timer(10, 1, 1), timer(30, 1, 3)];
    bench.commit(Commit { set_timers: set_timers.clone(), ..new(1, "one") }).await.unwrap();
    bench.commit(Commit { set_timers: vec![timer(10, 2, 9)], ..new(2, "two") }).await.unwrap();
    let due = async |after, until, limit| {
        bench.store.timers(after, Timestamp(until), limit).await.unwrap()
    };
    let [a, b, c, d] = [timer(10, 1, 1), timer(10, 1, 2), timer(10, 2, 9), timer(20, 1, 1)];
    assert_eq!(due(None, 9, 99).await, []);
    assert_eq!(due(None, 10, 99).await, [a, b, c], "until is included");
    assert_eq!(due(None, 29, 2).await, [a, b]);
    assert_eq!(due(Some(b), 29, 2).await, [c, d]);
    assert_eq!(due(Some(d), 29, 2).await, []);
    assert_eq!(due(Some(timer(99, 9, 9)), 29, 2).await, []);
    // The same timer again is one timer; what is not there can be cleared; clearing wins.
    let change = Commit {
        set_timers: vec![a, timer(40, 1, 4)],
        clear_timers: vec![b, timer(77, 7, 7), timer(40, 1, 4)],
        ..existing(1, 1)
    };
    bench.commit(change).await.unwrap();
    assert_eq!(due(None, 99, 99).await, [a, c, d, timer(30, 1, 3)]);
}

async fn active_is_what_its_host_or_its_inbox_says<S: Store>(bench: Bench<S>) {
    for instance in 1..=4 {
        let active = instance % 2 == 0;
        bench.commit(Commit { active, ..new(instance, &instance.to_string()) }).await.unwrap();
    }
    let active = async |after: Option<u64>, limit| {
        let page = bench.store.active(after.map(number), limit).await.unwrap();
        page.into_iter().map(|number| number.0).collect::<Vec<_>>()
    };
    assert_eq!(active(None, 99).await, [2, 4]);
    let mail = bench.store.enqueue(number(1), vec![1]).await.unwrap().unwrap();
    bench.store.enqueue(number(4), vec![1]).await.unwrap().unwrap();
    assert_eq!(active(None, 2).await, [1, 2]);
    assert_eq!(active(Some(2), 2).await, [4]);
    bench.commit(existing(4, 1)).await.unwrap();
    assert_eq!(active(None, 99).await, [1, 2, 4], "it still has mail");
    bench.commit(Commit { consumed: vec![mail], ..existing(1, 1) }).await.unwrap();
    bench.commit(existing(2, 1)).await.unwrap();
    assert_eq!(active(None, 99).await, [4]);
}

async fn a_history_is_read_by_stretches<S: Store>(bench: Bench<S>) {
    bench.commit(Commit { history: chunk(0, b"abc"), ..new(1, "one") }).await.unwrap();
    bench.commit(Commit { history: chunk(3, b"d"), ..existing(1, 1) }).await.unwrap();
    bench.commit(Commit { history: chunk(4, b"ef"), ..existing(1, 2) }).await.unwrap();
    bench.commit(Commit { history: chunk(0, b"x"), ..new(2, "two") }).await.unwrap();
    assert_eq!(bench.firsts(0..u64::MAX).await, [0, 3, 4]);
    assert_eq!(bench.firsts(0..1).await, [0]);
    assert_eq!(bench.firsts(2..3).await, [0], "in the middle of a stretch");
    assert_eq!(bench.firsts(2..4).await, [0, 3]);
    assert_eq!(bench.firsts(5..6).await, [4]);
    assert_eq!(bench.firsts(5..5).await, [0; 0]);
    let whole = bench.store.history(number(1), 0..9).await.unwrap();
    assert_eq!(whole[2], chunk(4, b"ef").unwrap());
    for known in [0, 3, 4] {
        let refused = bench.commit(Commit { history: chunk(known, b"z"), ..existing(1, 3) }).await;
        assert!(matches!(refused, Err(Error::Damaged(_))), "{known}: {refused:?}");
    }
    assert_eq!(bench.version(1).await, Some(3), "a refused commit leaves no trace");
    assert!(bench.store.history(number(9), 0..9).await.unwrap().is_empty());
}

async fn instances_come_in_order_and_in_pages<S: Store>(bench: Bench<S>) {
    for instance in [3, 1, 2] {
        bench.commit(new(instance, &instance.to_string())).await.unwrap();
    }
    let page = bench.store.instances(None, 2).await.unwrap();
    assert_eq!(page[0], (number(1), b"summary of 1".to_vec()));
    assert_eq!(page[1].0, number(2));
    let rest = bench.store.instances(Some(number(2)), 2).await.unwrap();
    assert_eq!(rest, [(number(3), b"summary of 3".to_vec())]);
}

async fn a_refused_commit_leaves_the_others_of_its_batch_alone<S: Store>(bench: Bench<S>) {
    for instance in 0..50 {
        bench.commit(new(instance, &instance.to_string())).await.unwrap();
    }
    let commits = (0..50).map(|instance| {
        let bad = instance % 3 == 0;
        let history = chunk(0, b"turn");
        let set_timers = vec![timer(1, instance, 1)];
        bench.commit(Commit { history, set_timers, ..existing(instance, 1 + u64::from(bad)) })
    });
    let outcomes = futures::future::join_all(commits).await;
    for (instance, outcome) in (0_u64..).zip(outcomes) {
        let bad = instance % 3 == 0;
        assert_eq!(outcome.is_err(), bad, "{instance}");
        assert_eq!(bench.version(instance).await, Some(2 - u64::from(bad)));
        let history = bench.store.history(number(instance), 0..9).await.unwrap();
        assert_eq!(history.is_empty(), bad);
    }
    assert_eq!(bench.store.timers(None, Timestamp(9), 99).await.unwrap().len(), 33);
}

async fn values_may_be_anything<S: Store>(bench: Bench<S>) {
    let large = vec![0xff; 1 << 20];
    let texts = ["", "a|b", "a:b", "\0", "größe", "\u{1f9f6}", "a\nb", &"x".repeat(5_000)];
    for (instance, text) in (1..).zip(texts) {
        let (summary, history) = (large.clone(), chunk(0, b""));
        bench.commit(Commit { summary, history, ..new(instance, text) }).await.unwrap();
        bench.store.enqueue(number(instance), large.clone()).await.unwrap().unwrap();
        bench.commit(Commit { summary: Vec::new(), ..existing(instance, 1) }).await.unwrap();
    }
    for (instance, text) in (1..).zip(texts) {
        assert_eq!(bench.store.find(&id(text)).await.unwrap(), Some(number(instance)));
        let stored = bench.store.load(number(instance)).await.unwrap();
        assert_eq!(stored, Some(Stored { version: Version(2), summary: Vec::new() }));
        assert_eq!(bench.messages(instance).await, std::slice::from_ref(&large));
    }
}

async fn modules_are_kept_by_name_and_bytes_by_digest<S: Store + ModuleStore>(bench: Bench<S>) {
    let (store, lease) = (&bench.store, bench.lease);
    let binary = |byte: u8| Some((Digest([byte; 32]), bytes::Bytes::from(vec![byte; 3])));
    store.save_module(lease, "b", vec![1], binary(1)).await.unwrap();
    store.save_module(lease, "a", Vec::new(), binary(2)).await.unwrap();
    store.save_module(lease, "b", vec![2], None).await.unwrap();
    let modules = store.modules().await.unwrap();
    assert_eq!(modules, [("a".to_owned(), vec![]), ("b".to_owned(), vec![2])]);
    assert_eq!(store.binary(Digest([1; 32])).await.unwrap().unwrap(), vec![1; 3]);
    store.delete_module(lease, "b", vec![Digest([1; 32]), Digest([9; 32])]).await.unwrap();
    store.delete_module(lease, "nobody", Vec::new()).await.unwrap();
    assert_eq!(store.modules().await.unwrap().len(), 1);
    assert_eq!(store.binary(Digest([1; 32])).await.unwrap(), None);
    assert!(store.binary(Digest([2; 32])).await.unwrap().is_some());
}

macro_rules! for_every_store {
    ($($promise:ident)*) => {
        mod in_memory {
            $(#[tokio::test] async fn $promise() { super::$promise(super::memory().await).await; })*
        }
        mod in_redb {
            $(#[tokio::test] async fn $promise() { super::$promise(super::redb().await).await; })*
        }
    };
}

for_every_store! {
    an_old_lease_is_refused
    numbers_are_never_reserved_twice
    a_commit_holds_only_for_the_version_it_was_decided_on
    an_id_belongs_to_one_instance
    of_racing_creations_exactly_one_wins
    an_ended_instance_can_be_replaced
    purging_leaves_nothing
    an_inbox_is_in_order_and_never_uses_a_number_twice
    an_outbox_is_delivered_with_its_commit
    timers_come_in_order_and_in_pages
    active_is_what_its_host_or_its_inbox_says
    a_history_is_read_by_stretches
    instances_come_in_order_and_in_pages
    a_refused_commit_leaves_the_others_of_its_batch_alone
    values_may_be_anything
    modules_are_kept_by_name_and_bytes_by_digest
}
