//! Owns what a guest sees of a history: its commands are matched with the recorded ones, and what
//! happened is delivered to it one at a time, in order. It must not know how guests are run.
//!
//! Two queues carry it. Recorded *commands* wait for the guest to ask for them again; recorded
//! *deliveries* wait for the guest to block in `select`. Both are empty in a live run at rest.
//! Because deliveries move only inside `select`, what a guest sees depends on the history and on
//! its own calls, never on when the host happened to run it.

mod events;

use std::collections::{HashMap, HashSet, VecDeque};

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use thiserror::Error;

use self::events::{EventQueues, Raised};
use super::command::Command;
use super::event::{Event, Recorded};
use super::failure::{Failure, error_type};
use super::id::{TaskNumber, Timestamp};

/// A guest did something else than its history says. Nothing is lost: the instance goes on when
/// code that fits is there.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("event {event} says the workflow would {expected}, but it {got}")]
pub struct Nondeterminism {
    /// The index of the event in the history.
    pub event: u64,
    /// What the history says.
    pub expected: String,
    /// What the guest did.
    pub got: String,
}

/// What became of a wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Selected {
    /// The task at this position of the list was delivered first.
    Resolved(usize),
    /// None is resolved, and nothing is left to deliver: the turn ends.
    Blocked,
}

impl Selected {
    /// Returns the position of the task that is resolved, if one is.
    pub fn position(self) -> Option<usize> {
        match self {
            Self::Resolved(position) => Some(position),
            Self::Blocked => None,
        }
    }
}

/// How the guest ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Ended {
    /// It returned.
    Completed(String),
    /// It failed.
    Failed(Failure),
    /// It wants to begin again with this input.
    Continued {
        /// The input of its next run.
        input: String,
        /// Events that no wait has taken are there for the next run.
        keep_unread_events: bool,
    },
}

#[derive(Debug)]
enum Task {
    /// Not delivered. Once its handle is `dropped`, the result will have no reader. A wait has the
    /// name of its event.
    Pending { event: Option<String>, dropped: bool },
    /// Delivered; `order` tells what came first. A wait has its event's name and place; once it has
    /// been read, the event can't go back.
    Delivered {
        order: u64,
        outcome: Result<String, Failure>,
        event: Option<(String, u64)>,
        read: bool,
    },
}

/// A guest's view of its run.
#[derive(Debug)]
pub struct Replay {
    /// Indexes and commands that the guest has yet to ask for again.
    recorded_commands: VecDeque<(u64, Command)>,
    deliveries: VecDeque<Recorded>,
    /// Commands asked for since the last [`Self::take_asked`].
    asked: Vec<Command>,
    events: u64,
    delivered: u64,
    /// How many deliveries an earlier guest has got through: up to there nothing new may be asked.
    delivered_before: u64,
    now: Timestamp,
    random: ChaCha8Rng,
    tasks: HashMap<TaskNumber, Task>,
    last_task: TaskNumber,
    /// How many of the tasks have not been delivered.
    pending: usize,
    orders: u64,
    /// Tasks that have been delivered and not yet been named by [`Self::select_any`].
    unnamed: VecDeque<TaskNumber>,
    /// Tasks that [`Self::select_any`] never names.
    withheld: HashSet<TaskNumber>,
    /// What was answered about each change.
    patches: HashMap<String, bool>,
    events_raised: EventQueues,
}

impl Replay {
    /// Begins with the guest's view of an empty history, of which an earlier guest has got through
    /// `delivered_before` deliveries. Feed it the history, from the first event, with
    /// [`Self::feed`].
    pub fn new(delivered_before: u64) -> Self {
        Self {
            recorded_commands: VecDeque::new(),
            deliveries: VecDeque::new(),
            asked: Vec::new(),
            events: 0,
            delivered: 0,
            delivered_before,
            now: Timestamp(0),
            random: ChaCha8Rng::from_seed([0; 32]),
            tasks: HashMap::new(),
            last_task: TaskNumber(0),
            pending: 0,
            orders: 0,
            unnamed: VecDeque::new(),
            withheld: HashSet::new(),
            patches: HashMap::new(),
            events_raised: EventQueues::default(),
        }
    }

