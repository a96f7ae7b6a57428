//! How messages get to instances, and which instances are to be taken up.

use super::{Bench, existing, id, new, number, woken};
use crate::store::{Commit, Receiver, Store};

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
        (Receiver::Number(number(2)), vec![1]),
        (Receiver::Number(number(9)), vec![2]),
        (Receiver::Number(number(2)), vec![3]),
        (Receiver::Number(number(1)), vec![4]),
    ];
    let refused = Commit { outbox: outbox.clone(), ..existing(1, 9) };
    assert!(bench.commit(refused).await.is_err());
    assert_eq!(bench.messages(2).await, [b""; 0]);
    let committed = bench.commit(Commit { outbox, ..existing(1, 1) }).await;
    assert_eq!(committed, woken(&[1, 2]), "each once, and none that is not there");
    assert_eq!(bench.messages(2).await, [[1], [3]]);
    assert_eq!(bench.messages(1).await, [[4]], "to itself, too");
    assert_eq!(bench.messages(9).await, [b""; 0]);
}

async fn a_message_finds_its_receiver_by_id<S: Store>(bench: Bench<S>) {
    bench.commit(new(1, "one")).await.unwrap();
    bench.commit(new(2, "two")).await.unwrap();
    let to = |text| Receiver::Id(id(text));
    let outbox = vec![(to("two"), vec![1]), (to("Two"), vec![2]), (to("one"), vec![3])];
    let committed = bench.commit(Commit { outbox, ..existing(1, 1) }).await;
    assert_eq!(committed, woken(&[1, 2]));
    assert_eq!(bench.messages(2).await, [[1]]);
    assert_eq!(bench.messages(1).await, [[3]]);
    bench.purge(2, 1).await.unwrap();
    let outbox = vec![(to("two"), vec![4])];
    let committed = bench.commit(Commit { outbox: outbox.clone(), ..existing(1, 2) }).await;
    assert_eq!(committed, woken(&[]), "to nobody");
    bench.commit(new(3, "two")).await.unwrap();
    assert_eq!(bench.messages(3).await, [b""; 0], "it came later");
    let committed = bench.commit(Commit { outbox, ..existing(1, 3) }).await;
    assert_eq!(committed, woken(&[3]), "whoever has the ID now");
    // A new instance has its ID from its own commit on.
    let outbox = vec![(to("four"), vec![5])];
    assert_eq!(bench.commit(Commit { outbox, ..new(4, "four") }).await, woken(&[4]));
    assert_eq!(bench.messages(4).await, [[5]]);
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

for_every_store! {
    an_inbox_is_in_order_and_never_uses_a_number_twice
    an_outbox_is_delivered_with_its_commit
    a_message_finds_its_receiver_by_id
    active_is_what_its_host_or_its_inbox_says
}
