//! Owns the attempts of activities that are running on this host. It knows neither histories nor
//! retries: it runs what it is told, once, and says how it ended.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Semaphore;
use tokio::task::AbortHandle;
use tokio_util::task::TaskTracker;
use tracing::error;

use super::modules::{self, Modules, ReadyModule};
use crate::clock::Clock;
use crate::wasm::activity_guest::ActivityInfo;
use crate::workflow::failure::{Failure, error_type};
use crate::workflow::id::{Digest, InstanceId, InstanceNumber, RunId, TaskNumber, Timestamp};
use crate::workflow::state::Attempt;

/// How long to wait before a module that can't be loaded is tried again.
const RETRY_MS: u64 = 1_000;

/// An attempt to run.
pub(super) struct Job {
    pub(super) instance: InstanceNumber,
    pub(super) instance_id: InstanceId,
    pub(super) run: RunId,
    /// The module version the workflow is on.
    pub(super) digest: Digest,
    pub(super) attempt: Attempt,
}

type Key = (InstanceNumber, TaskNumber);
/// The number of the attempt, and the way to stop it. It stays until [`Activities::settle`], so that
/// an attempt whose result is under way to the store is not run again.
type Running = HashMap<Key, (u32, Option<AbortHandle>)>;

/// The attempts that run on this host.
pub(super) struct Activities {
    modules: Arc<Modules>,
    clock: Arc<dyn Clock>,
    permits: Semaphore,
    time_max_ms: u64,
    running: Mutex<Running>,
    tracker: TaskTracker,
}

impl Activities {
    pub(super) fn new(
        modules: Arc<Modules>,
        clock: Arc<dyn Clock>,
        concurrent_max: usize,
        time_max_ms: u64,
    ) -> Self {
        Self {
            modules,
            clock,
            permits: Semaphore::new(concurrent_max),
            time_max_ms,
            running: Mutex::default(),
            tracker: TaskTracker::new(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Running> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs an attempt, unless it runs already, and then calls `ended` with how it ended.
    pub(super) fn dispatch(
        self: &Arc<Self>,
        job: Job,
        ended: impl FnOnce(Result<String, Failure>) + Send + 'static,
    ) {
        let key = (job.instance, job.attempt.task);
        let number = job.attempt.attempt;
        let mut running = self.lock();
        if running.get(&key).is_some_and(|&(known, _)| known == number) {
            return;
        }
        let activities = self.clone();
        let task = self.tracker.spawn(async move {
            if let Some(result) = activities.attempt(&job).await {
                ended(result);
            }
        });
        running.insert(key, (number, Some(task.abort_handle())));
    }

    /// Makes the attempt; none if the host is closing, and the next one has to make it.
    async fn attempt(&self, job: &Job) -> Option<Result<String, Failure>> {
        let _permit = self.permits.acquire().await.ok()?;
        let call = &job.attempt.call;
        let (digest, name) = match call.name.rsplit_once('/') {
            None => (Some(job.digest), call.name.as_str()),
            Some((module, name)) => (self.modules.active_digest(module), name),
        };
        let module = match digest {
            Some(digest) => self.module(digest).await,
            None => None,
        };
        let Some(module) = module.filter(|module| module.has_activity(name)) else {
            let message = format!("there is no activity named '{}'", call.name);
            return Some(Err(Failure::permanent(error_type::ACTIVITY_NOT_FOUND, message)));
        };
        let time_ms = call.timeout_ms.unwrap_or(u64::MAX).min(self.time_max_ms);
        let deadline = self.clock.now().checked_add_ms(time_ms).unwrap_or(Timestamp::MAX);
        let info = ActivityInfo {
            instance_id: job.instance_id.to_string(),
            activity_name: name.to_owned(),
            attempt: job.attempt.attempt,
            idempotency_key: format!("{}-{}", job.run, job.attempt.task),
            deadline,
        };
        tokio::select! {
            result = module.code.execute(&module.limits, info, &call.input) => Some(result),
            () = self.clock.sleep_until(deadline) => Some(Err(Failure::new(
                error_type::TIMEOUT,
                format!("the attempt took longer than {time_ms} ms"),
            ))),
        }
    }

    /// Returns a version ready to run; none if it is gone. What is wrong with the host is no failure
    /// of the activity, so that is tried again until it works.
    async fn module(&self, digest: Digest) -> Option<ReadyModule> {
        loop {
            match self.modules.load(digest).await {
                Ok(module) => return Some(module),
                Err(modules::Error::VersionNotFound { .. }) => return None,
                Err(failed) => error!("module version {digest} can't be loaded yet: {failed}"),
            }
            let retry_at = self.clock.now().checked_add_ms(RETRY_MS).unwrap_or(Timestamp::MAX);
            self.clock.sleep_until(retry_at).await;
        }
    }

    /// Forgets an attempt whose result is on disk, or wanted by nobody.
    pub(super) fn settle(&self, instance: InstanceNumber, task: TaskNumber, attempt: u32) {
        let mut running = self.lock();
        if running.get(&(instance, task)).is_some_and(|&(known, _)| known == attempt) {
            running.remove(&(instance, task));
        }
    }

    /// Stops an attempt and forgets it: its result is wanted by nobody.
    pub(super) fn stop(&self, instance: InstanceNumber, task: TaskNumber) {
        if let Some((_, Some(task))) = self.lock().remove(&(instance, task)) {
            task.abort();
        }
    }

    /// Stops all attempts of an instance that is no more.
    pub(super) fn stop_all_of(&self, instance: InstanceNumber) {
        self.lock().retain(|&(of, _), (_, task)| {
            if of == instance
                && let Some(task) = task
            {
                task.abort();
            }
            of != instance
        });
    }

    /// Takes no more attempts, and waits until those under way have ended.
    pub(super) async fn drain(&self) {
        self.permits.close();
        self.tracker.close();
        self.tracker.wait().await;
    }
}
