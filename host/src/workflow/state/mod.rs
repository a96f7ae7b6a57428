//! Owns what a history adds up to: one total function says which event may follow which, and what
//! the host has to do about it. Live turns, recovery and replay all go through it.
//!
//! The phases of a run, and the events that lead from one to another. What has no arrow is illegal,
//! and so is an event about a task that is not open in the way the second table says.
//!
//! ```text
//! NotStarted --RunStarted-------------------------------------------> Running
//! Running    --Asked, InputReplaced---------------------------------> Running
//!            --Paused-----------------------------------------------> Paused
//!            --RunCompleted / RunFailed / RunTerminated--> Completed / Failed / Terminated
//! Paused     --Resumed----------------------------------------------> Running
//!            --RunTerminated----------------------------------------> Terminated
//! Running, Paused --EventRaised, Call*, Attempt*, TimerFired,
//!                   StartDue, VersionSelected-----------------------> the same
//! Completed, Failed --CallCompleted, CallFailed---------------------> the same
//! ```
//!
//! The last arrow lets activities that nobody waited for end in peace after their workflow: each is
//! run to its end, and its result is recorded so that no restart runs it again.
//!
//! ```text
//! a task          is opened by            and closed by
//! call, running   Asked(Call*),           CallCompleted, CallFailed, Asked(Cancel);
//!                 CallRetried             AttemptFailed makes it a call that waits
//! call, waiting   AttemptFailed           Asked(Cancel); CallRetried makes it one that runs
//! timer           Asked(StartTimer)       TimerFired, Asked(Cancel)
//! ```
//!
//! Waits for events are not here: which event a wait takes depends on what the guest has seen, so
//! [`super::replay`] decides it. Continue-as-new is not here either: it ends this state, and another
//! one begins with its own `RunStarted`.

mod open;
mod phase;
mod receive;

use thiserror::Error;

use self::open::OpenTasks;
pub use self::open::{Attempt, ChildStart, OpenCall};
pub use self::phase::Phase;
use super::command::Command;
use super::event::{Event, Named, Origin, Parent, Recorded, RunStarted};
use super::failure::{Failure, error_type};
use super::id::{Digest, InstanceId, RunId, TaskNumber, Timestamp};

/// An event that may not follow the ones before it.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("event {index} is {kind}, which can't follow in a run that is {phase:?} ({reason})")]
pub struct IllegalEvent {
    /// The position the event would have had.
    pub index: u64,
    /// The event's kind.
    pub kind: &'static str,
    /// The phase it met.
    pub phase: Phase,
    /// What is wrong with it.
    pub reason: String,
}

/// What the host must do about an event: in the same commit, or once that is on disk.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Run an attempt of an activity, afterwards.
    RunAttempt(Attempt),
    /// Stop the running attempt of this task, if there is one, afterwards.
    StopAttempt(TaskNumber),
    /// Store a timer, in the same commit.
    SetTimer(TaskNumber, Timestamp),
    /// Remove a timer, in the same commit.
    ClearTimer(TaskNumber, Timestamp),
    /// Bring a child into being, in the same commit.
    StartChild(ChildStart),
    /// Tell a child that its result is wanted no more, in the same commit.
    CancelChild(RunId, TaskNumber, InstanceId),
    /// Tell all children that their parent has ended, in the same commit.
    EndChildren,
    /// Tell the parent how this run has ended, in the same commit.
    TellParent(Parent, Result<String, Failure>),
    /// Raise an event to another instance, in the same commit.
    RaiseEvent {
        /// Which.
        instance: InstanceId,
        /// The event's name.
        name: String,
        /// What comes with it.
        payload: String,
    },
}

/// Which run this is.
#[derive(Clone, Debug, PartialEq)]
pub struct Identity {
    /// The run.
    pub run: RunId,
    /// The instance.
    pub instance: InstanceId,
    /// The workflow.
    pub workflow: String,
    /// The module.
    pub module: String,
    /// When the instance was created.
    pub created_at: Timestamp,
    /// When this run began: when it was accepted, unless it was to begin later.
    pub started_at: Timestamp,
    /// Which run of the instance this is, from 1.
    pub generation: u32,
    /// How many instances there are above it.
    pub depth: u32,
    /// The instance it is a child of.
    pub parent: Option<Parent>,
    /// The run that this one does again in part.
    pub origin: Option<Origin>,
}

/// What a history adds up to.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    phase: Phase,
    identity: Option<Identity>,
    digest: Option<Digest>,
    open: OpenTasks,
    last_task: TaskNumber,
    named: Named,
    /// When the run is to begin, if it has not.
    start_at: Option<Timestamp>,
    replaced_input: Option<(TaskNumber, String)>,
    events: u64,
    deliveries: u64,
    last_time: Timestamp,
    custom_status_event: Option<u64>,
    end_event: Option<u64>,
}

