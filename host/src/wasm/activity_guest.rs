//! Owns a guest that makes one attempt of an activity, in the real world: WASI 0.2 with clocks,
//! randomness and standard output as log; no files, no environment, no network.

use wasmtime::component::ResourceTable;
use wasmtime::{Store, StoreLimits, UpdateDeadline};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};

use super::bindings::activity::ActivityModulePre;
use super::bindings::{activity_context, types};
use super::engine::GuestLimits;
use super::log_stream::LogStream;
use super::{EndAsFailed, LogLine, failure_of};
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
}

/// The data of the guest's store.
pub(super) struct ActivityHost {
    info: ActivityInfo,
    limits: StoreLimits,
    wasi: WasiCtx,
    table: ResourceTable,
}

impl ActivityHost {
    fn new(info: ActivityInfo, limits: &GuestLimits) -> Self {
        let log = LogStream::new(&info.instance_id, &info.activity_name);
        let mut wasi = WasiCtx::builder();
        wasi.stdout(log.clone()).stderr(log).allow_ip_name_lookup(false);
        wasi.allow_tcp(false).allow_udp(false);
        Self { info, limits: limits.limiter(), wasi: wasi.build(), table: ResourceTable::new() }
    }
}

impl WasiView for ActivityHost {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
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

    fn log(&mut self, level: types::Level, message: String) -> wasmtime::Result<()> {
        LogLine::new(level, message).emit(&self.info.instance_id, &self.info.activity_name);
        Ok(())
    }

    fn fail(&mut self, failure: types::Failure) -> wasmtime::Result<()> {
        Err(EndAsFailed(failure.into()).into())
    }
}

fn store(
    module: &ActivityModulePre<ActivityHost>,
    limits: &GuestLimits,
    info: ActivityInfo,
) -> Store<ActivityHost> {
    let mut store = Store::new(module.engine(), ActivityHost::new(info, limits));
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
    input: &String,
) -> Result<String, Failure> {
    let name = info.activity_name.clone();
    let mut store = store(module, limits, info);
    let outcome = async {
        let guest = module.instantiate_async(&mut store).await?;
        guest.reweft_workflow_activities().call_execute(&mut store, &name, input).await
    };
    match outcome.await {
        Ok(result) => result.map_err(Into::into),
        Err(error) => Err(failure_of(&error)),
    }
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
    };
    let mut store = store(module, limits, info);
    let outcome = async {
        let guest = module.instantiate_async(&mut store).await?;
        guest.reweft_workflow_activities().call_names(&mut store).await
    };
    outcome.await.map_err(|error| failure_of(&error))
}
