//! The reference: what a store does, as plainly as it can be said. Nothing here survives its process.

mod content;

use std::collections::BTreeMap;
use std::ops::{Bound, Range};
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;

use self::content::Content;
use super::{
    Chunk, Commit, Committed, DocumentStore, Error, LabelFilter, Lease, Listed, ModuleStore, Place,
    Store, Stored, Timer, Version,
};
use crate::workflow::id::{Digest, InstanceId, InstanceNumber, Timestamp};

/// A store in memory.
#[derive(Default)]
pub struct MemoryStore {
    content: Mutex<Content>,
}

impl MemoryStore {
    fn lock(&self) -> MutexGuard<'_, Content> {
        self.content.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Store for MemoryStore {
    async fn acquire(&self) -> Result<Lease, Error> {
        let mut content = self.lock();
        content.fence += 1;
        Ok(Lease { fence: content.fence })
    }

    async fn reserve(&self, lease: Lease, count: u64) -> Result<Range<u64>, Error> {
        let mut content = self.lock();
        content.check_fence(lease)?;
        let first = content.next_number;
        content.next_number += count;
        Ok(first..content.next_number)
    }

    async fn commit(&self, lease: Lease, commit: Commit) -> Result<Committed, Error> {
        let mut content = self.lock();
        content.check_fence(lease)?;
        content.check(&commit)?;
        Ok(content.apply(commit))
    }

    async fn purge(
        &self,
        lease: Lease,
        instance: InstanceNumber,
        version: Version,
    ) -> Result<(), Error> {
        let mut content = self.lock();
        content.check_fence(lease)?;
        content.check_version(instance, Some(version))?;
        content.remove(instance);
        Ok(())
    }

    async fn enqueue(
        &self,
        instance: InstanceNumber,
        message: Vec<u8>,
    ) -> Result<Option<u64>, Error> {
        Ok(self.lock().append(instance, message))
    }

    async fn inbox(&self, instance: InstanceNumber) -> Result<Vec<(u64, Vec<u8>)>, Error> {
        let inbox = self.lock().instances.get(&instance).map(|found| found.inbox.clone());
        Ok(inbox.unwrap_or_default().into_iter().collect())
    }

    async fn find(&self, id: &InstanceId) -> Result<Option<InstanceNumber>, Error> {
        Ok(self.lock().ids.get(id).copied())
    }

    async fn load(&self, instance: InstanceNumber) -> Result<Option<Stored>, Error> {
        Ok(self.lock().instances.get(&instance).map(|found| Stored {
            version: Version(found.version),
            summary: found.summary.clone(),
        }))
    }

    async fn history(
        &self,
        instance: InstanceNumber,
        range: Range<u64>,
    ) -> Result<Vec<Chunk>, Error> {
        let content = self.lock();
        let Some(found) = content.instances.get(&instance).filter(|_| !range.is_empty()) else {
            return Ok(Vec::new());
        };
        let before = found.history.range(..=range.start).next_back().map(|(&first, _)| first);
        let stretches = found.history.range(before.unwrap_or(range.start)..range.end);
        let chunk = |(&first, bytes): (&u64, &Vec<u8>)| Chunk { first, bytes: bytes.clone() };
        Ok(stretches.map(chunk).collect())
    }

    async fn timers(
        &self,
        after: Option<Timer>,
        until: Timestamp,
        limit: usize,
    ) -> Result<Vec<Timer>, Error> {
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let content = self.lock();
        let timers = content.timers.range((from, Bound::Unbounded)).copied();
        Ok(timers.take_while(|timer| timer.due <= until).take(limit).collect())
    }

    async fn active(
        &self,
        after: Option<InstanceNumber>,
        limit: usize,
    ) -> Result<Vec<InstanceNumber>, Error> {
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let content = self.lock();
        let instances = content.instances.range((from, Bound::Unbounded));
        let active = instances.filter(|(_, it)| it.active || !it.inbox.is_empty());
        Ok(active.map(|(&number, _)| number).take(limit).collect())
    }

    async fn instances(
        &self,
        after: Option<InstanceNumber>,
        limit: usize,
    ) -> Result<Vec<(InstanceNumber, Vec<u8>)>, Error> {
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let content = self.lock();
        let instances = content.instances.range((from, Bound::Unbounded)).take(limit);
        Ok(instances.map(|(&number, found)| (number, found.summary.clone())).collect())
    }

    async fn labels(&self) -> Result<Vec<(Vec<u8>, u64)>, Error> {
        let mut counts = BTreeMap::new();
        for instance in self.lock().instances.values() {
            *counts.entry(instance.label.clone()).or_default() += 1;
        }
        Ok(counts.into_iter().collect())
    }

    async fn list(
        &self,
        wanted: &LabelFilter,
        created: Range<Timestamp>,
        after: Option<Place>,
        limit: usize,
    ) -> Result<Vec<Listed>, Error> {
        let content = self.lock();
        let mut listed: Vec<Listed> = content
            .instances
            .iter()
            .filter(|(_, instance)| wanted(&instance.label))
            .map(|(&number, instance)| instance.listed(number))
            .filter(|listed| created.contains(&listed.place.created_at))
            .filter(|listed| after.is_none_or(|after| after < listed.place))
            .collect();
        listed.sort_by_key(|listed| listed.place);
        listed.truncate(limit);
        Ok(listed)
    }

    async fn list_by_id(
        &self,
        prefix: &str,
        after: Option<&InstanceId>,
        limit: usize,
    ) -> Result<Vec<(InstanceId, Listed)>, Error> {
        let content = self.lock();
        let ids = content.ids.iter().filter(|(id, _)| id.as_str().starts_with(prefix));
        let later = ids.filter(|(id, _)| after.is_none_or(|after| after < id));
        let listed = |(id, &number): (&InstanceId, &InstanceNumber)| {
            (id.clone(), content.instances[&number].listed(number))
        };
        Ok(later.take(limit).map(listed).collect())
    }

    async fn children(
        &self,
        parent: InstanceNumber,
        after: Option<InstanceNumber>,
        limit: usize,
    ) -> Result<Vec<InstanceNumber>, Error> {
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let content = self.lock();
        let instances = content.instances.range((from, Bound::Unbounded));
        let children = instances.filter(|(_, instance)| instance.parent == Some(parent));
        Ok(children.map(|(&number, _)| number).take(limit).collect())
    }
}

#[async_trait]
impl ModuleStore for MemoryStore {
    async fn save_module(
        &self,
        lease: Lease,
        name: &str,
        record: Vec<u8>,
        binary: Option<(Digest, Bytes)>,
    ) -> Result<(), Error> {
        let mut content = self.lock();
        content.check_fence(lease)?;
        content.modules.insert(name.to_owned(), record);
        content.binaries.extend(binary);
        Ok(())
    }

