//! Who is whose child.

use super::{Bench, commit, existing, identity, new, nothing_of, number};
use crate::store::{Birth, Commit, New, Store, Target, Version};

fn child(instance: u64, parent: u64, replaces: Option<(u64, u64)>) -> Commit {
    let replaces = replaces.map(|(replaced, version)| (number(replaced), Version(version)));
    let (text, parent) = (format!("child {}", instance % 10), Some(number(parent)));
    commit(instance, Target::New(New { replaces, parent, ..identity(instance, &text) }))
}

async fn children_come_in_order_and_in_pages<S: Store>(bench: Bench<S>) {
    bench.commit(new(1, "one")).await.unwrap();
    bench.commit(new(2, "two")).await.unwrap();
    for (instance, parent) in [(13, 1), (11, 1), (12, 2), (14, 1), (15, 14)] {
        bench.commit(child(instance, parent, None)).await.unwrap();
    }
    let page = async |parent, after: Option<u64>, limit| {
        let page = bench.store.children(number(parent), after.map(number), limit).await.unwrap();
        page.into_iter().map(|child| child.0).collect::<Vec<_>>()
    };
    assert_eq!(page(1, None, 99).await, [11, 13, 14]);
    assert_eq!(page(1, None, 2).await, [11, 13]);
    assert_eq!(page(1, Some(12), 2).await, [13, 14]);
    assert_eq!(page(1, Some(14), 2).await, [0; 0]);
    assert_eq!(page(1, Some(u64::MAX), 2).await, [0; 0]);
    assert_eq!(page(1, None, 0).await, [0; 0]);
    assert_eq!(page(2, None, 99).await, [12]);
    assert_eq!(page(14, None, 99).await, [15]);
    assert_eq!(page(99, None, 99).await, [0; 0]);
    bench.commit(existing(11, 1)).await.unwrap();
    assert_eq!(page(1, None, 1).await, [11], "a commit changes nothing about it");
}

async fn a_child_that_goes_is_no_longer_listed<S: Store>(bench: Bench<S>) {
    bench.commit(new(1, "one")).await.unwrap();
    bench.commit(new(2, "two")).await.unwrap();
    for instance in 11..=13 {
        bench.commit(child(instance, 1, None)).await.unwrap();
    }
    bench.purge(11, 1).await.unwrap();
    assert_eq!(bench.children(1).await, [12, 13]);
    bench.commit(child(22, 1, Some((12, 1)))).await.unwrap();
    assert_eq!(bench.children(1).await, [13, 22], "replaced under the same parent");
    bench.commit(child(23, 2, Some((13, 1)))).await.unwrap();
    assert_eq!(bench.children(1).await, [22]);
    assert_eq!(bench.children(2).await, [23], "replaced under another");
    bench.purge(22, 1).await.unwrap();
    bench.purge(23, 1).await.unwrap();
    assert_eq!(bench.children(1).await, [0; 0]);
    assert_eq!(bench.children(2).await, [0; 0]);
}

async fn children_outlive_their_parent<S: Store>(bench: Bench<S>) {
    bench.commit(new(1, "one")).await.unwrap();
    bench.commit(child(11, 1, None)).await.unwrap();
    bench.commit(child(12, 11, None)).await.unwrap();
    bench.purge(1, 1).await.unwrap();
    nothing_of(&bench, 1).await;
    assert_eq!(bench.version(11).await, Some(1));
    assert_eq!(bench.children(11).await, [12], "the children of the child are its own");
    bench.commit(existing(11, 1)).await.unwrap();
    bench.commit(child(21, 11, Some((11, 2)))).await.unwrap();
    assert_eq!(bench.children(11).await, [0; 0]);
    assert_eq!(bench.children(21).await, [0; 0], "its parent went with this very commit");
    bench.purge(12, 1).await.unwrap();
    bench.purge(21, 1).await.unwrap();
}

async fn a_parent_that_does_not_exist_is_as_none<S: Store>(bench: Bench<S>) {
    bench.commit(child(11, 1, None)).await.unwrap();
    bench.commit(child(12, 12, None)).await.unwrap();
    assert_eq!(bench.children(12).await, [0; 0], "not even the instance itself");
    bench.commit(new(1, "one")).await.unwrap();
    assert_eq!(bench.children(1).await, [0; 0]);
    // But an instance exists from its own commit on.
    let born = |instance, parent| {
        let parent = Some(number(parent));
        let born = super::birth(instance, &instance.to_string());
        Birth { new: New { parent, ..born.new.clone() }, ..born }
    };
    let births = vec![born(3, 2), born(4, 3)];
    bench.commit(Commit { births, ..new(2, "two") }).await.unwrap();
    assert_eq!(bench.children(2).await, [3]);
    assert_eq!(bench.children(3).await, [4]);
}

for_every_store! {
    children_come_in_order_and_in_pages
    a_child_that_goes_is_no_longer_listed
    children_outlive_their_parent
    a_parent_that_does_not_exist_is_as_none
}
