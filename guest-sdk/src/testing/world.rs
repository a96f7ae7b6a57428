//! Owns the simulated world: a clock that skips, what is to happen when, and the instances it happens
//! to. It must not know what a workflow does with what it gets.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::time::{Duration, SystemTime};

use crate::Failure;
use crate::host::{InstanceInfo, Outcome, TaskId};

use super::calls::{Call, Callee, TaskKey};
use super::host::{Effect, Next};
use super::instance::{Instance, Story};
use super::mocks::{Log, Mocks};
use super::run::{Beginning, Ended, How, SimulatedRun};
use super::tasks::Delivery;

pub(super) enum Happening {
    EventRaised { instance_id: String, name: String, payload: String },
    RunBegins { instance_id: String },
    TimerFires(TaskKey),
    AttemptStarts(TaskKey),
    AttemptEnds(TaskKey, Outcome),
}

impl Happening {
    /// The task it is about.
    fn task(&self) -> Option<&TaskKey> {
        match self {
            Self::EventRaised { .. } | Self::RunBegins { .. } => None,
            Self::TimerFires(key) | Self::AttemptStarts(key) | Self::AttemptEnds(key, _) => {
                Some(key)
            }
        }
    }
}

/// What a world has seen.
#[derive(Default)]
pub(super) struct Seen {
    /// Name and input of each attempt of an activity.
    pub(super) attempts: Vec<(String, String)>,
    /// Instance, name and input of each child that was started.
    pub(super) children: Vec<(String, String, String)>,
    /// Receiver, name and payload of each event that a workflow has raised.
    pub(super) raised: Vec<(String, String, String)>,
    /// The first workflow that has done something else in its replay, and what.
    pub(super) nondeterminism: Option<Failure>,
}

/// How the instance has ended that the test is about.
pub(super) struct RootEnd {
    pub(super) outcome: Outcome,
    pub(super) story: Story,
    pub(super) at_ms: u64,
}

/// A simulated world.
pub(super) struct World {
    pub(super) now_ms: u64,
    /// What is to come, by time and then by order of arrangement.
    agenda: BTreeMap<(u64, u64), Happening>,
    arranged: u64,
    pub(super) calls: BTreeMap<TaskKey, Call>,
    pub(super) instances: BTreeMap<String, Instance>,
    pub(super) mocks: Rc<RefCell<Mocks>>,
    pub(super) log: Log,
    pub(super) seen: Seen,
    seed: u64,
    begun: u64,
    root: String,
    root_end: Option<RootEnd>,
}

impl World {
    /// Returns a world for an instance with the ID `root`.
    pub(super) fn new(
        now_ms: u64,
        root: String,
        seed: u64,
        mocks: Rc<RefCell<Mocks>>,
        log: Log,
    ) -> Self {
        Self {
            now_ms,
            agenda: BTreeMap::new(),
            arranged: 0,
            calls: BTreeMap::new(),
            instances: BTreeMap::new(),
            mocks,
            log,
            seen: Seen::default(),
            seed,
            begun: 0,
            root,
            root_end: None,
        }
    }

    pub(super) fn arrange(&mut self, at_ms: u64, happening: Happening) {
        self.agenda.insert((at_ms, self.arranged), happening);
        self.arranged += 1;
    }

    /// Arranges that an instance begins now.
    pub(super) fn create(&mut self, beginning: Beginning, mut story: Story) {
        let instance_id = beginning.info.instance_id.clone();
        let run = SimulatedRun::new(self.seeded(beginning), self.log.clone());
        story.runs += 1;
        self.instances.insert(instance_id.clone(), Instance { run, story });
        self.arrange(self.now_ms, Happening::RunBegins { instance_id });
    }

    /// Gives a run that begins now its time, and random numbers of its own.
    fn seeded(&mut self, mut beginning: Beginning) -> Beginning {
        beginning.info.started_at = SystemTime::UNIX_EPOCH + Duration::from_millis(self.now_ms);
        beginning.seed = self.seed.wrapping_add(self.begun << 32);
        self.begun += 1;
        beginning
    }

