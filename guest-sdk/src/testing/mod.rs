//! Tests of workflows that need no host and no WebAssembly: simulated time, mocked activities.
//!
//! A [`Harness`] runs a workflow natively, in an ordinary `cargo test`. Timers skip, so that a year
//! passes in no time; activities are closures, or the real functions; events are raised when you
//! say. What the workflow sees is what it would see on a host, and every test gives the same each
//! time.
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

mod host;
mod tasks;
mod world;

use std::cell::RefCell;
use std::rc::Rc;
use std::time::{Duration, SystemTime};

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::host::{ActivityInfo, InstanceInfo, Level, Outcome};
use crate::module;
use crate::payload::{INVALID_EVENT, INVALID_INPUT, INVALID_OUTPUT, decode, encode};
use crate::{Activity, ActivityContext, Context, Failure, Workflow};

use host::{Record, SimulatedHost, Source};
use world::{Log, Mock, Mocks, World};

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
    /// When, which name, which payload.
    events: Vec<(Duration, String, String)>,
    report: Report,
}

/// What the last run has left behind.
#[derive(Default)]
struct Report {
    elapsed: Duration,
    custom_status: Option<String>,
    commands: Vec<String>,
    attempts: Vec<(String, String)>,
    log: Vec<(Level, String)>,
}

impl Default for Harness {
    fn default() -> Self {
        Self::new()
    }
}

impl Harness {
    /// Returns a world without activities, where nothing happens.
    pub fn new() -> Self {
        Self {
            instance_id: "test-instance".to_owned(),
            seed: 0,
            mocks: Rc::default(),
            events: Vec::new(),
            report: Report::default(),
        }
    }

    /// Gives the instance this ID; `test-instance` if never called.
    pub fn instance_id(&mut self, id: impl Into<String>) -> &mut Self {
        self.instance_id = id.into();
        self
    }

    /// Gives the workflow other random numbers: the same ones for the same seed.
    pub fn seed(&mut self, seed: u64) -> &mut Self {
        self.seed = seed;
        self
    }

    /// Lets `mock` stand in for an activity. It takes no simulated time.
    pub fn activity<A: Activity>(
        &mut self,
        activity: A,
        mock: impl FnMut(A::Input) -> Result<A::Output, Failure> + 'static,
    ) -> &mut Self {
        self.activity_taking(Duration::ZERO, activity, mock)
    }

    /// Lets `mock` stand in for an activity, each attempt of which takes some simulated time: more
    /// than the timeout of its call makes it fail, with error type `timeout`.
    pub fn activity_taking<A: Activity>(
        &mut self,
        takes: Duration,
        activity: A,
        mut mock: impl FnMut(A::Input) -> Result<A::Output, Failure> + 'static,
    ) -> &mut Self {
        let _: A = activity;
        let name = A::NAME;
        self.insert(name, takes, move |_, input| {
            let input =
                decode(input, INVALID_INPUT, format_args!("the input of activity {name:?}"))?;
            let output = mock(input)?;
            encode(&output, INVALID_OUTPUT, format_args!("the output of activity {name:?}"))
        })
    }

    /// Lets `mock` stand in for whatever is called by this name, as another module's
    /// `module/activity`.
    pub fn activity_named(
        &mut self,
        name: &str,
        mut mock: impl FnMut(Value) -> Result<Value, Failure> + 'static,
    ) -> &mut Self {
        let what = format!("the input of activity {name:?}");
        self.insert(name, Duration::ZERO, move |_, input| {
            Ok(mock(decode(input, INVALID_INPUT, &what)?)?.to_string())
        })
    }

    /// Runs the real function when an activity is called.
    pub fn real_activity<A: Activity>(&mut self, activity: A) -> &mut Self {
        let _: A = activity;
        self.insert(A::NAME, Duration::ZERO, module::execute::<A>)
    }

    fn insert(
        &mut self,
        name: &str,
        takes: Duration,
        execute: impl FnMut(ActivityContext, &str) -> Outcome + 'static,
    ) -> &mut Self {
        let mock = Mock { takes, execute: Box::new(execute) };
        self.mocks.borrow_mut().insert(name.to_owned(), mock);
        self
    }

    /// Raises an event as soon as the instance has started.
    pub fn raise_event(&mut self, name: &str, payload: impl Serialize) -> &mut Self {
        self.raise_event_after(Duration::ZERO, name, payload)
    }

    /// Raises an event this long after the instance has started.
    ///
    /// # Panics
    /// JSON has no words for the payload.
    pub fn raise_event_after(
        &mut self,
        after: Duration,
        name: &str,
        payload: impl Serialize,
    ) -> &mut Self {
        match encode(&payload, INVALID_EVENT, format_args!("the payload of event {name:?}")) {
            Ok(payload) => self.events.push((after, name.to_owned(), payload)),
            Err(failure) => panic!("{failure}"),
        }
        self
    }

