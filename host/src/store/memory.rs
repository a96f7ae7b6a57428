//! The reference: what a store does, as plainly as it can be said. Nothing here survives its process.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::{Bound, Range};
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;

use super::{Chunk, Commit, Error, Lease, ModuleStore, Store, Stored, Target, Timer, Version};
use crate::workflow::id::{Digest, InstanceId, InstanceNumber, Timestamp};

/// A store in memory.
#[derive(Default)]
pub struct MemoryStore {
    content: Mutex<Content>,
}

#[derive(Clone, Default)]
struct Content {
    fence: u64,
    next_number: u64,
    next_message: u64,
    ids: BTreeMap<InstanceId, InstanceNumber>,
    instances: BTreeMap<InstanceNumber, Instance>,
    timers: BTreeSet<Timer>,
    modules: BTreeMap<String, Vec<u8>>,
    binaries: BTreeMap<Digest, Bytes>,
}

#[derive(Clone, Default)]
struct Instance {
    version: u64,
    summary: Vec<u8>,
    history: BTreeMap<u64, Vec<u8>>,
    inbox: BTreeMap<u64, Vec<u8>>,
    active: bool,
}

impl MemoryStore {
    fn lock(&self) -> MutexGuard<'_, Content> {
        self.content.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Content {
    fn check_fence(&self, lease: Lease) -> Result<(), Error> {
        let (held, newest) = (lease.fence, self.fence);
        if held == newest { Ok(()) } else { Err(Error::Fenced { held, newest }) }
    }

    fn check_version(
        &self,
        instance: InstanceNumber,
        expected: Option<Version>,
    ) -> Result<(), Error> {
        let found = self.instances.get(&instance).map(|instance| Version(instance.version));
        if found == expected { Ok(()) } else { Err(Error::Conflict { expected, found }) }
    }

    fn check(&self, commit: &Commit) -> Result<(), Error> {
        match &commit.target {
            Target::Existing(version) => self.check_version(commit.instance, Some(*version))?,
            Target::New { id, replaces } => {
                let replaced = replaces.map(|(number, _)| number);
                match self.ids.get(id) {
                    Some(&owner) if Some(owner) != replaced => return Err(Error::IdTaken(owner)),
                    _ => {}
                }
                if let Some((number, version)) = replaces {
                    self.check_version(*number, Some(*version))?;
                }
                self.check_version(commit.instance, None)?;
            }
        }
        let known = self.instances.get(&commit.instance);
        match (&commit.history, known.and_then(|known| known.history.last_key_value())) {
            (Some(chunk), Some((&last, _))) if chunk.first <= last => {
                Err(Error::Damaged(format!("event {} is there already", chunk.first)))
            }
            _ => Ok(()),
        }
    }

    fn remove(&mut self, instance: InstanceNumber) {
        self.instances.remove(&instance);
        self.ids.retain(|_, owner| *owner != instance);
        self.timers.retain(|timer| timer.instance != instance);
    }

    fn append(&mut self, instance: InstanceNumber, message: Vec<u8>) -> Option<u64> {
        let inbox = &mut self.instances.get_mut(&instance)?.inbox;
        let number = self.next_message;
        self.next_message += 1;
        inbox.insert(number, message);
        Some(number)
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

    async fn commit(&self, lease: Lease, commit: Commit) -> Result<(), Error> {
        let mut content = self.lock();
        content.check_fence(lease)?;
        content.check(&commit)?;
        if let Target::New { id, replaces } = commit.target {
            if let Some((replaced, _)) = replaces {
                content.remove(replaced);
            }
            content.ids.insert(id, commit.instance);
        }
        let instance = content.instances.entry(commit.instance).or_default();
        instance.version += 1;
        instance.summary = commit.summary;
        instance.active = commit.active;
        instance.history.extend(commit.history.map(|chunk| (chunk.first, chunk.bytes)));
        for message in commit.consumed {
            instance.inbox.remove(&message);
        }
        content.timers.extend(commit.set_timers);
        for timer in commit.clear_timers {
            content.timers.remove(&timer);
        }
        for (receiver, message) in commit.outbox {
            content.append(receiver, message);
        }
        Ok(())
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