impl Default for State {
    fn default() -> Self {
        Self {
            phase: Phase::NotStarted,
            identity: None,
            digest: None,
            open: OpenTasks::default(),
            last_task: TaskNumber(0),
            named: Named::default(),
            start_at: None,
            replaced_input: None,
            events: 0,
            deliveries: 0,
            last_time: Timestamp(0),
            custom_status_event: None,
            end_event: None,
        }
    }
}

impl State {
    /// Returns how far the run has come.
    pub fn phase(&self) -> Phase {
        self.phase
    }

    /// Returns which run this is, once it has started.
    pub fn identity(&self) -> Option<&Identity> {
        self.identity.as_ref()
    }

    /// Returns the module version the run is on, once it has started.
    pub fn digest(&self) -> Option<Digest> {
        self.digest
    }

    /// Returns when the run is to begin, as long as it has not.
    pub fn start_at(&self) -> Option<Timestamp> {
        self.start_at
    }

    /// Returns how many children have been named after the instance.
    pub fn named(&self) -> Named {
        self.named
    }

    /// Returns the number of events so far, which is the index of the next one.
    pub fn events(&self) -> u64 {
        self.events
    }

    /// Returns how many of the events are there for the guest to see.
    pub fn deliveries(&self) -> u64 {
        self.deliveries
    }

    /// Returns when the last event was recorded.
    pub fn last_time(&self) -> Timestamp {
        self.last_time
    }

    /// Returns the index of the event that last set the custom status.
    pub fn custom_status_event(&self) -> Option<u64> {
        self.custom_status_event
    }

    /// Returns the index of the event that ended the run.
    pub fn end_event(&self) -> Option<u64> {
        self.end_event
    }

    /// Returns how many calls and timers are open.
    pub fn open_tasks(&self) -> usize {
        self.open.len()
    }

    /// Returns the numbers of the calls and timers that are open, in order.
    pub fn open_task_numbers(&self) -> Vec<TaskNumber> {
        self.open.numbers().collect()
    }

    /// Returns a call that is open.
    pub fn call(&self, task: TaskNumber) -> Option<OpenCall> {
        self.open.call(task)
    }

    /// Returns when an open timer fires, an open call is tried again, or the run begins.
    pub fn due_at(&self, task: TaskNumber) -> Option<Timestamp> {
        self.start_at.filter(|_| task == TaskNumber::START).or_else(|| self.open.due_at(task))
    }

    /// Returns whether any attempt of an activity must be running.
    pub fn has_running_attempts(&self) -> bool {
        self.open.has_running_attempts()
    }

