//! Owns the call of an activity, from its description to its task.

use std::fmt;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_core::FusedFuture;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::deferred::{Deferred, Options};
use crate::executor::Runtime;
use crate::host::TaskId;
use crate::host::answering::*;
use crate::retry::ActivityOptions;
use crate::{Failure, RetryPolicy, Task};

/// A call of an activity, made by [`Context::activity`](crate::Context::activity).
///
/// Like any future it does nothing by itself: the activity is scheduled when the call is awaited (or
/// polled by a combinator, as in `join_all`), or by [`start`](Self::start), whichever comes first.
/// Its result is the output of the activity, or the failure of its last attempt.
///
/// Once scheduled, dropping it cancels the activity, as with any [`Task`].
#[must_use = "the activity is scheduled when this is awaited or started"]
pub struct Call<T> {
    deferred: Deferred<T, ActivityOptions>,
}

impl Options for ActivityOptions {
    const CALLEE: &'static str = "activity";

    fn ask(&self, host: &SomeHost, name: &str, input: &str) -> TaskId {
        host.call_activity(name, input, self)
    }
}

impl<T: DeserializeOwned> Call<T> {
    pub(crate) fn new(runtime: Rc<Runtime>, name: String, input: &impl Serialize) -> Self {
        Self { deferred: Deferred::new(runtime, name, input) }
    }

    /// Tries again after a failure, as `policy` says. Without this there is one attempt.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.deferred.options.retry = Some(policy);
        self
    }

    /// Lets one attempt take this long; it then counts as failed, with error type `timeout`. The
    /// host refuses zero, which ends the run, with error type `invalid-argument`. Without this an
    /// attempt may take as long as the host allows.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.deferred.options.timeout = Some(timeout);
        self
    }

    /// Lets an attempt go this long without a
    /// [heartbeat](crate::ActivityContext::heartbeat); it then counts as failed, with error type
    /// `heartbeat-timeout`. So a long activity that hangs is found out early. Zero is refused as for
    /// [`timeout`](Self::timeout). Without this an activity need not send any heartbeat.
    pub fn heartbeat_timeout(mut self, timeout: Duration) -> Self {
        self.deferred.options.heartbeat_timeout = Some(timeout);
        self
    }

    /// Schedules the activity now, so that it runs while the workflow does something else.
    ///
    /// ```
    /// # use reweft_sdk::prelude::*;
    /// # #[activity]
    /// # fn bake() -> Result<String, Failure> { Ok("bread".into()) }
    /// #[workflow]
    /// async fn breakfast(ctx: Context) -> Result<String, Failure> {
    ///     let bread = ctx.activity(bake, ()).start();
    ///     ctx.sleep(Duration::from_secs(60)).await;
    ///     bread.await
    /// }
    /// ```
    pub fn start(self) -> Task<Result<T, Failure>> {
        self.deferred.start()
    }
}

impl<T: DeserializeOwned> Future for Call<T> {
    type Output = Result<T, Failure>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.deferred).poll(context)
    }
}

impl<T: DeserializeOwned> FusedFuture for Call<T> {
    fn is_terminated(&self) -> bool {
        self.deferred.is_terminated()
    }
}

impl<T> fmt::Debug for Call<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call").field("name", &self.deferred.name()).finish_non_exhaustive()
    }
}
