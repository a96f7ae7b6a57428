//! Owns the call of an activity, from its description to its task.

use std::fmt;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_core::FusedFuture;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::executor::Runtime;
use crate::host::Outcome;
use crate::payload::{INVALID_INPUT, INVALID_OUTPUT, decode, encode};
use crate::retry::CallOptions;
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
    runtime: Rc<Runtime>,
    name: String,
    input: Result<String, Failure>,
    options: CallOptions,
    task: Option<Task<Result<T, Failure>>>,
}

impl<T: DeserializeOwned> Call<T> {
    pub(crate) fn new(runtime: Rc<Runtime>, name: String, input: &impl Serialize) -> Self {
        let input = encode(input, INVALID_INPUT, format_args!("the input of activity {name:?}"));
        Self { runtime, name, input, options: CallOptions::default(), task: None }
    }

    /// Tries again after a failure, as `policy` says. Without this there is one attempt.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.options.retry = Some(policy);
        self
    }

    /// Lets one attempt take this long; it then counts as failed, with error type `timeout`. The
    /// host refuses zero, which ends the run, with error type `invalid-argument`. Without this an
    /// attempt may take as long as the host allows.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.options.timeout = Some(timeout);
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
    pub fn start(mut self) -> Task<Result<T, Failure>> {
        match self.task.take() {
            Some(task) => task,
            None => self.schedule(),
        }
    }

    fn schedule(&self) -> Task<Result<T, Failure>> {
        let (runtime, name) = (self.runtime.clone(), self.name.clone());
        match &self.input {
            Ok(input) => {
                let task = runtime.host.call_activity(&name, input, &self.options);
                Task::new(runtime, task, name, read_output)
            }
            Err(failure) => Task::known(runtime, Err(failure.clone()), name, read_output),
        }
    }
}

fn read_output<T: DeserializeOwned>(activity: &str, outcome: Outcome) -> Result<T, Failure> {
    decode(&outcome?, INVALID_OUTPUT, format_args!("the output of activity {activity:?}"))
}

impl<T: DeserializeOwned> Future for Call<T> {
    type Output = Result<T, Failure>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut task = match self.task.take() {
            Some(task) => task,
            None => self.schedule(),
        };
        let result = Pin::new(&mut task).poll(context);
        self.task = Some(task);
        result
    }
}

impl<T: DeserializeOwned> FusedFuture for Call<T> {
    fn is_terminated(&self) -> bool {
        self.task.as_ref().is_some_and(Task::is_terminated)
    }
}

impl<T> fmt::Debug for Call<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call").field("name", &self.name).finish_non_exhaustive()
    }
}
