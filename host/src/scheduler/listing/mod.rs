//! Owns what a page of a listing is, and how instances are counted. Rows that turn out not to be wanted
//! don't fill a page, so only so many are looked at for one, and it says where the next goes on.

use super::Error;
use super::filter::{Cursor, Filter, Rows};
use super::handle::Handle;
use crate::store::Store;
use crate::workflow::codec;
use crate::workflow::summary::{Label, Summary};

/// How many rows are read at once where most may not be wanted.
const ROWS_READ: usize = 1_000;
/// How many rows are looked at for one page.
const ROWS_MAX: usize = 10_000;

/// A page of instances.
#[derive(Clone, Debug, Default)]
pub struct Listing {
    /// In order.
    pub instances: Vec<Summary>,
    /// Where the next page goes on; none: this is the last.
    pub next: Option<Cursor>,
}

impl Handle {
    /// Returns up to `limit` of the instances that are wanted, from behind the cursor on. There may be
    /// fewer, even none, and yet more to come: whether is told by [`Listing::next`] alone.
    ///
    /// # Errors
    /// The store can't be read.
    pub async fn list(
        &self,
        filter: &Filter,
        after: Option<Cursor>,
        limit: usize,
    ) -> Result<Listing, Error> {
        list(&*self.core.store, filter, after, limit).await
    }

    /// Returns how many instances there are with each label.
    ///
    /// # Errors
    /// The store can't be read.
    pub async fn counts(&self) -> Result<Vec<(Label, u64)>, Error> {
        let labels = self.core.store.labels().await?;
        let decode = |(bytes, count): (Vec<u8>, u64)| Ok((codec::decode_label(&bytes)?, count));
        labels.into_iter().map(decode).collect()
    }
}

async fn list(
    store: &dyn Store,
    filter: &Filter,
    mut after: Option<Cursor>,
    limit: usize,
) -> Result<Listing, Error> {
    let mut listing = Listing::default();
    if filter.takes_none() {
        return Ok(listing);
    }
    let rows = Rows::of(store, filter);
    let at_once = if filter.is_exact() { limit.saturating_add(1) } else { ROWS_READ };
    let mut looked_at = 0;
    loop {
        let read = rows.read(after.as_ref(), at_once).await?;
        let is_last = read.len() < at_once;
        looked_at += read.len();
        for row in read {
            if filter.takes(&row.summary) {
                if listing.instances.len() == limit {
                    listing.next = after;
                    return Ok(listing);
                }
                listing.instances.push(row.summary);
            }
            after = Some(row.cursor);
        }
        if is_last {
            return Ok(listing);
        }
        if looked_at >= ROWS_MAX {
            listing.next = after;
            return Ok(listing);
        }
    }
}

#[cfg(test)]
mod tests;
