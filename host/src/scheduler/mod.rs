//! Brings the parts together: messages wake instances, guests take turns, stores keep what was
//! decided, and what it entails is done. One rule carries everything: decide, commit, act.
//!
//! [`instance`](self) is an instance at work and `resident` what it keeps in memory; `draft` gathers
//! a turn; `mailboxes` leads to instances; `activities` and `timers` are what instances wait for;
//! [`modules`] is the code they run. Clients come in through [`Handle`] alone.

mod activities;
mod draft;
mod handle;
mod instance;
mod mailboxes;
pub mod modules;
mod resident;
mod timers;

use std::sync::Arc;

use thiserror::Error;
use tokio::task::JoinHandle;
use tokio_util::task::TaskTracker;
use tracing::info;

pub use self::handle::{Found, Handle, SelectVersionError, Start, StartError};
use crate::clock::Clock;
use crate::scheduler::activities::{Activities, Job};
use crate::scheduler::instance::Instance;
use crate::scheduler::mailboxes::{Envelope, Mailboxes};
use crate::scheduler::modules::Modules;
use crate::scheduler::timers::Timers;
use crate::store::{self, Lease, Store};
use crate::wasm::engine::TICK;
use crate::workflow::codec;
use crate::workflow::event::Message;
use crate::workflow::id::InstanceNumber;
use crate::workflow::state::{Attempt, IllegalEvent, State};

/// How many active instances are read at once when a host starts.
const RECOVERY_PAGE: usize = 1_000;

/// What a host lets its guests do at most.
#[derive(Clone, Debug)]
pub struct Limits {
    /// For how long a workflow may compute in one turn.
    pub turn_ms: u64,
    /// For how long an attempt of an activity may run.
    pub activity_ms: u64,
    /// How many attempts run at the same time.
    pub concurrent_activities: usize,
    /// How many idle workflow guests are kept in memory.
    pub idle_guests: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            turn_ms: 10_000,
            activity_ms: 3_600_000,
            concurrent_activities: 256,
            idle_guests: 2_000,
        }
    }
}

impl Limits {
    fn ticks_per_turn(&self) -> u32 {
        let tick_ms = TICK.as_millis().max(1) as u64;
        u32::try_from(self.turn_ms.div_ceil(tick_ms)).unwrap_or(u32::MAX).max(1)
    }
}

/// Why an instance could not do what it was asked.
#[derive(Clone, Debug, Error)]
pub enum Error {
    /// There is no such instance, or no longer.
    #[error("no such instance exists")]
    InstanceGone,
    /// The instance has not ended.
    #[error("the instance has not ended: terminate it first, or wait for its end")]
    NotTerminal,
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
    lease: Lease,
    clock: Arc<dyn Clock>,
    modules: Arc<Modules>,
    activities: Arc<Activities>,
    timers: Timers,
    mailboxes: Mailboxes,
    /// The instances at work.
    working: TaskTracker,
    limits: Limits,
}

impl Core {
    fn send(self: &Arc<Self>, instance: InstanceNumber, envelope: Envelope) {
        self.mailboxes.send(instance, envelope, |mailbox| {
            self.working.spawn(Instance::new(self.clone(), instance, mailbox).run());
        });
    }

    fn deliver(self: &Arc<Self>, instance: InstanceNumber, message: Message) {
        self.send(instance, Envelope::Deliver { message, acknowledge: None });
    }

    fn run_attempt(self: &Arc<Self>, number: InstanceNumber, state: &State, attempt: Attempt) {
        let (Some(identity), Some(digest)) = (state.identity(), state.digest()) else { return };
        let (task, attempted) = (attempt.task, attempt.attempt);
        let job = Job {
            instance: number,
            instance_id: identity.instance.clone(),
            run: identity.run,
            digest,
            attempt,
        };
        let core = self.clone();
        self.activities.dispatch(job, move |result| {
            core.deliver(number, Message::ActivityEnded { task, attempt: attempted, result });
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
    pub async fn start(
        store: Arc<dyn Store>,
        lease: Lease,
        modules: Arc<Modules>,
        clock: Arc<dyn Clock>,
        limits: Limits,
    ) -> Result<Self, store::Error> {
        let activities = Arc::new(Activities::new(
            modules.clone(),
            clock.clone(),
            limits.concurrent_activities,
            limits.activity_ms,
        ));
        let core = Arc::new(Core {
            store: store.clone(),
            lease,
            clock: clock.clone(),
            modules,
            activities,
            timers: Timers::new(),
            mailboxes: Mailboxes::new(limits.idle_guests),
            working: TaskTracker::new(),
            limits,
        });
        take_up(&core).await?;
        let timing = core.clone();
        let timers = tokio::spawn(async move {
            let fire = |timer: store::Timer| {
                timing.deliver(timer.instance, Message::TimerDue { task: timer.task });
            };
            timing.timers.run(store, clock, fire).await;
        });
        let handle = Handle::new(core.clone());
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
        self.core.activities.drain().await;
        self.core.mailboxes.close();
        self.core.working.close();
        self.core.working.wait().await;
    }
}

impl Drop for Scheduler {
    fn drop(&mut self) {
        self.timers.abort();
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
