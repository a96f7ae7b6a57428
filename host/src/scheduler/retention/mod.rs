//! Retention: instances that have ended go after a while. `rules` says after how long, and `sweep` does
//! it. There is no timer per instance, and nothing is written but the purge itself: instances are found
//! by walking what has ended in order of creation, and those that are due soon are kept in memory.

mod rules;
mod sweep;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

pub use self::rules::{Retention, Rules};
pub(super) use self::sweep::run;
use super::{Core, Error, Handle};
use crate::store;
use crate::workflow::id::{InstanceId, InstanceNumber, Timestamp};
use crate::workflow::summary::Summary;

/// The kind of the document, and its name: there is one.
const KIND: &str = "retention";
const NAME: &str = "rules";
/// How many instances that are due soon are kept in memory.
const SOON_MAX: usize = 100_000;

/// The rules in force, and what is due soon by them.
#[derive(Default)]
pub(super) struct Retaining {
    inner: Mutex<Inner>,
    changed: Notify,
}

#[derive(Default)]
struct Inner {
    rules: Arc<Retention>,
    /// The rules are new: what is known of what is due soon is worth nothing.
    anew: bool,
    soon: BTreeSet<(Timestamp, InstanceNumber)>,
    /// Every instance due at this time or before is in `soon`, or the walk comes by it.
    read_until: Timestamp,
    /// Instances that may have waited for the end of one below them.
    above: BTreeSet<InstanceId>,
}

impl Inner {
    fn insert(&mut self, due: Timestamp, instance: InstanceNumber) {
        if due > self.read_until {
            return;
        }
        self.soon.insert((due, instance));
        if self.soon.len() > SOON_MAX
            && let Some((latest, _)) = self.soon.pop_last()
        {
            self.read_until = Timestamp(latest.0.saturating_sub(1));
        }
    }
}

impl Retaining {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn rules(&self) -> Arc<Retention> {
        self.lock().rules.clone()
    }

    fn set(&self, rules: Retention) {
        let mut inner = self.lock();
        *inner = Inner { rules: Arc::new(rules), anew: true, ..Inner::default() };
        drop(inner);
        self.changed.notify_one();
    }

    /// Takes note of an instance that has just ended.
    pub(super) fn ended(&self, instance: InstanceNumber, summary: &Summary) {
        let mut inner = self.lock();
        if inner.rules.is_empty() {
            return;
        }
        if let Some(due) = inner.rules.due(summary) {
            inner.insert(due, instance);
        }
        inner.above.extend(summary.parent.clone());
        drop(inner);
        self.changed.notify_one();
    }
}

impl Core {
    /// Reads the rules.
    pub(super) async fn load_retention(&self) -> Result<(), store::Error> {
        let stored = self.read_documents::<Retention>(KIND).await?;
        if let Some((_, rules)) = stored.into_iter().next() {
            self.retaining.set(rules);
        }
        Ok(())
    }
}

impl Handle {
    /// Returns the rules in force.
    pub fn retention(&self) -> Retention {
        Retention::clone(&self.core.retaining.rules())
    }

    /// Puts rules into force, for what has ended and what will.
    ///
    /// # Errors
    /// The store failed.
    pub async fn set_retention(&self, rules: Retention) -> Result<(), Error> {
        self.core.write_document(KIND, NAME, &rules).await?;
        self.core.retaining.set(rules);
        Ok(())
    }
}
