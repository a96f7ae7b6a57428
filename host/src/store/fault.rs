//! A store that fails on purpose, to show that nothing is lost when one does: for the tests of this
//! crate and of whoever embeds it.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use async_trait::async_trait;
use bytes::Bytes;

use super::{
    Chunk, Commit, Committed, DocumentStore, Error, LabelFilter, Lease, Listed, ModuleStore, Place,
    Store, Stored, Timer, Version,
};
use crate::workflow::id::{Digest, InstanceId, InstanceNumber, Timestamp};

/// When a write fails, seen from the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// Nothing has been written.
    Before,
    /// All of it has been written, though the writer is told otherwise.
    After,
}

/// What happens from the failure on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    /// All is well again.
    Recover,
    /// Every call fails, as if the process had died with the write.
    StayDown,
}

/// One failure.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// Which write fails, counted from 0.
    pub write: u64,
    /// When.
    pub when: When,
    /// What follows.
    pub then: Then,
}

/// A store in front of another, which fails as planned.
pub struct FaultyStore<S> {
    inner: Arc<S>,
    plan: Option<Plan>,
    writes: AtomicU64,
    down: AtomicBool,
}

impl<S> FaultyStore<S> {
    /// Stands in front of a store; without a plan it only counts.
    pub fn new(inner: Arc<S>, plan: Option<Plan>) -> Self {
        Self { inner, plan, writes: AtomicU64::new(0), down: AtomicBool::new(false) }
    }

    /// Returns how many writes have been asked for.
    pub fn writes(&self) -> u64 {
        self.writes.load(Ordering::SeqCst)
    }

    /// Returns whether it has failed for good.
    pub fn is_down(&self) -> bool {
        self.down.load(Ordering::SeqCst)
    }

    fn check_up(&self) -> Result<(), Error> {
        if self.is_down() { Err(injected()) } else { Ok(()) }
    }

    async fn write<T>(&self, write: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        self.check_up()?;
        let number = self.writes.fetch_add(1, Ordering::SeqCst);
        let Some(plan) = self.plan.filter(|plan| plan.write == number) else {
            return write.await;
        };
        if plan.then == Then::StayDown {
            self.down.store(true, Ordering::SeqCst);
        }
        if plan.when == When::After {
            write.await?;
        }
        Err(injected())
    }
}

fn injected() -> Error {
    Error::Unavailable("a failure injected by a test".to_owned())
}

#[async_trait]
impl<S: Store> Store for FaultyStore<S> {
    async fn acquire(&self) -> Result<Lease, Error> {
        self.write(self.inner.acquire()).await
    }

    async fn reserve(&self, lease: Lease, count: u64) -> Result<Range<u64>, Error> {
        self.write(self.inner.reserve(lease, count)).await
    }

    async fn commit(&self, lease: Lease, commit: Commit) -> Result<Committed, Error> {
        self.write(self.inner.commit(lease, commit)).await
    }

    async fn purge(
        &self,
        lease: Lease,
        instance: InstanceNumber,
        version: Version,
    ) -> Result<(), Error> {
        self.write(self.inner.purge(lease, instance, version)).await
    }

    async fn enqueue(
        &self,
        instance: InstanceNumber,
        message: Vec<u8>,
    ) -> Result<Option<u64>, Error> {
        self.write(self.inner.enqueue(instance, message)).await
    }

    async fn inbox(&self, instance: InstanceNumber) -> Result<Vec<(u64, Vec<u8>)>, Error> {
        self.check_up()?;
        self.inner.inbox(instance).await
    }

    async fn find(&self, id: &InstanceId) -> Result<Option<InstanceNumber>, Error> {
        self.check_up()?;
        self.inner.find(id).await
    }

    async fn load(&self, instance: InstanceNumber) -> Result<Option<Stored>, Error> {
        self.check_up()?;
        self.inner.load(instance).await
    }

    async fn history(
        &self,
        instance: InstanceNumber,
        range: Range<u64>,
    ) -> Result<Vec<Chunk>, Error> {
        self.check_up()?;
        self.inner.history(instance, range).await
    }

    async fn timers(
        &self,
        after: Option<Timer>,
        until: Timestamp,
        limit: usize,
    ) -> Result<Vec<Timer>, Error> {
        self.check_up()?;
        self.inner.timers(after, until, limit).await
    }

    async fn active(
        &self,
        after: Option<InstanceNumber>,
        limit: usize,
    ) -> Result<Vec<InstanceNumber>, Error> {
        self.check_up()?;
        self.inner.active(after, limit).await
    }

    async fn instances(
        &self,
        after: Option<InstanceNumber>,
        limit: usize,
    ) -> Result<Vec<(InstanceNumber, Vec<u8>)>, Error> {
        self.check_up()?;
        self.inner.instances(after, limit).await
    }

    async fn labels(&self) -> Result<Vec<(Vec<u8>, u64)>, Error> {
        self.check_up()?;
        self.inner.labels().await
    }

    async fn list(
        &self,
        wanted: &LabelFilter,
        created: Range<Timestamp>,
        after: Option<Place>,
        limit: usize,
    ) -> Result<Vec<Listed>, Error> {
        self.check_up()?;
        self.inner.list(wanted, created, after, limit).await
    }

    async fn list_by_id(
        &self,
        prefix: &str,
        after: Option<&InstanceId>,
        limit: usize,
    ) -> Result<Vec<(InstanceId, Listed)>, Error> {
        self.check_up()?;
        self.inner.list_by_id(prefix, after, limit).await
    }

    async fn children(
        &self,
        parent: InstanceNumber,
        after: Option<InstanceNumber>,
        limit: usize,
    ) -> Result<Vec<InstanceNumber>, Error> {
        self.check_up()?;
        self.inner.children(parent, after, limit).await
    }
}

#[async_trait]
impl<S: ModuleStore> ModuleStore for FaultyStore<S> {
    async fn save_module(
        &self,
        lease: Lease,
        name: &str,
        record: Vec<u8>,
        binary: Option<(Digest, Bytes)>,
    ) -> Result<(), Error> {
        self.write(self.inner.save_module(lease, name, record, binary)).await
    }

    async fn delete_module(
        &self,
        lease: Lease,
        name: &str,
        binaries: Vec<Digest>,
    ) -> Result<(), Error> {
        self.write(self.inner.delete_module(lease, name, binaries)).await
    }

    async fn modules(&self) -> Result<Vec<(String, Vec<u8>)>, Error> {
        self.check_up()?;
        self.inner.modules().await
    }

    async fn binary(&self, digest: Digest) -> Result<Option<Bytes>, Error> {
        self.check_up()?;
        self.inner.binary(digest).await
    }
}

#[async_trait]
impl<S: DocumentStore> DocumentStore for FaultyStore<S> {
    async fn save_document(
        &self,
        lease: Lease,
        kind: &str,
        name: &str,
        document: Vec<u8>,
    ) -> Result<(), Error> {
        self.write(self.inner.save_document(lease, kind, name, document)).await
    }

    async fn delete_document(&self, lease: Lease, kind: &str, name: &str) -> Result<(), Error> {
        self.write(self.inner.delete_document(lease, kind, name)).await
    }

    async fn documents(&self, kind: &str) -> Result<Vec<(String, Vec<u8>)>, Error> {
        self.check_up()?;
        self.inner.documents(kind).await
    }
}
