//! Owns what is stored and shown of a job: what it does to which instances, and how far it is.

use serde::{Deserialize, Serialize};

use crate::scheduler::documents::{optional_time, time};
use crate::scheduler::filter::{Cursor, Filter};
use crate::workflow::id::{InstanceId, InstanceNumber, Timestamp};
use crate::workflow::summary::Status;

/// How many errors are kept.
const ERRORS_KEPT: usize = 20;

/// What is done to each instance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Action {
    /// Its code is stopped.
    Pause {
        /// Why.
        reason: Option<String>,
    },
    /// Its code goes on.
    Resume {
        /// Why.
        reason: Option<String>,
    },
    /// It is ended.
    Terminate {
        /// What to show as its output.
        output: Option<String>,
        /// Why.
        reason: Option<String>,
        /// Its children go with it.
        recursive: bool,
    },
    /// It is removed.
    Purge {
        /// All below it goes with it.
        recursive: bool,
        /// What lives is terminated first.
        force: bool,
    },
}

/// How far a job is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum JobStatus {
    /// On its way, or waiting for its turn.
    Running,
    /// It has come to the end.
    Completed,
    /// Somebody stopped it.
    Cancelled,
}

/// A job, as it is stored and shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// What is done.
    pub action: Action,
    /// To which instances.
    #[serde(with = "stored_filter")]
    pub filter: Filter,
    /// How far it is.
    pub status: JobStatus,
    /// How many instances have been found to match so far.
    pub matched: u64,
    /// For how many of them it is done.
    pub done: u64,
    /// For how many it could not be.
    pub failed: u64,
    /// Why: instances and reasons, the first of them.
    pub errors: Vec<(String, String)>,
    /// When it was created. What was created later is not its concern.
    #[serde(with = "time")]
    pub created_at: Timestamp,
    /// When it ended.
    #[serde(with = "optional_time")]
    pub ended_at: Option<Timestamp>,
    #[serde(default, with = "stored_cursor")]
    pub(super) cursor: Option<Cursor>,
}

impl Record {
    /// Returns a job that has done nothing yet.
    pub(super) fn new(action: Action, filter: Filter, now: Timestamp) -> Self {
        Self {
            action,
            filter,
            status: JobStatus::Running,
            matched: 0,
            done: 0,
            failed: 0,
            errors: Vec::new(),
            created_at: now,
            ended_at: None,
            cursor: None,
        }
    }

    /// Notes what came of one instance.
    pub(super) fn note(&mut self, instance: String, outcome: Result<(), String>) {
        self.matched += 1;
        match outcome {
            Ok(()) => self.done += 1,
            Err(reason) => {
                self.failed += 1;
                if self.errors.len() < ERRORS_KEPT {
                    self.errors.push((instance, reason));
                }
            }
        }
    }

    /// Notes its end.
    pub(super) fn end(&mut self, status: JobStatus, now: Timestamp) {
        self.status = status;
        self.ended_at = Some(now);
    }
}

/// How a filter is stored. A status is stored by its number in labels' order, which never changes.
mod stored_filter {
    use serde::de::Error;
    use serde::{Deserializer, Serializer};

    use super::{Deserialize, Filter, Serialize, Status, Timestamp};

    #[derive(Serialize, Deserialize)]
    struct Stored {
        names: Vec<String>,
        statuses: Vec<u8>,
        id_prefix: String,
        created: (u64, u64),
        updated: (u64, u64),
        module: Option<String>,
        digest: Option<String>,
    }

    const STATUSES: [Status; 7] = [
        Status::Pending,
        Status::Running,
        Status::Suspended,
        Status::Stalled,
        Status::Completed,
        Status::Failed,
        Status::Terminated,
    ];

    pub(super) fn serialize<S: Serializer>(filter: &Filter, to: S) -> Result<S::Ok, S::Error> {
        let number = |status: &Status| {
            STATUSES.iter().position(|known| known == status).unwrap_or_default() as u8
        };
        Stored {
            names: filter.workflows.clone(),
            statuses: filter.statuses.iter().map(number).collect(),
            id_prefix: filter.id_prefix.clone().unwrap_or_default(),
            created: (filter.created.start.0, filter.created.end.0),
            updated: (filter.updated.start.0, filter.updated.end.0),
            module: filter.module.clone(),
            digest: filter.digest.map(|digest| digest.to_string()),
        }
        .serialize(to)
    }

