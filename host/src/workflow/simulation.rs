//! Random guests on random histories: whatever happens to a run, and wherever it is cut, a replay
//! sees and asks for the same things. No WebAssembly here, only the core.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use super::command::{ActivityCall, Command};
use super::event::{Event, Message, Recorded, RunStarted};
use super::failure::{Failure, RetryPolicy};
use super::fixtures::{activity_call, child_call, run_started};
use super::id::{InstanceId, RunId, TaskNumber, Timestamp};
use super::replay::{Ended, Nondeterminism, Replay, Selected};
use super::state::{Effect, Phase, State};

const RUNS: u64 = 400;
const EVENTS_MAX: usize = 150;
const NAMES: [&str; 3] = ["go", "Go", "stop"];

fn below(random: &mut ChaCha8Rng, bound: usize) -> usize {
    random.next_u32() as usize % bound
}

/// A guest that does what its seed says, and what it has seen so far: results change its course.
struct Guest {
    random: ChaCha8Rng,
    tasks: Vec<TaskNumber>,
    waiting: Vec<TaskNumber>,
    waits_for_any: bool,
    steps: usize,
    /// Everything it has seen, in order.
    seen: Vec<String>,
}

impl Guest {
    fn new(seed: u64) -> Self {
        let random = ChaCha8Rng::seed_from_u64(seed);
        Self {
            random,
            tasks: Vec::new(),
            waiting: Vec::new(),
            waits_for_any: false,
            steps: 0,
            seen: Vec::new(),
        }
    }

    fn see(&mut self, what: String) {
        let hash = what
            .bytes()
            .fold(17_u64, |hash, byte| hash.wrapping_mul(0x0100_0000_01b3) ^ u64::from(byte));
        self.random = ChaCha8Rng::seed_from_u64(self.random.next_u64() ^ hash);
        self.seen.push(what);
    }

    /// Runs until it waits, or ends.
    fn run(&mut self, replay: &mut Replay) -> Result<Option<Ended>, Nondeterminism> {
        loop {
            if self.waits_for_any {
                let Some(task) = replay.select_any()? else { return Ok(None) };
                self.waits_for_any = false;
                let outcome = replay.outcome(task);
                self.see(format!("{task} of all is {outcome:?} at {:?}", replay.now()));
            }
            if !self.waiting.is_empty() {
                let Selected::Resolved(position) = replay.select(&self.waiting)? else {
                    return Ok(None);
                };
                let task = self.waiting[position];
                self.waiting.clear();
                let outcome = replay.outcome(task);
                self.see(format!("{task} is {outcome:?} at {:?}", replay.now()));
            }
            self.steps += 1;
            if self.steps > 60 || below(&mut self.random, 40) == 0 {
                let ended = Ended::Completed(format!("{} steps", self.steps));
                replay.check_end(&ended)?;
                return Ok(Some(ended));
            }
            self.step(replay)?;
        }
    }

