//! Owns the host of a simulated run, and of its replay: what the workflow asks for is noted, checked
//! against the notes of an earlier run, and handed to the world when the workflow waits. It must not
//! know what the world makes of it.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, SystemTime};

use crate::host::{Host, InstanceInfo, Level, Outcome, TaskId};
use crate::retry::{ActivityOptions, ChildOptions, whole_ms};
use crate::{Failure, UnreadEvents};

use super::calls::{child_refusal, refusal};
use super::mocks::Log;
use super::tasks::{Delivery, Tasks};

/// 9999-12-31T23:59:59.999Z, which the host sets no timer after.
const LAST_MS: u64 = 253_402_300_799_999;

/// What a run asked for and got, in order.
#[derive(Debug, Default)]
pub(super) struct Record {
    pub(super) commands: Vec<String>,
    pub(super) deliveries: Vec<(u64, Delivery)>,
}

/// What the world is to do for a run.
#[derive(Debug)]
pub(super) enum Effect {
    CallActivity { task: TaskId, name: String, input: String, options: ActivityOptions },
    CallWorkflow { task: TaskId, name: String, input: String, options: ChildOptions },
    StartTimer { task: TaskId, fire_at_ms: u64 },
    RaiseEvent { instance_id: String, name: String, payload: String },
    Cancel(TaskId),
}

impl Effect {
    /// The task that it begins.
    pub(super) fn begun(&self) -> Option<TaskId> {
        match self {
            Self::CallActivity { task, .. }
            | Self::CallWorkflow { task, .. }
            | Self::StartTimer { task, .. } => Some(*task),
            Self::RaiseEvent { .. } | Self::Cancel(_) => None,
        }
    }

    /// The task that it cancels.
    pub(super) fn cancelled(&self) -> Option<TaskId> {
        match self {
            Self::Cancel(task) => Some(*task),
            _ => None,
        }
    }
}

/// What the next run of an instance begins with.
#[derive(Debug)]
pub(super) struct Next {
    pub(super) input: String,
    /// Name and payload of each.
    pub(super) unread: Vec<(String, String)>,
}

/// What is left of a run.
pub(super) struct Remains {
    pub(super) record: Record,
    pub(super) custom_status: Option<String>,
    pub(super) effects: Vec<Effect>,
    /// The run has continued as new, whatever the workflow returned.
    pub(super) next: Option<Next>,
    /// Why the run is over, whatever the workflow returned.
    pub(super) verdict: Option<Failure>,
}

#[derive(Default)]
struct State {
    tasks: Tasks,
    /// What the same run asked for when it was not a replay.
    earlier: Option<Vec<String>>,
    record: Record,
    effects: Vec<Effect>,
    now_ms: u64,
    random: u64,
    custom_status: Option<String>,
    /// What was answered.
    patches: BTreeMap<String, bool>,
    continued: Option<(String, UnreadEvents)>,
    verdict: Option<Failure>,
}

/// The host of a simulated run.
pub(super) struct SimulatedHost {
    info: InstanceInfo,
    log: Log,
    /// The patches that were made after this run had begun.
    too_new: BTreeSet<String>,
    state: RefCell<State>,
}

impl SimulatedHost {
    /// `earlier` is what the run asked for before, if this is a replay.
    pub(super) fn new(
        info: InstanceInfo,
        seed: u64,
        too_new: BTreeSet<String>,
        log: Log,
        earlier: Option<Vec<String>>,
    ) -> Self {
        let started = info.started_at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let state = State { earlier, now_ms: whole_ms(started), random: seed, ..State::default() };
        Self { info, log, too_new, state: RefCell::new(state) }
    }

    /// Keeps an event that was raised before the run began.
    pub(super) fn keep_event(&self, name: String, payload: String) {
        self.state.borrow_mut().tasks.deliver(Delivery::Event { name, payload });
    }

    pub(super) fn deliver(&self, at_ms: u64, delivery: Delivery) {
        let mut state = self.state.borrow_mut();
        state.now_ms = at_ms;
        state.record.deliveries.push((at_ms, delivery.clone()));
        state.tasks.deliver(delivery);
    }

    /// Returns what the world has not been told yet.
    pub(super) fn take_effects(&self) -> Vec<Effect> {
        std::mem::take(&mut self.state.borrow_mut().effects)
    }

    pub(super) fn is_over(&self) -> bool {
        let state = self.state.borrow();
        state.verdict.is_some() || state.continued.is_some()
    }

    pub(super) fn give_up(&self, verdict: Failure) {
        self.state.borrow_mut().give_up(verdict);
    }

    pub(super) fn last_command(&self) -> Option<String> {
        self.state.borrow().record.commands.last().cloned()
    }

