//! Owns what a history adds up to: one total function says which event may follow which, and what
//! the host has to do about it. Live turns, recovery and replay all go through it.
//!
//! The phases of a run, and the events that lead from one to another. What has no arrow is illegal,
//! and so is an event about a task that is not open in the way the second table says.
//!
//! ```text
//! NotStarted --RunStarted-------------------------------------------> Running
//! Running    --Asked, EventRaised, Activity*, TimerFired------------> Running
//!            --Paused------------------------------------------------> Paused
//!            --RunCompleted / RunFailed / RunTerminated--> Completed / Failed / Terminated
//! Paused     --EventRaised, Activity*, TimerFired-------------------> Paused
//!            --Resumed-----------------------------------------------> Running
//!            --RunTerminated-----------------------------------------> Terminated
//! Running, Paused --VersionSelected----------------------------------> the same
//! Completed, Failed --ActivityCompleted, ActivityFailed--------------> the same
//! ```
//!
//! The last arrow lets activities that nobody waited for end in peace after their workflow: each is
//! run to its end, and its result is recorded so that no restart runs it again.
//!
//! ```text
//! a task       is opened by             and closed by
//! Attempt      Asked(CallActivity),     ActivityCompleted, ActivityFailed, Asked(Cancel);
//!              ActivityRetried          ActivityAttemptFailed makes it BackingOff
//! BackingOff   ActivityAttemptFailed    Asked(Cancel); ActivityRetried makes it an Attempt
//! Timer        Asked(StartTimer)        TimerFired, Asked(Cancel)
//! ```
//!
//! Waits for events are not here: which event a wait takes depends on what the guest has seen, so
//! [`super::replay`] decides it.

use std::collections::BTreeMap;
use std::sync::Arc;

use thiserror::Error;

use super::command::{ActivityCall, Command};
use super::event::{Event, Message, Recorded, RunStarted};
use super::failure::Failure;
use super::id::{Digest, InstanceId, RunId, TaskNumber, Timestamp};

/// How far a run has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Nothing is recorded.
    NotStarted,
    /// The guest may be run.
    Running,
    /// The guest may not be run.
    Paused,
    /// The workflow has returned.
    Completed,
    /// The workflow has failed.
    Failed,
    /// Somebody has ended the run.
    Terminated,
}

impl Phase {
    /// Returns whether the run has ended.
    pub fn is_terminal(self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::Terminated)
    }
}

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

/// What the host must do once an event is committed.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Run an attempt of an activity.
    RunAttempt(Attempt),
    /// Stop the running attempt of this task, if there is one.
    StopAttempt(TaskNumber),
    /// Store a timer, in the same commit.
    SetTimer(TaskNumber, Timestamp),
    /// Remove a timer, in the same commit.
    ClearTimer(TaskNumber, Timestamp),
}

/// An attempt of an activity that is to be run.
#[derive(Clone, Debug, PartialEq)]
pub struct Attempt {
    /// Which call.
    pub task: TaskNumber,
    /// Which attempt, from 1.
    pub attempt: u32,
    /// What the guest asked for.
    pub call: Arc<ActivityCall>,
}

/// A task that the host owes something.
#[derive(Clone, Debug, PartialEq)]
enum Open {
    Attempt { attempt: u32, asked_at: Timestamp, call: Arc<ActivityCall> },
    BackingOff { failed: u32, asked_at: Timestamp, call: Arc<ActivityCall>, retry_at: Timestamp },
    Timer { fire_at: Timestamp },
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
    /// When the start was accepted.
    pub started_at: Timestamp,
}

