//! Owns the attempts of activities that are running on this host. It knows neither histories nor
//! stores: it is given attempts, and says how each ended.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::error;

use super::Limits;
use super::modules::{self, Modules, ReadyModule};
use crate::clock::Clock;
use crate::wasm::activity_guest::{ActivityInfo, Pulse, Surroundings};
use crate::workers::{Kind, Workers};
use crate::workflow::failure::{Failure, error_type};
use crate::workflow::id::{Digest, InstanceId, InstanceNumber, RunId, TaskNumber, Timestamp};
use crate::workflow::state::{Attempt, State};

/// How long to wait before a module that can't be loaded is tried again.
const RETRY_MS: u64 = 1_000;

/// An attempt to run.
pub(super) struct Job {
    pub(super) instance: InstanceNumber,
    pub(super) instance_id: InstanceId,
    pub(super) run: RunId,
    /// The workflow's module, and the version of it that it is on.
    pub(super) module: String,
    pub(super) digest: Digest,
    pub(super) attempt: Attempt,
}

/// How an attempt ended, and how far it had got by its last heartbeat.
pub(super) struct Ended {
    pub(super) result: Result<String, Failure>,
    pub(super) progress: Option<String>,
}

type Key = (InstanceNumber, RunId, TaskNumber);

/// An attempt under way. It stays until [`Activities::settle`], so that one whose result is on its way
/// to the store is not run again.
struct Running {
    attempt: u32,
    cancelled: CancellationToken,
}

/// The attempts that run on this host.
pub(super) struct Activities {
    modules: Arc<Modules>,
    clock: Arc<dyn Clock>,
    workers: Workers,
    permits: Semaphore,
    limits: Limits,
    running: Mutex<BTreeMap<Key, Running>>,
    tracker: TaskTracker,
}

