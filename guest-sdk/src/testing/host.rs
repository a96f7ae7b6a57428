//! Owns the host of a simulated run, and of its replay: what the workflow asks for is noted, and
//! checked against the notes when it is replayed.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::time::{Duration, SystemTime};

use crate::Failure;
use crate::host::{Host, InstanceInfo, Level, Outcome, TaskId};
use crate::retry::{CallOptions, whole_ms};

use super::tasks::{Delivery, Tasks};
use super::world::{Log, World, refusal};

/// 9999-12-31T23:59:59.999Z, which the host sets no timer after.
const LAST_MS: u64 = 253_402_300_799_999;

/// What a run did and got, in order.
#[derive(Debug, Default)]
pub(super) struct Record {
    pub(super) commands: Vec<String>,
    deliveries: VecDeque<(u64, Delivery)>,
}

/// Where deliveries come from.
pub(super) enum Source {
    Live(World),
    /// An earlier run with the same results.
    Replay(Record),
}

/// What is left of a run.
pub(super) struct Remains {
    pub(super) record: Record,
    pub(super) custom_status: Option<String>,
    pub(super) elapsed: Duration,
    pub(super) source: Source,
    /// Why the run is over, whatever the workflow returned.
    pub(super) verdict: Option<Failure>,
}

struct State {
    tasks: Tasks,
    source: Source,
    record: Record,
    now_ms: u64,
    random: u64,
    custom_status: Option<String>,
    verdict: Option<Failure>,
}

/// The host of a simulated run.
pub(super) struct SimulatedHost {
    info: InstanceInfo,
    log: Log,
    state: RefCell<State>,
}

impl SimulatedHost {
    pub(super) fn new(info: InstanceInfo, seed: u64, log: Log, source: Source) -> Self {
        let started = info.started_at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let state = State {
            tasks: Tasks::default(),
            source,
            record: Record::default(),
            now_ms: whole_ms(started),
            random: seed,
            custom_status: None,
            verdict: None,
        };
        Self { info, log, state: RefCell::new(state) }
    }

    /// Ends the run. Nobody may hold the host any more but the caller.
    pub(super) fn end(self: Rc<Self>) -> Remains {
        let Some(host) = Rc::into_inner(self) else {
            panic!("the workflow has kept its context, or a task, beyond its end");
        };
        let started = host.now_of(host.info.started_at);
        let mut state = host.state.into_inner();
        state.check_caught_up("ended");
        Remains {
            elapsed: Duration::from_millis(state.now_ms - started),
            record: state.record,
            custom_status: state.custom_status,
            source: state.source,
            verdict: state.verdict,
        }
    }

    fn now_of(&self, time: SystemTime) -> u64 {
        whole_ms(time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default())
    }
}

impl State {
    /// Notes what the workflow asks for.
    fn ask(&mut self, command: String) {
        let number = self.record.commands.len();
        if let Source::Replay(earlier) = &self.source {
            match earlier.commands.get(number) {
                Some(expected) if *expected == command => {}
                Some(expected) => self.stray(format!("{expected:?} in its first run, {command:?}")),
                None => self.stray(format!("nothing more in its first run, {command:?}")),
            }
        }
        self.record.commands.push(command);
    }

    fn stray(&mut self, how: String) {
        let number = self.record.commands.len() + 1;
        self.give_up(Failure::new(
            "nondeterminism",
            format!("as its command number {number} the workflow asked for {how} in its replay"),
        ));
    }

    fn check_caught_up(&mut self, got: &str) {
        let Source::Replay(earlier) = &self.source else { return };
        if let Some(expected) = earlier.commands.get(self.record.commands.len()) {
            self.stray(format!("{expected:?} in its first run, but {got}"));
        }
    }

    fn refuse(&mut self, message: String) {
        self.give_up(Failure::new("invalid-argument", message).non_retriable());
    }

    fn give_up(&mut self, verdict: Failure) {
        self.verdict.get_or_insert(verdict);
    }

