//! What is kept by name: modules and documents.

use std::ops::Bound;

use async_trait::async_trait;
use bytes::Bytes;

use super::RedbStore;
use super::batch::Batch;
use super::keys::{self, Kind, Parts};
use super::rows::Rows;
use crate::store::{DocumentStore, Error, Lease, ModuleStore};
use crate::workflow::id::Digest;

#[async_trait]
impl ModuleStore for RedbStore {
    async fn save_module(
        &self,
        lease: Lease,
        name: &str,
        record: Vec<u8>,
        binary: Option<(Digest, Bytes)>,
    ) -> Result<(), Error> {
        let name = name.to_owned();
        let work = move |batch: &mut Batch| {
            batch.check_fence(lease.fence)?;
            batch.changes.put(keys::module(&name), &record);
            if let Some((digest, bytes)) = binary {
                batch.changes.put(keys::binary(&digest.0), &bytes);
            }
            Ok(())
        };
        self.writer.write(work).await
    }

    async fn delete_module(
        &self,
        lease: Lease,
        name: &str,
        binaries: Vec<Digest>,
    ) -> Result<(), Error> {
        let name = name.to_owned();
        let work = move |batch: &mut Batch| {
            batch.check_fence(lease.fence)?;
            batch.changes.remove(keys::module(&name));
            for digest in binaries {
                batch.changes.remove(keys::binary(&digest.0));
            }
            Ok(())
        };
        self.writer.write(work).await
    }

    async fn modules(&self) -> Result<Vec<(String, Vec<u8>)>, Error> {
        self.read(|rows| {
            let modules = rows.range(keys::all(Kind::Module))?;
            modules
                .map(|entry| {
                    let (key, record) = entry?;
                    Ok((Parts::of(&key).text()?.to_owned(), record.to_vec()))
                })
                .collect()
        })
    }

    async fn binary(&self, digest: Digest) -> Result<Option<Bytes>, Error> {
        let read = move |rows: &Rows| {
            let found = rows.get(&keys::binary(&digest.0))?;
            Ok(found.map(|bytes| Bytes::copy_from_slice(&bytes)))
        };
        self.read_long(read).await
    }
}

#[async_trait]
impl DocumentStore for RedbStore {
    async fn save_document(
        &self,
        lease: Lease,
        kind: &str,
        name: &str,
        document: Vec<u8>,
    ) -> Result<(), Error> {
        let (kind, name) = (kind.to_owned(), name.to_owned());
        let work = move |batch: &mut Batch| {
            batch.check_fence(lease.fence)?;
            batch.changes.put(keys::document(&kind, &name), &document);
            Ok(())
        };
        self.writer.write(work).await
    }

    async fn delete_document(&self, lease: Lease, kind: &str, name: &str) -> Result<(), Error> {
        let (kind, name) = (kind.to_owned(), name.to_owned());
        let work = move |batch: &mut Batch| {
            batch.check_fence(lease.fence)?;
            batch.changes.remove(keys::document(&kind, &name));
            Ok(())
        };
        self.writer.write(work).await
    }

    async fn documents(&self, kind: &str) -> Result<Vec<(String, Vec<u8>)>, Error> {
        let kind = keys::document(kind, "");
        self.read(|rows| {
            let mut documents = Vec::new();
            for entry in rows.range((Bound::Included(kind.clone()), keys::end(Kind::Document)))? {
                let (key, document) = entry?;
                let Some(name) = key.strip_prefix(&kind[..]) else { break };
                let name = String::from_utf8_lossy(name).into_owned();
                documents.push((name, document.to_vec()));
            }
            Ok(documents)
        })
    }
}
