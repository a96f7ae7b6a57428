use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use super::*;
use crate::scheduler::filter::ALWAYS;
use crate::store::memory::MemoryStore;
use crate::store::{Commit, Lease, New, Target};
use crate::workflow::event::{Event, Recorded, RunStarted};
use crate::workflow::fixtures::run_started;
use crate::workflow::id::{InstanceId, InstanceNumber, Timestamp};
use crate::workflow::state::{Phase, State};
use crate::workflow::summary::Status;

/// An instance that was created and last updated at these times.
fn instance(number: u64, created_at: u64, updated_at: u64, workflow: &str) -> Summary {
    let start = RunStarted {
        instance: InstanceId::unchecked(&format!("id-{}", number.wrapping_mul(7919) % 100_003)),
        workflow: workflow.to_owned(),
        created_at: Timestamp(created_at),
        ..run_started()
    };
    let mut state = State::default();
    let event = Event::RunStarted(start);
    state.apply(&Recorded { time: Timestamp(updated_at), event }).unwrap();
    let mut summary = Summary::of(&state, number.is_multiple_of(2), 0, None).unwrap();
    if number.is_multiple_of(3) {
        summary.phase = Phase::Completed;
    }
    summary
}

async fn put(store: &MemoryStore, lease: Lease, number: u64, summary: &Summary) {
    let (id, created_at) = (summary.instance.clone(), summary.created_at);
    let commit = Commit {
        instance: InstanceNumber(number),
        target: Target::New(New { id, replaces: None, created_at, parent: None }),
        label: codec::encode_label(&summary.label()),
        summary: codec::encode_summary(summary),
        history_anew: false,
        history: None,
        set_timers: Vec::new(),
        clear_timers: Vec::new(),
        consumed: Vec::new(),
        births: Vec::new(),
        outbox: Vec::new(),
        active: false,
    };
    store.commit(lease, commit).await.unwrap();
}

async fn pages(store: &MemoryStore, filter: &Filter, limit: usize) -> Vec<Vec<InstanceId>> {
    let (mut after, mut pages) = (None, Vec::new());
    loop {
        let page = list(store, filter, after, limit).await.unwrap();
        assert!(page.instances.len() <= limit);
        pages.push(page.instances.into_iter().map(|summary| summary.instance).collect());
        after = page.next;
        if after.is_none() {
            return pages;
        }
    }
}

#[tokio::test]
async fn a_page_looks_at_so_many_rows_and_no_more() {
    let store = MemoryStore::default();
    let lease = store.acquire().await.unwrap();
    let count = 2 * ROWS_MAX as u64 + 1;
    let number = store.reserve(lease, count).await.unwrap();
    for number in number.clone() {
        put(&store, lease, number, &instance(number, number, number, "Order")).await;
    }
    let last = instance(number.end - 1, number.end - 1, number.end - 1, "Order");
    let updated = last.updated_at..ALWAYS.end;
    for id_prefix in [None, Some("id-".to_owned())] {
        let is_by_id = id_prefix.is_some();
        let filter = Filter { updated: updated.clone(), id_prefix, ..Filter::default() };
        let pages = pages(&store, &filter, 10).await;
        assert_eq!(pages.len(), 3, "a request for each part");
        assert_eq!(pages.concat(), vec![last.instance.clone()]);
        assert!(is_by_id || pages[2].len() == 1, "in order of creation it is the last");
    }
}

#[tokio::test]
async fn whatever_the_filter_and_the_limit_pages_hold_what_matches_in_order() {
    let seed = std::env::var("REWEFT_TEST_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed: u64 = seed.unwrap_or_else(|| u64::from(std::process::id()));
    println!("REWEFT_TEST_SEED={seed}");
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut up_to = |most: u64| random.next_u64() % most;
    let store = MemoryStore::default();
    let lease = store.acquire().await.unwrap();
    let mut all = Vec::new();
    for number in store.reserve(lease, 300).await.unwrap() {
        let created_at = up_to(20);
        let workflow = ["Order", "Ship", "Pay"][up_to(3) as usize];
        let summary = instance(number, created_at, created_at + up_to(20), workflow);
        put(&store, lease, number, &summary).await;
        all.push((number, summary));
    }
    for _ in 0..500 {
        let mut span = || Timestamp(up_to(20))..Timestamp(up_to(60));
        let (created, updated) = (span(), span());
        let filter = Filter {
            workflows: ["Order", "Ship"][..up_to(3) as usize]
                .iter()
                .map(ToString::to_string)
                .collect(),
            statuses: [Status::Running, Status::Completed][..up_to(3) as usize].to_vec(),
            id_prefix: (up_to(2) == 0).then(|| format!("id-{}", up_to(10))),
            created: if up_to(2) == 0 { ALWAYS } else { created },
            updated: if up_to(2) == 0 { ALWAYS } else { updated },
            module: (up_to(8) == 0).then(|| "another".to_owned()),
            ..Filter::default()
        };
        let mut expected: Vec<_> = all.iter().filter(|(_, it)| filter.takes(it)).collect();
        match filter.id_prefix {
            Some(_) => expected.sort_by(|one, other| one.1.instance.cmp(&other.1.instance)),
            None => expected.sort_by_key(|(number, it)| (it.created_at, *number)),
        }
        let expected: Vec<_> = expected.into_iter().map(|(_, it)| it.instance.clone()).collect();
        let limit = 1 + up_to(40) as usize;
        assert_eq!(pages(&store, &filter, limit).await.concat(), expected, "{filter:?}");
    }
}
