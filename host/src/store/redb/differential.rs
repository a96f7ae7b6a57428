//! Random changes to few instances, so that they often conflict: the file and the reference say the
//! same, whatever they are asked.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use super::RedbStore;
use crate::store::memory::MemoryStore;
use crate::store::{
    Birth, Chunk, Commit, DocumentStore, Lease, New, Place, Receiver, Store, Target, Timer,
    Version, one_of,
};
use crate::workflow::id::{InstanceId, InstanceNumber, TaskNumber, Timestamp};

/// How many numbers and IDs instances have to share.
const INSTANCES: u64 = 12;
const IDS: [&str; 7] = ["", "a", "ab", "abc", "a_", "b", "ba"];

fn random_seed() -> u64 {
    let given = std::env::var("REWEFT_TEST_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed = given.unwrap_or_else(|| u64::from(std::process::id()));
    println!("REWEFT_TEST_SEED={seed}");
    seed
}

/// What the reference holds, so that the changes hit more often than not.
#[derive(Clone)]
struct Known {
    versions: Vec<Version>,
    oldest_mail: Vec<Option<u64>>,
    owners: Vec<Option<InstanceNumber>>,
}

impl Known {
    async fn read(store: &MemoryStore) -> Self {
        let (mut versions, mut oldest_mail, mut owners) = (Vec::new(), Vec::new(), Vec::new());
        for number in (0..INSTANCES).map(InstanceNumber) {
            let stored = store.load(number).await.unwrap();
            versions.push(stored.map_or(Version(0), |stored| stored.version));
            let inbox = store.inbox(number).await.unwrap();
            oldest_mail.push(inbox.first().map(|&(message, _)| message));
        }
        for id in IDS {
            owners.push(store.find(&InstanceId::unchecked(id)).await.unwrap());
        }
        Self { versions, oldest_mail, owners }
    }
}

/// Where the changes come from.
#[derive(Clone)]
struct Dice {
    random: ChaCha8Rng,
    known: Known,
}

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.random.next_u64() % bound
    }

    fn one_in(&mut self, chances: u64) -> bool {
        self.below(chances) == 0
    }

    fn instance(&mut self) -> InstanceNumber {
        InstanceNumber(self.below(INSTANCES))
    }

    /// The version that an instance has, mostly.
    fn version(&mut self, instance: InstanceNumber) -> Version {
        let Version(version) = self.known.versions[instance.0 as usize];
        Version(if self.one_in(5) { version + self.below(2) } else { version })
    }

    fn id(&mut self) -> InstanceId {
        InstanceId::unchecked(IDS[self.below(IDS.len() as u64) as usize])
    }

    fn label(&mut self) -> Vec<u8> {
        vec![b'a'; self.below(4) as usize]
    }

    fn new_identity(&mut self) -> New {
        let position = self.below(IDS.len() as u64) as usize;
        // Whoever has the ID, mostly; but it may be anybody.
        let owner = self.known.owners[position].filter(|_| !self.one_in(6));
        let replaced = match owner {
            Some(owner) => Some(owner).filter(|_| !self.one_in(3)),
            None => self.one_in(4).then(|| self.instance()),
        };
        New {
            id: InstanceId::unchecked(IDS[position]),
            replaces: replaced.map(|replaced| (replaced, self.version(replaced))),
            created_at: Timestamp(self.below(6)),
            parent: self.one_in(2).then(|| self.instance()),
        }
    }

    fn timer(&mut self, instance: InstanceNumber) -> Timer {
        let (due, task) = (Timestamp(self.below(9)), TaskNumber(self.below(3) as u32));
        Timer { due, instance, task }
    }

    fn birth(&mut self, step: u64) -> Birth {
        Birth {
            instance: self.instance(),
            new: self.new_identity(),
            label: self.label(),
            summary: format!("born in step {step}").into_bytes(),
            history: Chunk { first: self.below(20), bytes: vec![step as u8] },
            if_born: self.one_in(2).then(|| b"born".to_vec()),
            if_refused: b"refused".to_vec(),
        }
    }

    fn message(&mut self, step: u64) -> (Receiver, Vec<u8>) {
        let receiver = match self.one_in(2) {
            true => Receiver::Number(self.instance()),
            false => Receiver::Id(self.id()),
        };
        (receiver, vec![step as u8])
    }

    fn commit(&mut self, step: u64) -> Commit {
        let instance = self.instance();
        let target = match self.one_in(3) {
            true => Target::New(self.new_identity()),
            false => Target::Existing(self.version(instance)),
        };
        let consumed = self.known.oldest_mail[instance.0 as usize].filter(|_| self.one_in(2));
        let unknown = self.one_in(3).then(|| self.below(99));
        Commit {
            instance,
            target,
            label: self.label(),
            summary: step.to_string().into_bytes(),
            history_anew: self.one_in(4),
            history: self
                .one_in(2)
                .then(|| Chunk { first: self.below(20), bytes: vec![step as u8] }),
            set_timers: vec![self.timer(instance)],
            clear_timers: vec![self.timer(instance), self.timer(instance)],
            consumed: consumed.into_iter().chain(unknown).collect(),
            births: (0..self.below(3)).map(|_| self.birth(step)).collect(),
            outbox: (0..self.below(3)).map(|_| self.message(step)).collect(),
            active: self.one_in(2),
        }
    }
}