    pub(super) fn into_remains(self) -> Remains {
        let mut state = self.state.into_inner();
        state.check_caught_up();
        let tasks = state.tasks;
        let next = state.continued.map(|(input, unread)| match unread {
            UnreadEvents::Keep => Next { input, unread: tasks.into_unread() },
            UnreadEvents::Drop => Next { input, unread: Vec::new() },
        });
        Remains {
            record: state.record,
            custom_status: state.custom_status,
            effects: state.effects,
            next,
            verdict: state.verdict,
        }
    }
}

impl State {
    /// Notes what the workflow asks for; nothing, if it is beyond its end.
    fn ask(&mut self, command: String) {
        if self.continued.is_some() {
            return;
        }
        let number = self.record.commands.len();
        if let Some(earlier) = &self.earlier {
            match earlier.get(number) {
                Some(expected) if *expected == command => {}
                Some(expected) => self.stray(format!("{expected:?} in its first run, {command:?}")),
                None => self.stray(format!("nothing more in its first run, {command:?}")),
            }
        }
        self.record.commands.push(command);
    }

    /// Has the world do something; nothing, if the workflow is beyond its end.
    fn effect(&mut self, effect: Effect) {
        if self.continued.is_none() && self.verdict.is_none() {
            self.effects.push(effect);
        }
    }

    fn stray(&mut self, how: String) {
        let number = self.record.commands.len() + 1;
        self.give_up(Failure::new(
            "nondeterminism",
            format!("as its command number {number} the workflow asked for {how} in its replay"),
        ));
    }

    fn check_caught_up(&mut self) {
        let Some(earlier) = &self.earlier else { return };
        if let Some(expected) = earlier.get(self.record.commands.len()) {
            self.stray(format!("{expected:?} in its first run, but ended"));
        }
    }

    fn refuse(&mut self, message: String) {
        self.give_up(Failure::new("invalid-argument", message).non_retriable());
    }

    fn give_up(&mut self, verdict: Failure) {
        self.verdict.get_or_insert(verdict);
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

    fn call_activity(&self, name: &str, input: &str, options: &ActivityOptions) -> TaskId {
        let mut state = self.state.borrow_mut();
        state.ask(format!("call activity {name} with {input}"));
        if let Some(message) = refusal(options) {
            state.refuse(message);
        }
        let task = state.tasks.open();
        let (name, input) = (name.to_owned(), input.to_owned());
        state.effect(Effect::CallActivity { task, name, input, options: *options });
        task
    }

    fn call_workflow(&self, name: &str, input: &str, options: &ChildOptions) -> TaskId {
        let mut state = self.state.borrow_mut();
        let detached = if options.detached { "detached " } else { "" };
        let id = options.instance_id.as_ref().map_or(String::new(), |id| format!(" as {id}"));
        state.ask(format!("call {detached}workflow {name}{id} with {input}"));
        if let Some(message) = child_refusal(options) {
            state.refuse(message);
        }
        let task = state.tasks.open();
        let (name, input) = (name.to_owned(), input.to_owned());
        state.effect(Effect::CallWorkflow { task, name, input, options: options.clone() });
        task
    }

    fn raise_event(&self, instance_id: &str, name: &str, payload: &str) {
        let mut state = self.state.borrow_mut();
        state.ask(format!("raise event {name} to {instance_id} with {payload}"));
        state.effect(Effect::RaiseEvent {
            instance_id: instance_id.to_owned(),
            name: name.to_owned(),
            payload: payload.to_owned(),
        });
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
        state.effect(Effect::StartTimer { task, fire_at_ms });
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
            state.ask(format!("cancel task {}", task.0));
        }
        state.tasks.cancel(task);
        state.effect(Effect::Cancel(task));
    }

    fn release(&self, task: TaskId) {
        self.state.borrow_mut().tasks.release(task);
    }

    fn select(&self) -> Option<TaskId> {
        let mut state = self.state.borrow_mut();
        if state.verdict.is_some() {
            return None;
        }
        state.tasks.next_resolved()
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
        if state.continued.is_none() {
            state.custom_status = Some(status.to_owned());
        }
    }

    fn continue_as_new(&self, input: &str, unread: UnreadEvents) {
        let mut state = self.state.borrow_mut();
        let events = match unread {
            UnreadEvents::Keep => "keeping",
            UnreadEvents::Drop => "dropping",
        };
        state.ask(format!("continue as new with {input}, {events} unread events"));
        state.continued.get_or_insert((input.to_owned(), unread));
    }

    fn is_patched(&self, patch: &str) -> bool {
        let mut state = self.state.borrow_mut();
        if let Some(&known) = state.patches.get(patch) {
            return known;
        }
        let patched = !self.too_new.contains(patch);
        if patched {
            state.ask(format!("mark patch {patch}"));
        }
        state.patches.insert(patch.to_owned(), patched);
        patched
    }

    fn log(&self, level: Level, message: &str) {
        if !self.info.replaying {
            self.log.borrow_mut().push((level, message.to_owned()));
        }
    }
}
