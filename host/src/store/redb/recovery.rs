//! What is there again when the files are opened after their host was stopped in the middle: they are put
//! together as they may be at such a moment.

use std::fs;
use std::path::PathBuf;

use super::tests::new;
use super::{OpenError, RedbStore};
use crate::store::{Lease, Store};

/// So that no journal is ever full.
const ENDLESS: u64 = u64::MAX;
/// So that each batch has a journal of its own.
const ONE_BATCH: u64 = 1;

/// A directory for the files of a store.
struct Files(tempfile::TempDir);

impl Files {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("store")
    }

    fn journal(&self, number: usize) -> PathBuf {
        super::disk::journal_path(&self.path(), number)
    }

    fn open(&self, journal_bytes: u64) -> RedbStore {
        RedbStore::open_with(&self.path(), journal_bytes).unwrap()
    }

    fn refuse(&self) -> OpenError {
        RedbStore::open(&self.path()).err().unwrap()
    }

    fn journals(&self) -> [Vec<u8>; 2] {
        [0, 1].map(|number| fs::read(self.journal(number)).unwrap())
    }

    /// Returns the files as they are. Nothing may be settling.
    fn copy(&self) -> Self {
        let copy = Self::new();
        for file in fs::read_dir(self.0.path()).unwrap() {
            let file = file.unwrap();
            fs::copy(file.path(), copy.0.path().join(file.file_name())).unwrap();
        }
        copy
    }
}

/// Returns the numbers of the instances that are there.
async fn numbers(store: &RedbStore) -> Vec<u64> {
    let instances = store.instances(None, 99).await.unwrap();
    instances.into_iter().map(|(number, _)| number.0).collect()
}

async fn create(store: &RedbStore, lease: Lease, number: u64) {
    store.commit(lease, new(number, &number.to_string())).await.unwrap();
}

/// Whatever was found, the store goes on, and what is written then is there again as well.
async fn goes_on(files: &Files, expected: &[u64]) {
    let store = files.open(ENDLESS);
    assert_eq!(numbers(&store).await, expected);
    let lease = store.acquire().await.unwrap();
    create(&store, lease, 90).await;
    let crashed = files.copy();
    let expected = [expected, &[90]].concat();
    assert_eq!(numbers(&crashed.open(ENDLESS)).await, expected);
    drop(store);
    assert_eq!(numbers(&files.open(ENDLESS)).await, expected);
}

#[tokio::test]
async fn what_only_the_journal_has_is_there_again() {
    let files = Files::new();
    let store = files.open(ENDLESS);
    let lease = store.acquire().await.unwrap();
    for number in 0..5 {
        create(&store, lease, number).await;
        goes_on(&files.copy(), &(0..=number).collect::<Vec<_>>()).await;
    }
}

#[tokio::test]
async fn of_an_interrupted_write_nothing_is_there() {
    let files = Files::new();
    let store = files.open(ENDLESS);
    let lease = store.acquire().await.unwrap();
    create(&store, lease, 1).await;
    let before = fs::read(files.journal(1)).unwrap();
    create(&store, lease, 2).await;
    let after = fs::read(files.journal(1)).unwrap();
    let changed: Vec<_> = (0..after.len()).filter(|&at| before[at] != after[at]).collect();
    let (first, last) = (changed[0], changed[changed.len() - 1]);
    for end in (first..=last).step_by(61) {
        let crashed = files.copy();
        let bytes = [&after[..end], &before[end..]].concat();
        fs::write(crashed.journal(1), bytes).unwrap();
        goes_on(&crashed, &[1]).await;
    }
    goes_on(&files.copy(), &[1, 2]).await;
}

/// Returns the files of a store that was stopped with instance 1 in one journal and 2 in the other, before
/// either was settled; and the journal that is the earlier one.
async fn unsettled() -> (Files, usize) {
    let files = Files::new();
    let store = files.open(ENDLESS);
    let lease = store.acquire().await.unwrap();
    drop(store);
    let store = files.open(ONE_BATCH);
    let (tree, earlier) = (fs::read(files.path()).unwrap(), files.journals());
    create(&store, lease, 1).await;
    let is_changed = |number: &usize| files.journals()[*number] != earlier[*number];
    let earlier = (0..2).find(is_changed).unwrap();
    create(&store, lease, 2).await;
    drop(store);
    // Settling changes nothing but the tree.
    fs::write(files.path(), tree).unwrap();
    (files, earlier)
}

#[tokio::test]
async fn two_journals_are_settled_one_after_the_other() {
    let (files, _) = unsettled().await;
    goes_on(&files, &[1, 2]).await;
}

#[tokio::test]
async fn a_journal_that_is_missing_or_cut_is_noticed_and_nothing_is_touched() {
    let (files, earlier) = unsettled().await;
    let path = files.journal(earlier);
    let whole = fs::read(&path).unwrap();
    for damage in [&[][..], &whole[..80]] {
        fs::write(&path, damage).unwrap();
        let refused = files.refuse();
        assert!(refused.to_string().contains("do not belong together"), "{refused}");
    }
    fs::write(&path, whole).unwrap();
    goes_on(&files, &[1, 2]).await;
}

#[tokio::test]
async fn a_damaged_record_is_noticed_and_nothing_is_touched() {
    let files = Files::new();
    let store = files.open(ENDLESS);
    let lease = store.acquire().await.unwrap();
    create(&store, lease, 1).await;
    let crashed = files.copy();
    let mut bytes = fs::read(crashed.journal(1)).unwrap();
    bytes[70] ^= 1;
    fs::write(crashed.journal(1), &bytes).unwrap();
    let refused = crashed.refuse();
    assert!(refused.to_string().contains("a record in it is damaged"), "{refused}");
    bytes[70] ^= 1;
    fs::write(crashed.journal(1), &bytes).unwrap();
    goes_on(&crashed, &[1]).await;
}

#[tokio::test]
async fn journals_that_are_left_of_another_store_are_not_looked_at() {
    let files = Files::new();
    let store = files.open(ENDLESS);
    let lease = store.acquire().await.unwrap();
    create(&store, lease, 1).await;
    let crashed = files.copy();
    fs::remove_file(crashed.path()).unwrap();
    goes_on(&crashed, &[]).await;
}