    /// Takes the next event of the history. Commands of a live turn come back to the replay that
    /// asked for them through [`Self::take_asked`] alone, and are not fed.
    pub fn feed(&mut self, recorded: Recorded) {
        match recorded.event {
            Event::RunStarted(ref start) => {
                self.now = recorded.time;
                let mut seed = [0; 32];
                seed[..16].copy_from_slice(&start.seed);
                self.random = ChaCha8Rng::from_seed(seed);
            }
            Event::StartDue => self.now = recorded.time,
            Event::Asked(command) => self.recorded_commands.push_back((self.events, command)),
            Event::EventRaised { .. }
            | Event::CallCompleted { .. }
            | Event::CallFailed { .. }
            | Event::TimerFired { .. } => self.deliveries.push_back(recorded),
            Event::AttemptFailed { .. }
            | Event::CallRetried { .. }
            | Event::Paused { .. }
            | Event::Resumed { .. }
            | Event::VersionSelected { .. }
            | Event::InputReplaced { .. }
            | Event::RunCompleted { .. }
            | Event::RunFailed { .. }
            | Event::RunTerminated { .. } => {}
        }
        self.events += 1;
    }

    /// Returns the commands asked for since the last call, which are to be recorded now.
    pub fn take_asked(&mut self) -> Vec<Command> {
        let asked = std::mem::take(&mut self.asked);
        self.events += asked.len() as u64;
        asked
    }

    /// Returns how many deliveries the guest has got through.
    pub fn delivered(&self) -> u64 {
        self.delivered
    }

    /// Returns the tasks that have not been delivered, in order of their numbers.
    pub fn waiting(&self) -> Vec<TaskNumber> {
        let pending = self.tasks.iter().filter(|(_, task)| matches!(task, Task::Pending { .. }));
        let mut waiting: Vec<_> = pending.map(|(&task, _)| task).collect();
        waiting.sort_unstable();
        waiting
    }

    /// Returns how many tasks have not been delivered.
    pub fn pending_tasks(&self) -> usize {
        self.pending
    }

    /// Returns whether the guest repeats what an earlier one has done already.
    pub fn is_replaying(&self) -> bool {
        !self.recorded_commands.is_empty() || self.delivered < self.delivered_before
    }

    /// Returns workflow time: when the last thing delivered was recorded.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// Returns the next random number.
    pub fn random_u64(&mut self) -> u64 {
        self.random.next_u64()
    }

    /// Fills this with random bytes.
    pub fn fill_random(&mut self, bytes: &mut [u8]) {
        self.random.fill_bytes(bytes);
    }

    /// Asks for something. Returns the number of the task it makes, or of the last one made.
    ///
    /// # Errors
    /// The history says that the guest asked for something else, or nothing, at this point.
    pub fn ask(&mut self, command: Command) -> Result<TaskNumber, Nondeterminism> {
        match self.recorded_commands.pop_front() {
            Some((_, recorded)) if recorded == command => {}
            Some((event, recorded)) => {
                let expected = recorded.to_string();
                // Kept, so that asking again says the same.
                self.recorded_commands.push_front((event, recorded));
                return Err(Nondeterminism { event, expected, got: format!("wants to {command}") });
            }
            None if self.delivered < self.delivered_before => {
                let expected = "wait for what had happened next".to_owned();
                let event = self.events;
                return Err(Nondeterminism { event, expected, got: format!("wants to {command}") });
            }
            None => self.asked.push(command.clone()),
        }
        if command.makes_task() {
            self.last_task = self.last_task.next();
            self.open(command);
        }
        Ok(self.last_task)
    }

    /// Says whether the code behind a change is to go its new way, and remembers the answer.
    ///
    /// # Errors
    /// As for [`Self::ask`].
    pub fn is_patched(&mut self, patch: &str) -> Result<bool, Nondeterminism> {
        if let Some(&answer) = self.patches.get(patch) {
            return Ok(answer);
        }
        let use_patch = Command::UsePatch { patch: patch.to_owned() };
        let is_recorded =
            self.recorded_commands.front().is_some_and(|(_, recorded)| *recorded == use_patch);
        let answer = is_recorded || !self.is_replaying();
        if answer {
            self.ask(use_patch)?;
        }
        self.patches.insert(patch.to_owned(), answer);
        Ok(answer)
    }

