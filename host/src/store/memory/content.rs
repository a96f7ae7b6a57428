//! What a store in memory holds, and what a commit does to it.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;

use crate::store::{
    Birth, Commit, Committed, Error, Lease, Listed, New, Place, Receiver, Target, Timer, Version,
};
use crate::workflow::id::{Digest, InstanceId, InstanceNumber, Timestamp};

#[derive(Clone, Default)]
pub(super) struct Content {
    pub(super) fence: u64,
    pub(super) next_number: u64,
    pub(super) next_message: u64,
    pub(super) ids: BTreeMap<InstanceId, InstanceNumber>,
    pub(super) instances: BTreeMap<InstanceNumber, Instance>,
    pub(super) timers: BTreeSet<Timer>,
    pub(super) modules: BTreeMap<String, Vec<u8>>,
    pub(super) binaries: BTreeMap<Digest, Bytes>,
    pub(super) documents: BTreeMap<(String, String), Vec<u8>>,
}

#[derive(Clone)]
pub(super) struct Instance {
    pub(super) created_at: Timestamp,
    pub(super) parent: Option<InstanceNumber>,
    pub(super) version: u64,
    pub(super) label: Vec<u8>,
    pub(super) summary: Vec<u8>,
    pub(super) history: BTreeMap<u64, Vec<u8>>,
    pub(super) inbox: BTreeMap<u64, Vec<u8>>,
    pub(super) active: bool,
}

impl Instance {
    pub(super) fn listed(&self, number: InstanceNumber) -> Listed {
        let place = Place { created_at: self.created_at, instance: number };
        Listed { place, version: Version(self.version), summary: self.summary.clone() }
    }
}

impl Content {
    pub(super) fn check_fence(&self, lease: Lease) -> Result<(), Error> {
        let (held, newest) = (lease.fence, self.fence);
        if held == newest { Ok(()) } else { Err(Error::Fenced { held, newest }) }
    }

    pub(super) fn check_version(
        &self,
        instance: InstanceNumber,
        expected: Option<Version>,
    ) -> Result<(), Error> {
        let found = self.instances.get(&instance).map(|instance| Version(instance.version));
        if found == expected { Ok(()) } else { Err(Error::Conflict { expected, found }) }
    }

    /// Says why there can't be this new instance, if so.
    fn check_new(&self, instance: InstanceNumber, new: &New) -> Result<(), Error> {
        let replaced = new.replaces.map(|(number, _)| number);
        match self.ids.get(&new.id) {
            Some(&owner) if Some(owner) != replaced => return Err(Error::IdTaken(owner)),
            _ => {}
        }
        if let Some((number, version)) = new.replaces {
            self.check_version(number, Some(version))?;
        }
        self.check_version(instance, None)
    }

    pub(super) fn check(&self, commit: &Commit) -> Result<(), Error> {
        match &commit.target {
            Target::Existing(version) => self.check_version(commit.instance, Some(*version))?,
            Target::New(new) => self.check_new(commit.instance, new)?,
        }
        let known = self.instances.get(&commit.instance).filter(|_| !commit.history_anew);
        match (&commit.history, known.and_then(|known| known.history.last_key_value())) {
            (Some(chunk), Some((&last, _))) if chunk.first <= last => {
                Err(Error::Damaged(format!("event {} is there already", chunk.first)))
            }
            _ => Ok(()),
        }
    }

    /// Applies a commit that has been checked.
    pub(super) fn apply(&mut self, commit: Commit) -> Committed {
        if let Target::New(new) = commit.target {
            self.create(commit.instance, new);
        }
        if let Some(instance) = self.instances.get_mut(&commit.instance) {
            instance.version += 1;
            instance.label = commit.label;
            instance.summary = commit.summary;
            instance.active = commit.active;
            if commit.history_anew {
                instance.history.clear();
            }
            instance.history.extend(commit.history.map(|chunk| (chunk.first, chunk.bytes)));
            for message in commit.consumed {
                instance.inbox.remove(&message);
            }
        }
        self.timers.extend(commit.set_timers);
        for timer in commit.clear_timers {
            self.timers.remove(&timer);
        }
        let mut wake = BTreeSet::new();
        for birth in commit.births {
            self.give_birth(commit.instance, birth, &mut wake);
        }
        for (receiver, message) in commit.outbox {
            let receiver = match receiver {
                Receiver::Number(number) => Some(number),
                Receiver::Id(id) => self.ids.get(&id).copied(),
            };
            wake.extend(receiver.filter(|&receiver| self.append(receiver, message).is_some()));
        }
        // One that was born may have been replaced by another.
        wake.retain(|instance| self.instances.contains_key(instance));
        Committed { wake: wake.into_iter().collect() }
    }

    fn give_birth(
        &mut self,
        committing: InstanceNumber,
        birth: Birth,
        wake: &mut BTreeSet<InstanceNumber>,
    ) {
        let of_committing = birth.new.replaces.is_some_and(|(replaced, _)| replaced == committing);
        let born = !of_committing && self.check_new(birth.instance, &birth.new).is_ok();
        if born {
            let instance = self.create(birth.instance, birth.new);
            instance.version = 1;
            instance.label = birth.label;
            instance.summary = birth.summary;
            instance.active = true;
            instance.history.insert(birth.history.first, birth.history.bytes);
            wake.insert(birth.instance);
        }
        if let Some(message) = if born { birth.if_born } else { Some(birth.if_refused) } {
            self.append(committing, message);
            wake.insert(committing);
        }
    }

    /// Enters a new instance that has had no commit yet, in place of the one that it replaces.
    fn create(&mut self, number: InstanceNumber, new: New) -> &mut Instance {
        if let Some((replaced, _)) = new.replaces {
            self.remove(replaced);
        }
        self.ids.insert(new.id, number);
        let parent = new.parent.filter(|parent| self.instances.contains_key(parent));
        self.instances.entry(number).or_insert(Instance {
            created_at: new.created_at,
            parent,
            version: 0,
            label: Vec::new(),
            summary: Vec::new(),
            history: BTreeMap::new(),
            inbox: BTreeMap::new(),
            active: false,
        })
    }

    pub(super) fn remove(&mut self, removed: InstanceNumber) {
        self.instances.remove(&removed);
        self.ids.retain(|_, owner| *owner != removed);
        self.timers.retain(|timer| timer.instance != removed);
        for instance in self.instances.values_mut() {
            instance.parent = instance.parent.filter(|&parent| parent != removed);
        }
    }

    pub(super) fn append(&mut self, instance: InstanceNumber, message: Vec<u8>) -> Option<u64> {
        let inbox = &mut self.instances.get_mut(&instance)?.inbox;
        let number = self.next_message;
        self.next_message += 1;
        inbox.insert(number, message);
        Some(number)
    }
}