impl Activities {
    pub(super) fn new(
        modules: Arc<Modules>,
        clock: Arc<dyn Clock>,
        workers: Workers,
        limits: Limits,
    ) -> Self {
        Self {
            modules,
            clock,
            workers,
            permits: Semaphore::new(limits.concurrent_activities),
            limits,
            running: Mutex::default(),
            tracker: TaskTracker::new(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Key, Running>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs an attempt, unless it runs already, and then calls `ended` with how it ended.
    pub(super) fn dispatch(self: &Arc<Self>, job: Job, ended: impl FnOnce(Ended) + Send + 'static) {
        let key = (job.instance, job.run, job.attempt.task);
        let attempt = job.attempt.attempt;
        let cancelled = CancellationToken::new();
        {
            let mut running = self.lock();
            if running.get(&key).is_some_and(|known| known.attempt == attempt) {
                return;
            }
            running.insert(key, Running { attempt, cancelled: cancelled.clone() });
        }
        let activities = self.clone();
        self.workers.spawn(Kind::Activity, &self.tracker, async move {
            if let Some(how) = activities.attempt(&job, &cancelled).await
                && !cancelled.is_cancelled()
            {
                ended(how);
            }
        });
    }

    /// Makes the attempt; none if nobody wants it any more, or if the host is closing and the next
    /// one has to make it.
    async fn attempt(&self, job: &Job, cancelled: &CancellationToken) -> Option<Ended> {
        let permit = tokio::select! {
            biased;
            () = cancelled.cancelled() => return None,
            permit = self.permits.acquire() => permit.ok()?,
        };
        let call = &job.attempt.call;
        let (owner, digest, name) = match call.name.rsplit_once('/') {
            None => (job.module.as_str(), Some(job.digest), call.name.as_str()),
            Some((module, name)) => (module, self.modules.active_digest(module), name),
        };
        let module = match digest {
            Some(digest) => self.module(digest).await,
            None => None,
        };
        let Some(module) = module.filter(|module| module.has_activity(name)) else {
            let message = format!("there is no activity named '{}'", call.name);
            let result = Err(Failure::permanent(error_type::ACTIVITY_NOT_FOUND, message));
            return Some(Ended { result, progress: None });
        };
        let pulse = Arc::new(Pulse::new(self.limits.payload_bytes));
        let result = match self.modules.surroundings(owner).await {
            Ok(surroundings) => {
                let attempt = (name, surroundings, pulse.clone());
                self.execute(job, attempt, &module, cancelled).await?
            }
            Err(failure) => Err(failure),
        };
        drop(permit);
        let result = result.and_then(|output| self.check_output(output));
        Some(Ended { result, progress: pulse.progress() })
    }

    /// Runs the guest within its limits; none if it was cancelled.
    async fn execute(
        &self,
        job: &Job,
        (name, surroundings, pulse): (&str, Surroundings, Arc<Pulse>),
        module: &ReadyModule,
        cancelled: &CancellationToken,
    ) -> Option<Result<String, Failure>> {
        let call = &job.attempt.call;
        let time_ms = call.timeout_ms.unwrap_or(u64::MAX).min(self.limits.activity_ms);
        let deadline = self.after(time_ms);
        let info = ActivityInfo {
            instance_id: job.instance_id.to_string(),
            activity_name: name.to_owned(),
            attempt: job.attempt.attempt,
            idempotency_key: format!("{}-{}", job.run, job.attempt.task),
            deadline,
            last_progress: job.attempt.progress.clone(),
        };
        let (limits, code) = (&module.limits, &module.code);
        // Most guests end before they wait for anything: then nothing else here is even begun.
        tokio::select! {
            biased;
            result = code.execute(limits, info, surroundings, pulse.clone(), &call.input) => {
                Some(result)
            }
            () = async { self.clock.sleep_until(deadline).await } => Some(Err(Failure::new(
                error_type::TIMEOUT,
                format!("the attempt took longer than {time_ms} ms"),
            ))),
            silent_ms = self.silence(call.heartbeat_timeout_ms, &pulse) => Some(Err(Failure::new(
                error_type::HEARTBEAT_TIMEOUT,
                format!("the attempt gave no sign of life for {silent_ms} ms"),
            ))),
            () = self.grace(&pulse, cancelled) => None,
        }
    }

    fn after(&self, duration_ms: u64) -> Timestamp {
        self.clock.now().checked_add_ms(duration_ms).unwrap_or(Timestamp::MAX)
    }

    /// Waits until a guest has given no sign of life for too long.
    async fn silence(&self, limit_ms: Option<u64>, pulse: &Pulse) -> u64 {
        let Some(limit_ms) = limit_ms else { return std::future::pending().await };
        let mut beats = pulse.beats();
        loop {
            tokio::select! {
                // It fails only when the pulse is gone.
                _ = beats.changed() => {}
                () = self.clock.sleep_until(self.after(limit_ms)) => return limit_ms,
            }
        }
    }

    /// Waits until the attempt is wanted no more, tells the guest, and gives it time to clean up.
    async fn grace(&self, pulse: &Pulse, cancelled: &CancellationToken) {
        cancelled.cancelled().await;
        pulse.cancel();
        self.clock.sleep_until(self.after(self.limits.cancel_grace_ms)).await;
    }

    fn check_output(&self, output: String) -> Result<String, Failure> {
        let (length, most) = (output.len(), self.limits.payload_bytes);
        if length <= most {
            return Ok(output);
        }
        let message = format!(
            "the output has {length} bytes, more than the {most} a payload may have: hand on a \
             reference to it instead, or raise the host's limit on payloads"
        );
        Err(Failure::permanent(error_type::LIMIT_EXCEEDED, message))
    }

    /// Returns a version ready to run; none if it is gone. What is wrong with the host is no failure
    /// of the activity, so that is tried again until it works.
    async fn module(&self, digest: Digest) -> Option<Arc<ReadyModule>> {
        loop {
            match self.modules.load(digest).await {
                Ok(module) => return Some(module),
                Err(modules::Error::VersionNotFound { .. }) => return None,
                Err(failed) => error!("module version {digest} can't be loaded yet: {failed}"),
            }
            self.clock.sleep_until(self.after(RETRY_MS)).await;
        }
    }

    /// Forgets an attempt whose result is on disk, or wanted by nobody.
    pub(super) fn settle(
        &self,
        instance: InstanceNumber,
        run: RunId,
        task: TaskNumber,
        attempt: u32,
    ) {
        let (mut running, key) = (self.lock(), (instance, run, task));
        if running.get(&key).is_some_and(|known| known.attempt == attempt) {
            running.remove(&key);
        }
    }

    /// Stops an attempt and forgets it: its result is wanted by nobody.
    pub(super) fn stop(&self, instance: InstanceNumber, run: RunId, task: TaskNumber) {
        if let Some(stopped) = self.lock().remove(&(instance, run, task)) {
            stopped.cancelled.cancel();
        }
    }

    /// Stops those attempts of an instance that its run does not want.
    pub(super) fn stop_all_but(&self, instance: InstanceNumber, state: &State) {
        let run = state.identity().map(|identity| identity.run);
        let wanted: HashSet<_> = state.attempts().map(|it| (run, it.task, it.attempt)).collect();
        let first = (instance, RunId([0; 16]), TaskNumber(0));
        let last = (instance, RunId([255; 16]), TaskNumber(u32::MAX));
        let mut running = self.lock();
        let is_wanted =
            |key: &Key, known: &Running| wanted.contains(&(Some(key.1), key.2, known.attempt));
        let unwanted: Vec<Key> = running
            .range(first..=last)
            .filter(|(key, known)| !is_wanted(key, known))
            .map(|(key, _)| *key)
            .collect();
        for key in unwanted {
            if let Some(stopped) = running.remove(&key) {
                stopped.cancelled.cancel();
            }
        }
    }

    /// Stops all attempts of an instance that is no more.
    pub(super) fn stop_all_of(&self, instance: InstanceNumber) {
        let first = (instance, RunId([0; 16]), TaskNumber(0));
        let mut running = self.lock();
        while let Some((&key, _)) = running.range(first..).next()
            && key.0 == instance
            && let Some(stopped) = running.remove(&key)
        {
            stopped.cancelled.cancel();
        }
    }

    /// Takes no more attempts, and waits until those under way have ended.
    pub(super) async fn drain(&self) {
        self.permits.close();
        self.tracker.close();
        self.tracker.wait().await;
    }
}