    async fn delete_module(
        &self,
        lease: Lease,
        name: &str,
        binaries: Vec<Digest>,
    ) -> Result<(), Error> {
        let mut content = self.lock();
        content.check_fence(lease)?;
        content.modules.remove(name);
        content.binaries.retain(|digest, _| !binaries.contains(digest));
        Ok(())
    }

    async fn modules(&self) -> Result<Vec<(String, Vec<u8>)>, Error> {
        Ok(self.lock().modules.clone().into_iter().collect())
    }

    async fn binary(&self, digest: Digest) -> Result<Option<Bytes>, Error> {
        Ok(self.lock().binaries.get(&digest).cloned())
    }
}

#[async_trait]
impl DocumentStore for MemoryStore {
    async fn save_document(
        &self,
        lease: Lease,
        kind: &str,
        name: &str,
        document: Vec<u8>,
    ) -> Result<(), Error> {
        let mut content = self.lock();
        content.check_fence(lease)?;
        content.documents.insert((kind.to_owned(), name.to_owned()), document);
        Ok(())
    }

    async fn delete_document(&self, lease: Lease, kind: &str, name: &str) -> Result<(), Error> {
        let mut content = self.lock();
        content.check_fence(lease)?;
        content.documents.remove(&(kind.to_owned(), name.to_owned()));
        Ok(())
    }

    async fn documents(&self, kind: &str) -> Result<Vec<(String, Vec<u8>)>, Error> {
        let content = self.lock();
        let documents = content.documents.iter().filter(|((of_kind, _), _)| of_kind == kind);
        Ok(documents.map(|((_, name), document)| (name.clone(), document.clone())).collect())
    }
}
