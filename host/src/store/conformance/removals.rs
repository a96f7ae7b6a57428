//! How instances go: purged, or replaced.

use super::{Bench, furnish, id, new, nothing_of, number, replacing};
use crate::store::{Error, Store};
use crate::workflow::id::Timestamp;

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
    bench.purge(2, 1).await.unwrap();
    let gone = bench.commit(replacing(3, "one", 2, 1)).await;
    assert!(matches!(gone, Err(Error::Conflict { .. })), "{gone:?}");
}

async fn purging_leaves_nothing<S: Store>(bench: Bench<S>) {
    furnish(&bench, 1, "one").await;
    furnish(&bench, 2, "two").await;
    assert!(matches!(bench.purge(1, 2).await, Err(Error::Conflict { .. })));
    assert!(matches!(bench.purge(9, 1).await, Err(Error::Conflict { .. })));
    bench.purge(1, 1).await.unwrap();
    nothing_of(&bench, 1).await;
    assert_eq!(bench.store.find(&id("one")).await.unwrap(), None);
    assert!(matches!(bench.purge(1, 1).await, Err(Error::Conflict { .. })));
    assert_eq!(bench.messages(2).await, [b"mail"]);
    assert_eq!(bench.store.timers(None, Timestamp::MAX, 99).await.unwrap().len(), 2);
    bench.commit(new(3, "one")).await.unwrap();
}

for_every_store! {
    an_ended_instance_can_be_replaced
    purging_leaves_nothing
}