/// How often what has come of the changes: a test in which nothing happens shows nothing.
type Happened = BTreeMap<&'static str, u32>;

/// Does the same to both stores, and checks that they answer the same.
async fn change(
    one: &MemoryStore,
    two: &RedbStore,
    lease: Lease,
    dice: &mut Dice,
    step: u64,
    happened: &mut Happened,
) {
    match dice.below(12) {
        0 => {
            let (instance, message) = (dice.instance(), step.to_string().into_bytes());
            let sent = one.enqueue(instance, message.clone()).await;
            assert_eq!(two.enqueue(instance, message).await, sent, "step {step}");
        }
        1 => {
            let instance = dice.instance();
            let version = dice.version(instance);
            let purged = one.purge(lease, instance, version).await;
            assert_eq!(two.purge(lease, instance, version).await, purged, "step {step}");
            *happened.entry(if purged.is_ok() { "purged" } else { "not purged" }).or_default() += 1;
        }
        2 => {
            let (kind, name) = (dice.below(2).to_string(), dice.id());
            let (name, document) = (name.as_str(), vec![step as u8]);
            one.save_document(lease, &kind, name, document.clone()).await.unwrap();
            two.save_document(lease, &kind, name, document).await.unwrap();
        }
        3 => {
            let (kind, name) = (dice.below(2).to_string(), dice.id());
            one.delete_document(lease, &kind, name.as_str()).await.unwrap();
            two.delete_document(lease, &kind, name.as_str()).await.unwrap();
        }
        _ => {
            let commit = dice.commit(step);
            let committed = one.commit(lease, commit.clone()).await;
            assert_eq!(two.commit(lease, commit.clone()).await, committed, "{step}: {commit:?}");
            count(one, &commit, committed.is_ok(), happened).await;
        }
    }
}

async fn count(store: &MemoryStore, commit: &Commit, is_there: bool, happened: &mut Happened) {
    if !is_there {
        *happened.entry("refused").or_default() += 1;
        return;
    }
    let what = match &commit.target {
        Target::New(New { replaces: Some(_), .. }) => "replaced",
        Target::New(_) => "created",
        Target::Existing(_) => "changed",
    };
    *happened.entry(what).or_default() += 1;
    for birth in &commit.births {
        let stored = store.load(birth.instance).await.unwrap();
        let is_born = stored.is_some_and(|stored| stored.summary == birth.summary);
        *happened.entry(if is_born { "born" } else { "not born" }).or_default() += 1;
    }
}

