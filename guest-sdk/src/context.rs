//! Owns what a workflow sees of the world. It must not know who answers.

use std::error::Error;
use std::fmt;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::Poll;
use std::time::{Duration, SystemTime};

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::executor::Runtime;
use crate::host::{Host, InstanceInfo, Level, Outcome};
use crate::payload::{INVALID_EVENT, decode};
use crate::{Activity, Call, Failure, Task};

/// What a workflow may ask of its host, and its only view of the world: everything here is recorded
/// in the history of the run, and answered from it when the run is replayed.
///
/// Cloning it is cheap, and every clone is the same context.
#[derive(Clone)]
pub struct Context {
    runtime: Rc<Runtime>,
}

impl Context {
    pub(crate) fn new(host: Rc<dyn Host>) -> Self {
        Self { runtime: Rc::new(Runtime::new(host)) }
    }

    pub(crate) fn runtime(&self) -> Rc<Runtime> {
        self.runtime.clone()
    }

    /// Calls an activity of this module: at least once, and exactly once unless the host crashes
    /// meanwhile. Await the call, [start](Call::start) it, or first say how it is to be
    /// [retried](Call::retry).
    ///
    /// ```
    /// # use reweft_sdk::prelude::*;
    /// #[activity]
    /// fn square(number: i64) -> Result<i64, Failure> {
    ///     Ok(number * number)
    /// }
    ///
    /// #[workflow]
    /// async fn sum_of_squares(ctx: Context, count: i64) -> Result<i64, Failure> {
    ///     let squares = (1..=count).map(|number| ctx.activity(square, number));
    ///     let squares = futures::future::try_join_all(squares).await?;
    ///     Ok(squares.iter().sum())
    /// }
    /// ```
    pub fn activity<A>(&self, activity: A, input: A::Input) -> Call<A::Output>
    where
        A: Activity,
        A::Input: Serialize,
        A::Output: DeserializeOwned,
    {
        let _: A = activity;
        Call::new(self.runtime(), A::NAME.to_owned(), &input)
    }

    /// Calls an activity by its name: `activity` for one of this module, `module/activity` for one
    /// of another. A name that nobody has makes the call fail, with error type
    /// `activity-not-found`.
    ///
    /// ```
    /// # use reweft_sdk::prelude::*;
    /// # async fn example(ctx: Context) -> Result<(), Failure> {
    /// let total = ctx.activity_named::<f64>("pricing/Quote", ("cars", 3)).await?;
    /// # Ok(()) }
    /// ```
    pub fn activity_named<T: DeserializeOwned>(
        &self,
        name: impl Into<String>,
        input: impl Serialize,
    ) -> Call<T> {
        Call::new(self.runtime(), name.into(), &input)
    }

    /// Starts a timer, now: it resolves when this much time has passed, in whole milliseconds,
    /// rounded up, and never earlier. It survives restarts of the host, and costs no memory while
    /// it waits for long. A time past the year 9999 ends the run, with error type
    /// `invalid-argument`.
    pub fn sleep(&self, duration: Duration) -> Task<()> {
        let task = self.runtime.host.start_timer(duration);
        Task::new(self.runtime(), task, "a timer".to_owned(), |_, _| ())
    }

    /// Waits, from now on, for an event that is raised to this instance under this name, and gives
    /// its payload. Names are compared without regard to case.
    ///
    /// Events are kept from the start of the run until a wait takes them, first come first served;
    /// each wait takes one. A payload that is not a `T` makes it fail, with error type
    /// `invalid-event`.
    pub fn event<T: DeserializeOwned>(&self, name: &str) -> Task<Result<T, Failure>> {
        let task = self.runtime.host.wait_event(name);
        Task::new(self.runtime(), task, name.to_owned(), read_event)
    }

    /// Gives a future no longer than `limit`, counted from this call. A future that is late is
    /// dropped, which cancels what it waits for. If both happen in one moment, the future wins.
    ///
    /// ```
    /// # use reweft_sdk::prelude::*;
    /// # async fn example(ctx: Context) -> Result<(), Failure> {
    /// let one_hour = Duration::from_secs(3600);
    /// match ctx.timeout(one_hour, ctx.event::<bool>("Approval")).await {
    ///     Ok(approved) => println!("answered: {}", approved?),
    ///     Err(Elapsed) => println!("nobody answered"),
    /// }
    /// # Ok(()) }
    /// ```
    pub fn timeout<F: IntoFuture>(
        &self,
        limit: Duration,
        future: F,
    ) -> impl Future<Output = Result<F::Output, Elapsed>> + use<F> {
        let mut timer = self.sleep(limit);
        let future = future.into_future();
        async move {
            let mut future = pin!(future);
            poll_fn(|context| {
                if let Poll::Ready(output) = future.as_mut().poll(context) {
                    return Poll::Ready(Ok(output));
                }
                Pin::new(&mut timer).poll(context).map(|()| Err(Elapsed))
            })
            .await
        }
    }

    /// Returns workflow time: when the last thing this workflow waited for was recorded. It stands
    /// still between two waits, and is the same in every replay.
    pub fn now(&self) -> SystemTime {
        self.runtime.host.now()
    }

    /// Returns a random number that is the same in every replay.
    pub fn random_u64(&self) -> u64 {
        self.runtime.host.random_u64()
    }

    /// Returns a random UUID (version 4) that is the same in every replay.
    pub fn new_uuid(&self) -> String {
        self.runtime.host.new_uuid()
    }

    /// Shows `status` with the instance, from the moment this workflow waits next or ends.
    pub fn set_custom_status(&self, status: impl Into<String>) {
        self.runtime.host.set_custom_status(&status.into());
    }

    /// Returns who is running.
    pub fn info(&self) -> InstanceInfo {
        self.runtime.host.info()
    }

    /// Returns the ID the instance was started with.
    pub fn instance_id(&self) -> String {
        self.info().instance_id
    }

    /// Writes a line to the host's log; silent while replaying.
    pub fn log(&self, level: Level, message: impl fmt::Display) {
        self.runtime.host.log(level, &message.to_string());
    }
}

fn read_event<T: DeserializeOwned>(name: &str, outcome: Outcome) -> Result<T, Failure> {
    decode(&outcome?, INVALID_EVENT, format_args!("the payload of event {name:?}"))
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context").finish_non_exhaustive()
    }
}

/// A future took longer than [`Context::timeout`] gave it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Elapsed;

impl fmt::Display for Elapsed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("it took longer than it may")
    }
}

impl Error for Elapsed {}
