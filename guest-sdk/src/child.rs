//! Owns the call of a child workflow, from its description to its task.

use std::fmt;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use futures_core::FusedFuture;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::deferred::{Deferred, Options, read_output};
use crate::executor::Runtime;
use crate::host::TaskId;
use crate::host::answering::*;
use crate::retry::ChildOptions;
use crate::{Failure, RetryPolicy, Task};

/// A call of another workflow as a child, made by [`Context::workflow`](crate::Context::workflow).
///
/// It is lazy, as a [`Call`](crate::Call) is: the child is started when the call is awaited or
/// polled, or by [`start`](Self::start) or [`detached`](Self::detached). Its result is the output of
/// the child, or the failure of its last attempt.
///
/// Once started, dropping it terminates the child, as dropping any [`Task`] cancels it. A child also
/// ends when its parent is terminated.
#[must_use = "the child is started when this is awaited or started"]
pub struct ChildCall<T> {
    deferred: Deferred<T, ChildOptions>,
}

impl Options for ChildOptions {
    const CALLEE: &'static str = "workflow";

    fn ask(&self, host: &SomeHost, name: &str, input: &str) -> TaskId {
        host.call_workflow(name, input, self)
    }
}

impl<T: DeserializeOwned> ChildCall<T> {
    pub(crate) fn new(runtime: Rc<Runtime>, name: String, input: &impl Serialize) -> Self {
        Self { deferred: Deferred::new(runtime, name, input) }
    }

    /// Tries again after a failure, as `policy` says, each time with a child that begins anew.
    /// Without this there is one attempt.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.deferred.options.retry = Some(policy);
        self
    }

    /// Gives the child this instance ID: 1 to 200 bytes without control characters; anything else
    /// ends the run, with error type `invalid-argument`. If an instance of this ID has not ended,
    /// or only this moment, the attempt fails, with error type `instance-exists`: with a
    /// [retry policy](Self::retry) it is tried again.
    ///
    /// Without this it is the parent's ID with a colon and four hexadecimal digits behind it, which
    /// count from 1 (`order-7:0001`), or with a hyphen and a number for a detached child
    /// (`order-7-1`); another one in each attempt.
    pub fn instance_id(mut self, id: impl Into<String>) -> Self {
        self.deferred.options.instance_id = Some(id.into());
        self
    }

    /// Starts the child now, so that it runs while the workflow does something else.
    pub fn start(self) -> Task<Result<T, Failure>> {
        self.deferred.start()
    }

    /// Starts the child now, and lets it go: it outlives this workflow, which never hears of its end.
    /// The task resolves to its instance ID, once it has been started. Dropping the task, unlike
    /// any other, cancels nothing.
    ///
    /// ```
    /// # use reweft_sdk::prelude::*;
    /// # #[workflow]
    /// # async fn send_newsletter(ctx: Context, _to: String) -> Result<(), Failure> { Ok(()) }
    /// #[workflow]
    /// async fn sign_up(ctx: Context, customer: String) -> Result<String, Failure> {
    ///     let newsletter = ctx.workflow(send_newsletter, customer);
    ///     newsletter.instance_id(format!("newsletter-{}", ctx.new_uuid())).detached().await
    /// }
    /// ```
    ///
    /// # Panics
    /// The call has been polled already, so that the child is under way as one that is not detached.
    pub fn detached(mut self) -> Task<Result<String, Failure>> {
        assert!(!self.deferred.is_asked(), "a child that is under way can't be detached");
        self.deferred.options.detached = true;
        self.deferred.ask(read_output).outliving_its_owner()
    }
}

impl<T: DeserializeOwned> Future for ChildCall<T> {
    type Output = Result<T, Failure>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.deferred).poll(context)
    }
}

impl<T: DeserializeOwned> FusedFuture for ChildCall<T> {
    fn is_terminated(&self) -> bool {
        self.deferred.is_terminated()
    }
}

impl<T> fmt::Debug for ChildCall<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChildCall").field("name", &self.deferred.name()).finish_non_exhaustive()
    }
}
