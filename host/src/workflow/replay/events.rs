//! Owns which event goes to which wait: first come first served on both sides, name by name. It must
//! not know of tasks other than by their numbers.

use std::collections::{HashMap, VecDeque};

use crate::workflow::id::TaskNumber;

/// An event that was raised and delivered; `raised` is its place among all that were.
#[derive(Debug)]
pub(super) struct Raised {
    /// As it was spelled.
    pub(super) name: String,
    pub(super) raised: u64,
    pub(super) payload: String,
}

/// Events that no wait has taken, and waits that have taken none. Of each name there is only one of
/// the two.
#[derive(Debug, Default)]
pub(super) struct EventQueues {
    waits: HashMap<String, VecDeque<TaskNumber>>,
    unread: HashMap<String, VecDeque<Raised>>,
}

impl EventQueues {
    /// Lets a task wait, unless there is an event for it.
    pub(super) fn wait(&mut self, name: &str, task: TaskNumber) -> Option<Raised> {
        let folded = fold(name);
        let event = pop(&mut self.unread, &folded);
        if event.is_none() {
            self.waits.entry(folded).or_default().push_back(task);
        }
        event
    }

    /// Gives an event to the first that waits for it; keeps it in its place if nobody does.
    pub(super) fn offer(&mut self, event: Raised) -> Option<(TaskNumber, Raised)> {
        let folded = fold(&event.name);
        if let Some(task) = pop(&mut self.waits, &folded) {
            return Some((task, event));
        }
        let unread = self.unread.entry(folded).or_default();
        let place = unread.partition_point(|other| other.raised < event.raised);
        unread.insert(place, event);
        None
    }

    /// Lets a task wait no more.
    pub(super) fn forget_wait(&mut self, name: &str, task: TaskNumber) {
        let folded = fold(name);
        let Some(waits) = self.waits.get_mut(&folded) else { return };
        waits.retain(|&wait| wait != task);
        if waits.is_empty() {
            self.waits.remove(&folded);
        }
    }

    /// Returns the events that no wait has taken, in no order.
    pub(super) fn unread(&self) -> impl Iterator<Item = &Raised> {
        self.unread.values().flatten()
    }
}

/// Names of events are compared without regard to case.
fn fold(name: &str) -> String {
    name.to_lowercase()
}

/// Takes from the front of a named queue, and forgets the name with its last entry.
fn pop<T>(queues: &mut HashMap<String, VecDeque<T>>, name: &str) -> Option<T> {
    let queue = queues.get_mut(name)?;
    let first = queue.pop_front();
    if queue.is_empty() {
        queues.remove(name);
    }
    first
}