    fn next_delivery(&mut self) -> Option<(u64, Delivery)> {
        match &mut self.source {
            Source::Live(world) => world.next_delivery(),
            Source::Replay(earlier) => earlier.deliveries.pop_front(),
        }
    }

    fn next_random(&mut self) -> u64 {
        // splitmix64
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.random;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

impl Host for SimulatedHost {
    fn info(&self) -> InstanceInfo {
        self.info.clone()
    }

    fn call_activity(&self, name: &str, input: &str, options: &CallOptions) -> TaskId {
        let mut state = self.state.borrow_mut();
        state.ask(format!("call activity {name} with {input}"));
        if let Some(message) = refusal(options) {
            state.refuse(message);
        }
        let task = state.tasks.open();
        if let Source::Live(world) = &mut state.source {
            world.call_activity(task, name, input, *options);
        }
        task
    }

    fn start_timer(&self, delay: Duration) -> TaskId {
        let mut state = self.state.borrow_mut();
        let delay_ms = whole_ms(delay);
        state.ask(format!("start a timer of {delay_ms} ms"));
        let fire_at_ms = state.now_ms.saturating_add(delay_ms);
        if fire_at_ms > LAST_MS {
            state.refuse(format!("a timer of {delay_ms} ms leads past the year 9999"));
        }
        let task = state.tasks.open();
        if let Source::Live(world) = &mut state.source {
            world.start_timer(task, fire_at_ms);
        }
        task
    }

    fn wait_event(&self, name: &str) -> TaskId {
        let mut state = self.state.borrow_mut();
        state.ask(format!("wait for event {name}"));
        state.tasks.open_wait(name)
    }

    fn outcome(&self, task: TaskId) -> Option<Outcome> {
        self.state.borrow_mut().tasks.outcome(task)
    }

    fn cancel(&self, task: TaskId) {
        let mut state = self.state.borrow_mut();
        if state.tasks.is_pending(task) {
            state.ask(format!("cancel task {}", task.0 + 1));
        }
        state.tasks.cancel(task);
        if let Source::Live(world) = &mut state.source {
            world.cancel(task);
        }
    }

    fn release(&self, task: TaskId) {
        self.state.borrow_mut().tasks.release(task);
    }

    fn select(&self, tasks: &[TaskId]) -> Result<usize, Failure> {
        let mut state = self.state.borrow_mut();
        loop {
            if let Some(verdict) = &state.verdict {
                return Err(verdict.clone());
            }
            if let Some(position) = state.tasks.first_resolved(tasks) {
                return Ok(position);
            }
            let Some((at_ms, delivery)) = state.next_delivery() else {
                let last = state.record.commands.last().map_or("nothing", String::as_str);
                let message = format!(
                    "the workflow waits for ever: nothing is left to happen in this test; \
                     the last thing it asked for was to {last}"
                );
                state.give_up(Failure::new("waits-for-ever", message));
                continue;
            };
            state.now_ms = at_ms;
            state.record.deliveries.push_back((at_ms, delivery.clone()));
            state.tasks.deliver(delivery);
        }
    }

    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_millis(self.state.borrow().now_ms)
    }

    fn random_u64(&self) -> u64 {
        self.state.borrow_mut().next_random()
    }

    fn new_uuid(&self) -> String {
        let mut state = self.state.borrow_mut();
        let (high, low) = (state.next_random(), state.next_random());
        format!(
            "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
            high >> 32,
            (high >> 16) & 0xffff,
            high & 0xfff,
            (low >> 48) & 0x3fff | 0x8000,
            low & 0xffff_ffff_ffff
        )
    }

    fn set_custom_status(&self, status: &str) {
        let mut state = self.state.borrow_mut();
        state.ask(format!("set the custom status {status:?}"));
        state.custom_status = Some(status.to_owned());
    }

    fn log(&self, level: Level, message: &str) {
        if !self.info.replaying {
            self.log.borrow_mut().push((level, message.to_owned()));
        }
    }
}
