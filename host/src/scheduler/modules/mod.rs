//! Owns the modules of a host: what was uploaded, which version is active, and the compiled form of
//! each version in use. It must not know of instances.

mod improving;
mod record;
mod surroundings;
mod uploads;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use bytes::Bytes;
use thiserror::Error;
use tokio::sync::OnceCell;

use self::improving::Improving;
pub use self::record::{ModuleRecord, VersionRecord};
use crate::store::{self, Lease, ModuleStore};
use crate::wasm::cache::CompileCache;
use crate::wasm::component::{LoadedModule, Unfit};
use crate::wasm::engine::{GuestLimits, WasmEngine};
use crate::wasm::permissions;
use crate::workflow::id::Digest;

const NAME_CHARACTERS_MAX: usize = 64;
/// The component name that stands for every module, as Dapr's clients send it.
pub const ANY_MODULE: &str = "dapr";

/// Why something could not be done with a module.
#[derive(Debug, Error)]
pub enum Error {
    /// The name can't be a module's.
    #[error(
        "'{0}' can't be the name of a module: it takes 1 to 64 letters, digits, '.', '_' or '-', and not the name dapr"
    )]
    InvalidName(String),
    /// There is no module of this name.
    #[error("there is no module named '{0}': see GET /v1.0/modules for those there are")]
    NotFound(String),
    /// There is no such version.
    #[error("module '{module}' has no version {digest}: see GET /v1.0/modules/{module}")]
    VersionNotFound {
        /// The module.
        module: String,
        /// The digest that was asked for.
        digest: String,
    },
    /// The bytes can't be a module.
    #[error(transparent)]
    Unfit(#[from] Unfit),
    /// Another module has a workflow of the same name.
    #[error(
        "workflow '{workflow}' is already in module '{module}': rename it, or delete that module first"
    )]
    WorkflowTaken {
        /// The workflow.
        workflow: String,
        /// The module that has it.
        module: String,
    },
    /// Instances that have not ended need the module.
    #[error(
        "module '{module}' can't be deleted: {live} of its instances have not ended, among them '{example}'; terminate them or wait for their end"
    )]
    InUse {
        /// The module.
        module: String,
        /// How many need it.
        live: u64,
        /// One of them.
        example: String,
    },
    /// The permissions can't be used.
    #[error(transparent)]
    Permissions(#[from] permissions::Error),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The host failed.
    #[error("the host failed: {0}")]
    Host(String),
}

/// A version in use.
pub struct ReadyModule {
    /// What guests are made from.
    pub code: LoadedModule,
    /// What they may use.
    pub limits: GuestLimits,
    activities: Vec<String>,
}

impl ReadyModule {
    /// Returns whether it holds this activity.
    pub fn has_activity(&self, activity: &str) -> bool {
        self.activities.iter().any(|name| name == activity)
    }
}

#[derive(Default)]
struct Table {
    records: BTreeMap<String, ModuleRecord>,
    /// Modules that take no new instances, because they are being deleted.
    closed: Vec<String>,
}

impl Table {
    fn owner_of(&self, workflow: &str) -> Option<&ModuleRecord> {
        self.records.values().find(|record| {
            let active = record.active_version();
            active.is_some_and(|version| version.workflows.iter().any(|name| name == workflow))
        })
    }
}

/// Where a workflow is to be run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placement {
    /// The module.
    pub module: String,
    /// Its active version.
    pub digest: Digest,
}

type Slot = Arc<OnceCell<Arc<ReadyModule>>>;

/// The modules of a host.
pub struct Modules {
    store: Arc<dyn ModuleStore>,
    lease: Lease,
    engine: Arc<WasmEngine>,
    cache: Arc<CompileCache>,
    improving: Improving,
    limits: GuestLimits,
    /// Where the values of secrets are.
    secrets: Option<PathBuf>,
    table: RwLock<Table>,
    ready: Mutex<HashMap<Digest, Slot>>,
    /// Held while the table changes, which takes as long as the store does.
    changing: tokio::sync::Mutex<()>,
}

