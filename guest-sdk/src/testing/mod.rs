//! Tests of workflows that need no host and no WebAssembly: simulated time, mocked activities.
//!
//! A [`Harness`] runs a workflow natively, in an ordinary `cargo test`. Timers skip, so that a year
//! passes in no time; activities and child workflows are closures, or the real ones; events are
//! raised when you say. What the workflow sees is what it would see on a host, and every test gives
//! the same each time.
//!
//! ```
//! use reweft_sdk::prelude::*;
//! use reweft_sdk::testing::Harness;
//!
//! #[activity(name = "Probe")]
//! fn probe() -> Result<bool, Failure> {
//!     unimplemented!("asks a server")
//! }
//!
//! /// Asks once an hour, until the answer is yes.
//! #[workflow]
//! async fn monitor(ctx: Context) -> Result<u32, Failure> {
//!     let mut asked = 1;
//!     while !ctx.activity(probe, ()).await? {
//!         ctx.sleep(Duration::from_secs(3600)).await;
//!         asked += 1;
//!     }
//!     Ok(asked)
//! }
//!
//! let mut answers = [false, false, true].into_iter();
//! let mut harness = Harness::new();
//! harness.activity(probe, move |()| Ok(answers.next().unwrap()));
//! assert_eq!(harness.run(monitor, ()).unwrap(), 3);
//! assert_eq!(harness.elapsed(), Duration::from_secs(2 * 3600));
//! assert_eq!(harness.calls("Probe").len(), 3);
//! ```
//!
//! # What is simulated, and what is not
//! - Instances: a [real child](Harness::real_workflow) is an instance of its own in the same world, so
//!   that parent and child run side by side, raise events to each other, and are cancelled as on a
//!   host; only that nothing limits how deeply they are nested. A mocked child is a closure that is
//!   called when the child is started.
//! - Attempts: an activity is called when its attempt starts, and its outcome arrives after the time
//!   it was [said to take](Harness::activity_taking). So nothing can cancel it meanwhile, and a
//!   heartbeat always says that it is still wanted.
//! - The end: a run is over when the workflow has ended, whatever its detached children would still
//!   do.

mod attempts;
mod calls;
mod execute;
mod host;
mod instance;
mod mocks;
mod run;
mod setup;
mod tasks;
mod world;

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::host::Level;
use crate::module;
use crate::payload::{INVALID_INPUT, INVALID_OUTPUT, decode, encode};
use crate::retry::whole_ms;
use crate::{Failure, Workflow};

pub use execute::execute;
use instance::Story;
use mocks::{Log, Mocks};
use run::Beginning;
use world::{Happening, RootEnd, Seen, World};

/// Each simulated run starts at 2026-01-01T00:00:00Z.
const START_MS: u64 = 1_767_225_600_000;

/// Runs workflows in a simulated world.
///
/// First say what the world is like, then [`run`](Self::run), then look at what has happened. Each
/// run is a new instance in a world of the same kind: the clock, the log and all else that is
/// reported begin anew.
pub struct Harness {
    instance_id: String,
    seed: u64,
    mocks: Rc<RefCell<Mocks>>,
    events: Vec<Event>,
    /// The patches that were made after the instance had started.
    too_new: BTreeSet<String>,
    report: Report,
}

/// An event that will be raised.
struct Event {
    after: Duration,
    /// None: the instance under test.
    to: Option<String>,
    name: String,
    payload: String,
}

/// What the last run has left behind.
#[derive(Default)]
struct Report {
    elapsed: Duration,
    story: Story,
    seen: Seen,
    log: Vec<(Level, String)>,
}

impl Harness {
    /// Runs a workflow to its end, and then once more as a replay, with the same results; as well
    /// each child and each generation that ends.
    ///
    /// # Errors
    /// The failure of the workflow. Beside what the contract says, there are two that only a test
    /// shows: `waits-for-ever`, when nothing is left that could happen, and `nondeterminism`, when
    /// a replay asks for something else than the run did.
    ///
    /// # Panics
    /// The workflow panics, or calls an activity or a child that this harness doesn't know.
    pub fn run<W>(&mut self, workflow: W, input: W::Input) -> Result<W::Output, Failure>
    where
        W: Workflow,
        W::Input: Serialize,
        W::Output: DeserializeOwned,
    {
        let name = W::NAME;
        let input = encode(&input, INVALID_INPUT, format_args!("the input of workflow {name:?}"))?;
        let output = self.run_text(workflow, &input)?;
        decode(&output, INVALID_OUTPUT, format_args!("the output of workflow {name:?}"))
    }

