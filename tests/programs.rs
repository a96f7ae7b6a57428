//! Workflows made up at random, run while the store fails, hosts die and guests are evicted at random:
//! each must give what a plain reading of its program says, and replay at every prefix.

mod model;

use std::sync::Arc;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use reweft::scheduler::{Handle, Limits, StartError};
use reweft::store::fault::{FaultyStore, Plan, Then, When};
use reweft::store::memory::MemoryStore;
use reweft::workflow::event::Message;
use reweft::workflow::id::{InstanceId, Timestamp};
use reweft::workflow::summary::Status;
use serde_json::Value;

use self::model::Program;
use crate::faults::{PATIENCE, settle};
use crate::histories::{self, Replayer};
use crate::in_process::{Bench, start, tick};

/// How many programs run side by side, and how often that is done.
const PROGRAMS: usize = 30;
const ROUNDS: u64 = 8;
/// The most writes between two failures.
const WRITES_MAX: u64 = 25;

fn below(random: &mut impl Rng, bound: u64) -> u64 {
    random.next_u64() % bound
}

/// Where a round has come to: what a client knows to be done, whatever becomes of hosts.
struct Round {
    programs: Vec<Program>,
    /// How many have been started, and how many events have been raised.
    started: usize,
    raised: usize,
}

impl Round {
    /// Does what a client does, until the host is down or everything has ended.
    async fn drive(
        &mut self,
        bench: &Bench,
        handle: &Handle,
        is_down: &dyn Fn() -> bool,
    ) -> Option<()> {
        while handle.upload("patterns", bench.module.clone(), true).await.is_err() {
            settle(is_down).await?;
        }
        while let Some(program) = self.programs.get(self.started) {
            match handle.start(start(&program.id, "Interpreter", &program.input())).await {
                Ok(_) | Err(StartError::Exists(_)) => self.started += 1,
                Err(_) => settle(is_down).await?,
            }
        }
        let events: Vec<_> =
            self.programs.iter().flat_map(|program| program.events.clone()).collect();
        while let Some((instance, name, payload)) = events.get(self.raised) {
            let (name, payload) = (name.clone(), payload.to_string());
            let message = Message::RaiseEvent { name, payload };
            match handle.deliver(&InstanceId::unchecked(instance), message).await {
                Ok(()) => self.raised += 1,
                // A child that has not been started yet, or a host that is down.
                Err(_) => settle(is_down).await?,
            }
        }
        for program in &self.programs {
            while !has_ended(handle, program).await {
                settle(is_down).await?;
            }
        }
        Some(())
    }
}

async fn has_ended(handle: &Handle, program: &Program) -> bool {
    let Ok(found) = handle.get(&InstanceId::unchecked(&program.id)).await else { return false };
    let status = found.summary.status();
    assert!(!matches!(status, Status::Failed | Status::Terminated | Status::Stalled), "{found:#?}");
    let Some(output) = found.output else { return false };
    let output: Value = serde_json::from_str(&output).unwrap();
    assert_eq!(output, program.expected(), "{}: {}", program.id, program.input());
    true
}

async fn run(bench: &Bench, seed: u64, disk: &Arc<MemoryStore>) {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let programs = (0..PROGRAMS).map(|number| Program::random(number, &mut random)).collect();
    let mut round = Round { programs, started: 0, raised: 0 };
    let mut hosts = 0;
    loop {
        hosts += 1;
        let write = below(&mut random, WRITES_MAX);
        let when = if below(&mut random, 2) == 0 { When::Before } else { When::After };
        let then = if below(&mut random, 4) == 0 { Then::Recover } else { Then::StayDown };
        let faulty = Arc::new(FaultyStore::new(disk.clone(), Some(Plan { write, when, then })));
        let is_down = || faulty.is_down();
        // Guests are evicted all the time.
        let idle_guests = below(&mut random, 4) as usize;
        let limits = Limits { idle_guests, cancel_grace_ms: 1, ..Limits::default() };
        let Ok(host) = bench.host_with(faulty.clone(), limits).await else { continue };
        if round.drive(bench, &host.handle(), &is_down).await.is_some() {
            break;
        }
    }
    println!("seed {seed}: {hosts} hosts");
    let instances = histories::read_instances(&**disk).await;
    let modules = histories::read_modules(&**disk, &instances).await;
    let replayer = Replayer::new(&modules);
    for stored in instances.values() {
        assert!(stored.summary.phase.is_terminal(), "{} has not ended", stored.summary.instance);
        replayer.replay_at_every_prefix(stored).await;
    }
}

#[test]
fn n3_n6_n7_random_programs_give_what_they_say_whatever_fails() {
    let seed = support::seed();
    let bench = Bench::at(Timestamp(1_000_000));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.spawn(tick(bench.clock.clone()));
    runtime.block_on(async {
        for round in 0..ROUNDS {
            let disk = Arc::new(MemoryStore::default());
            let running = run(&bench, seed.wrapping_add(round), &disk);
            if tokio::time::timeout(PATIENCE, running).await.is_err() {
                let mut instances = histories::read_instances(&*disk).await;
                instances.retain(|_, stored| !stored.summary.phase.is_terminal());
                panic!("seed {seed}, round {round}: stuck: {instances:#?}");
            }
        }
    });
}
