//! Owns who may have an instance ID, the numbers of new instances, and which starts are under way.

use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use tokio_util::task::TaskTracker;
use tokio_util::task::task_tracker::TaskTrackerToken;

use super::{Core, Error};
use crate::store::Version;
use crate::workflow::codec;
use crate::workflow::id::{InstanceId, InstanceNumber};
use crate::workflow::summary::Summary;

/// How many numbers for new instances are reserved at once.
const NUMBERS_RESERVED: u64 = 10_000;
/// How many children are looked at in one read.
const CHILDREN_PAGE: usize = 1_000;

/// Numbers for new instances, reserved and not yet given.
#[derive(Default)]
pub(super) struct Numbers(Mutex<Range<u64>>);

/// The starts that are under way: while one is, no module that it may be of is deleted.
#[derive(Default)]
pub(super) struct Starting(Mutex<TaskTracker>);

impl Starting {
    /// Begins a start, which is over when what this returns is dropped.
    pub(super) fn begin(&self) -> TaskTrackerToken {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).token()
    }

    /// Waits for the starts that have begun so far. Others may begin meanwhile, even because of them:
    /// nobody is held up.
    pub(super) async fn settle(&self) {
        let begun = {
            let mut current = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::replace(&mut *current, TaskTracker::new())
        };
        begun.close();
        begun.wait().await;
    }
}

/// Whether an ID may be taken.
pub(super) enum Claim {
    /// Nobody has it.
    Free,
    /// An instance that has ended has it, and goes with everything it has.
    Replace(InstanceNumber, Version),
    /// This instance lives: the one that has the ID, or one below it.
    Taken {
        /// Whoever has the ID.
        holder: InstanceNumber,
        /// Whoever lives.
        living: InstanceId,
    },
}

impl Core {
    /// Returns a number for a new instance.
    pub(super) async fn next_number(&self) -> Result<InstanceNumber, Error> {
        loop {
            let next = self.numbers.0.lock().unwrap_or_else(PoisonError::into_inner).next();
            if let Some(number) = next {
                return Ok(InstanceNumber(number));
            }
            let more = self.store.reserve(self.lease, NUMBERS_RESERVED).await?;
            let mut numbers = self.numbers.0.lock().unwrap_or_else(PoisonError::into_inner);
            // Of two callers that reserve at once, the numbers of one are never used.
            if numbers.is_empty() {
                *numbers = more;
            }
        }
    }

    /// Says whether an ID may be taken: no instance that lives may lose it, nor its place above others
    /// that live.
    pub(super) async fn claim(&self, id: &InstanceId) -> Result<Claim, Error> {
        let Some(holder) = self.store.find(id).await? else { return Ok(Claim::Free) };
        let Some(stored) = self.store.load(holder).await? else { return Ok(Claim::Free) };
        let summary = codec::decode_summary(&stored.summary)?;
        if !summary.phase.is_terminal() {
            return Ok(Claim::Taken { holder, living: id.clone() });
        }
        for below in self.below(holder).await? {
            if let Some(summary) = self.find_summary(below).await?
                && !summary.phase.is_terminal()
            {
                return Ok(Claim::Taken { holder, living: summary.instance });
            }
        }
        Ok(Claim::Replace(holder, stored.version))
    }

    /// Returns the children of an instance that are still there.
    pub(super) async fn children(
        &self,
        parent: InstanceNumber,
    ) -> Result<Vec<InstanceNumber>, Error> {
        let mut children = Vec::new();
        loop {
            let after = children.last().copied();
            let page = self.store.children(parent, after, CHILDREN_PAGE).await?;
            let is_last = page.len() < CHILDREN_PAGE;
            children.extend(page);
            if is_last {
                return Ok(children);
            }
        }
    }

    /// Returns all instances below one that are still there, parents before their children.
    pub(super) async fn below(&self, top: InstanceNumber) -> Result<Vec<InstanceNumber>, Error> {
        let mut found = self.children(top).await?;
        let mut looked_at = 0;
        while let Some(&parent) = found.get(looked_at) {
            looked_at += 1;
            found.extend(self.children(parent).await?);
        }
        Ok(found)
    }

    /// Returns the summary of an instance, if it is still there.
    pub(super) async fn find_summary(
        &self,
        number: InstanceNumber,
    ) -> Result<Option<Summary>, Error> {
        let stored = self.store.load(number).await?;
        Ok(stored.map(|stored| codec::decode_summary(&stored.summary)).transpose()?)
    }
}