    pub(super) fn deserialize<'d, D: Deserializer<'d>>(from: D) -> Result<Filter, D::Error> {
        let stored = Stored::deserialize(from)?;
        let status = |number: &u8| {
            STATUSES.get(usize::from(*number)).copied().ok_or_else(|| {
                D::Error::custom(format!("there is no status with the number {number}"))
            })
        };
        Ok(Filter {
            workflows: stored.names,
            statuses: stored.statuses.iter().map(status).collect::<Result<_, _>>()?,
            id_prefix: Some(stored.id_prefix).filter(|prefix| !prefix.is_empty()),
            created: Timestamp(stored.created.0)..Timestamp(stored.created.1),
            updated: Timestamp(stored.updated.0)..Timestamp(stored.updated.1),
            module: stored.module,
            digest: match stored.digest {
                Some(text) => Some(text.parse().map_err(D::Error::custom)?),
                None => None,
            },
        })
    }
}

/// How it is stored how far a job has come. Jobs of older hosts go on from it, so it never changes.
mod stored_cursor {
    use serde::{Deserializer, Serializer};

    use super::{Cursor, Deserialize, InstanceId, InstanceNumber, Serialize, Timestamp};

    #[derive(Serialize, Deserialize)]
    enum Stored {
        /// Time and number.
        Created(u64, u64),
        Id(String),
    }

    pub(super) fn serialize<S: Serializer>(
        cursor: &Option<Cursor>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        let stored = cursor.as_ref().map(|cursor| match cursor {
            Cursor::Created { at, instance } => Stored::Created(at.0, instance.0),
            Cursor::Id(id) => Stored::Id(id.to_string()),
        });
        stored.serialize(to)
    }

    pub(super) fn deserialize<'d, D: Deserializer<'d>>(
        from: D,
    ) -> Result<Option<Cursor>, D::Error> {
        let stored = Option::<Stored>::deserialize(from)?;
        Ok(stored.map(|stored| match stored {
            Stored::Created(at, instance) => {
                Cursor::Created { at: Timestamp(at), instance: InstanceNumber(instance) }
            }
            Stored::Id(id) => Cursor::Id(InstanceId::unchecked(&id)),
        }))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::workflow::id::Digest;

    #[test]
    fn what_is_stored_reads_back() {
        let filter = Filter {
            workflows: vec!["Order".to_owned()],
            statuses: vec![Status::Pending, Status::Stalled, Status::Terminated],
            id_prefix: Some("order-".to_owned()),
            created: Timestamp(3)..Timestamp(9),
            module: Some("orders".to_owned()),
            digest: Some(Digest([7; 32])),
            ..Filter::default()
        };
        let action = Action::Purge { recursive: true, force: false };
        let mut record = Record::new(action, filter, Timestamp(5));
        for number in 0..30 {
            let outcome = if number == 0 { Ok(()) } else { Err("it lives".to_owned()) };
            record.note(format!("order-{number}"), outcome);
        }
        record.cursor = Some(Cursor::Id(InstanceId::unchecked("order-7")));
        record.end(JobStatus::Cancelled, Timestamp(8));
        assert_eq!((record.matched, record.done, record.failed), (30, 1, 29));
        assert_eq!((record.errors.len(), record.errors[0].0.as_str()), (20, "order-1"));
        let bytes = serde_json::to_vec(&record).unwrap();
        assert_eq!(serde_json::from_slice::<Record>(&bytes).unwrap(), record);
    }

    #[test]
    fn a_filter_and_a_cursor_are_stored_as_ever() {
        let action = Action::Pause { reason: None };
        let mut record = Record::new(action, Filter::default(), Timestamp(5));
        let place = Cursor::Created { at: Timestamp(3), instance: InstanceNumber(4) };
        let id = Cursor::Id(InstanceId::unchecked("order-7"));
        for (cursor, stored) in [
            (None, json!(null)),
            (Some(place), json!({"Created": [3, 4]})),
            (Some(id), json!({"Id": "order-7"})),
        ] {
            record.cursor = cursor;
            let mut written = serde_json::to_value(&record).unwrap();
            assert_eq!(written["cursor"], stored);
            assert_eq!(written["filter"]["id_prefix"], json!(""));
            assert_eq!(written["filter"]["names"], json!([]));
            assert_eq!(serde_json::from_value::<Record>(written.clone()).unwrap(), record);
            written.as_object_mut().unwrap().remove("cursor");
            record.cursor = None;
            assert_eq!(serde_json::from_value::<Record>(written).unwrap(), record);
        }
    }
}
