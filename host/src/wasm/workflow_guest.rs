//! Owns a guest that runs a workflow: suspended between turns, driven by whoever holds it. Its
//! imports are thin: each is one question to the [`Replay`], which alone decides what it sees.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;

use slab::Slab;
use wasmtime::{Store, UpdateDeadline};

use super::bindings::types;
use super::bindings::workflow::WorkflowModulePre;
use super::durable_wasi::Pollable;
use super::engine::{GuestLimits, Limiter};
use super::places::Room;
use super::printed::{Output, Printed};
use super::{EndRun, LogLine, failure_of};
use crate::workflow::command::Command;
use crate::workflow::event::{Recorded, RunStarted};
use crate::workflow::failure::{Failure, error_type};
use crate::workflow::id::{Digest, TaskNumber, Timestamp};
use crate::workflow::replay::{Ended, Nondeterminism, Replay};

/// What a workflow may know of itself.
#[derive(Clone, Debug)]
pub struct WorkflowInfo {
    /// The ID of its instance.
    pub instance_id: String,
    /// Its name.
    pub workflow_name: String,
    /// Its module.
    pub module_name: String,
    /// Its module's version.
    pub module_digest: String,
    /// When this run was accepted.
    pub started_at: Timestamp,
    /// The instance that called it as its child.
    pub parent_instance_id: Option<String>,
}

impl WorkflowInfo {
    /// Returns that of a run which began so, on this version of its module.
    pub fn of(start: &RunStarted, started_at: Timestamp, digest: Digest) -> Self {
        Self {
            instance_id: start.instance.to_string(),
            workflow_name: start.workflow.clone(),
            module_name: start.module.clone(),
            module_digest: digest.to_string(),
            started_at,
            parent_instance_id: start.parent.as_ref().map(|parent| parent.instance.to_string()),
        }
    }
}

/// A place in a guest's code, as far as its module tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// The function.
    pub function: Option<String>,
    /// The source file.
    pub file: Option<String>,
    /// The line in it.
    pub line: Option<u32>,
}

/// What a workflow may do at most. What a replay repeats was within the limits of its time, and is
/// not held against these.
#[derive(Clone, Copy, Debug)]
pub struct TurnLimits {
    /// For how many ticks it may compute.
    pub ticks: u32,
    /// How large what it gives to the host may be, each time, in bytes.
    pub payload_bytes: usize,
    /// How many tasks may be unresolved.
    pub tasks: usize,
}

/// What the guest and its holder share.
pub(super) struct Shared {
    pub(super) replay: Replay,
    pub(super) logs: Vec<LogLine>,
    /// The guest waits in `select`, and nothing is left to deliver.
    pub(super) blocked: bool,
    /// Where it waits, innermost call first, if that is noted.
    stack: Vec<Frame>,
    /// For how many more ticks the guest may compute before its turn is too long.
    ticks_left: u32,
    pub(super) limits: TurnLimits,
    /// How much had been delivered when `ticks_left` was last renewed.
    renewed_at: u64,
    printed: Printed,
}

impl Shared {
    fn new(replay: Replay, limits: TurnLimits) -> Self {
        let (ticks_left, renewed_at) = (limits.ticks, replay.delivered());
        Self {
            replay,
            logs: Vec::new(),
            blocked: false,
            stack: Vec::new(),
            ticks_left,
            limits,
            renewed_at,
            printed: Printed::default(),
        }
    }

    /// Takes what the guest prints. Each line is logged when it is printed for the first time.
    pub(super) fn print(&mut self, output: Output, bytes: &[u8]) {
        let (is_live, logs) = (!self.replay.is_replaying(), &mut self.logs);
        self.printed.append(output, bytes, |line| {
            if is_live {
                logs.push(LogLine::printed(line));
            }
        });
    }

    /// Ends what the guest prints, and adds what it said last to a failure that tells little.
    fn finish_printing(&mut self, failure: Option<&mut Failure>) {
        let logs = &mut self.logs;
        self.printed.finish(|line| logs.push(LogLine::printed(line)));
        if let Some(failure) = failure {
            self.printed.explain(failure);
        }
    }

    /// Notes that the guest waits, and where.
    pub(super) fn block_at(&mut self, stack: Vec<Frame>) {
        self.blocked = true;
        self.stack = stack;
    }

    /// Checks the size of something that the guest gives to the host.
    ///
    /// # Errors
    /// It is too large; the run is to end with this.
    pub(super) fn check_payload(&self, what: &str, payload: &str) -> wasmtime::Result<()> {
        let (length, most) = (payload.len(), self.limits.payload_bytes);
        if length <= most || self.replay.is_replaying() {
            return Ok(());
        }
        Err(EndRun::limit_exceeded(format!(
            "{what} has {length} bytes, more than the {most} a payload may have: hand on a \
             reference to it instead, or raise the host's limit on payloads"
        )))
    }

