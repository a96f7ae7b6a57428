//! Labels, and listings by label and by ID.

use std::ops::Range;
use std::sync::Arc;

use super::{Bench, birth, existing, id, identity, new, number, replacing};
use crate::store::{
    Birth, Commit, LabelFilter, Listed, New, Place, Store, Target, Version, one_of,
};
use crate::workflow::id::Timestamp;

fn label(text: &str) -> Vec<u8> {
    text.as_bytes().to_vec()
}

/// A new instance with a label, created at some time.
fn labelled(instance: u64, text: &str, created_at: u64) -> Commit {
    let created_at = Timestamp(created_at);
    let target = Target::New(New { created_at, ..identity(instance, &instance.to_string()) });
    Commit { target, label: label(text), ..new(instance, "") }
}

fn relabelled(instance: u64, version: u64, text: &str) -> Commit {
    Commit { label: label(text), ..existing(instance, version) }
}

fn place(created_at: u64, instance: u64) -> Place {
    Place { created_at: Timestamp(created_at), instance: number(instance) }
}

const ALWAYS: Range<u64> = 0..u64::MAX;

impl<S: Store> Bench<S> {
    async fn page(
        &self,
        labels: &[&str],
        created: Range<u64>,
        after: Option<Place>,
        limit: usize,
    ) -> Vec<u64> {
        let labels = one_of(labels.iter().map(|text| label(text)));
        let created = Timestamp(created.start)..Timestamp(created.end);
        let page = self.store.list(&labels, created, after, limit).await.unwrap();
        page.into_iter().map(|listed| listed.place.instance.0).collect()
    }

    async fn counts(&self, expected: &[(&str, u64)]) {
        let expected: Vec<_> =
            expected.iter().map(|&(text, count)| (text.to_owned(), count)).collect();
        assert_eq!(self.labels().await, expected);
    }
}

async fn labels_are_counted<S: Store>(bench: Bench<S>) {
    bench.counts(&[]).await;
    for (instance, text) in [(1, "b"), (2, "a"), (3, "b"), (4, ""), (5, "aa")] {
        bench.commit(labelled(instance, text, instance)).await.unwrap();
    }
    bench.counts(&[("", 1), ("a", 1), ("aa", 1), ("b", 2)]).await;
    bench.commit(relabelled(1, 1, "b")).await.unwrap();
    bench.counts(&[("", 1), ("a", 1), ("aa", 1), ("b", 2)]).await;
    assert!(bench.commit(relabelled(1, 1, "c")).await.is_err());
    bench.commit(relabelled(1, 2, "c")).await.unwrap();
    bench.commit(relabelled(2, 1, "c")).await.unwrap();
    bench.counts(&[("", 1), ("aa", 1), ("b", 1), ("c", 2)]).await;
    bench.purge(4, 1).await.unwrap();
    bench.counts(&[("aa", 1), ("b", 1), ("c", 2)]).await;
    bench.commit(Commit { label: label("d"), ..replacing(6, "5", 5, 1) }).await.unwrap();
    bench.commit(Commit { label: label("c"), ..replacing(7, "3", 3, 1) }).await.unwrap();
    bench.counts(&[("c", 3), ("d", 1)]).await;
    bench.commit(Commit { label: label("c"), ..replacing(8, "3", 7, 1) }).await.unwrap();
    bench.counts(&[("c", 3), ("d", 1)]).await;
    // A label that nobody had may come back, and another may take the place of one that has gone.
    bench.commit(relabelled(6, 1, "a")).await.unwrap();
    bench.commit(relabelled(6, 2, "d")).await.unwrap();
    bench.commit(relabelled(6, 3, "e")).await.unwrap();
    bench.counts(&[("c", 3), ("e", 1)]).await;
    for (instance, version) in [(1, 3), (2, 2), (8, 1), (6, 4)] {
        bench.purge(instance, version).await.unwrap();
    }
    bench.counts(&[]).await;
}

async fn labels_are_counted_in_one_batch<S: Store>(bench: Bench<S>) {
    let labels = ["a", "b", "c", "d"];
    let at = |instance: u64, round: u64| labels[((instance + round) % 4) as usize];
    let created = (0..40).map(|instance| {
        let births = vec![Birth {
            label: label(at(instance, 1)),
            ..birth(100 + instance, &(100 + instance).to_string())
        }];
        bench.commit(Commit { births, ..labelled(instance, at(instance, 0), 7) })
    });
    for outcome in futures::future::join_all(created).await {
        outcome.unwrap();
    }
    bench.counts(&[("a", 20), ("b", 20), ("c", 20), ("d", 20)]).await;
    let changed = (0..40).map(async |instance| match instance % 4 {
        0 => bench.purge(instance, 1).await,
        _ => bench.commit(relabelled(instance, 1, "e")).await.map(|_| ()),
    });
    for outcome in futures::future::join_all(changed).await {
        outcome.unwrap();
    }
    bench.counts(&[("a", 10), ("b", 10), ("c", 10), ("d", 10), ("e", 30)]).await;
    let listed = bench.page(&["e"], ALWAYS, None, 99).await;
    assert_eq!(listed, (0..40).filter(|instance| instance % 4 != 0).collect::<Vec<_>>());
}