    /// Returns the attempts of activities that the host must have running, in order of their tasks.
    pub fn attempts(&self) -> impl Iterator<Item = Attempt> + '_ {
        self.open.attempts()
    }

    /// Returns the children that are under way, in order of their tasks.
    pub fn children(&self) -> impl Iterator<Item = ChildStart> + '_ {
        self.open.children()
    }

    /// Returns the timers that the host must have stored, in order of their tasks.
    pub fn timers(&self) -> impl Iterator<Item = (TaskNumber, Timestamp)> + '_ {
        let start = self.start_at.map(|start_at| (TaskNumber::START, start_at));
        start.into_iter().chain(self.open.timers())
    }

    /// Gives the run up for another one of its instance, and returns which timers go with it. All its
    /// attempts are to be stopped; children go on, though nobody waits for them any more.
    pub fn abandon(&mut self) -> Vec<Effect> {
        self.open.end()
    }

    /// Takes the next event of the history, and returns what the host has to do about it.
    ///
    /// # Errors
    /// The event may not follow; the state is then as it was.
    pub fn apply(&mut self, recorded: &Recorded) -> Result<Vec<Effect>, IllegalEvent> {
        let illegal = |reason: &str| IllegalEvent {
            index: self.events,
            kind: recorded.event.kind(),
            phase: self.phase,
            reason: reason.to_owned(),
        };
        if recorded.time < self.last_time {
            return Err(illegal("its time is before that of the event before it"));
        }
        let after = self.phase.after(&recorded.event);
        let phase = after.ok_or_else(|| illegal("no such event is expected in this phase"))?;
        self.check(&recorded.event).map_err(illegal)?;
        let effects = self.follow(recorded);
        self.phase = phase;
        self.last_time = recorded.time;
        self.events += 1;
        Ok(effects)
    }

    fn check(&self, event: &Event) -> Result<(), &'static str> {
        match event {
            Event::Asked(Command::Cancel { task }) if *task > self.last_task => {
                Err("the workflow never asked for that task")
            }
            Event::InputReplaced { task, .. } if *task != self.last_task.next() => {
                Err("it is not about the next task")
            }
            Event::StartDue if self.start_at.is_none() => Err("the run has begun already"),
            Event::Asked(_) if self.start_at.is_some() => Err("the run has not begun"),
            _ => self.open.check(event),
        }
    }

    /// Updates everything but phase, time and count, for an event that has been found legal.
    fn follow(&mut self, recorded: &Recorded) -> Vec<Effect> {
        let effect = match &recorded.event {
            Event::RunStarted(start) => self.follow_start(start, recorded.time),
            Event::StartDue => {
                if let Some(identity) = &mut self.identity {
                    identity.started_at = recorded.time;
                }
                self.start_at.take().map(|at| Effect::ClearTimer(TaskNumber::START, at))
            }
            Event::VersionSelected { digest } => {
                self.digest = Some(*digest);
                None
            }
            Event::Asked(command) => self.follow_command(command, recorded.time),
            Event::EventRaised { .. } => {
                self.deliveries += 1;
                None
            }
            Event::CallCompleted { task, .. } | Event::CallFailed { task, .. } => {
                self.deliveries += 1;
                self.open.end_call(*task);
                None
            }
            Event::TimerFired { task } => {
                self.deliveries += 1;
                self.open.fire(*task)
            }
            Event::AttemptFailed { task, retry_at, progress, .. } => {
                self.open.back_off(*task, *retry_at, progress.clone())
            }
            Event::CallRetried { task, .. } => {
                let Some(identity) = &self.identity else { return Vec::new() };
                return self.open.retry(*task, (&identity.instance, &mut self.named));
            }
            Event::InputReplaced { task, input } => {
                self.replaced_input = Some((*task, input.clone()));
                None
            }
            Event::RunCompleted { .. } | Event::RunFailed { .. } | Event::RunTerminated { .. } => {
                self.end_event = Some(self.events);
                return self.follow_end(&recorded.event);
            }
            Event::Paused { .. } | Event::Resumed { .. } => None,
        };
        effect.into_iter().collect()
    }

    fn follow_start(&mut self, start: &RunStarted, time: Timestamp) -> Option<Effect> {
        self.digest = Some(start.digest);
        self.named = start.named;
        self.start_at = start.start_at;
        self.open.belong_to(start.run);
        self.identity = Some(Identity {
            run: start.run,
            instance: start.instance.clone(),
            workflow: start.workflow.clone(),
            module: start.module.clone(),
            created_at: start.created_at,
            started_at: time,
            generation: start.generation,
            depth: start.depth,
            parent: start.parent.clone(),
            origin: start.origin.clone(),
        });
        start.start_at.map(|start_at| Effect::SetTimer(TaskNumber::START, start_at))
    }

    fn follow_command(&mut self, command: &Command, time: Timestamp) -> Option<Effect> {
        match command {
            Command::Cancel { task } => return self.open.cancel(*task),
            Command::SetCustomStatus { .. } => {
                self.custom_status_event = Some(self.events);
                return None;
            }
            Command::RaiseEvent { instance, name, payload } => {
                let (instance, name) = (instance.clone(), name.clone());
                return Some(Effect::RaiseEvent { instance, name, payload: payload.clone() });
            }
            Command::UsePatch { .. } => return None,
            Command::CallActivity(_)
            | Command::CallWorkflow(_)
            | Command::StartTimer { .. }
            | Command::WaitEvent { .. } => {}
        }
        self.last_task = self.last_task.next();
        let (task, identity) = (self.last_task, self.identity.as_ref()?);
        let replaced = self.replaced_input.take().filter(|(replaced, _)| *replaced == task);
        let naming = (&identity.instance, &mut self.named);
        match replaced {
            Some((_, input)) => self.open.ask(task, &with_input(command, input), time, naming),
            None => self.open.ask(task, command, time, naming),
        }
    }

    fn follow_end(&mut self, end: &Event) -> Vec<Effect> {
        let start = self.start_at.take().map(|at| Effect::ClearTimer(TaskNumber::START, at));
        let mut effects: Vec<Effect> = start.into_iter().collect();
        let result = match end {
            Event::RunCompleted { output } => Ok(output.clone()),
            Event::RunFailed { failure } => Err(failure.clone()),
            Event::RunTerminated { reason, recursive, .. } => {
                effects.extend(self.open.stop());
                effects.extend(recursive.then_some(Effect::EndChildren));
                Err(self.terminated(reason.as_deref()))
            }
            _ => return effects,
        };
        effects.extend(self.open.end());
        let parent = self.identity.as_ref().and_then(|identity| identity.parent.clone());
        effects.extend(parent.map(|parent| Effect::TellParent(parent, result)));
        effects
    }

    fn terminated(&self, reason: Option<&str>) -> Failure {
        let instance = self.identity.as_ref().map_or("", |identity| identity.instance.as_str());
        let mut message = format!("the child instance '{instance}' was terminated");
        if let Some(reason) = reason {
            message.push_str(": ");
            message.push_str(reason);
        }
        Failure::new(error_type::TERMINATED, message)
    }
}

/// The same call with another input.
fn with_input(command: &Command, input: String) -> Command {
    let mut command = command.clone();
    match &mut command {
        Command::CallActivity(call) => call.input = input,
        Command::CallWorkflow(call) => call.input = input,
        _ => {}
    }
    command
}

#[cfg(test)]
mod tests;