    fn open(&mut self, command: Command) {
        let task = self.last_task;
        let event = match command {
            Command::WaitEvent { name } => {
                if let Some(event) = self.events_raised.wait(&name, task) {
                    self.take(task, event);
                    return;
                }
                Some(name)
            }
            _ => None,
        };
        self.tasks.insert(task, Task::Pending { event, dropped: false });
        self.pending += 1;
    }

    fn take(&mut self, task: TaskNumber, event: Raised) {
        self.resolve(task, Ok(event.payload), Some((event.name, event.raised)));
    }

    fn resolve(
        &mut self,
        task: TaskNumber,
        outcome: Result<String, Failure>,
        event: Option<(String, u64)>,
    ) {
        if let Some(Task::Pending { dropped, .. }) = self.tasks.remove(&task) {
            self.pending -= 1;
            if dropped {
                return;
            }
        }
        let order = self.orders;
        self.orders += 1;
        if !self.withheld.contains(&task) {
            self.unnamed.push_back(task);
        }
        self.tasks.insert(task, Task::Delivered { order, outcome, event, read: false });
    }

    /// Returns the outcome of a task, once it has been delivered.
    pub fn outcome(&mut self, task: TaskNumber) -> Option<Result<String, Failure>> {
        match self.tasks.get_mut(&task)? {
            Task::Pending { .. } => None,
            Task::Delivered { outcome, read, .. } => {
                *read = true;
                Some(outcome.clone())
            }
        }
    }

    /// Stops wanting the result of a task.
    ///
    /// # Errors
    /// As for [`Self::ask`].
    pub fn cancel(&mut self, task: TaskNumber) -> Result<(), Nondeterminism> {
        match self.tasks.get(&task) {
            Some(Task::Pending { .. }) => {
                self.ask(Command::Cancel { task })?;
            }
            Some(Task::Delivered { event: Some(_), read: false, .. }) => {}
            Some(Task::Delivered { .. }) | None => return Ok(()),
        }
        let cancelled =
            Failure::permanent(error_type::CANCELLED, "the workflow cancelled this task");
        let previous = self.tasks.remove(&task);
        self.pending -= usize::from(matches!(previous, Some(Task::Pending { .. })));
        self.resolve(task, Err(cancelled), None);
        match previous {
            Some(Task::Pending { event: Some(name), .. }) => {
                self.events_raised.forget_wait(&name, task);
            }
            Some(Task::Delivered { outcome: Ok(payload), event: Some((name, raised)), .. }) => {
                self.offer(Raised { name, raised, payload });
            }
            _ => {}
        }
        Ok(())
    }

    /// Gives an event to whoever waits for it, or keeps it for whoever will.
    fn offer(&mut self, event: Raised) {
        if let Some((task, event)) = self.events_raised.offer(event) {
            self.take(task, event);
        }
    }

    /// Returns name and payload of each event that the guest has not read, in the order in which
    /// they were raised.
    pub fn unread_events(&self) -> Vec<(String, String)> {
        let kept = self.events_raised.unread();
        let kept = kept.map(|event| (event.raised, &event.name, &event.payload));
        let taken = self.tasks.values().filter_map(|task| match task {
            Task::Delivered {
                outcome: Ok(payload),
                event: Some((name, raised)),
                read: false,
                ..
            } => Some((*raised, name, payload)),
            _ => None,
        });
        let mut delivered: Vec<_> = kept.chain(taken).collect();
        delivered.sort_unstable_by_key(|&(raised, ..)| raised);
        let delivered = delivered.into_iter().map(|(_, name, payload)| (name, payload));
        let waiting = self.deliveries.iter().filter_map(|recorded| match &recorded.event {
            Event::EventRaised { name, payload } => Some((name, payload)),
            _ => None,
        });
        delivered.chain(waiting).map(|(name, payload)| (name.clone(), payload.clone())).collect()
    }

    /// Keeps a task from being named by [`Self::select_any`]: the guest has no handle on it, and the
    /// host waits for it by [`Self::select`].
    pub fn withhold(&mut self, task: TaskNumber) {
        self.withheld.insert(task);
    }