/// All there is to read of the instances.
async fn instances(store: &dyn Store) -> impl PartialEq + std::fmt::Debug + use<> {
    let mut rows = Vec::new();
    for number in (0..INSTANCES).map(InstanceNumber) {
        rows.push((
            store.load(number).await.unwrap(),
            store.history(number, 0..99).await.unwrap(),
            store.history(number, 7..8).await.unwrap(),
            store.inbox(number).await.unwrap(),
            store.children(number, None, 99).await.unwrap(),
        ));
    }
    let timers = store.timers(None, Timestamp::MAX, 99).await.unwrap();
    let active = store.active(None, 99).await.unwrap();
    (rows, timers, active, store.instances(None, 99).await.unwrap())
}

/// What is listed: everything, and a page of something.
async fn listings(store: &dyn Store, dice: &mut Dice) -> impl PartialEq + std::fmt::Debug + use<> {
    let labels = one_of((0..dice.below(4)).map(|_| dice.label()));
    let created = Timestamp(dice.below(6))..Timestamp(dice.below(8));
    let place = Place { created_at: Timestamp(dice.below(6)), instance: dice.instance() };
    let (after, limit) = (dice.one_in(2).then_some(place), dice.below(5) as usize);
    let (prefix, after_id) = (dice.id(), dice.one_in(2).then(|| dice.id()));
    let (parent, child) = (dice.instance(), dice.one_in(2).then(|| dice.instance()));
    let all = one_of((0..4).map(|length| vec![b'a'; length]));
    (
        store.labels().await.unwrap(),
        store.list(&all, Timestamp(0)..Timestamp::MAX, None, 99).await.unwrap(),
        store.list(&labels, created, after, limit).await.unwrap(),
        store.list_by_id("", None, 99).await.unwrap(),
        store.list_by_id(prefix.as_str(), after_id.as_ref(), limit).await.unwrap(),
        store.children(parent, child, limit).await.unwrap(),
        store.find(&prefix).await.unwrap(),
    )
}

/// Copies the files of a store which is not changed meanwhile.
fn copy(from: &Path, to: &Path) {
    for file in fs::read_dir(from).unwrap() {
        let file = file.unwrap();
        fs::copy(file.path(), to.join(file.file_name())).unwrap();
    }
}

#[tokio::test]
async fn the_file_does_what_the_reference_does() {
    let seed = random_seed();
    let mut directory = tempfile::tempdir().unwrap();
    let one = MemoryStore::default();
    let mut dice = Dice { random: ChaCha8Rng::seed_from_u64(seed), known: Known::read(&one).await };
    let mut happened = Happened::new();
    let lease = one.acquire().await.unwrap();
    for life in 0..25 {
        // Either what is written is settled all the time, or not before its host has crashed.
        let crashes = dice.one_in(2);
        let journal_bytes = if crashes { u64::MAX } else { 1 + dice.below(10_000) };
        let two = RedbStore::open_with(&directory.path().join("store"), journal_bytes).unwrap();
        if life == 0 {
            assert_eq!(two.acquire().await.unwrap(), lease);
        }
        for step in life * 40..(life + 1) * 40 {
            change(&one, &two, lease, &mut dice, step, &mut happened).await;
            compare(&one, &two, &mut dice, step).await;
            dice.known = Known::read(&one).await;
        }
        if crashes {
            let crashed = tempfile::tempdir().unwrap();
            copy(directory.path(), crashed.path());
            directory = crashed;
        }
        drop(two);
    }
    println!("{happened:?}");
    for what in ["created", "changed", "replaced", "refused", "purged", "born", "not born"] {
        assert!(happened.get(what).is_some_and(|&times| times >= 5), "{what}: {happened:?}");
    }
}

async fn compare(one: &MemoryStore, two: &RedbStore, dice: &mut Dice, step: u64) {
    assert_eq!(instances(one).await, instances(two).await, "after step {step}");
    let mut same = dice.clone();
    let listed = listings(one, dice).await;
    assert_eq!(listings(two, &mut same).await, listed, "after step {step}");
    for kind in ["0", "1"] {
        let documents = two.documents(kind).await.unwrap();
        assert_eq!(one.documents(kind).await.unwrap(), documents, "after step {step}");
    }
}
