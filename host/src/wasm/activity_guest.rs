//! Owns a guest that makes one attempt of an activity, in the real world: WASI 0.2 with clocks,
//! randomness and standard output as log, no files, and of the network and the environment what its
//! module is allowed.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::watch;
use wasmtime::component::ResourceTable;
use wasmtime::{Store, UpdateDeadline};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpCtxView, WasiHttpView};

use super::bindings::activity::ActivityModulePre;
use super::bindings::{activity_context, types};
use super::engine::{GuestLimits, Limiter};
use super::log_stream::LogStream;
use super::outbound::Reach;
use super::permissions::Permissions;
use super::{EndRun, LogLine, failure_of};
use crate::workflow::failure::Failure;
use crate::workflow::id::Timestamp;

/// What an activity may know of its attempt.
#[derive(Clone, Debug)]
pub struct ActivityInfo {
    /// The instance that asked for it.
    pub instance_id: String,
    /// The activity's name.
    pub activity_name: String,
    /// From 1.
    pub attempt: u32,
    /// The same for every attempt of this call.
    pub idempotency_key: String,
    /// When the attempt is stopped.
    pub deadline: Timestamp,
    /// How far the attempt before it had got.
    pub last_progress: Option<String>,
}

/// What surrounds an attempt.
#[derive(Clone, Debug, Default)]
pub struct Surroundings {
    /// The module whose activity it is.
    pub module: String,
    /// What it may reach.
    pub permissions: Arc<Permissions>,
    /// Names and values of the secrets it sees.
    pub secrets: Vec<(String, String)>,
}

/// What a running attempt and its host tell each other.
#[derive(Debug)]
pub struct Pulse {
    /// How often the guest has given a sign of life, and what it said last.
    beats: watch::Sender<(u64, Option<String>)>,
    cancelled: AtomicBool,
    payload_bytes_max: usize,
}

impl Pulse {
    /// Returns that of an attempt which may say so much at once.
    pub fn new(payload_bytes_max: usize) -> Self {
        let beats = watch::Sender::new((0, None));
        Self { beats, cancelled: AtomicBool::new(false), payload_bytes_max }
    }

    /// Tells the guest, at its next heartbeat, that it is no longer wanted.
    pub fn cancel(&self) {
        self.cancelled.store(true, Ordering::Relaxed);
    }

    /// Returns what the guest has said last.
    pub fn progress(&self) -> Option<String> {
        self.beats.borrow().1.clone()
    }

    /// Returns what changes with each heartbeat.
    pub fn beats(&self) -> watch::Receiver<(u64, Option<String>)> {
        self.beats.subscribe()
    }
}

/// The data of the guest's store.
pub(super) struct ActivityHost {
    info: ActivityInfo,
    pulse: Arc<Pulse>,
    limits: Limiter,
    secrets: Vec<(String, String)>,
    /// Many guests never use it, and it costs much to make.
    wasi: Option<Wasi>,
    http: WasiHttpCtx,
    table: ResourceTable,
    reach: Reach,
}

struct Wasi {
    context: WasiCtx,
    stderr: LogStream,
}

impl ActivityHost {
    fn new(
        info: ActivityInfo,
        surroundings: Surroundings,
        pulse: Arc<Pulse>,
        limits: &GuestLimits,
    ) -> Self {
        let Surroundings { module, permissions, secrets } = surroundings;
        Self {
            info,
            pulse,
            limits: limits.limiter(),
            secrets,
            wasi: None,
            http: WasiHttpCtx::new(),
            table: ResourceTable::new(),
            reach: Reach::new(module, permissions),
        }
    }

    fn make_wasi(info: &ActivityInfo, secrets: &[(String, String)], reach: &Reach) -> Wasi {
        let (stdout, stderr) = LogStream::pair(&info.instance_id, &info.activity_name);
        let mut wasi = WasiCtx::builder();
        wasi.stdout(stdout).stderr(stderr.clone());
        for (name, value) in reach.environment() {
            wasi.env(name, value);
        }
        for (name, value) in secrets {
            wasi.env(name, value);
        }
        reach.guard_sockets(&mut wasi);
        Wasi { context: wasi.build(), stderr }
    }

    /// Adds to a failure what the guest had printed and what was denied to it.
    fn explain(&self, failure: &mut Failure) {
        if let Some(wasi) = &self.wasi {
            wasi.stderr.explain(failure);
        }
        self.reach.explain(failure);
    }

