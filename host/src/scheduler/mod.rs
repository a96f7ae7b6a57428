//! Brings the parts together: messages wake instances, guests take turns, stores keep what was
//! decided, and what it entails is done. One rule carries everything: decide, commit, act.
//!
//! `instance` is an instance at work and `resident` what it keeps in memory; `draft` gathers a turn,
//! and `entail` what it means for other instances; `claims` says who may have an ID; `mailboxes` leads
//! to instances; `listing` finds many of them, `found` is what is shown of one and `histories` what it
//! has done, `import` restores it, `rerun` does part of it again, `verification` tries it on other code,
//! `waiting` says where it is stuck, `changes` tells of all, and `endings` of those that have ended;
//! `activities` and `timers` are what instances wait for; [`modules`] is the code they run.
//! [`schedules`], [`retention`] and [`jobs`] are what a host does of its own accord, by the rules it was
//! given; `documents` is how it keeps those, and `filter` which instances are meant. Clients come in
//! through [`Handle`] alone.

mod activities;
mod changes;
mod claims;
mod documents;
mod draft;
mod endings;
mod entail;
mod filter;
mod found;
mod handle;
mod histories;
mod import;
mod instance;
pub mod jobs;
mod listing;
mod mailboxes;
pub mod modules;
mod rerun;
mod resident;
pub mod retention;
pub mod schedules;
mod start;
mod timers;
mod verification;
mod waiting;

use std::sync::Arc;

use thiserror::Error;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::info;

pub use self::changes::{Change, ChangeKind, Position, Subscription, TooSlow};
pub use self::endings::Watch;
pub use self::filter::{ALWAYS, Cursor, Filter};
pub use self::found::Found;
pub use self::handle::Handle;
pub use self::histories::{HistoryPage, Told};
pub use self::import::{Import, ImportError};
pub use self::listing::Listing;
pub use self::rerun::{Rerun, RerunError};
pub use self::start::{Reuse, Start, StartError, Started};
pub use self::verification::{Divergence, MigrationError, Tally, Verification};
pub use self::waiting::{Waiting, WaitingTask};
use crate::clock::Clock;
use crate::scheduler::activities::{Activities, Ended, Job};
use crate::scheduler::changes::Changes;
use crate::scheduler::claims::{Numbers, Starting};
use crate::scheduler::endings::Endings;
use crate::scheduler::instance::Instance;
use crate::scheduler::jobs::Jobs;
use crate::scheduler::mailboxes::{Envelope, Mailboxes, Room};
use crate::scheduler::modules::Modules;
use crate::scheduler::retention::Retaining;
use crate::scheduler::schedules::Schedules;
use crate::scheduler::timers::Timers;
use crate::store::{self, DocumentStore, Lease, Store};
use crate::wasm::engine::TICK;
use crate::wasm::workflow_guest::TurnLimits;
use crate::workers::{Kind, Workers};
use crate::workflow::codec;
use crate::workflow::event::Message;
use crate::workflow::id::{InstanceId, InstanceNumber};
use crate::workflow::state::{Attempt, IllegalEvent, State};

/// How many active instances are read at once when a host starts.
const RECOVERY_PAGE: usize = 1_000;

/// How long to wait before trying again after the store has failed.
const RETRY_MS: u64 = 500;

/// How many workflows are at work at the same time, beside the idle ones; others wait.
const WORKING_GUESTS: usize = 1_000;

