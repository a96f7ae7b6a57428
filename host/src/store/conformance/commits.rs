//! What holds for every commit: the lease, the version, the ID, and those beside it in a batch.

use super::{Bench, chunk, existing, id, new, number, timer};
use crate::store::{Commit, Committed, DocumentStore, Error, ModuleStore, Store, Stored, Version};
use crate::workflow::id::Timestamp;

async fn an_old_lease_is_refused<S: Store + ModuleStore + DocumentStore>(bench: Bench<S>) {
    bench.commit(new(1, "one")).await.unwrap();
    let newer = bench.store.acquire().await.unwrap();
    assert!(newer > bench.lease);
    let fenced = Error::Fenced { held: bench.lease.fence, newest: newer.fence };
    let (store, old) = (&bench.store, bench.lease);
    assert_eq!(bench.commit(existing(1, 1)).await, Err(fenced.clone()));
    assert_eq!(store.purge(old, number(1), Version(1)).await, Err(fenced.clone()));
    assert_eq!(store.reserve(old, 1).await, Err(fenced.clone()));
    assert_eq!(store.save_module(old, "m", vec![1], None).await, Err(fenced.clone()));
    assert_eq!(store.delete_module(old, "m", Vec::new()).await, Err(fenced.clone()));
    assert_eq!(store.save_document(old, "k", "n", vec![1]).await, Err(fenced.clone()));
    assert_eq!(store.delete_document(old, "k", "n").await, Err(fenced));
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
    assert_eq!(outcomes[winner.0 as usize], Ok(Committed::default()));
    assert_eq!(bench.store.instances(None, 99).await.unwrap().len(), 1);
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
        let label = text.as_bytes().to_vec();
        let (summary, history) = (large.clone(), chunk(0, b""));
        bench.commit(Commit { label, summary, history, ..new(instance, text) }).await.unwrap();
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

for_every_store! {
    an_old_lease_is_refused
    numbers_are_never_reserved_twice
    a_commit_holds_only_for_the_version_it_was_decided_on
    an_id_belongs_to_one_instance
    of_racing_creations_exactly_one_wins
    instances_come_in_order_and_in_pages
    a_refused_commit_leaves_the_others_of_its_batch_alone
    values_may_be_anything
}