    /// As [`run`](Self::run), but from text to text, as a host does it. An empty text stands for a
    /// body that was not given.
    ///
    /// # Errors
    /// As for [`run`](Self::run); and `invalid-input`, if the workflow takes something else.
    ///
    /// # Panics
    /// As for [`run`](Self::run).
    pub fn run_text<W: Workflow>(&mut self, workflow: W, input: &str) -> Result<String, Failure> {
        let _: W = workflow;
        let log = Log::default();
        let mut world = self.world(log.clone());
        let beginning = Beginning {
            start: module::start::<W>,
            input: input.to_owned(),
            info: world::info(self.instance_id.clone(), W::NAME.to_owned(), None),
            seed: self.seed,
            unread: Vec::new(),
            too_new: self.too_new.clone(),
        };
        world.create(beginning, Story::default());
        self.arrange_events(&mut world);
        let RootEnd { outcome, story, at_ms } = world.run();
        let elapsed = Duration::from_millis(at_ms - START_MS);
        self.report = Report { elapsed, story, seen: world.seen, log: log.take() };
        match &self.report.seen.nondeterminism {
            Some(nondeterminism) => Err(nondeterminism.clone()),
            None => outcome,
        }
    }

    fn world(&self, log: Log) -> World {
        World::new(START_MS, self.instance_id.clone(), self.seed, self.mocks.clone(), log)
    }

    fn arrange_events(&self, world: &mut World) {
        for Event { after, to, name, payload } in &self.events {
            let happening = Happening::EventRaised {
                instance_id: to.clone().unwrap_or_else(|| self.instance_id.clone()),
                name: name.clone(),
                payload: payload.clone(),
            };
            world.arrange(START_MS.saturating_add(whole_ms(*after)), happening);
        }
    }

    /// Returns the simulated time that the last run took.
    pub fn elapsed(&self) -> Duration {
        self.report.elapsed
    }

    /// Returns the inputs an activity was called with in the last run, by the workflow and its
    /// children: one for each attempt, in order.
    pub fn calls(&self, activity: &str) -> Vec<Value> {
        let attempts = self.report.seen.attempts.iter().filter(|(name, _)| name == activity);
        attempts.map(|(_, input)| read(input)).collect()
    }

    /// Returns the children that were started in the last run, by the workflow and its children: the
    /// instance ID, the name of the workflow and the input of each attempt, in order.
    pub fn children(&self) -> Vec<(String, String, Value)> {
        triples(&self.report.seen.children)
    }

    /// Returns the events that were raised by the workflow and its children in the last run: the
    /// instance ID of the receiver, the name and the payload of each, in order.
    pub fn raised(&self) -> Vec<(String, String, Value)> {
        triples(&self.report.seen.raised)
    }

    /// Returns how many runs the instance had in the last run of the harness: 1, and one more for
    /// each time the workflow [continued as new](crate::Context::continue_as_new).
    pub fn generations(&self) -> u32 {
        self.report.story.runs
    }

    /// Returns what the workflow asked for in the last run, in words and in order, such as `call
    /// activity Charge with {"price":3}`, `call workflow Deliver as parcel-3 with null`, `start a
    /// timer of 5000 ms`, `wait for event Approval`, `cancel task 2` (tasks count from 1 in each
    /// generation), `set the custom status "waiting"`, `raise event Go to order-7 with true`, `mark
    /// patch new-way` or `continue as new with 3, keeping unread events`.
    pub fn commands(&self) -> &[String] {
        &self.report.story.commands
    }

    /// Returns the custom status that the last run ended with.
    pub fn custom_status(&self) -> Option<&str> {
        self.report.story.custom_status.as_deref()
    }

    /// Returns what the workflow, its children and its activities wrote to the log in the last run.
    pub fn log(&self) -> &[(Level, String)] {
        &self.report.log
    }
}

fn triples(texts: &[(String, String, String)]) -> Vec<(String, String, Value)> {
    texts.iter().map(|(id, name, json)| (id.clone(), name.clone(), read(json))).collect()
}

fn read(json: &str) -> Value {
    // It was written by `encode`, so reading it can't fail.
    serde_json::from_str(json).unwrap_or_default()
}

impl std::fmt::Debug for Harness {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Harness").field("instance_id", &self.instance_id).finish_non_exhaustive()
    }
}