/// What a host lets its guests do at most.
#[derive(Clone, Debug)]
pub struct Limits {
    /// For how long a workflow may compute in one turn.
    pub turn_ms: u64,
    /// For how long an attempt of an activity may run.
    pub activity_ms: u64,
    /// For how long an attempt that is no longer wanted may clean up.
    pub cancel_grace_ms: u64,
    /// How many attempts run at the same time.
    pub concurrent_activities: usize,
    /// How many idle workflow guests are kept in memory.
    pub idle_guests: usize,
    /// How large the memories of idle guests may be together, in bytes.
    pub idle_guest_bytes: u64,
    /// How large what a guest gives to the host may be, each time, in bytes.
    pub payload_bytes: usize,
    /// How many events a history may have.
    pub history_events: u64,
    /// How many tasks of a workflow may be unresolved.
    pub tasks: usize,
    /// How deep children may be nested.
    pub depth: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            turn_ms: 10_000,
            activity_ms: 3_600_000,
            cancel_grace_ms: 5_000,
            concurrent_activities: 256,
            idle_guests: 2_000,
            idle_guest_bytes: 4 << 30,
            payload_bytes: 16 << 20,
            history_events: 1_000_000,
            tasks: 100_000,
            depth: 32,
        }
    }
}

impl Limits {
    /// Returns how many guests there are at most. Idle ones and activities must leave room for those at
    /// work: nobody else makes any for them.
    pub fn guests(&self) -> u32 {
        let guests = self.idle_guests.saturating_add(self.concurrent_activities);
        u32::try_from(guests.saturating_add(WORKING_GUESTS)).unwrap_or(u32::MAX)
    }

    /// Returns what a workflow may do in a turn.
    pub fn turn(&self) -> TurnLimits {
        let tick_ms = TICK.as_millis().max(1) as u64;
        let ticks = u32::try_from(self.turn_ms.div_ceil(tick_ms)).unwrap_or(u32::MAX).max(1);
        TurnLimits { ticks, payload_bytes: self.payload_bytes, tasks: self.tasks }
    }
}

/// Why an instance could not do what it was asked.
#[derive(Clone, Debug, Error)]
pub enum Error {
    /// There is no such instance, or no longer.
    #[error("no such instance exists")]
    InstanceGone,
    /// The instance, or one below it, has not ended.
    #[error("instance '{0}' has not ended: terminate it first, or wait for its end")]
    NotTerminal(InstanceId),
    /// The host is closing.
    #[error("the host is closing")]
    Closing,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// What is stored can't be read.
    #[error(transparent)]
    Codec(#[from] codec::Error),
    /// What is stored makes no sense.
    #[error("the history is damaged: {0}")]
    History(Arc<IllegalEvent>),
}

impl From<IllegalEvent> for Error {
    fn from(illegal: IllegalEvent) -> Self {
        Self::History(Arc::new(illegal))
    }
}

/// What everything that runs on a host shares.
struct Core {
    store: Arc<dyn Store>,
    documents: Arc<dyn DocumentStore>,
    lease: Lease,
    clock: Arc<dyn Clock>,
    modules: Arc<Modules>,
    activities: Arc<Activities>,
    workers: Workers,
    timers: Timers,
    mailboxes: Mailboxes,
    numbers: Numbers,
    changes: Changes,
    /// So that no start slips past the deletion of its module.
    starting: Starting,
    /// The instances at work.
    working: TaskTracker,
    schedules: Schedules,
    retaining: Retaining,
    jobs: Jobs,
    endings: Endings,
    /// What the host does of its own accord: schedules, retention, jobs.
    background: TaskTracker,
    /// Nothing more is done of its own accord.
    stopping: CancellationToken,
    limits: Limits,
}

impl Core {
    fn send(self: &Arc<Self>, instance: InstanceNumber, envelope: Envelope) {
        self.mailboxes.send(instance, envelope, |mailbox| {
            let work = Instance::new(self.clone(), instance, mailbox).run();
            self.workers.spawn(Kind::Instance, &self.working, work);
        });
    }

    fn deliver(self: &Arc<Self>, instance: InstanceNumber, message: Message) {
        self.send(instance, Envelope::Deliver { message, acknowledge: None });
    }

    /// Lets go of whatever is about an instance that is no longer there.
    fn gone(&self, instance: InstanceNumber) {
        self.activities.stop_all_of(instance);
        self.endings.gone(instance);
    }

    /// Waits a little, since the store has failed.
    async fn pause(&self) {
        let retry_at = self.clock.now().checked_add_ms(RETRY_MS);
        self.clock.sleep_until(retry_at.unwrap_or(self.clock.now())).await;
    }