    /// Runs a workflow to its end, and then once more as a replay, with the same results.
    ///
    /// # Errors
    /// The failure of the workflow. Beside what the contract says, there are two that only a test
    /// shows: `waits-for-ever`, when nothing is left that could happen, and `nondeterminism`, when
    /// the replay asks for something else than the run did.
    ///
    /// # Panics
    /// The workflow panics, or calls an activity that this harness doesn't know.
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
        let world = self.world(log.clone());
        let (outcome, remains) = self.run_from::<W>(input, &log, Source::Live(world));
        self.report = Report {
            elapsed: remains.elapsed,
            custom_status: remains.custom_status,
            commands: remains.record.commands.clone(),
            attempts: match remains.source {
                Source::Live(world) => world.attempts,
                Source::Replay(_) => Vec::new(),
            },
            log: log.take(),
        };
        if let Some(verdict) = remains.verdict {
            return Err(verdict);
        }
        self.check_replay::<W>(input, remains.record, &outcome)?;
        outcome
    }

    fn check_replay<W: Workflow>(
        &self,
        input: &str,
        record: Record,
        outcome: &Outcome,
    ) -> Result<(), Failure> {
        let (again, remains) = self.run_from::<W>(input, &Log::default(), Source::Replay(record));
        if let Some(verdict) = remains.verdict {
            return Err(verdict);
        }
        if again != *outcome {
            let message =
                format!("the workflow ended with {outcome:?}, but with {again:?} in its replay");
            return Err(Failure::new("nondeterminism", message));
        }
        Ok(())
    }

    fn run_from<W: Workflow>(
        &self,
        input: &str,
        log: &Log,
        source: Source,
    ) -> (Outcome, host::Remains) {
        let info = InstanceInfo {
            instance_id: self.instance_id.clone(),
            workflow_name: W::NAME.to_owned(),
            module_name: "test".to_owned(),
            module_digest: "0".repeat(64),
            started_at: SystemTime::UNIX_EPOCH + Duration::from_millis(START_MS),
            replaying: matches!(source, Source::Replay(_)),
        };
        let host = Rc::new(SimulatedHost::new(info, self.seed, log.clone(), source));
        let outcome = module::run::<W>(Context::new(host.clone()), input);
        (outcome, host.end())
    }

    fn world(&self, log: Log) -> World {
        let mut world = World::new(START_MS, self.instance_id.clone(), self.mocks.clone(), log);
        for (after, name, payload) in &self.events {
            let at_ms = START_MS.saturating_add(crate::retry::whole_ms(*after));
            world.raise_event(at_ms, name.clone(), payload.clone());
        }
        world
    }

    /// Returns the simulated time that the last run took.
    pub fn elapsed(&self) -> Duration {
        self.report.elapsed
    }

    /// Returns the inputs an activity was called with in the last run: one for each attempt, in
    /// order.
    pub fn calls(&self, activity: &str) -> Vec<Value> {
        let attempts = self.report.attempts.iter().filter(|(name, _)| name == activity);
        // An input was written by `encode`, so reading it can't fail.
        attempts.map(|(_, input)| serde_json::from_str(input).unwrap_or_default()).collect()
    }

    /// Returns what the workflow asked for in the last run, in words and in order, such as `call
    /// activity Charge with {"price":3}`, `start a timer of 5000 ms`, `wait for event Approval`,
    /// `cancel task 2` (tasks count from 1) or `set the custom status "waiting"`.
    pub fn commands(&self) -> &[String] {
        &self.report.commands
    }

    /// Returns the custom status that the last run ended with.
    pub fn custom_status(&self) -> Option<&str> {
        self.report.custom_status.as_deref()
    }

    /// Returns what the workflow and its activities wrote to the log in the last run.
    pub fn log(&self) -> &[(Level, String)] {
        &self.report.log
    }
}

impl std::fmt::Debug for Harness {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Harness").field("instance_id", &self.instance_id).finish_non_exhaustive()
    }
}

/// Makes one attempt of an activity, for a test of the activity itself. Input and output go through
/// JSON, as they do on a host.
///
/// ```
/// use reweft_sdk::prelude::*;
/// use reweft_sdk::testing::execute;
///
/// #[activity]
/// fn half(number: u32) -> Result<u32, Failure> {
///     if number % 2 == 1 {
///         return Err(Failure::new("odd", format!("{number} has no half")));
///     }
///     Ok(number / 2)
/// }
///
/// assert_eq!(execute(half, 6).unwrap(), 3);
/// assert_eq!(execute(half, 7).unwrap_err().error_type, "odd");
/// ```
///
/// # Errors
/// The failure of the activity.
pub fn execute<A>(activity: A, input: A::Input) -> Result<A::Output, Failure>
where
    A: Activity,
    A::Input: Serialize,
    A::Output: DeserializeOwned,
{
    let _: A = activity;
    let name = A::NAME;
    let info = ActivityInfo {
        instance_id: "test-instance".to_owned(),
        activity_name: name.to_owned(),
        attempt: 1,
        idempotency_key: "test-instance/0".to_owned(),
        deadline: SystemTime::UNIX_EPOCH
            + Duration::from_millis(START_MS)
            + Duration::from_secs(60),
    };
    let input = encode(&input, INVALID_INPUT, format_args!("the input of activity {name:?}"))?;
    let output = module::execute::<A>(ActivityContext::new(Log::default(), info), &input)?;
    decode(&output, INVALID_OUTPUT, format_args!("the output of activity {name:?}"))
}