/// What a history adds up to.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    phase: Phase,
    identity: Option<Identity>,
    digest: Option<Digest>,
    open: BTreeMap<TaskNumber, Open>,
    last_task: TaskNumber,
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
            open: BTreeMap::new(),
            last_task: TaskNumber(0),
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

    /// Returns the attempts that the host must have running, in order of their tasks.
    pub fn attempts(&self) -> impl Iterator<Item = Attempt> + '_ {
        self.open.iter().filter_map(|(&task, open)| match open {
            Open::Attempt { attempt, call, .. } => {
                Some(Attempt { task, attempt: *attempt, call: call.clone() })
            }
            Open::BackingOff { .. } | Open::Timer { .. } => None,
        })
    }

    /// Returns the timers that the host must have stored, in order of their tasks.
    pub fn timers(&self) -> impl Iterator<Item = (TaskNumber, Timestamp)> + '_ {
        self.open.iter().filter_map(|(&task, open)| match open {
            Open::Timer { fire_at } => Some((task, *fire_at)),
            Open::BackingOff { retry_at, .. } => Some((task, *retry_at)),
            Open::Attempt { .. } => None,
        })
    }

    /// Returns the event that a message comes to at this time; none if it changes nothing, as with
    /// a pause of what is paused or the result of a task that nobody wants any more.
    pub fn receive(&self, message: &Message, now: Timestamp) -> Option<Event> {
        let live = matches!(self.phase, Phase::Running | Phase::Paused);
        match message {
            Message::Start(start) => {
                (self.phase == Phase::NotStarted).then(|| Event::RunStarted(start.clone()))
            }
            Message::RaiseEvent { name, payload } => {
                live.then(|| Event::EventRaised { name: name.clone(), payload: payload.clone() })
            }
            Message::Pause => (self.phase == Phase::Running).then_some(Event::Paused),
            Message::Resume => (self.phase == Phase::Paused).then_some(Event::Resumed),
            Message::Terminate { output } => {
                live.then(|| Event::RunTerminated { output: output.clone() })
            }
            Message::SelectVersion { digest } => (live && self.digest != Some(*digest))
                .then_some(Event::VersionSelected { digest: *digest }),
            Message::TimerDue { task } => match self.open.get(task) {
                Some(Open::Timer { fire_at }) if *fire_at <= now => {
                    Some(Event::TimerFired { task: *task })
                }
                Some(Open::BackingOff { retry_at, .. }) if *retry_at <= now => {
                    Some(Event::ActivityRetried { task: *task })
                }
                _ => None,
            },
            Message::ActivityEnded { task, attempt, result } => {
                self.attempt_ended(*task, *attempt, result, now)
            }
        }
    }

    fn attempt_ended(
        &self,
        task: TaskNumber,
        ended: u32,
        result: &Result<String, Failure>,
        now: Timestamp,
    ) -> Option<Event> {
        let Some(Open::Attempt { attempt, asked_at, call }) = self.open.get(&task) else {
            return None;
        };
        if *attempt != ended {
            return None;
        }
        Some(match result {
            Ok(output) => Event::ActivityCompleted { task, output: output.clone() },
            Err(failure) => {
                let retry = call.retry.filter(|_| !self.phase.is_terminal());
                let failure = failure.clone();
                match retry.and_then(|it| it.next_attempt_at(ended, &failure, *asked_at, now)) {
                    Some(retry_at) => Event::ActivityAttemptFailed { task, failure, retry_at },
                    None => Event::ActivityFailed { task, failure },
                }
            }
        })
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
        let phase = next_phase(self.phase, &recorded.event)
            .ok_or_else(|| illegal("no such event is expected in this phase"))?;
        self.check_task(&recorded.event).map_err(illegal)?;
        let effects = self.follow(recorded, phase);
        self.phase = phase;
        self.last_time = recorded.time;
        self.events += 1;
        Ok(effects)
    }

    /// The second table: which task an event may be about.
    fn check_task(&self, event: &Event) -> Result<(), &'static str> {
        match event {
            Event::Asked(Command::Cancel { task }) if *task > self.last_task => {
                Err("the workflow never asked for that task")
            }
            Event::ActivityCompleted { task, .. }
            | Event::ActivityFailed { task, .. }
            | Event::ActivityAttemptFailed { task, .. } => match self.open.get(task) {
                Some(Open::Attempt { .. }) => Ok(()),
                _ => Err("no attempt of that task is running"),
            },
            Event::ActivityRetried { task } => match self.open.get(task) {
                Some(Open::BackingOff { .. }) => Ok(()),
                _ => Err("no attempt of that task is to follow"),
            },
            Event::TimerFired { task } => match self.open.get(task) {
                Some(Open::Timer { .. }) => Ok(()),
                _ => Err("no timer of that task is open"),
            },
            _ => Ok(()),
        }
    }

    /// Updates everything but phase, time and count, for an event that has been found legal.
    fn follow(&mut self, recorded: &Recorded, phase: Phase) -> Vec<Effect> {
        match &recorded.event {
            Event::RunStarted(start) => self.follow_start(start, recorded.time),
            Event::VersionSelected { digest } => self.digest = Some(*digest),
            Event::Asked(command) => return self.follow_command(command, recorded.time),
            Event::EventRaised { .. } => self.deliveries += 1,
            Event::ActivityCompleted { task, .. } | Event::ActivityFailed { task, .. } => {
                self.deliveries += 1;
                self.open.remove(task);
            }
            Event::TimerFired { task } => {
                self.deliveries += 1;
                if let Some(Open::Timer { fire_at }) = self.open.remove(task) {
                    return vec![Effect::ClearTimer(*task, fire_at)];
                }
            }
            Event::ActivityAttemptFailed { task, retry_at, .. } => {
                if let Some(Open::Attempt { attempt, asked_at, call }) = self.open.remove(task) {
                    let (failed, retry_at) = (attempt, *retry_at);
                    self.open.insert(*task, Open::BackingOff { failed, asked_at, call, retry_at });
                }
                return vec![Effect::SetTimer(*task, *retry_at)];
            }
            Event::ActivityRetried { task } => return self.follow_retry(*task),
            Event::RunCompleted { .. } | Event::RunFailed { .. } | Event::RunTerminated { .. } => {
                self.end_event = Some(self.events);
                return self.follow_end(phase);
            }
            Event::Paused | Event::Resumed => {}
        }
        Vec::new()
    }

    fn follow_start(&mut self, start: &RunStarted, time: Timestamp) {
        self.digest = Some(start.digest);
        self.identity = Some(Identity {
            run: start.run,
            instance: start.instance.clone(),
            workflow: start.workflow.clone(),
            module: start.module.clone(),
            started_at: time,
        });
    }

    fn follow_command(&mut self, command: &Command, time: Timestamp) -> Vec<Effect> {
        if command.makes_task() {
            self.last_task = self.last_task.next();
        }
        let task = self.last_task;
        match command {
            Command::CallActivity(call) => {
                let call = Arc::new(call.clone());
                let open = Open::Attempt { attempt: 1, asked_at: time, call: call.clone() };
                self.open.insert(task, open);
                vec![Effect::RunAttempt(Attempt { task, attempt: 1, call })]
            }
            Command::StartTimer { fire_at } => {
                self.open.insert(task, Open::Timer { fire_at: *fire_at });
                vec![Effect::SetTimer(task, *fire_at)]
            }
            // Cancelling what has ended meanwhile is no mistake: the guest could not know.
            Command::Cancel { task } => match self.open.remove(task) {
                Some(Open::Attempt { .. }) => vec![Effect::StopAttempt(*task)],
                Some(Open::BackingOff { retry_at: at, .. } | Open::Timer { fire_at: at }) => {
                    vec![Effect::ClearTimer(*task, at)]
                }
                None => Vec::new(),
            },
            Command::SetCustomStatus { .. } => {
                self.custom_status_event = Some(self.events);
                Vec::new()
            }
            Command::WaitEvent { .. } => Vec::new(),
        }
    }

    fn follow_retry(&mut self, task: TaskNumber) -> Vec<Effect> {
        let Some(Open::BackingOff { failed, asked_at, call, retry_at }) = self.open.remove(&task)
        else {
            return Vec::new();
        };
        let attempt = failed + 1;
        self.open.insert(task, Open::Attempt { attempt, asked_at, call: call.clone() });
        vec![
            Effect::ClearTimer(task, retry_at),
            Effect::RunAttempt(Attempt { task, attempt, call }),
        ]
    }

    fn follow_end(&mut self, phase: Phase) -> Vec<Effect> {
        let mut effects: Vec<_> =
            self.timers().map(|(task, at)| Effect::ClearTimer(task, at)).collect();
        if phase == Phase::Terminated {
            effects.extend(self.attempts().map(|attempt| Effect::StopAttempt(attempt.task)));
            self.open.clear();
        } else {
            self.open.retain(|_, open| matches!(open, Open::Attempt { .. }));
        }
        effects
    }
}

/// The first table: the phase an event leads to; none if it is illegal.
fn next_phase(phase: Phase, event: &Event) -> Option<Phase> {
    use Phase::{Completed, Failed, NotStarted, Paused, Running, Terminated};
    match (phase, event) {
        (NotStarted, Event::RunStarted(_)) => Some(Running),
        (Running, Event::Asked(_)) => Some(Running),
        (
            Running | Paused,
            Event::EventRaised { .. }
            | Event::ActivityCompleted { .. }
            | Event::ActivityAttemptFailed { .. }
            | Event::ActivityFailed { .. }
            | Event::ActivityRetried { .. }
            | Event::TimerFired { .. }
            | Event::VersionSelected { .. },
        ) => Some(phase),
        (Running, Event::Paused) => Some(Paused),
        (Paused, Event::Resumed) => Some(Running),
        (Running, Event::RunCompleted { .. }) => Some(Completed),
        (Running, Event::RunFailed { .. }) => Some(Failed),
        (Running | Paused, Event::RunTerminated { .. }) => Some(Terminated),
        (Completed | Failed, Event::ActivityCompleted { .. } | Event::ActivityFailed { .. }) => {
            Some(phase)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests;