async fn a_listing_is_in_order_of_creation<S: Store>(bench: Bench<S>) {
    for (instance, text, created_at) in
        [(1, "a", 50), (2, "a", 20), (3, "b", 20), (4, "b", 60), (5, "c", 10), (6, "a", 20)]
    {
        bench.commit(labelled(instance, text, created_at)).await.unwrap();
    }
    assert_eq!(bench.page(&["a"], ALWAYS, None, 99).await, [2, 6, 1]);
    assert_eq!(bench.page(&["a", "b"], ALWAYS, None, 99).await, [2, 3, 6, 1, 4]);
    assert_eq!(bench.page(&["b", "a", "b"], ALWAYS, None, 3).await, [2, 3, 6], "each once");
    assert_eq!(bench.page(&["a", "b"], ALWAYS, None, 0).await, [0; 0]);
    assert_eq!(bench.page(&["nobody"], ALWAYS, None, 99).await, [0; 0]);
    assert_eq!(bench.page(&[], ALWAYS, None, 99).await, [0; 0]);
    let all = ["c", "b", "a", "nobody"];
    assert_eq!(bench.page(&all, ALWAYS, None, usize::MAX).await, [5, 2, 3, 6, 1, 4]);
    // What is created within: from the start on, up to but not including the end.
    assert_eq!(bench.page(&all, 20..50, None, 99).await, [2, 3, 6]);
    assert_eq!(bench.page(&all, 20..51, None, 99).await, [2, 3, 6, 1]);
    assert_eq!(bench.page(&all, 21..60, None, 99).await, [1]);
    assert_eq!(bench.page(&all, 20..20, None, 99).await, [0; 0]);
    #[expect(clippy::reversed_empty_ranges, reason = "a client may ask for it")]
    let nothing = bench.page(&all, 50..20, None, 99).await;
    assert_eq!(nothing, [0; 0]);
    // After a place, whoever is there.
    assert_eq!(bench.page(&all, ALWAYS, Some(place(20, 2)), 99).await, [3, 6, 1, 4]);
    assert_eq!(bench.page(&all, ALWAYS, Some(place(20, 5)), 2).await, [6, 1]);
    assert_eq!(bench.page(&all, ALWAYS, Some(place(20, u64::MAX)), 2).await, [1, 4]);
    assert_eq!(bench.page(&["b"], ALWAYS, Some(place(20, 2)), 2).await, [3, 4]);
    assert_eq!(bench.page(&all, 20..60, Some(place(1, 1)), 1).await, [2], "before the range");
    assert_eq!(bench.page(&all, 20..60, Some(place(20, 0)), 1).await, [2]);
    assert_eq!(bench.page(&all, 20..60, Some(place(60, 0)), 1).await, [0; 0]);
    assert_eq!(bench.page(&all, 20..60, Some(place(u64::MAX, u64::MAX)), 1).await, [0; 0]);
}

async fn what_is_listed_is_what_is_stored<S: Store>(bench: Bench<S>) {
    bench.commit(labelled(1, "a", 50)).await.unwrap();
    bench.commit(Commit { summary: vec![7], ..relabelled(1, 1, "b") }).await.unwrap();
    let listed = Listed { place: place(50, 1), version: Version(2), summary: vec![7] };
    let always = Timestamp(0)..Timestamp::MAX;
    let by_label = bench.store.list(&one_of([label("b")]), always, None, 9).await.unwrap();
    assert_eq!(by_label, std::slice::from_ref(&listed));
    let by_id = bench.store.list_by_id("", None, 9).await.unwrap();
    assert_eq!(by_id, [(id("1"), listed)]);
    assert_eq!(bench.page(&["a"], ALWAYS, None, 99).await, [0; 0]);
}

