//! Owns the news that an instance has ended, for whoever waits for one: for any, who is told that some have
//! and looks for itself; or for a certain one, who is told what has become of it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{oneshot, watch};

use super::draft::Draft;
use super::found::Found;
use super::handle::Handle;
use super::start::Started;
use super::{Core, Error};
use crate::workflow::id::{InstanceId, InstanceNumber};
use crate::workflow::summary::Summary;

/// What has become of an instance that has ended; none: whoever waits for it looks for itself.
pub(super) type Outcome = Option<Arc<Found>>;

/// Tells that instances have ended.
#[derive(Default)]
pub(super) struct Endings {
    any: watch::Sender<()>,
    /// Whoever waits for one instance; nobody is woken for another.
    waiting: Mutex<HashMap<InstanceNumber, Vec<oneshot::Sender<Outcome>>>>,
}

impl Endings {
    fn waiting(&self) -> MutexGuard<'_, HashMap<InstanceNumber, Vec<oneshot::Sender<Outcome>>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells that another one has ended.
    pub(super) fn tell(&self, instance: InstanceNumber, outcome: Outcome) {
        self.any.send_replace(());
        self.tell_waiting(instance, outcome);
    }

    /// Tells that one is no longer there.
    pub(super) fn gone(&self, instance: InstanceNumber) {
        self.tell_waiting(instance, None);
    }

    fn tell_waiting(&self, instance: InstanceNumber, outcome: Outcome) {
        let waiting = self.waiting().remove(&instance);
        for told in waiting.into_iter().flatten() {
            // Who has gone away meanwhile need not know.
            let _ = told.send(outcome.clone());
        }
    }

    /// Returns something that changes whenever another one has ended.
    pub(super) fn subscribe(&self) -> watch::Receiver<()> {
        self.any.subscribe()
    }

    fn wait_for(&self, instance: InstanceNumber) -> oneshot::Receiver<Outcome> {
        let (told, receiver) = oneshot::channel();
        self.waiting().entry(instance).or_default().push(told);
        receiver
    }

    fn is_awaited(&self, instance: InstanceNumber) -> bool {
        self.waiting().contains_key(&instance)
    }

    /// Forgets whoever has gone away.
    fn tidy(&self, instance: InstanceNumber) {
        let mut all = self.waiting();
        if let Some(waiting) = all.get_mut(&instance) {
            waiting.retain(|told| !told.is_closed());
            if waiting.is_empty() {
                all.remove(&instance);
            }
        }
    }
}

impl Core {
    /// Gathers what is to be told of an instance that a commit is about to end, as long as nothing can
    /// remove or replace it: nobody who waits misses what has become of it, however soon it goes.
    pub(super) async fn outcome(
        &self,
        instance: InstanceNumber,
        summary: &Summary,
        draft: &Draft,
        input: Option<&str>,
    ) -> Outcome {
        if !summary.phase.is_terminal() || !self.endings.is_awaited(instance) {
            return None;
        }
        let found = self.found(instance, summary.clone(), draft.events(), input).await;
        // If it can't be read now, whoever waits looks later, and sees why.
        found.ok().map(Arc::new)
    }
}

/// Waits for the end of an instance. It is about that one alone, and not about another that has its ID
/// later.
pub struct Watch {
    handle: Handle,
    instance: InstanceNumber,
    /// Whether it may have ended before anybody waited.
    look_first: bool,
    told: oneshot::Receiver<Outcome>,
}

impl Watch {
    pub(super) fn new(handle: &Handle, instance: InstanceNumber, started: Started) -> Self {
        let told = handle.core.endings.wait_for(instance);
        let look_first = started == Started::Existing;
        Self { handle: handle.clone(), instance, look_first, told }
    }

    /// Returns the instance once it has ended; or as it is, if `over` is done before.
    ///
    /// # Errors
    /// The instance is no longer there, or the store failed.
    pub async fn outcome(mut self, over: impl Future<Output = ()>) -> Result<Arc<Found>, Error> {
        if self.look_first {
            let summary = self.handle.summary(self.instance).await?;
            if summary.phase.is_terminal() {
                return self.look(summary).await;
            }
        }
        tokio::select! {
            biased;
            told = &mut self.told => if let Ok(Some(found)) = told {
                return Ok(found);
            },
            () = over => {}
        }
        self.look(self.handle.summary(self.instance).await?).await
    }

    async fn look(&self, summary: Summary) -> Result<Arc<Found>, Error> {
        self.handle.core.found(self.instance, summary, &[], None).await.map(Arc::new)
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.told.close();
        self.handle.core.endings.tidy(self.instance);
    }
}

impl Handle {
    /// Watches an instance until it has ended.
    ///
    /// # Errors
    /// There is no such instance, or the store failed.
    pub async fn watch(&self, id: &InstanceId) -> Result<Watch, Error> {
        Ok(Watch::new(self, self.number(id).await?, Started::Existing))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: InstanceNumber = InstanceNumber(1);
    const OTHER: InstanceNumber = InstanceNumber(2);

    #[test]
    fn whoever_waits_is_told_of_one_instance_and_once() {
        let endings = Endings::default();
        let any = endings.subscribe();
        let (mut first, mut second) = (endings.wait_for(ONE), endings.wait_for(ONE));
        let mut other = endings.wait_for(OTHER);
        endings.tell(ONE, None);
        assert!(matches!((first.try_recv(), second.try_recv()), (Ok(None), Ok(None))));
        assert!(other.try_recv().is_err());
        assert!(any.has_changed().unwrap());
        assert!(!endings.is_awaited(ONE) && endings.is_awaited(OTHER));
        endings.gone(OTHER);
        assert!(matches!(other.try_recv(), Ok(None)));
        assert!(endings.waiting().is_empty());
    }

    #[test]
    fn whoever_goes_away_leaves_nothing_behind() {
        let endings = Endings::default();
        let (mut first, mut second) = (endings.wait_for(ONE), endings.wait_for(ONE));
        first.close();
        endings.tidy(ONE);
        assert_eq!(endings.waiting()[&ONE].len(), 1);
        second.close();
        endings.tidy(ONE);
        assert!(endings.waiting().is_empty());
        endings.tell(ONE, None);
    }
}
