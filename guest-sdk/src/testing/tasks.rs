//! Owns the tasks of a simulated run, and the events that wait for a reader: what the contract says
//! about delivery and cancelling. It must not know where results come from, or when.

use std::collections::{BTreeMap, HashMap, VecDeque};

use crate::Failure;
use crate::failure::CANCELLED;
use crate::host::{Outcome, TaskId};

/// Something that reaches the workflow.
#[derive(Clone, Debug)]
pub(super) enum Delivery {
    Event { name: String, payload: String },
    Result { task: TaskId, outcome: Outcome },
}

#[derive(Debug)]
enum State {
    /// With the name of its event, if it is a wait.
    Pending(Option<String>),
    Resolved {
        outcome: Outcome,
        event: Option<TakenEvent>,
        read: bool,
    },
}

#[derive(Debug)]
struct TakenEvent {
    name: String,
    /// Its place among all events.
    raised: u64,
}

/// The tasks of a run.
#[derive(Debug, Default)]
pub(super) struct Tasks {
    states: BTreeMap<TaskId, State>,
    created: u64,
    /// Resolved and not yet named by [`Self::next_resolved`], in this order.
    unnamed: VecDeque<TaskId>,
    raised: u64,
    /// By folded name, in order of creation.
    waits: HashMap<String, VecDeque<TaskId>>,
    /// By folded name, in order of raising.
    unread: BTreeMap<String, VecDeque<(u64, String)>>,
}

impl Tasks {
    /// Makes a task for anything but a wait.
    pub(super) fn open(&mut self) -> TaskId {
        self.insert(State::Pending(None))
    }

    /// Makes a task for the next event of this name.
    pub(super) fn open_wait(&mut self, name: &str) -> TaskId {
        let name = name.to_lowercase();
        let task = self.insert(State::Pending(Some(name.clone())));
        match self.unread.get_mut(&name).and_then(VecDeque::pop_front) {
            Some((raised, payload)) => {
                self.resolve(task, Ok(payload), Some(TakenEvent { name, raised }));
            }
            None => self.waits.entry(name).or_default().push_back(task),
        }
        task
    }

    fn insert(&mut self, state: State) -> TaskId {
        self.created += 1;
        let task = TaskId(self.created);
        self.states.insert(task, state);
        task
    }

    /// Takes what has happened.
    pub(super) fn deliver(&mut self, delivery: Delivery) {
        match delivery {
            Delivery::Event { name, payload } => {
                let raised = self.raised;
                self.raised += 1;
                self.offer(TakenEvent { name: name.to_lowercase(), raised }, payload);
            }
            Delivery::Result { task, outcome } => {
                if self.is_pending(task) {
                    self.resolve(task, outcome, None);
                }
            }
        }
    }

    /// Gives an event to the first wait for it, or keeps it in its place.
    fn offer(&mut self, event: TakenEvent, payload: String) {
        if let Some(task) = self.waits.get_mut(&event.name).and_then(VecDeque::pop_front) {
            self.resolve(task, Ok(payload), Some(event));
            return;
        }
        let unread = self.unread.entry(event.name).or_default();
        let place = unread.partition_point(|(raised, _)| *raised < event.raised);
        unread.insert(place, (event.raised, payload));
    }

    fn resolve(&mut self, task: TaskId, outcome: Outcome, event: Option<TakenEvent>) {
        self.unnamed.push_back(task);
        self.states.insert(task, State::Resolved { outcome, event, read: false });
    }

    pub(super) fn is_pending(&self, task: TaskId) -> bool {
        matches!(self.states.get(&task), Some(State::Pending(_)))
    }

    /// Returns the next task that is resolved and has not been read; each once.
    pub(super) fn next_resolved(&mut self) -> Option<TaskId> {
        while let Some(task) = self.unnamed.pop_front() {
            if matches!(self.states.get(&task), Some(State::Resolved { read: false, .. })) {
                return Some(task);
            }
        }
        None
    }

    pub(super) fn outcome(&mut self, task: TaskId) -> Option<Outcome> {
        match self.states.get_mut(&task)? {
            State::Pending(_) => None,
            State::Resolved { outcome, read, .. } => {
                *read = true;
                Some(outcome.clone())
            }
        }
    }

    pub(super) fn cancel(&mut self, task: TaskId) {
        if matches!(self.states.get(&task), None | Some(State::Resolved { read: true, .. })) {
            return;
        }
        let before = self.states.remove(&task);
        self.resolve(task, Err(Failure::new(CANCELLED, "the workflow cancelled it")), None);
        match before {
            Some(State::Pending(Some(name))) => {
                if let Some(waits) = self.waits.get_mut(&name) {
                    waits.retain(|&wait| wait != task);
                }
            }
            Some(State::Resolved { outcome: Ok(payload), event: Some(event), .. }) => {
                self.offer(event, payload);
            }
            _ => {}
        }
    }

    pub(super) fn release(&mut self, task: TaskId) {
        self.states.remove(&task);
    }

    /// Returns name and payload of each event that has not been read, in the order of raising.
    pub(super) fn into_unread(self) -> Vec<(String, String)> {
        let kept = self.unread.into_iter().flat_map(|(name, queue)| {
            queue.into_iter().map(move |(raised, payload)| (raised, name.clone(), payload))
        });
        let taken = self.states.into_values().filter_map(|state| match state {
            State::Resolved { outcome: Ok(payload), event: Some(event), read: false } => {
                Some((event.raised, event.name, payload))
            }
            _ => None,
        });
        let mut events: Vec<_> = kept.chain(taken).collect();
        events.sort_unstable();
        events.into_iter().map(|(_, name, payload)| (name, payload)).collect()
    }
}