impl Modules {
    /// Reads the modules of a store.
    ///
    /// # Errors
    /// The store failed, or a record in it is of a newer release.
    pub async fn open(
        store: Arc<dyn ModuleStore>,
        lease: Lease,
        engine: Arc<WasmEngine>,
        cache: CompileCache,
        limits: GuestLimits,
    ) -> Result<Self, store::Error> {
        let mut table = Table::default();
        for (name, bytes) in store.modules().await? {
            table.records.insert(name.clone(), ModuleRecord::decode(&name, &bytes)?);
        }
        Ok(Self {
            store,
            lease,
            engine,
            cache: Arc::new(cache),
            improving: Improving::new(),
            limits,
            secrets: None,
            table: RwLock::new(table),
            ready: Mutex::default(),
            changing: tokio::sync::Mutex::default(),
        })
    }

    fn read<T>(&self, look: impl FnOnce(&Table) -> T) -> T {
        look(&self.table.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn write<T>(&self, change: impl FnOnce(&mut Table) -> T) -> T {
        change(&mut self.table.write().unwrap_or_else(PoisonError::into_inner))
    }

    /// Returns all modules, by name.
    pub fn list(&self) -> Vec<ModuleRecord> {
        self.read(|table| table.records.values().cloned().collect())
    }

    /// Returns a module.
    ///
    /// # Errors
    /// There is none of this name.
    pub fn get(&self, name: &str) -> Result<ModuleRecord, Error> {
        self.read(|table| table.records.get(name).cloned())
            .ok_or_else(|| Error::NotFound(name.to_owned()))
    }

    /// Returns where to run a new instance of a workflow: in this module, or in whichever has it if
    /// the module is [`ANY_MODULE`].
    pub fn place(&self, module: &str, workflow: &str) -> Option<Placement> {
        self.read(|table| {
            let owner = table.owner_of(workflow)?;
            let fits = module == ANY_MODULE || module == owner.name;
            if !fits || table.closed.contains(&owner.name) {
                return None;
            }
            let digest = owner.active.parse().ok()?;
            Some(Placement { module: owner.name.clone(), digest })
        })
    }

    /// Returns the version on which another module's activities are run.
    pub fn active_digest(&self, module: &str) -> Option<Digest> {
        self.read(|table| table.records.get(module)?.active.parse().ok())
    }

    /// Returns a version of a module.
    ///
    /// # Errors
    /// There is none.
    pub fn version(&self, module: &str, digest: Digest) -> Result<VersionRecord, Error> {
        let record = self.get(module)?;
        let (module, text) = (module.to_owned(), digest.to_string());
        record.version(digest).cloned().ok_or(Error::VersionNotFound { module, digest: text })
    }

    /// Makes a version the one that new instances run on.
    ///
    /// # Errors
    /// There is none, another module has one of its workflows, or the store failed.
    pub async fn activate(&self, name: &str, digest: Digest) -> Result<ModuleRecord, Error> {
        let _changing = self.changing.lock().await;
        let known = self.get(name)?;
        let version = self.version(name, digest)?;
        self.check_workflows(name, &version.workflows)?;
        let record = ModuleRecord { active: version.digest, ..known.clone() };
        if record != known {
            self.save(&record, None).await?;
        }
        Ok(record)
    }

    async fn save(
        &self,
        record: &ModuleRecord,
        binary: Option<(Digest, Bytes)>,
    ) -> Result<(), Error> {
        let stored = serde_json::to_vec(record).map_err(|it| Error::Host(it.to_string()))?;
        self.store.save_module(self.lease, &record.name, stored, binary).await?;
        self.write(|table| table.records.insert(record.name.clone(), record.clone()));
        Ok(())
    }

    /// Forgets what was made of those of these versions that no module has.
    fn forget_unused(&self, digests: &[Digest]) {
        for digest in self.unused(digests, None) {
            self.ready.lock().unwrap_or_else(PoisonError::into_inner).remove(&digest);
            self.cache.remove(digest);
        }
    }

    /// Returns those of these versions that no module has, other than `without`. The same bytes may
    /// be there under several names.
    fn unused(&self, digests: &[Digest], without: Option<&str>) -> Vec<Digest> {
        self.read(|table| {
            let others =
                table.records.values().filter(|other| Some(other.name.as_str()) != without);
            let used: HashSet<Digest> = others.flat_map(ModuleRecord::digests).collect();
            digests.iter().copied().filter(|digest| !used.contains(digest)).collect()
        })
    }

    fn check_workflows(&self, module: &str, workflows: &[String]) -> Result<(), Error> {
        self.read(|table| {
            for workflow in workflows {
                match table.owner_of(workflow) {
                    Some(owner) if owner.name != module => {
                        let (workflow, module) = (workflow.clone(), owner.name.clone());
                        return Err(Error::WorkflowTaken { workflow, module });
                    }
                    _ => {}
                }
            }
            Ok(())
        })
    }

    /// Returns a version ready to run: from memory, from the compile cache, or compiled anew, which is done
    /// in haste first.
    ///
    /// # Errors
    /// The version is gone, or can't be compiled by this release.
    pub async fn load(self: &Arc<Self>, digest: Digest) -> Result<Arc<ReadyModule>, Error> {
        let slot = {
            let mut ready = self.ready.lock().unwrap_or_else(PoisonError::into_inner);
            ready.entry(digest).or_default().clone()
        };
        let mut is_new = false;
        let ready = slot.get_or_try_init(async || {
            let text = digest.to_string();
            let version = self.read(|table| {
                let mut versions = table.records.values().flat_map(|record| &record.versions);
                versions.find(|version| version.digest == text).cloned()
            });
            let gone = || Error::VersionNotFound { module: "*".to_owned(), digest: text.clone() };
            let version = version.ok_or_else(gone)?;
            let bytes = async || self.store.binary(digest).await?.ok_or_else(gone);
            let code = self.code(digest, bytes).await?;
            is_new = true;
            let (limits, activities) = (version.limits, version.activities);
            Ok::<_, Error>(Arc::new(ReadyModule { code, limits, activities }))
        });
        let ready = ready.await?.clone();
        if is_new
            && ready.code.is_hasty()
            && let Some(bytes) = self.store.binary(digest).await?
        {
            self.improve(digest, bytes);
        }
        Ok(ready)
    }

    /// Stops a module from taking new instances, as the first step of its deletion.
    ///
    /// # Errors
    /// There is none of this name.
    pub fn close(&self, name: &str) -> Result<(), Error> {
        self.get(name)?;
        self.write(|table| table.closed.push(name.to_owned()));
        Ok(())
    }

    /// Lets a module take new instances again.
    pub fn reopen(&self, name: &str) {
        self.write(|table| table.closed.retain(|closed| closed != name));
    }

    /// Deletes a closed module with all its versions.
    ///
    /// # Errors
    /// There is none of this name, or the store failed.
    pub async fn delete(&self, name: &str) -> Result<(), Error> {
        let _changing = self.changing.lock().await;
        let record = self.get(name)?;
        let digests: Vec<_> = record.digests().collect();
        let unused = self.unused(&digests, Some(name));
        self.store.delete_module(self.lease, name, unused).await?;
        self.write(|table| table.records.remove(name));
        self.forget_unused(&digests);
        Ok(())
    }
}

fn check_name(name: &str) -> Result<(), Error> {
    let fits = |character: char| character.is_ascii_alphanumeric() || "._-".contains(character);
    let length_fits = (1..=NAME_CHARACTERS_MAX).contains(&name.chars().count());
    if !length_fits || !name.chars().all(fits) || name == ANY_MODULE {
        return Err(Error::InvalidName(name.to_owned()));
    }
    Ok(())
}
