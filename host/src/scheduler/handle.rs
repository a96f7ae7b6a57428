//! Owns what a client may ask of the scheduler. It knows neither HTTP nor status codes.

use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::oneshot;
use tracing::warn;

use super::filter::Filter;
use super::found::Found;
use super::mailboxes::{Acknowledge, Envelope};
use super::modules::{self, ModuleRecord, Modules};
use super::{Core, Error};
use crate::workflow::codec;
use crate::workflow::event::Message;
use crate::workflow::id::{Digest, InstanceId, InstanceNumber, Timestamp};
use crate::workflow::summary::{Stall, Status, Summary};

/// How many instances are looked at in one read.
const SCAN_PAGE: usize = 1_000;

/// The way in for clients.
#[derive(Clone)]
pub struct Handle {
    pub(super) core: Arc<Core>,
}

impl Handle {
    pub(super) fn new(core: Arc<Core>) -> Self {
        Self { core }
    }

    /// Returns the modules.
    pub fn modules(&self) -> &Modules {
        &self.core.modules
    }

    /// Takes an upload; see [`Modules::upload`]. Instances that have waited for it go on.
    ///
    /// # Errors
    /// As there.
    pub async fn upload(
        &self,
        name: &str,
        bytes: Bytes,
        activate: bool,
    ) -> Result<(Digest, ModuleRecord), modules::Error> {
        let now = self.core.clock.now();
        let uploaded = self.core.modules.upload(name, bytes, activate, now).await?;
        if let Err(failed) = self.wake_stalled(name).await {
            warn!("what waits for module '{name}' goes on only after a restart: {failed}");
        }
        Ok(uploaded)
    }

    /// Lets instances whose version could not be run look again whether it can.
    async fn wake_stalled(&self, module: &str) -> Result<(), Error> {
        let filter = Filter {
            module: Some(module.to_owned()),
            statuses: vec![Status::Stalled],
            ..Filter::default()
        };
        let mut after = None;
        loop {
            let page = self.list(&filter, after, SCAN_PAGE).await?;
            let waits =
                |summary: &&Summary| matches!(summary.stall, Some(Stall::VersionUnavailable(_)));
            for summary in page.instances.iter().filter(waits) {
                if let Some(number) = self.core.store.find(&summary.instance).await? {
                    self.core.send(number, Envelope::WakeUp);
                }
            }
            after = page.next;
            if after.is_none() {
                return Ok(());
            }
        }
    }

    /// Returns the time so long from now; none if that is after the last there is.
    pub fn time_after_ms(&self, duration_ms: u64) -> Option<Timestamp> {
        self.core.clock.now().checked_add_ms(duration_ms)
    }

    pub(super) async fn ask(
        &self,
        number: InstanceNumber,
        envelope: impl FnOnce(Acknowledge) -> Envelope,
    ) -> Result<(), Error> {
        let (acknowledge, acknowledged) = oneshot::channel();
        self.core.send(number, envelope(acknowledge));
        acknowledged.await.unwrap_or(Err(Error::Closing))
    }

    pub(super) async fn number(&self, id: &InstanceId) -> Result<InstanceNumber, Error> {
        self.core.store.find(id).await?.ok_or(Error::InstanceGone)
    }

    /// Delivers a message to an instance. When this returns `Ok`, what it changes is on disk; a
    /// message that changes nothing, such as an event for an instance that has ended, is no error.
    ///
    /// # Errors
    /// There is no such instance, or the store failed.
    pub async fn deliver(&self, id: &InstanceId, message: Message) -> Result<(), Error> {
        self.deliver_to(self.number(id).await?, message).await
    }

    /// Removes an instance that has ended with everything it has, and if `recursive` all those below
    /// it, which must have ended as well. If `force`, whatever of them lives is terminated first.
    ///
    /// # Errors
    /// There is no such instance, it or one below it has not ended, or the store failed.
    pub async fn purge(&self, id: &InstanceId, recursive: bool, force: bool) -> Result<(), Error> {
        let number = self.number(id).await?;
        if force {
            self.terminate_all(number, recursive).await?;
        }
        self.purge_number(number, recursive).await
    }

