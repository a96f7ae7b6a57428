//! Owns what a run has open: the tasks that the host owes something, and the second table, which
//! says what an event may be about and what it entails.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Effect;
use crate::workflow::command::{ActivityCall, ChildCall, Command};
use crate::workflow::event::{Callee, Event, Named};
use crate::workflow::failure::RetryPolicy;
use crate::workflow::id::{InstanceId, RunId, TaskNumber, Timestamp};

/// An attempt of an activity that is to be run.
#[derive(Clone, Debug, PartialEq)]
pub struct Attempt {
    /// Which call.
    pub task: TaskNumber,
    /// Which attempt, from 1.
    pub attempt: u32,
    /// What the guest asked for.
    pub call: Arc<ActivityCall>,
    /// How far the attempt before it had got.
    pub progress: Option<String>,
}

/// A child that is to be started.
#[derive(Clone, Debug, PartialEq)]
pub struct ChildStart {
    /// Which run calls.
    pub run: RunId,
    /// Which call.
    pub task: TaskNumber,
    /// Which attempt, from 1.
    pub attempt: u32,
    /// The ID of its instance.
    pub instance: InstanceId,
    /// What the guest asked for.
    pub call: Arc<ChildCall>,
}

/// What an attempt is an attempt of.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Work {
    Activity(Arc<ActivityCall>),
    /// With the ID that the last attempt has.
    Child(Arc<ChildCall>, InstanceId),
}

impl Work {
    pub(super) fn callee(&self) -> Callee {
        match self {
            Self::Activity(_) => Callee::Activity,
            Self::Child(..) => Callee::Workflow,
        }
    }

    pub(super) fn retry(&self) -> Option<RetryPolicy> {
        match self {
            Self::Activity(call) => call.retry,
            Self::Child(call, _) => call.retry,
        }
    }
}

/// What can be seen of a call that is open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenCall {
    /// The attempt that runs, or ran last; from 1.
    pub attempt: u32,
    /// The instance of a child.
    pub child: Option<InstanceId>,
}

/// A call, as far as it has come.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Call {
    pub(super) work: Work,
    pub(super) asked_at: Timestamp,
    /// The attempt that runs, or ran last; from 1.
    pub(super) attempt: u32,
    /// How far the attempt before it had got.
    progress: Option<String>,
    /// When the next attempt starts, if it has not.
    retry_at: Option<Timestamp>,
}

impl Call {
    pub(super) fn is_running(&self) -> bool {
        self.retry_at.is_none()
    }

    fn start(&self, run: RunId, task: TaskNumber) -> Effect {
        let attempt = self.attempt;
        match &self.work {
            Work::Activity(call) => {
                let (call, progress) = (call.clone(), self.progress.clone());
                Effect::RunAttempt(Attempt { task, attempt, call, progress })
            }
            Work::Child(call, instance) => {
                let (call, instance) = (call.clone(), instance.clone());
                Effect::StartChild(ChildStart { run, task, attempt, instance, call })
            }
        }
    }
}

/// A task that the host owes something.
#[derive(Clone, Debug, PartialEq)]
enum Open {
    Call(Call),
    Timer { fire_at: Timestamp },
}

/// All tasks that the host owes something, in order of their numbers.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct OpenTasks {
    /// Whose tasks they are.
    run: RunId,
    open: BTreeMap<TaskNumber, Open>,
    /// How many of them are attempts of activities that run.
    running: usize,
}

impl Default for OpenTasks {
    fn default() -> Self {
        Self { run: RunId([0; 16]), open: BTreeMap::new(), running: 0 }
    }
}

impl OpenTasks {
    /// Says whose tasks they are.
    pub(super) fn belong_to(&mut self, run: RunId) {
        self.run = run;
    }

    pub(super) fn len(&self) -> usize {
        self.open.len()
    }