    fn step(&mut self, replay: &mut Replay) -> Result<(), Nondeterminism> {
        let number = below(&mut self.random, 1_000);
        let open = self.tasks.len();
        match below(&mut self.random, 15) {
            0 | 1 => {
                let retry = number.is_multiple_of(2).then_some(RetryPolicy {
                    max_attempts: 3,
                    first_interval_ms: 10,
                    backoff_coefficient: 2.0,
                    max_interval_ms: None,
                    timeout_ms: None,
                });
                let call = ActivityCall { retry, ..activity_call("act", &number.to_string()) };
                self.tasks.push(replay.ask(Command::CallActivity(call))?);
            }
            2 => {
                let fire_at = Timestamp(replay.now().0 + number as u64);
                self.tasks.push(replay.ask(Command::StartTimer { fire_at })?);
            }
            3 | 4 => {
                let name = NAMES[number % NAMES.len()].to_owned();
                self.tasks.push(replay.ask(Command::WaitEvent { name })?);
            }
            5 if open > 0 => replay.cancel(self.tasks[number % open])?,
            6 if open > 0 => replay.drop_handle(self.tasks.swap_remove(number % open)),
            7 if open > 0 => {
                let outcome = replay.outcome(self.tasks[number % open]);
                self.see(format!("polled {outcome:?}"));
            }
            8 => {
                let random = replay.random_u64();
                self.see(random.to_string());
            }
            9 => {
                let status = number.to_string();
                replay.ask(Command::SetCustomStatus { status })?;
            }
            10 => {
                let call = child_call("Child", &number.to_string());
                self.tasks.push(replay.ask(Command::CallWorkflow(call))?);
            }
            11 => {
                let (name, payload) = ("go".to_owned(), number.to_string());
                let instance = InstanceId::unchecked("another");
                replay.ask(Command::RaiseEvent { instance, name, payload })?;
            }
            12 if number.is_multiple_of(2) => self.waits_for_any = true,
            _ if open > 0 => {
                let first = number % open;
                let last = first + 1 + below(&mut self.random, open - first);
                self.waiting = self.tasks[first..last].to_vec();
            }
            _ => {}
        }
        Ok(())
    }
}

/// A run: its history, and the guest that lives it.
struct Run {
    seed: u64,
    /// Decides what happens from outside.
    random: ChaCha8Rng,
    state: State,
    /// Attempts of children that have been started, whether they are wanted still or not.
    children: Vec<(TaskNumber, u32)>,
    history: Vec<Recorded>,
    replay: Replay,
    guest: Guest,
    now: Timestamp,
    /// What a host keeps beside the history: whether a turn was taken, and how far it got.
    turned: bool,
    delivered: u64,
}

impl Run {
    fn start(seed: u64) -> Self {
        let seeded = [seed as u8; 16];
        let start = RunStarted { run: RunId(seeded), seed: seeded, ..run_started() };
        let mut run = Self {
            seed,
            random: ChaCha8Rng::seed_from_u64(!seed),
            state: State::default(),
            children: Vec::new(),
            history: Vec::new(),
            replay: Replay::new(0),
            guest: Guest::new(seed),
            now: Timestamp(1_000),
            turned: false,
            delivered: 0,
        };
        run.record(Event::RunStarted(start));
        run
    }

    fn record(&mut self, event: Event) {
        let recorded = Recorded { time: self.now, event };
        for effect in self.state.apply(&recorded).unwrap() {
            if let Effect::StartChild(child) = effect {
                self.children.push((child.task, child.attempt));
            }
        }
        self.history.push(recorded.clone());
        if !matches!(recorded.event, Event::Asked(_)) {
            self.replay.feed(recorded);
        }
    }

    /// Something happens, or not.
    fn happen(&mut self) {
        self.now = Timestamp(self.now.0 + below(&mut self.random, 50) as u64);
        let attempts: Vec<_> = self.state.attempts().collect();
        let timers: Vec<_> = self.state.timers().collect();
        let run = self.state.identity().unwrap().run;
        let message = match below(&mut self.random, 12) {
            0..=2 if !attempts.is_empty() => {
                let attempt = &attempts[below(&mut self.random, attempts.len())];
                let result = match below(&mut self.random, 3) {
                    0 => Err(Failure::new("broken", format!("attempt {}", attempt.attempt))),
                    _ => Ok(format!("done {}", attempt.call.input)),
                };
                let (task, attempt, progress) = (attempt.task, attempt.attempt, None);
                Message::CallEnded { run, task, attempt, result, progress }
            }
            10 | 11 if !self.children.is_empty() => {
                let child = below(&mut self.random, self.children.len());
                let (task, attempt) = self.children.swap_remove(child);
                let (result, progress) = (Ok(format!("child of {task}")), None);
                Message::CallEnded { run, task, attempt, result, progress }
            }
            3..=5 if !timers.is_empty() => {
                let (task, _) = timers[below(&mut self.random, timers.len())];
                Message::TimerDue { task }
            }
            6 | 7 => {
                let name = NAMES[below(&mut self.random, NAMES.len())].to_owned();
                Message::RaiseEvent { name, payload: self.random.next_u32().to_string() }
            }
            8 => Message::Pause { reason: None },
            _ => Message::Resume { reason: None },
        };
        if let Some(event) = self.state.receive(&message, self.now) {
            self.record(event);
        }
    }

