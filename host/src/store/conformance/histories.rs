//! Histories and timers.

use super::{Bench, chunk, existing, new, number, timer};
use crate::store::{Commit, Error, Store};
use crate::workflow::id::Timestamp;

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

async fn a_history_can_begin_anew<S: Store>(bench: Bench<S>) {
    let set_timers = vec![timer(10, 1, 1)];
    let first = Commit { history: chunk(0, b"abcd"), set_timers, ..new(1, "one") };
    bench.commit(first).await.unwrap();
    bench.commit(Commit { history: chunk(4, b"ef"), ..existing(1, 1) }).await.unwrap();
    bench.commit(Commit { history: chunk(0, b"x"), ..new(2, "two") }).await.unwrap();
    let anew = |history, version| Commit { history_anew: true, history, ..existing(1, version) };
    assert!(bench.commit(anew(chunk(0, b"A"), 1)).await.is_err());
    assert_eq!(bench.firsts(0..99).await, [0, 4], "a refused commit leaves no trace");
    bench.commit(anew(chunk(0, b"A"), 2)).await.unwrap();
    let history = bench.store.history(number(1), 0..99).await.unwrap();
    assert_eq!(history, [chunk(0, b"A").unwrap()]);
    assert_eq!(bench.store.timers(None, Timestamp::MAX, 9).await.unwrap(), [timer(10, 1, 1)]);
    assert_eq!(bench.store.history(number(2), 0..99).await.unwrap().len(), 1);
    // From here on, the index is above all that are there now.
    let refused = bench.commit(Commit { history: chunk(0, b"B"), ..existing(1, 3) }).await;
    assert!(matches!(refused, Err(Error::Damaged(_))), "{refused:?}");
    bench.commit(Commit { history: chunk(1, b"B"), ..existing(1, 3) }).await.unwrap();
    assert_eq!(bench.firsts(0..99).await, [0, 1]);
    bench.commit(anew(None, 4)).await.unwrap();
    assert_eq!(bench.firsts(0..99).await, [0; 0]);
    bench.commit(Commit { history: chunk(0, b"C"), ..existing(1, 5) }).await.unwrap();
    assert_eq!(bench.firsts(0..99).await, [0]);
}

for_every_store! {
    timers_come_in_order_and_in_pages
    a_history_is_read_by_stretches
    a_history_can_begin_anew
}