    /// Lets time pass until the root has ended.
    pub(super) fn run(&mut self) -> RootEnd {
        loop {
            if let Some(end) = self.root_end.take() {
                return end;
            }
            match self.agenda.pop_first() {
                Some(((at_ms, _), happening)) => {
                    self.now_ms = at_ms;
                    self.let_happen(happening);
                }
                None => self.give_up_waiting(),
            }
        }
    }

    fn give_up_waiting(&mut self) {
        // It is there, since the root has not ended.
        let Some(root) = self.instances.remove(&self.root) else { return };
        root.run.give_up_waiting();
        self.end_run(root);
    }

    fn let_happen(&mut self, happening: Happening) {
        match happening {
            Happening::EventRaised { instance_id, name, payload } => {
                self.deliver(&instance_id, Delivery::Event { name, payload });
            }
            Happening::RunBegins { instance_id } => self.advance(&instance_id),
            Happening::TimerFires(TaskKey { instance, task }) => {
                let outcome = Ok("null".to_owned());
                self.deliver(&instance, Delivery::Result { task, outcome });
            }
            Happening::AttemptStarts(key) => self.start_attempt(key),
            Happening::AttemptEnds(key, outcome) => self.end_attempt(key, outcome),
        }
    }

    fn deliver(&mut self, instance_id: &str, delivery: Delivery) {
        // A run that has only just been arranged gets nothing before its first turn, as in its replay.
        while self.instances.get(instance_id).is_some_and(|instance| !instance.run.has_begun()) {
            self.advance(instance_id);
        }
        if let Some(instance) = self.instances.get(instance_id) {
            instance.run.deliver(self.now_ms, delivery);
            self.advance(instance_id);
        }
    }

    /// Gives an instance its turn.
    fn advance(&mut self, instance_id: &str) {
        let Some(mut instance) = self.instances.remove(instance_id) else { return };
        if instance.run.advance() {
            self.end_run(instance);
        } else {
            let effects = instance.run.take_effects();
            self.carry_out(instance_id, &mut instance.story, effects);
            self.instances.insert(instance_id.to_owned(), instance);
        }
    }

    fn end_run(&mut self, instance: Instance) {
        let Instance { run, mut story } = instance;
        let instance_id = run.instance_id().to_owned();
        let beginning = run.beginning().clone();
        let Ended { how, nondeterminism, commands, custom_status, effects } = run.end();
        self.carry_out(&instance_id, &mut story, effects);
        self.forget_tasks(&instance_id);
        if let Some(failure) = nondeterminism {
            self.note_nondeterminism(&instance_id, failure);
        }
        story.commands.extend(commands);
        story.custom_status = custom_status;
        let outcome = match how {
            How::With(outcome) => outcome,
            How::GivenUp(failure) => Err(failure),
            How::AsNew(Next { input, unread }) => {
                // Its history begins after every patch there is.
                let too_new = Default::default();
                return self.create(Beginning { input, unread, too_new, ..beginning }, story);
            }
        };
        if let Some(caller) = story.caller.take() {
            self.arrange(self.now_ms, Happening::AttemptEnds(caller, outcome));
        } else if instance_id == self.root {
            self.root_end = Some(RootEnd { outcome, story, at_ms: self.now_ms });
        }
    }

    fn note_nondeterminism(&mut self, instance_id: &str, mut failure: Failure) {
        if instance_id != self.root {
            failure.message = format!("in the child {instance_id}: {}", failure.message);
        }
        self.seen.nondeterminism.get_or_insert(failure);
    }

    /// Forgets what a run has waited for. Its children go on.
    fn forget_tasks(&mut self, instance_id: &str) {
        self.calls.retain(|key, _| key.instance != instance_id);
        self.agenda
            .retain(|_, happening| happening.task().is_none_or(|key| key.instance != instance_id));
        for child in self.instances.values_mut() {
            if child.story.caller.as_ref().is_some_and(|caller| caller.instance == instance_id) {
                child.story.caller = None;
            }
        }
    }