    /// Checks that the guest may have another task.
    ///
    /// # Errors
    /// It has too many; the run is to end with this.
    pub(super) fn check_tasks(&self) -> wasmtime::Result<()> {
        let most = self.limits.tasks;
        if self.replay.pending_tasks() < most || self.replay.is_replaying() {
            return Ok(());
        }
        Err(EndRun::limit_exceeded(format!(
            "the workflow waits for {most} tasks already, and may not for more: start them in \
             batches, or raise the host's limit on tasks"
        )))
    }

    /// Gives the guest its full time again if it has got further in its history. A replay repeats
    /// many turns at once, and must not be shorter of time than they were.
    pub(super) fn renew_ticks(&mut self) {
        let delivered = self.replay.delivered();
        if delivered > self.renewed_at {
            self.renewed_at = delivered;
            self.ticks_left = self.limits.ticks;
        }
    }
}

/// The data of the guest's store.
pub(crate) struct WorkflowHost {
    shared: Arc<Mutex<Shared>>,
    pub(super) info: WorkflowInfo,
    limits: Limiter,
    /// What the guest waits for through WASI.
    pub(super) pollables: Slab<Pollable>,
}

impl WorkflowHost {
    pub(super) fn shared(&self) -> MutexGuard<'_, Shared> {
        lock(&self.shared)
    }
}

fn lock(shared: &Mutex<Shared>) -> MutexGuard<'_, Shared> {
    // A panic while it was held ends the task that holds the guest as well: nobody reads on.
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How far a guest got when it was last driven.
#[derive(Debug)]
pub enum Progress {
    /// It computes on: drive it again.
    Yielded,
    /// It waits for something that has not happened: the turn is over.
    Blocked,
    /// It has ended.
    Ended(Ended),
    /// It does something else than its history says.
    Diverged(Nondeterminism),
}

type Run = dyn Future<Output = wasmtime::Result<Result<String, types::Failure>>> + Send;

/// A guest that runs a workflow.
pub struct WorkflowGuest {
    shared: Arc<Mutex<Shared>>,
    run: Pin<Box<Run>>,
    memory_bytes: Arc<AtomicU64>,
    room: Room,
}

impl WorkflowGuest {
    /// Makes a guest which will run the workflow from its beginning, on this view of its history.
    pub(super) fn new(
        module: &WorkflowModulePre<WorkflowHost>,
        room: Room,
        limits: &GuestLimits,
        turn: TurnLimits,
        info: WorkflowInfo,
        input: Arc<String>,
        replay: Replay,
    ) -> Self {
        let shared = Arc::new(Mutex::new(Shared::new(replay, turn)));
        let name = info.workflow_name.clone();
        let store = store(module, limits, shared.clone(), info);
        let memory_bytes = store.data().limits.memory_bytes();
        let module = module.clone();
        let run = Box::pin(async move {
            let mut store = store;
            let guest = module.instantiate_async(&mut store).await?;
            guest.reweft_workflow_workflows().call_run(&mut store, &name, &input).await
        });
        Self { shared, run, memory_bytes, room }
    }

    /// Asks a module for the names of its workflows.
    ///
    /// # Errors
    /// The guest trapped, computed too long, or waited for something.
    pub(super) async fn names(
        module: &WorkflowModulePre<WorkflowHost>,
        limits: &GuestLimits,
        ticks: u32,
    ) -> Result<Vec<String>, Failure> {
        let turn = TurnLimits { ticks, payload_bytes: 0, tasks: 0 };
        let shared = Arc::new(Mutex::new(Shared::new(Replay::new(0), turn)));
        let info = WorkflowInfo {
            instance_id: String::new(),
            workflow_name: String::new(),
            module_name: String::new(),
            module_digest: String::new(),
            started_at: Timestamp(0),
            parent_instance_id: None,
        };
        let mut store = store(module, limits, shared.clone(), info);
        let mut asking = Box::pin(async move {
            let guest = module.instantiate_async(&mut store).await?;
            guest.reweft_workflow_workflows().call_names(&mut store).await
        });
        let answer = std::future::poll_fn(|context| match asking.as_mut().poll(context) {
            Poll::Ready(answer) => Poll::Ready(Some(answer)),
            Poll::Pending if lock(&shared).blocked => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        });
        match answer.await {
            Some(Ok(names)) => Ok(names),
            Some(Err(error)) => Err(failure_of(&error)),
            None => Err(Failure::new(error_type::TRAP, "it waits for a task in `names`")),
        }
    }