    pub(super) fn numbers(&self) -> impl Iterator<Item = TaskNumber> + '_ {
        self.open.keys().copied()
    }

    pub(super) fn call(&self, task: TaskNumber) -> Option<OpenCall> {
        let Open::Call(call) = self.open.get(&task)? else { return None };
        let child = match &call.work {
            Work::Activity(_) => None,
            Work::Child(_, instance) => Some(instance.clone()),
        };
        Some(OpenCall { attempt: call.attempt, child })
    }

    pub(super) fn due_at(&self, task: TaskNumber) -> Option<Timestamp> {
        match self.open.get(&task)? {
            Open::Timer { fire_at } => Some(*fire_at),
            Open::Call(call) => call.retry_at,
        }
    }

    pub(super) fn has_running_attempts(&self) -> bool {
        self.running > 0
    }

    /// Returns the attempts of activities that the host must have running.
    pub(super) fn attempts(&self) -> impl Iterator<Item = Attempt> + '_ {
        self.running_calls().filter_map(|start| match start {
            Effect::RunAttempt(attempt) => Some(attempt),
            _ => None,
        })
    }

    /// Returns the children that are under way.
    pub(super) fn children(&self) -> impl Iterator<Item = ChildStart> + '_ {
        self.running_calls().filter_map(|start| match start {
            Effect::StartChild(child) => Some(child),
            _ => None,
        })
    }

    /// Returns how each call that is under way has been started.
    fn running_calls(&self) -> impl Iterator<Item = Effect> + '_ {
        self.open.iter().filter_map(|(&task, open)| match open {
            Open::Call(call) if call.is_running() => Some(call.start(self.run, task)),
            _ => None,
        })
    }

    /// Returns the timers that the host must have stored.
    pub(super) fn timers(&self) -> impl Iterator<Item = (TaskNumber, Timestamp)> + '_ {
        self.open.iter().filter_map(|(&task, open)| match open {
            Open::Timer { fire_at } => Some((task, *fire_at)),
            Open::Call(call) => call.retry_at.map(|retry_at| (task, retry_at)),
        })
    }

    /// Returns a call of which an attempt runs.
    pub(super) fn running(&self, task: TaskNumber) -> Option<&Call> {
        match self.open.get(&task) {
            Some(Open::Call(call)) if call.is_running() => Some(call),
            _ => None,
        }
    }

    /// Returns what comes of it that a task is due, if it is.
    pub(super) fn due(&self, task: TaskNumber, now: Timestamp) -> Option<Event> {
        match self.open.get(&task)? {
            Open::Timer { fire_at } => (*fire_at <= now).then_some(Event::TimerFired { task }),
            Open::Call(call) => {
                let callee = call.work.callee();
                let is_due = call.retry_at.is_some_and(|retry_at| retry_at <= now);
                is_due.then_some(Event::CallRetried { callee, task })
            }
        }
    }

    /// The second table: which task an event may be about.
    pub(super) fn check(&self, event: &Event) -> Result<(), &'static str> {
        let (task, callee) = match event {
            Event::CallCompleted { callee, task, .. }
            | Event::CallFailed { callee, task, .. }
            | Event::AttemptFailed { callee, task, .. } => match self.running(*task) {
                Some(call) if call.work.callee() == *callee => return Ok(()),
                _ => return Err("no attempt of that task is running"),
            },
            Event::TimerFired { task } => match self.open.get(task) {
                Some(Open::Timer { .. }) => return Ok(()),
                _ => return Err("no timer of that task is open"),
            },
            Event::CallRetried { callee, task } => (task, callee),
            _ => return Ok(()),
        };
        match self.open.get(task) {
            Some(Open::Call(call)) if !call.is_running() && call.work.callee() == *callee => Ok(()),
            _ => Err("no attempt of that task is to follow"),
        }
    }

    fn insert(&mut self, task: TaskNumber, open: Open) {
        self.running += usize::from(is_running_activity(&open));
        self.open.insert(task, open);
    }

    fn remove(&mut self, task: TaskNumber) -> Option<Open> {
        let removed = self.open.remove(&task)?;
        self.running -= usize::from(is_running_activity(&removed));
        Some(removed)
    }

    /// Opens the task that a command makes, if it is one that the host owes something.
    pub(super) fn ask(
        &mut self,
        task: TaskNumber,
        command: &Command,
        asked_at: Timestamp,
        naming: (&InstanceId, &mut Named),
    ) -> Option<Effect> {
        let work = match command {
            Command::StartTimer { fire_at } => {
                self.insert(task, Open::Timer { fire_at: *fire_at });
                return Some(Effect::SetTimer(task, *fire_at));
            }
            Command::CallActivity(call) => Work::Activity(Arc::new(call.clone())),
            Command::CallWorkflow(call) => {
                let instance = name_child(call, naming);
                Work::Child(Arc::new(call.clone()), instance)
            }
            _ => return None,
        };
        let call = Call { work, asked_at, attempt: 1, progress: None, retry_at: None };
        let effect = call.start(self.run, task);
        self.insert(task, Open::Call(call));
        Some(effect)
    }

    /// Closes a call that is over.
    pub(super) fn end_call(&mut self, task: TaskNumber) {
        self.remove(task);
    }

    /// Closes a timer that has fired.
    pub(super) fn fire(&mut self, task: TaskNumber) -> Option<Effect> {
        match self.remove(task)? {
            Open::Timer { fire_at } => Some(Effect::ClearTimer(task, fire_at)),
            Open::Call(_) => None,
        }
    }

    /// Lets a call wait for its next attempt.
    pub(super) fn back_off(
        &mut self,
        task: TaskNumber,
        retry_at: Timestamp,
        progress: Option<String>,
    ) -> Option<Effect> {
        let Open::Call(mut call) = self.remove(task)? else { return None };
        (call.retry_at, call.progress) = (Some(retry_at), progress);
        self.insert(task, Open::Call(call));
        Some(Effect::SetTimer(task, retry_at))
    }

    /// Begins the next attempt of a call.
    pub(super) fn retry(
        &mut self,
        task: TaskNumber,
        naming: (&InstanceId, &mut Named),
    ) -> Vec<Effect> {
        let Some(Open::Call(mut call)) = self.remove(task) else { return Vec::new() };
        call.attempt += 1;
        if let Work::Child(child, instance) = &mut call.work {
            *instance = name_child(child, naming);
        }
        let cleared = call.retry_at.take().map(|retry_at| Effect::ClearTimer(task, retry_at));
        let started = call.start(self.run, task);
        self.insert(task, Open::Call(call));
        cleared.into_iter().chain([started]).collect()
    }

    /// Closes a task that the guest wants no more. One that has ended meanwhile is no mistake: the
    /// guest could not know.
    pub(super) fn cancel(&mut self, task: TaskNumber) -> Option<Effect> {
        match self.remove(task)? {
            Open::Timer { fire_at } => Some(Effect::ClearTimer(task, fire_at)),
            Open::Call(Call { retry_at: Some(retry_at), .. }) => {
                Some(Effect::ClearTimer(task, retry_at))
            }
            Open::Call(Call { work: Work::Activity(_), .. }) => Some(Effect::StopAttempt(task)),
            Open::Call(Call { work: Work::Child(_, instance), .. }) => {
                Some(Effect::CancelChild(self.run, task, instance))
            }
        }
    }

    /// Closes everything but the attempts of activities, which may end in peace.
    pub(super) fn end(&mut self) -> Vec<Effect> {
        let effects = self.timers().map(|(task, at)| Effect::ClearTimer(task, at)).collect();
        self.open.retain(|_, open| is_running_activity(open));
        effects
    }

    /// Closes everything, and stops what runs.
    pub(super) fn stop(&mut self) -> Vec<Effect> {
        let mut effects = self.end();
        effects.extend(self.open.keys().map(|&task| Effect::StopAttempt(task)));
        (self.open, self.running) = (BTreeMap::new(), 0);
        effects
    }
}

fn is_running_activity(open: &Open) -> bool {
    matches!(open, Open::Call(call) if call.is_running() && call.work.callee() == Callee::Activity)
}

/// The ID that the guest gave, or the next one made from the parent's.
fn name_child(call: &ChildCall, (parent, named): (&InstanceId, &mut Named)) -> InstanceId {
    if let Some(given) = &call.instance {
        return given.clone();
    }
    let text = if call.detached {
        named.detached += 1;
        format!("{parent}-{}", named.detached)
    } else {
        named.attached += 1;
        format!("{parent}:{:04x}", named.attached)
    };
    InstanceId::unchecked(&text)
}
