//! Owns which instances are meant: a filter as a plain value, which labels it comes to, and the rows of
//! the store's listings in the order it asks for, from behind a cursor on. Labels narrow the way down,
//! so that most of what can't match is not even read.

use std::ops::Range;
use std::sync::Arc;

use super::Error;
use crate::store::{LabelFilter, Listed, Place, Store};
use crate::workflow::codec;
use crate::workflow::id::{Digest, InstanceId, InstanceNumber, Timestamp};
use crate::workflow::summary::{Label, Status, Summary};

/// Which instances are wanted; by default all of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter {
    /// Those of this module; none: of any.
    pub module: Option<String>,
    /// Those of one of these workflows; none named: of any.
    pub workflows: Vec<String>,
    /// Those with one of these; none named: any.
    pub statuses: Vec<Status>,
    /// Those on this version of their module.
    pub digest: Option<Digest>,
    /// Those whose ID begins so. They are read in order of their IDs then, else of creation.
    pub id_prefix: Option<String>,
    /// Those created at its start or later, and before its end.
    pub created: Range<Timestamp>,
    /// Those whose last event was recorded at its start or later, and before its end.
    pub updated: Range<Timestamp>,
}

/// All times there are.
pub const ALWAYS: Range<Timestamp> = Timestamp(0)..Timestamp(Timestamp::MAX.0 + 1);

impl Default for Filter {
    fn default() -> Self {
        Self {
            module: None,
            workflows: Vec::new(),
            statuses: Vec::new(),
            digest: None,
            id_prefix: None,
            created: ALWAYS,
            updated: ALWAYS,
        }
    }
}

impl Filter {
    fn takes_label(&self, label: &Label) -> bool {
        self.module.as_ref().is_none_or(|module| *module == label.module)
            && (self.workflows.is_empty() || self.workflows.contains(&label.workflow))
            && (self.statuses.is_empty() || self.statuses.contains(&label.status))
            && self.digest.is_none_or(|digest| digest == label.digest)
    }

    /// Returns whether an instance is wanted.
    pub fn takes(&self, summary: &Summary) -> bool {
        let prefix = self.id_prefix.as_deref().unwrap_or_default();
        self.takes_label(&summary.label())
            && summary.instance.as_str().starts_with(prefix)
            && self.created.contains(&summary.created_at)
            && self.updated.contains(&summary.updated_at)
    }

    /// Returns whether it says nothing, so that all instances are wanted.
    pub fn takes_all(&self) -> bool {
        *self == Self::default()
    }

    /// Returns whether no instance can be wanted, whichever there are.
    pub(super) fn takes_none(&self) -> bool {
        self.created.is_empty() || self.updated.is_empty()
    }

    /// Returns whether its rows are what is wanted and nothing else.
    pub(super) fn is_exact(&self) -> bool {
        self.id_prefix.is_none() && self.updated == ALWAYS
    }

    /// Returns which labels what is wanted can have. One that can't be read is not passed over.
    fn labels(&self) -> LabelFilter {
        let filter = self.clone();
        Arc::new(move |label| {
            codec::decode_label(label).map_or(true, |label| filter.takes_label(&label))
        })
    }
}

/// How far somebody has come: behind this instance, whatever has become of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cursor {
    /// In the order of creation.
    Created {
        /// When it was created.
        at: Timestamp,
        /// Its number.
        instance: InstanceNumber,
    },
    /// In the order of IDs.
    Id(InstanceId),
}

/// An instance that may be wanted: whether it is, only [`Filter::takes`] says.
pub(super) struct Row {
    /// Where to go on behind it.
    pub(super) cursor: Cursor,
    pub(super) number: InstanceNumber,
    pub(super) summary: Summary,
}

/// The rows that a filter comes to.
pub(super) struct Rows<'a> {
    store: &'a dyn Store,
    order: Order<'a>,
}

enum Order<'a> {
    Creation { labels: LabelFilter, created: Range<Timestamp> },
    Id { prefix: &'a str },
}

impl<'a> Rows<'a> {
    /// Returns the rows of a filter.
    pub(super) fn of(store: &'a dyn Store, filter: &'a Filter) -> Self {
        let order = match &filter.id_prefix {
            Some(prefix) => Order::Id { prefix },
            None => Order::Creation { labels: filter.labels(), created: filter.created.clone() },
        };
        Self { store, order }
    }

    /// Reads up to `limit` rows from behind the cursor on. Fewer are the last. A cursor of another
    /// order leads to the beginning.
    pub(super) async fn read(
        &self,
        after: Option<&Cursor>,
        limit: usize,
    ) -> Result<Vec<Row>, Error> {
        match &self.order {
            Order::Creation { labels, created } => {
                let after = match after {
                    Some(&Cursor::Created { at, instance }) => {
                        Some(Place { created_at: at, instance })
                    }
                    _ => None,
                };
                let listed = self.store.list(labels, created.clone(), after, limit).await?;
                let row = |listed: Listed| {
                    let Place { created_at: at, instance } = listed.place;
                    row(Cursor::Created { at, instance }, &listed)
                };
                listed.into_iter().map(row).collect()
            }
            Order::Id { prefix } => {
                let after = match after {
                    Some(Cursor::Id(id)) => Some(id),
                    _ => None,
                };
                let listed = self.store.list_by_id(prefix, after, limit).await?;
                listed.into_iter().map(|(id, listed)| row(Cursor::Id(id), &listed)).collect()
            }
        }
    }
}

/// Rows, read to their end.
pub(super) struct Pages<'a> {
    rows: Rows<'a>,
    after: Option<Cursor>,
}

impl<'a> Pages<'a> {
    /// Returns the rows of a filter from the first on.
    pub(super) fn of(store: &'a dyn Store, filter: &'a Filter) -> Self {
        Self { rows: Rows::of(store, filter), after: None }
    }

    /// Returns the next rows, up to `limit`; none at the end.
    pub(super) async fn next(&mut self, limit: usize) -> Result<Option<Vec<Row>>, Error> {
        let page = self.rows.read(self.after.as_ref(), limit).await?;
        let Some(last) = page.last() else { return Ok(None) };
        self.after = Some(last.cursor.clone());
        Ok(Some(page))
    }
}

fn row(cursor: Cursor, listed: &Listed) -> Result<Row, Error> {
    let summary = codec::decode_summary(&listed.summary)?;
    Ok(Row { cursor, number: listed.place.instance, summary })
}