    /// Takes a turn. What happens while the guest computes is recorded before what it asked for.
    fn turn(&mut self) {
        let ended = self.guest.run(&mut self.replay).unwrap();
        if ended.is_none() && below(&mut self.random, 4) == 0 {
            self.happen();
            if self.state.phase() == Phase::Paused {
                // The turn was overtaken, and is thrown away with its guest.
                self.evict();
                return;
            }
        }
        for command in self.replay.take_asked() {
            self.record(Event::Asked(command));
        }
        (self.turned, self.delivered) = (true, self.replay.delivered());
        if let Some(Ended::Completed(output)) = ended {
            self.record(Event::RunCompleted { output });
        }
    }

    /// Drops the guest; the next one replays.
    fn evict(&mut self) {
        self.replay = Replay::new(self.delivered);
        self.history.iter().for_each(|recorded| self.replay.feed(recorded.clone()));
        self.guest = Guest::new(self.seed);
    }

    fn turn_is_due(&self) -> bool {
        let behind = !self.turned || self.delivered < self.state.deliveries();
        behind && self.state.phase() == Phase::Running
    }

    fn live(mut self) -> Self {
        while self.history.len() < EVENTS_MAX && !self.state.phase().is_terminal() {
            if self.turn_is_due() {
                self.turn()
            } else {
                self.happen()
            }
            if below(&mut self.random, 20) == 0 {
                self.evict();
            }
        }
        self
    }
}

/// Shows a fresh guest the first events of a history; returns what it asks for beyond them, and what
/// it has seen.
fn replay(seed: u64, history: &[Recorded]) -> (Vec<Command>, Vec<String>) {
    let (mut replay, mut guest) = (Replay::new(0), Guest::new(seed));
    history.iter().for_each(|recorded| replay.feed(recorded.clone()));
    let ran = guest.run(&mut replay);
    ran.unwrap_or_else(|found| panic!("with {} events: {found}", history.len()));
    (replay.take_asked(), guest.seen)
}

#[test]
fn every_prefix_of_every_history_is_seen_alike() {
    let first = std::env::var("REWEFT_TEST_SEED").ok().and_then(|seed| seed.parse().ok());
    let first: u64 = first.unwrap_or_else(|| u64::from(std::process::id()) * 1_000_003);
    println!("REWEFT_TEST_SEED={first}");
    let (mut events, mut ended) = (0, 0);
    for seed in first..first + RUNS {
        let Run { history, state, guest, .. } = Run::start(seed).live();
        events += history.len();
        ended += u64::from(state.phase() == Phase::Completed);
        let (_, seen_in_all) = replay(seed, &history);
        assert!(seen_in_all.starts_with(&guest.seen), "seed {seed}: the live guest saw the same");
        for length in 1..=history.len() {
            let (before, after) = history.split_at(length);
            let (asked, seen) = replay(seed, before);
            let next: Vec<&Command> = after
                .iter()
                .filter_map(|recorded| match &recorded.event {
                    Event::Asked(command) => Some(command),
                    _ => None,
                })
                .collect();
            let is_prefix = asked.iter().zip(&next).all(|(asked, next)| asked == *next);
            assert!(is_prefix, "seed {seed}, {length} events: {asked:?} instead of {next:?}");
            assert!(seen_in_all.starts_with(&seen), "seed {seed}, {length} events");
        }
    }
    println!("{events} events in {RUNS} runs, {ended} of them completed");
    assert!(
        events as u64 > 20 * RUNS && ended > RUNS / 20,
        "the guests do too little to show much"
    );
}