    /// Begins a turn: the guest may compute for its full time again.
    pub fn begin_turn(&mut self) {
        let mut shared = lock(&self.shared);
        shared.ticks_left = shared.limits.ticks;
    }

    /// Adds to the history the guest sees.
    pub fn feed(&mut self, recorded: Recorded) {
        lock(&self.shared).replay.feed(recorded);
    }

    /// Lets the guest run until it yields, blocks or ends.
    pub async fn drive(&mut self) -> Progress {
        let (shared, run) = (&self.shared, &mut self.run);
        let outcome = std::future::poll_fn(|context| {
            lock(shared).blocked = false;
            match run.as_mut().poll(context) {
                Poll::Ready(outcome) => Poll::Ready(Some(outcome)),
                // Blocked or not, this poll is over: whether to go on is the holder's decision.
                Poll::Pending => Poll::Ready(None),
            }
        });
        let outcome = outcome.await;
        let mut shared = lock(&self.shared);
        let mut ended = match outcome {
            None if shared.blocked => return Progress::Blocked,
            None => return Progress::Yielded,
            Some(Ok(Ok(output))) => match shared.check_payload("its output", &output) {
                Ok(()) => Ended::Completed(output),
                Err(too_large) => Ended::Failed(failure_of(&too_large)),
            },
            Some(Ok(Err(failure))) => Ended::Failed(failure.into()),
            Some(Err(error)) => {
                if let Some(found) = error.downcast_ref::<Nondeterminism>() {
                    return Progress::Diverged(found.clone());
                }
                match error.downcast_ref() {
                    Some(EndRun::Continued { input, keep_unread_events }) => Ended::Continued {
                        input: input.clone(),
                        keep_unread_events: *keep_unread_events,
                    },
                    _ => Ended::Failed(failure_of(&error)),
                }
            }
        };
        shared.finish_printing(match &mut ended {
            Ended::Failed(failure) => Some(failure),
            _ => None,
        });
        match shared.replay.check_end(&ended) {
            Ok(()) => Progress::Ended(ended),
            Err(found) => Progress::Diverged(found),
        }
    }

    /// Returns the commands asked for since the last call.
    pub fn take_asked(&mut self) -> Vec<Command> {
        lock(&self.shared).replay.take_asked()
    }

    /// Returns the tasks that have not been delivered, in order of their numbers.
    pub fn waiting(&self) -> Vec<TaskNumber> {
        lock(&self.shared).replay.waiting()
    }

    /// Returns where the guest waits, innermost call first, if that is noted.
    pub fn stack(&self) -> Vec<Frame> {
        lock(&self.shared).stack.clone()
    }

    /// Returns name and payload of each event that the guest has not read.
    pub fn unread_events(&self) -> Vec<(String, String)> {
        lock(&self.shared).replay.unread_events()
    }

    /// Returns the lines logged since the last call.
    pub fn take_logs(&mut self) -> Vec<LogLine> {
        std::mem::take(&mut lock(&self.shared).logs)
    }

    /// Returns how large its memories are together, in bytes.
    pub fn memory_bytes(&self) -> u64 {
        self.memory_bytes.load(Ordering::Relaxed)
    }

    /// Returns how many of the places that there are for guests it takes.
    pub fn places(&self) -> usize {
        self.room.places()
    }

    /// Returns how many deliveries the guest has got through.
    pub fn delivered(&self) -> u64 {
        lock(&self.shared).replay.delivered()
    }
}

fn store(
    module: &WorkflowModulePre<WorkflowHost>,
    limits: &GuestLimits,
    shared: Arc<Mutex<Shared>>,
    info: WorkflowInfo,
) -> Store<WorkflowHost> {
    let (limits, pollables) = (limits.limiter(), Slab::new());
    let host = WorkflowHost { shared, info, limits, pollables };
    let mut store = Store::new(module.engine(), host);
    store.limiter(|host| &mut host.limits);
    store.set_epoch_deadline(1);
    store.epoch_deadline_callback(|store| {
        let mut shared = store.data().shared();
        match shared.ticks_left.checked_sub(1) {
            Some(ticks) => shared.ticks_left = ticks,
            None => return Err(compute_limit()),
        }
        Ok(UpdateDeadline::Yield(1))
    });
    store
}

fn compute_limit() -> wasmtime::Error {
    EndRun::Failed(Failure::permanent(
        error_type::COMPUTE_LIMIT,
        "the workflow computed for longer than a turn may take: move long work into an activity, \
         or raise the host's turn limit",
    ))
    .into()
}