async fn pages_have_no_gaps_and_no_doubles_while_instances_change<S: Store>(bench: Bench<S>) {
    for instance in 0..60 {
        let text = ["a", "b", "c"][(instance % 3) as usize];
        bench.commit(labelled(instance, text, instance / 5)).await.unwrap();
    }
    let (mut seen, mut after) = (Vec::<Place>::new(), None);
    for round in 0.. {
        let always = Timestamp(0)..Timestamp::MAX;
        let labels = one_of([label("a"), label("b")]);
        let page = bench.store.list(&labels, always, after, 7).await.unwrap();
        let Some(last) = page.last() else { break };
        after = Some(last.place);
        seen.extend(page.iter().map(|listed| listed.place));
        if round < 3 {
            // One to come, one to go, one that changes between the labels, one out of them; of
            // those already seen and of those yet to be.
            bench.commit(labelled(100 + round, "a", 50)).await.unwrap();
            bench.purge(58 - 3 * round, 1).await.unwrap();
            bench.purge(3 * round, 1).await.unwrap();
            bench.commit(relabelled(3 * round + 1, 1, "a")).await.unwrap();
            bench.commit(relabelled(57 - 3 * round, 1, "b")).await.unwrap();
            bench.commit(relabelled(45 - 3 * round, 1, "c")).await.unwrap();
        }
    }
    assert!(seen.is_sorted_by(|one, other| one < other), "{seen:?}");
    let seen: Vec<u64> = seen.into_iter().map(|place| place.instance.0).collect();
    let gone = [58, 55, 52, 45, 42, 39];
    let stayed = (0..60).filter(|instance| instance % 3 != 2 && !gone.contains(instance));
    assert_eq!(seen, stayed.chain(100..103).collect::<Vec<_>>());
}

/// Which labels are wanted is asked as the page is read, not before: the last one to be listed has
/// just moved to a label that there was not when the first was.
async fn a_label_that_is_new_between_pages_is_listed<S: Store>(bench: Bench<S>) {
    bench.commit(labelled(1, "a", 1)).await.unwrap();
    bench.commit(labelled(2, "a", 2)).await.unwrap();
    let (any, always): (LabelFilter, _) = (Arc::new(|_| true), Timestamp(0)..Timestamp::MAX);
    let first = bench.store.list(&any, always.clone(), None, 1).await.unwrap();
    assert_eq!(first[0].place, place(1, 1));
    bench.commit(relabelled(2, 1, "new")).await.unwrap();
    let second = bench.store.list(&any, always, Some(first[0].place), 1).await.unwrap();
    assert_eq!(second.len(), 1);
    assert_eq!(second[0].place, place(2, 2));
}

async fn a_listing_by_id_takes_a_prefix<S: Store>(bench: Bench<S>) {
    let mut ids = [
        "hello_workflow",
        "hello_",
        "_hello",
        "hello",
        "helloXworkflow",
        "hello%",
        "%",
        "Hello_workflow",
        "gr",
        "größe",
        "größer",
        "grós",
        "日本",
        "日本語",
        "a\u{10ffff}",
        "a\u{10ffff}\u{10ffff}",
        "a\u{10ffff}b",
        "b",
        "\u{10ffff}",
        "\u{10ffff}z",
        "\u{7f}",
        "\u{80}",
        "\u{ff}\u{ff}",
    ];
    for (instance, text) in (1..).zip(ids) {
        bench.commit(new(instance, text)).await.unwrap();
    }
    ids.sort_by_key(|text| text.as_bytes());
    let page = async |prefix: &str, after: Option<&str>, limit| {
        let page = bench.store.list_by_id(prefix, after.map(id).as_ref(), limit).await.unwrap();
        page.into_iter().map(|(id, _)| id.to_string()).collect::<Vec<_>>()
    };
    let prefixes = ["", "hello_", "_", "%", "h", "hello_workflow_", "größ", "gr", "日", "z"];
    let boundaries = ["a\u{10ffff}", "\u{10ffff}", "\u{10ffff}\u{10ffff}", "\u{ff}", "\u{7f}"];
    for prefix in prefixes.into_iter().chain(boundaries) {
        for after in [None, Some(""), Some("hello"), Some("hello_x"), Some("\u{10ffff}\u{10ffff}")]
            .into_iter()
            .chain(ids.into_iter().map(Some))
        {
            for limit in [0, 1, 3, 99] {
                let expected = ids
                    .into_iter()
                    .filter(|text| text.as_bytes().starts_with(prefix.as_bytes()))
                    .filter(|text| after.is_none_or(|after| text.as_bytes() > after.as_bytes()))
                    .take(limit)
                    .collect::<Vec<_>>();
                let found = page(prefix, after, limit).await;
                assert_eq!(found, expected, "{prefix:?} after {after:?}, {limit}");
            }
        }
    }
    bench.purge(1, 1).await.unwrap();
    assert_eq!(page("hello_", None, 9).await, ["hello_"]);
}

for_every_store! {
    labels_are_counted
    labels_are_counted_in_one_batch
    a_listing_is_in_order_of_creation
    what_is_listed_is_what_is_stored
    pages_have_no_gaps_and_no_doubles_while_instances_change
    a_label_that_is_new_between_pages_is_listed
    a_listing_by_id_takes_a_prefix
}