    fn run_attempt(self: &Arc<Self>, number: InstanceNumber, state: &State, attempt: Attempt) {
        let (Some(identity), Some(digest)) = (state.identity(), state.digest()) else { return };
        let (task, attempted) = (attempt.task, attempt.attempt);
        let run = identity.run;
        let (instance_id, module) = (identity.instance.clone(), identity.module.clone());
        let job = Job { instance: number, instance_id, run, module, digest, attempt };
        let core = self.clone();
        self.activities.dispatch(job, move |Ended { result, progress }| {
            let attempt = attempted;
            core.deliver(number, Message::CallEnded { run, task, attempt, result, progress });
        });
    }
}

/// A host's workflows at work. Dropping it stops them where they are, which loses nothing.
pub struct Scheduler {
    core: Arc<Core>,
    timers: JoinHandle<()>,
    handle: Handle,
}

impl Scheduler {
    /// Takes up whatever the store says is under way, and begins to serve.
    ///
    /// # Errors
    /// The store can't be read.
    pub async fn start<S: Store + DocumentStore>(
        store: Arc<S>,
        lease: Lease,
        modules: Arc<Modules>,
        clock: Arc<dyn Clock>,
        limits: Limits,
        workers: Workers,
    ) -> Result<Self, store::Error> {
        let activities =
            Activities::new(modules.clone(), clock.clone(), workers.clone(), limits.clone());
        let core = Arc::new(Core {
            store: store.clone(),
            documents: store.clone(),
            lease,
            clock: clock.clone(),
            modules,
            activities: Arc::new(activities),
            workers,
            timers: Timers::new(),
            mailboxes: Mailboxes::new(Room {
                guests: limits.idle_guests,
                bytes: limits.idle_guest_bytes,
            }),
            numbers: Numbers::default(),
            changes: Changes::new(lease.fence),
            starting: Starting::default(),
            working: TaskTracker::new(),
            schedules: Schedules::default(),
            retaining: Retaining::default(),
            jobs: Jobs::default(),
            endings: Endings::default(),
            background: TaskTracker::new(),
            stopping: CancellationToken::new(),
            limits,
        });
        core.load_schedules().await?;
        core.load_retention().await?;
        core.load_jobs().await?;
        take_up(&core).await?;
        let timing = core.clone();
        let timers = tokio::spawn(async move {
            let fire = |timer: store::Timer| {
                timing.deliver(timer.instance, Message::TimerDue { task: timer.task });
            };
            timing.timers.run(store, clock, fire).await;
        });
        let handle = Handle::new(core.clone());
        core.background.spawn(schedules::run(handle.clone()));
        core.background.spawn(retention::run(handle.clone()));
        handle.take_up_jobs();
        Ok(Self { core, timers, handle })
    }

    /// Returns the way in for clients.
    pub fn handle(&self) -> Handle {
        self.handle.clone()
    }

    /// Stops taking up new work, and waits until the running activities have ended and what has been
    /// sent to instances is on disk.
    pub async fn drain(&self) {
        self.timers.abort();
        self.core.stopping.cancel();
        self.core.background.close();
        self.core.background.wait().await;
        self.core.activities.drain().await;
        self.core.mailboxes.close();
        self.core.working.close();
        self.core.working.wait().await;
    }
}

impl Drop for Scheduler {
    fn drop(&mut self) {
        self.timers.abort();
        self.core.stopping.cancel();
    }
}

/// Wakes every instance that had something under way when the last host stopped.
async fn take_up(core: &Arc<Core>) -> Result<(), store::Error> {
    let (mut after, mut taken_up) = (None, 0);
    loop {
        let page = core.store.active(after, RECOVERY_PAGE).await?;
        for &instance in &page {
            core.send(instance, Envelope::WakeUp);
        }
        taken_up += page.len();
        after = page.last().copied();
        if page.len() < RECOVERY_PAGE {
            info!(instances = taken_up, "took up what was under way");
            return Ok(());
        }
    }
}
