//! What is kept by name: modules and documents.

use async_trait::async_trait;
use bytes::Bytes;
use redb::{ReadTransaction, ReadableTable};

use super::RedbStore;
use super::tables::{BINARIES, DOCUMENTS, MODULES, Tables};
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
        let work = move |tables: &mut Tables<'_>| {
            tables.check_fence(lease.fence)?;
            let binary = binary.as_ref().map(|(digest, bytes)| (&digest.0, &bytes[..]));
            tables.save_module(&name, &record, binary)
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
        let binaries: Vec<[u8; 32]> = binaries.into_iter().map(|digest| digest.0).collect();
        let work = move |tables: &mut Tables<'_>| {
            tables.check_fence(lease.fence)?;
            tables.delete_module(&name, &binaries)
        };
        self.writer.write(work).await
    }

    async fn modules(&self) -> Result<Vec<(String, Vec<u8>)>, Error> {
        self.read(|transaction| {
            let modules = transaction.open_table(MODULES)?;
            let entries = modules.iter()?;
            entries
                .map(|entry| {
                    let (name, record) = entry?;
                    Ok((name.value().to_owned(), record.value().to_owned()))
                })
                .collect()
        })
    }

    async fn binary(&self, digest: Digest) -> Result<Option<Bytes>, Error> {
        let read = move |transaction: &ReadTransaction| {
            let found = transaction.open_table(BINARIES)?.get(&digest.0)?;
            Ok(found.map(|bytes| Bytes::copy_from_slice(bytes.value())))
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
        let work = move |tables: &mut Tables<'_>| {
            tables.check_fence(lease.fence)?;
            tables.save_document(&kind, &name, &document)
        };
        self.writer.write(work).await
    }

    async fn delete_document(&self, lease: Lease, kind: &str, name: &str) -> Result<(), Error> {
        let (kind, name) = (kind.to_owned(), name.to_owned());
        let work = move |tables: &mut Tables<'_>| {
            tables.check_fence(lease.fence)?;
            tables.delete_document(&kind, &name)
        };
        self.writer.write(work).await
    }

    async fn documents(&self, kind: &str) -> Result<Vec<(String, Vec<u8>)>, Error> {
        self.read(|transaction| {
            let mut documents = Vec::new();
            for entry in transaction.open_table(DOCUMENTS)?.range((kind, "")..)? {
                let (key, document) = entry?;
                let (of_kind, name) = key.value();
                if of_kind != kind {
                    break;
                }
                documents.push((name.to_owned(), document.value().to_owned()));
            }
            Ok(documents)
        })
    }
}
