//! Owns what a workflow sees of the world. It must not know who answers.

use std::error::Error;
use std::fmt;
use std::future::{pending, poll_fn};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::Poll;
use std::time::{Duration, SystemTime};

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::executor::Runtime;
use crate::host::answering::*;
use crate::host::{InstanceInfo, Level, Outcome, UnreadEvents};
use crate::payload::{INVALID_EVENT, INVALID_INPUT, decode, encode};
use crate::{Activity, Call, ChildCall, Failure, Task, Workflow};

/// What a workflow may ask of its host, and its only view of the world: everything here is recorded
/// in the history of the run, and answered from it when the run is replayed.
///
/// Cloning it is cheap, and every clone is the same context.
#[derive(Clone)]
pub struct Context {
    runtime: Rc<Runtime>,
}

impl Context {
    pub(crate) fn new(host: Rc<SomeHost>) -> Self {
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

    /// Calls another workflow as a child: an instance of its own, started exactly once in each
    /// attempt. Await the call, [start](ChildCall::start) it, or first say how it is to be
    /// [retried](ChildCall::retry) and [named](ChildCall::instance_id).
    ///
    /// It fails as the child does; or with error type `instance-exists`, `terminated` if somebody
    /// terminates the child, or `limit-exceeded` if children are nested too deeply.
    ///
    /// ```
    /// # use reweft_sdk::prelude::*;
    /// #[workflow]
    /// async fn deliver(ctx: Context, parcel: String) -> Result<u32, Failure> {
    ///     # let _ = parcel;
    ///     ctx.sleep(Duration::from_secs(24 * 60 * 60)).await;
    ///     Ok(1)
    /// }
    ///
    /// #[workflow]
    /// async fn deliver_all(ctx: Context, parcels: Vec<String>) -> Result<u32, Failure> {
    ///     let deliveries = parcels.into_iter().map(|parcel| ctx.workflow(deliver, parcel));
    ///     Ok(futures::future::try_join_all(deliveries).await?.iter().sum())
    /// }
    /// ```
    pub fn workflow<W>(&self, workflow: W, input: W::Input) -> ChildCall<W::Output>
    where
        W: Workflow,
        W::Input: Serialize,
        W::Output: DeserializeOwned,
    {
        let _: W = workflow;
        ChildCall::new(self.runtime(), W::NAME.to_owned(), &input)
    }

    /// Calls a workflow by its name, as a child; it may be in any module of the host. A name that
    /// nobody has makes the call fail, with error type `workflow-not-found`.
    ///
    /// ```
    /// # use reweft_sdk::prelude::*;
    /// # async fn example(ctx: Context) -> Result<(), Failure> {
    /// let receipt = ctx.workflow_named::<String>("Billing", ("customer-3", 12.5)).await?;
    /// # Ok(()) }
    /// ```
    pub fn workflow_named<T: DeserializeOwned>(
        &self,
        name: impl Into<String>,
        input: impl Serialize,
    ) -> ChildCall<T> {
        ChildCall::new(self.runtime(), name.into(), &input)
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

    /// Raises an event to another instance, as if from outside, when this workflow waits next or
    /// ends. An instance that doesn't exist, or has ended, gets nothing, and nobody is told.
    ///
    /// ```
    /// # use reweft_sdk::prelude::*;
    /// # fn example(ctx: Context) -> Result<(), Failure> {
    /// ctx.raise_event("order-7", "Approval", true)?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// JSON has no words for the payload: the error type is `invalid-event`.
    pub fn raise_event(
        &self,
        instance_id: &str,
        name: &str,
        payload: impl Serialize,
    ) -> Result<(), Failure> {
        let what = format_args!("the payload of event {name:?}");
        let payload = encode(&payload, INVALID_EVENT, what)?;
        self.runtime.host.raise_event(instance_id, name, &payload);
        Ok(())
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

    /// Ends this run, and begins another with this input under the same instance ID. Its history
    /// begins anew, so that a workflow may go on for ever; the custom status is empty again. What
    /// this run still waits for is cancelled, but for children, which go on.
    ///
    /// Nothing comes after it but a failure to write the input:
    ///
    /// ```
    /// use reweft_sdk::prelude::*;
    ///
    /// #[activity]
    /// fn sweep() -> Result<(), Failure> {
    ///     Ok(())
    /// }
    ///
    /// /// Sweeps once a day, and counts the days.
    /// #[workflow]
    /// async fn janitor(ctx: Context, day: u64) -> Result<(), Failure> {
    ///     ctx.activity(sweep, ()).await?;
    ///     ctx.sleep(Duration::from_secs(24 * 60 * 60)).await;
    ///     return ctx.continue_as_new(day + 1, UnreadEvents::Keep).await;
    /// }
    /// ```
    ///
    /// # Errors
    /// JSON has no words for the input: the error type is `invalid-input`, and this run goes on.
    pub async fn continue_as_new<T>(
        &self,
        input: impl Serialize,
        unread: UnreadEvents,
    ) -> Result<T, Failure> {
        let input = encode(&input, INVALID_INPUT, "the input of the next run")?;
        self.runtime.continue_as_new(&input, unread);
        pending().await
    }

    /// Returns whether the code behind a change is to go its new way, so that a workflow can be
    /// changed while instances of it run: true where this point is reached for the first time, which
    /// is then remembered, and false in a run that was beyond it before the change. The answer is the
    /// same whenever it is asked again under this name.
    ///
    /// ```
    /// # use reweft_sdk::prelude::*;
    /// # #[activity] fn charge(_order: u32) -> Result<(), Failure> { Ok(()) }
    /// # #[activity] fn check_credit(_order: u32) -> Result<(), Failure> { Ok(()) }
    /// #[workflow]
    /// async fn pay(ctx: Context, order: u32) -> Result<(), Failure> {
    ///     if ctx.is_patched("check-credit-first") {
    ///         ctx.activity(check_credit, order).await?;
    ///     }
    ///     ctx.activity(charge, order).await
    /// }
    /// ```
    pub fn is_patched(&self, patch: &str) -> bool {
        self.runtime.host.is_patched(patch)
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