    /// Does what a run has asked for in its turn.
    fn carry_out(&mut self, instance_id: &str, story: &mut Story, effects: Vec<Effect>) {
        let cancelled: BTreeSet<TaskId> = effects.iter().filter_map(Effect::cancelled).collect();
        for effect in effects {
            // What is taken back in the same turn never happens.
            if effect.begun().is_some_and(|task| cancelled.contains(&task)) {
                continue;
            }
            let key = |task: TaskId| TaskKey { instance: instance_id.to_owned(), task };
            match effect {
                Effect::StartTimer { task, fire_at_ms } => {
                    self.arrange(fire_at_ms, Happening::TimerFires(key(task)));
                }
                Effect::RaiseEvent { instance_id, name, payload } => {
                    let seen = (instance_id.clone(), name.clone(), payload.clone());
                    self.seen.raised.push(seen);
                    let event = Happening::EventRaised { instance_id, name, payload };
                    self.arrange(self.now_ms, event);
                }
                Effect::CallActivity { task, name, input, options } => {
                    let callee = Callee::Activity { options, last_progress: None };
                    self.calls.insert(key(task), self.call(callee, name, input));
                    self.arrange(self.now_ms, Happening::AttemptStarts(key(task)));
                }
                Effect::CallWorkflow { task, name, input, options } => {
                    let callee = Callee::Workflow { options, instance: None };
                    let call = self.call(callee, name, input);
                    self.start_child(key(task), call, story);
                }
                Effect::Cancel(task) => self.cancel(&key(task)),
            }
        }
    }

    fn call(&self, callee: Callee, name: String, input: String) -> Call {
        Call { callee, name, input, asked_at_ms: self.now_ms, attempt: 1 }
    }

    /// Stops whatever a task is about.
    fn cancel(&mut self, key: &TaskKey) {
        self.calls.remove(key);
        self.agenda.retain(|_, happening| happening.task() != Some(key));
        let children = self.instances.iter();
        let child = children.filter(|(_, child)| child.story.caller.as_ref() == Some(key));
        let child = child.map(|(id, _)| id.clone()).next();
        if let Some(child) = child {
            self.terminate(&child);
        }
    }

    /// Ends an instance, and its children with it.
    fn terminate(&mut self, instance_id: &str) {
        self.instances.remove(instance_id);
        self.forget_tasks(instance_id);
        let instances = self.instances.iter();
        let is_child = |child: &Instance| child.story.parent.as_deref() == Some(instance_id);
        let children: Vec<String> = instances
            .filter(|(_, instance)| is_child(instance))
            .map(|(id, _)| id.clone())
            .collect();
        for child in children {
            self.terminate(&child);
        }
    }

    fn end_attempt(&mut self, key: TaskKey, outcome: Outcome) {
        let Some(call) = self.calls.get_mut(&key) else { return };
        if let Callee::Workflow { instance, .. } = &mut call.callee {
            *instance = None;
        }
        if let Err(failure) = &outcome
            && let Some(retry_at_ms) = call.next_attempt_ms(failure, self.now_ms)
        {
            call.attempt += 1;
            self.arrange(retry_at_ms, Happening::AttemptStarts(key));
            return;
        }
        self.calls.remove(&key);
        let TaskKey { instance, task } = key;
        self.deliver(&instance, Delivery::Result { task, outcome });
    }
}

/// Returns who an instance is, for all but the time.
pub(super) fn info(
    instance_id: String,
    workflow_name: String,
    parent_instance_id: Option<String>,
) -> InstanceInfo {
    InstanceInfo {
        instance_id,
        workflow_name,
        module_name: "test".to_owned(),
        module_digest: "0".repeat(64),
        started_at: SystemTime::UNIX_EPOCH,
        parent_instance_id,
        replaying: false,
    }
}