    /// Removes an instance that has ended, and if so told those below it.
    pub(super) async fn purge_number(
        &self,
        number: InstanceNumber,
        recursive: bool,
    ) -> Result<(), Error> {
        let below = if recursive { self.core.below(number).await? } else { Vec::new() };
        for &instance in below.iter().chain([&number]) {
            match self.core.find_summary(instance).await? {
                Some(summary) if !summary.phase.is_terminal() => {
                    return Err(Error::NotTerminal(summary.instance));
                }
                _ => {}
            }
        }
        for &instance in below.iter().rev() {
            match self.ask(instance, |acknowledge| Envelope::Purge { acknowledge }).await {
                // Somebody else purged it meanwhile.
                Ok(()) | Err(Error::InstanceGone) => {}
                Err(failed) => return Err(failed),
            }
        }
        self.ask(number, |acknowledge| Envelope::Purge { acknowledge }).await
    }

    /// Terminates an instance, and if so told all those below it, and waits until that is on disk.
    pub(super) async fn terminate_all(
        &self,
        number: InstanceNumber,
        recursive: bool,
    ) -> Result<(), Error> {
        let message = || Message::Terminate { output: None, reason: None, recursive };
        self.deliver_to(number, message()).await?;
        if recursive {
            for below in self.core.below(number).await? {
                match self.deliver_to(below, message()).await {
                    Ok(()) | Err(Error::InstanceGone) => {}
                    Err(failed) => return Err(failed),
                }
            }
        }
        Ok(())
    }

    pub(super) async fn deliver_to(
        &self,
        number: InstanceNumber,
        message: Message,
    ) -> Result<(), Error> {
        let acknowledge =
            |acknowledge| Envelope::Deliver { message, acknowledge: Some(acknowledge) };
        self.ask(number, acknowledge).await
    }

    pub(super) async fn summary(&self, number: InstanceNumber) -> Result<Summary, Error> {
        self.core.find_summary(number).await?.ok_or(Error::InstanceGone)
    }

    /// Returns what is known of an instance.
    ///
    /// # Errors
    /// There is no such instance, or the store failed.
    pub async fn get(&self, id: &InstanceId) -> Result<Found, Error> {
        let number = self.number(id).await?;
        let summary = self.summary(number).await?;
        self.core.found(number, summary, &[], None).await
    }

    /// Deletes a module, unless instances that have not ended need it.
    ///
    /// # Errors
    /// There is no such module, it is in use, or the store failed.
    pub async fn delete_module(&self, name: &str) -> Result<(), modules::Error> {
        self.core.modules.close(name)?;
        self.core.starting.settle().await;
        let deleted = match self.live_instances(name).await {
            Ok((0, _)) => self.core.modules.delete(name).await,
            Ok((live, example)) => {
                Err(modules::Error::InUse { module: name.to_owned(), live, example })
            }
            Err(failed) => Err(modules::Error::Host(failed.to_string())),
        };
        self.core.modules.reopen(name);
        deleted
    }

    /// Counts the instances of a module that have not ended, and names one.
    async fn live_instances(&self, module: &str) -> Result<(u64, String), Error> {
        let (mut after, mut live, mut example) = (None, 0, String::new());
        loop {
            let page = self.core.store.instances(after, SCAN_PAGE).await?;
            for (_, bytes) in &page {
                let summary = codec::decode_summary(bytes)?;
                if summary.module == module && !summary.phase.is_terminal() {
                    live += 1;
                    example = summary.instance.to_string();
                }
            }
            after = page.last().map(|&(number, _)| number);
            if page.len() < SCAN_PAGE {
                return Ok((live, example));
            }
        }
    }
}
