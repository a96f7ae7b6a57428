//! Owns what an upload goes through until it is a version of a module, and how code comes to be: in haste
//! first, so that something runs, and well afterwards.

use std::sync::{Arc, PoisonError, Weak};
use std::time::Duration;

use bytes::Bytes;
use sha2::{Digest as _, Sha256};
use tokio::runtime::Handle;
use tokio::sync::OnceCell;
use tracing::warn;

use super::{Error, ModuleRecord, Modules, ReadyModule, VersionRecord, check_name};
use crate::wasm::cache::CompileCache;
use crate::wasm::component::{LoadedModule, Names, Unfit};
use crate::wasm::core_module::componentize;
use crate::wasm::engine::{Effort, WasmEngine};
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
        self: &Arc<Self>,
        name: &str,
        bytes: Bytes,
        activate: bool,
        now: Timestamp,
    ) -> Result<(Digest, ModuleRecord), Error> {
        check_name(name)?;
        let digest = Digest(Sha256::digest(&bytes).into());
        let _changing = self.changing.lock().await;
        match self.take(name, digest, bytes.clone(), activate, now).await {
            Ok(record) => {
                self.improve(digest, bytes);
                Ok((digest, record))
            }
            Err(refused) => {
                self.forget_unused(&[digest]);
                Err(refused)
            }
        }
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
        let found = versions.find(|version| version.digest == digest.to_string());
        let version = match found {
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
        let code = self.code(digest, async || Ok(bytes.clone())).await?;
        let asking = tokio::time::timeout(NAMES_TIME_MAX, code.names(&limits, NAMES_TICKS_MAX));
        let Names { workflows, activities } = asking
            .await
            .map_err(|_| Error::Unfit(Unfit::NamesTimeout(NAMES_TIME_MAX.as_secs())))??;
        let ready = Arc::new(ReadyModule { code, limits, activities: activities.clone() });
        let ready = Arc::new(OnceCell::new_with(Some(ready)));
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

    /// Returns the code of a version: as it was compiled once, if that was kept; else as soon as it can be
    /// had, compiled in haste if that is possible.
    pub(super) async fn code(
        &self,
        digest: Digest,
        bytes: impl AsyncFnOnce() -> Result<Bytes, Error>,
    ) -> Result<LoadedModule, Error> {
        let (engine, cache) = (self.engine.clone(), self.cache.clone());
        let kept = blocking(move || {
            let compiled = cache.load(&engine, digest);
            compiled.map(|compiled| LoadedModule::link(&engine, &compiled)).transpose()
        });
        if let Some(code) = kept.await? {
            return Ok(code);
        }
        let bytes = bytes().await?;
        let (engine, cache) = (self.engine.clone(), self.cache.clone());
        blocking(move || {
            let component = componentize(&engine, &bytes)?;
            LoadedModule::soon(|effort| compile(&engine, &cache, effort, digest, &component))
        })
        .await
    }

    /// Sees to it that a version is compiled well, if it was compiled in haste, and that new guests are then
    /// made from that. Those there are live on as they are.
    pub(super) fn improve(self: &Arc<Self>, digest: Digest, bytes: Bytes) {
        if self.is_hasty(digest) {
            // A host that closes doesn't wait for this, and its store must not.
            let (modules, runtime) = (Arc::downgrade(self), Handle::current());
            self.improving.add(move || improve(&modules, &runtime, digest, &bytes));
        }
    }

    fn is_hasty(&self, digest: Digest) -> bool {
        let ready = self.ready.lock().unwrap_or_else(PoisonError::into_inner);
        ready.get(&digest).and_then(|slot| slot.get()).is_some_and(|ready| ready.code.is_hasty())
    }

    async fn replace(&self, digest: Digest, code: LoadedModule) {
        let _changing = self.changing.lock().await;
        // It may have been deleted meanwhile.
        if !self.unused(&[digest], None).is_empty() {
            self.cache.remove(digest);
            return;
        }
        let mut ready = self.ready.lock().unwrap_or_else(PoisonError::into_inner);
        let current = ready.get(&digest).and_then(|slot| slot.get()).cloned();
        if let Some(current) = current {
            let (limits, activities) = (current.limits, current.activities.clone());
            let improved = Arc::new(ReadyModule { code, limits, activities });
            ready.insert(digest, Arc::new(OnceCell::new_with(Some(improved))));
        }
    }
}

fn improve(modules: &Weak<Modules>, runtime: &Handle, digest: Digest, bytes: &[u8]) {
    // It may be done already: the same bytes may have been uploaded twice.
    let Some(found) = modules.upgrade().filter(|modules| modules.is_hasty(digest)) else { return };
    let (engine, cache) = (found.engine.clone(), found.cache.clone());
    drop(found);
    let compiled = componentize(&engine, bytes)
        .and_then(|component| compile(&engine, &cache, Effort::Full, digest, &component));
    let Some(modules) = modules.upgrade() else { return };
    match compiled {
        Ok(code) => drop(runtime.spawn(async move { modules.replace(digest, code).await })),
        Err(error) => warn!("module version {digest} stays as compiled in haste: {error}"),
    }
}

fn compile(
    engine: &WasmEngine,
    cache: &CompileCache,
    effort: Effort,
    digest: Digest,
    component: &[u8],
) -> Result<LoadedModule, Unfit> {
    let compiled = cache.compile(engine, effort, digest, component);
    LoadedModule::link(engine, &compiled.map_err(|error| Unfit::Invalid(format!("{error:#}")))?)
}

/// Does what takes long on a thread that may block.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Unfit> + Send + 'static,
) -> Result<T, Error> {
    let worked = tokio::task::spawn_blocking(work).await;
    Ok(worked.map_err(|error| Error::Host(error.to_string()))??)
}