    /// Notes that the guest has dropped the handle of a task. This cancels nothing; it only frees
    /// the result, which has no reader any more.
    pub fn drop_handle(&mut self, task: TaskNumber) {
        self.withheld.remove(&task);
        match self.tasks.get_mut(&task) {
            Some(Task::Pending { dropped, .. }) => *dropped = true,
            Some(Task::Delivered { .. }) => {
                self.tasks.remove(&task);
            }
            None => {}
        }
    }

    /// Waits for the first of several tasks: looks for one already delivered, then delivers what
    /// is left of the history, one by one, until one of them is resolved.
    ///
    /// # Errors
    /// Nothing is left to deliver, but the history says that the guest asked for more first.
    pub fn select(&mut self, tasks: &[TaskNumber]) -> Result<Selected, Nondeterminism> {
        loop {
            if let Some(position) = self.first_delivered(tasks) {
                return Ok(Selected::Resolved(position));
            }
            let Some(recorded) = self.deliveries.pop_front() else { break };
            self.deliver(recorded);
        }
        self.check_caught_up("waits")?;
        Ok(Selected::Blocked)
    }

    /// Waits for the first task that has neither been named here before nor been read: as
    /// [`Self::select`] does, but for all tasks at once.
    ///
    /// # Errors
    /// As for [`Self::select`].
    pub fn select_any(&mut self) -> Result<Option<TaskNumber>, Nondeterminism> {
        loop {
            while let Some(task) = self.unnamed.pop_front() {
                if matches!(self.tasks.get(&task), Some(Task::Delivered { read: false, .. })) {
                    return Ok(Some(task));
                }
            }
            let Some(recorded) = self.deliveries.pop_front() else { break };
            self.deliver(recorded);
        }
        self.check_caught_up("waits")?;
        Ok(None)
    }

    fn first_delivered(&self, tasks: &[TaskNumber]) -> Option<usize> {
        let delivered =
            tasks.iter().enumerate().filter_map(|(position, task)| match self.tasks.get(task)? {
                Task::Delivered { order, .. } => Some((*order, position)),
                Task::Pending { .. } => None,
            });
        delivered.min().map(|(_, position)| position)
    }

    fn deliver(&mut self, recorded: Recorded) {
        self.delivered += 1;
        // What came before a delayed start is delivered after it.
        self.now = self.now.max(recorded.time);
        match recorded.event {
            Event::EventRaised { name, payload } => {
                self.offer(Raised { name, raised: self.delivered, payload });
            }
            Event::CallCompleted { task, output, .. } => self.deliver_result(task, Ok(output)),
            Event::CallFailed { task, failure, .. } => self.deliver_result(task, Err(failure)),
            Event::TimerFired { task } => self.deliver_result(task, Ok("null".to_owned())),
            _ => {}
        }
    }

    /// A result nobody wants any more, of a task that was cancelled, is dropped.
    fn deliver_result(&mut self, task: TaskNumber, outcome: Result<String, Failure>) {
        if matches!(self.tasks.get(&task), Some(Task::Pending { .. })) {
            self.resolve(task, outcome, None);
        }
    }

    /// Checks that a guest which ends here ends where its history lets it.
    ///
    /// # Errors
    /// The history says that the guest asked for more, or waited for more, before it ended.
    pub fn check_end(&self, ended: &Ended) -> Result<(), Nondeterminism> {
        let got = match ended {
            Ended::Completed(_) => "returns",
            Ended::Failed(_) => "fails",
            Ended::Continued { .. } => "continues as new",
        };
        self.check_caught_up(got)
    }

    fn check_caught_up(&self, got: &str) -> Result<(), Nondeterminism> {
        if let Some((event, recorded)) = self.recorded_commands.front() {
            let (event, expected) = (*event, recorded.to_string());
            return Err(Nondeterminism { event, expected, got: got.to_owned() });
        }
        if self.delivered < self.delivered_before {
            let expected = "wait for what had happened next".to_owned();
            return Err(Nondeterminism { event: self.events, expected, got: got.to_owned() });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
