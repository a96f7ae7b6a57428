//! Owns what an upload goes through until it is a version of a module.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use sha2::{Digest as _, Sha256};
use tokio::sync::OnceCell;

use super::{Error, ModuleRecord, Modules, ReadyModule, VersionRecord, check_name};
use crate::wasm::component::{LoadedModule, Names, Unfit};
use crate::wasm::core_module::componentize;
use crate::workflow::id::{Digest, Timestamp};

/// How long a module may take to say what it holds.
const NAMES_TIME_MAX: Duration = Duration::from_secs(10);
/// How many ticks of computing that may cost.
const NAMES_TICKS_MAX: u32 = 1_000;

impl Modules {
    /// Takes an upload: checks and compiles it, and adds it to the versions of its module; as the
    /// active one if it is to be, and if it is the first. The same bytes again change nothing but
    /// which version is active.
    ///
    /// # Errors
    /// The name or the bytes can't be used; nothing has been changed then.
    pub async fn upload(
        &self,
        name: &str,
        bytes: Bytes,
        activate: bool,
        now: Timestamp,
    ) -> Result<(Digest, ModuleRecord), Error> {
        check_name(name)?;
        let digest = Digest(Sha256::digest(&bytes).into());
        let _changing = self.changing.lock().await;
        let taken = self.take(name, digest, bytes, activate, now).await;
        if taken.is_err() {
            self.forget_unused(&[digest]);
        }
        Ok((digest, taken?))
    }

    async fn take(
        &self,
        name: &str,
        digest: Digest,
        bytes: Bytes,
        activate: bool,
        now: Timestamp,
    ) -> Result<ModuleRecord, Error> {
        let known = self.get(name).ok();
        let mut versions = known.iter().flat_map(|record| &record.versions);
        let version = match versions.find(|version| version.digest == digest.to_string()) {
            Some(version) => version.clone(),
            None => self.inspect(digest, &bytes, now).await?,
        };
        let mut record = known.clone().unwrap_or_else(|| ModuleRecord::new(name));
        record.add(version.clone());
        if activate {
            record.active.clone_from(&version.digest);
        }
        if record.active == version.digest {
            self.check_workflows(name, &version.workflows)?;
        }
        if known.as_ref() != Some(&record) {
            self.save(&record, Some((digest, bytes))).await?;
        }
        Ok(record)
    }

    async fn inspect(
        &self,
        digest: Digest,
        bytes: &Bytes,
        now: Timestamp,
    ) -> Result<VersionRecord, Error> {
        let limits = self.limits;
        // The same bytes may be there under another name.
        let code = match self.compiled(digest).await? {
            Some(code) => code,
            None => self.compile(digest, bytes.clone()).await?,
        };
        let asking = tokio::time::timeout(NAMES_TIME_MAX, code.names(&limits, NAMES_TICKS_MAX));
        let Names { workflows, activities } = asking
            .await
            .map_err(|_| Error::Unfit(Unfit::NamesTimeout(NAMES_TIME_MAX.as_secs())))??;
        let ready = Arc::new(OnceCell::new_with(Some(ReadyModule {
            code,
            limits,
            activities: activities.clone().into(),
        })));
        self.ready.lock().unwrap_or_else(PoisonError::into_inner).insert(digest, ready);
        Ok(VersionRecord {
            digest: digest.to_string(),
            workflows,
            activities,
            size_bytes: bytes.len() as u64,
            uploaded_at_ms: now.0,
            limits,
        })
    }

    /// Returns a version as it was compiled once, if that was kept.
    pub(super) async fn compiled(&self, digest: Digest) -> Result<Option<LoadedModule>, Error> {
        let (engine, cache) = (self.engine.clone(), self.cache.clone());
        blocking(move || {
            let compiled = cache.load(&engine, digest);
            compiled.map(|compiled| LoadedModule::link(&engine, &compiled)).transpose()
        })
        .await
    }

    pub(super) async fn compile(
        &self,
        digest: Digest,
        bytes: Bytes,
    ) -> Result<LoadedModule, Error> {
        let (engine, cache) = (self.engine.clone(), self.cache.clone());
        blocking(move || {
            let component = componentize(&engine, &bytes)?;
            let compiled = cache
                .compile(&engine, digest, &component)
                .map_err(|error| Unfit::Invalid(format!("{error:#}")))?;
            LoadedModule::link(&engine, &compiled)
        })
        .await
    }
}

/// Does what takes long on a thread that may block.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Unfit> + Send + 'static,
) -> Result<T, Error> {
    let worked = tokio::task::spawn_blocking(work).await;
    Ok(worked.map_err(|error| Error::Host(error.to_string()))??)
}