    pub(super) fn reach(&self) -> &Reach {
        &self.reach
    }
}

impl WasiHttpView for ActivityHost {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView { hooks: &mut self.reach, table: &mut self.table, ctx: &mut self.http }
    }
}

impl WasiView for ActivityHost {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        let make = || Self::make_wasi(&self.info, &self.secrets, &self.reach);
        let wasi = self.wasi.get_or_insert_with(make);
        WasiCtxView { ctx: &mut wasi.context, table: &mut self.table }
    }
}

impl types::Host for ActivityHost {}

impl activity_context::Host for ActivityHost {
    fn info(&mut self) -> wasmtime::Result<activity_context::ActivityInfo> {
        let info = self.info.clone();
        Ok(activity_context::ActivityInfo {
            instance_id: info.instance_id,
            activity_name: info.activity_name,
            attempt: info.attempt,
            idempotency_key: info.idempotency_key,
            deadline: info.deadline.0,
        })
    }

    fn heartbeat(&mut self, progress: String) -> wasmtime::Result<bool> {
        let (length, most) = (progress.len(), self.pulse.payload_bytes_max);
        if length > most {
            return Err(EndRun::limit_exceeded(format!(
                "the progress has {length} bytes, more than the {most} a payload may have"
            )));
        }
        self.pulse.beats.send_modify(|(beats, said)| {
            *beats += 1;
            *said = Some(progress);
        });
        Ok(self.pulse.cancelled.load(Ordering::Relaxed))
    }

    fn last_progress(&mut self) -> wasmtime::Result<Option<String>> {
        Ok(self.info.last_progress.clone())
    }

    fn log(&mut self, level: types::Level, message: String) -> wasmtime::Result<()> {
        LogLine::new(level, message).emit(&self.info.instance_id, &self.info.activity_name);
        Ok(())
    }

    fn fail(&mut self, failure: types::Failure) -> wasmtime::Result<()> {
        Err(EndRun::Failed(failure.into()).into())
    }
}

fn store(
    module: &ActivityModulePre<ActivityHost>,
    limits: &GuestLimits,
    info: ActivityInfo,
    surroundings: Surroundings,
    pulse: Arc<Pulse>,
) -> Store<ActivityHost> {
    let host = ActivityHost::new(info, surroundings, pulse, limits);
    let mut store = Store::new(module.engine(), host);
    store.limiter(|host| &mut host.limits);
    store.set_epoch_deadline(1);
    // It yields for ever: the deadline of the attempt is kept by whoever awaits it.
    store.epoch_deadline_callback(|_| Ok(UpdateDeadline::Yield(1)));
    store
}

/// Makes one attempt in a fresh guest. Dropping the future stops it.
///
/// # Errors
/// The activity failed, or the guest trapped.
pub(super) async fn execute(
    module: &ActivityModulePre<ActivityHost>,
    limits: &GuestLimits,
    info: ActivityInfo,
    surroundings: Surroundings,
    pulse: Arc<Pulse>,
    input: &String,
) -> Result<String, Failure> {
    let name = info.activity_name.clone();
    let mut store = store(module, limits, info, surroundings, pulse);
    let outcome = async {
        let guest = module.instantiate_async(&mut store).await?;
        guest.reweft_workflow_activities().call_execute(&mut store, &name, input).await
    };
    let mut failure: Failure = match outcome.await {
        Ok(Ok(output)) => return Ok(output),
        Ok(Err(failure)) => failure.into(),
        Err(error) => failure_of(&error),
    };
    store.data().explain(&mut failure);
    Err(failure)
}

/// Asks a module for the names of its activities.
///
/// # Errors
/// The guest trapped.
pub(super) async fn names(
    module: &ActivityModulePre<ActivityHost>,
    limits: &GuestLimits,
) -> Result<Vec<String>, Failure> {
    let info = ActivityInfo {
        instance_id: String::new(),
        activity_name: String::new(),
        attempt: 0,
        idempotency_key: String::new(),
        deadline: Timestamp(0),
        last_progress: None,
    };
    let (nothing, pulse) = (Surroundings::default(), Arc::new(Pulse::new(0)));
    let mut store = store(module, limits, info, nothing, pulse);
    let outcome = async {
        let guest = module.instantiate_async(&mut store).await?;
        guest.reweft_workflow_activities().call_names(&mut store).await
    };
    outcome.await.map_err(|error| failure_of(&error))
}
