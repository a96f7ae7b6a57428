//! Owns what an author defines: the traits behind `#[workflow]` and `#[activity]`.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{ActivityContext, Context, Failure};

/// Turns an `async fn` into a workflow: a unit struct of the same name that implements [`Workflow`].
///
/// ```
/// # use reweft_sdk::prelude::*;
/// #[workflow(name = "GreetingWorkflow")]
/// async fn greeting(ctx: Context, name: Option<String>) -> Result<String, Failure> {
///     ctx.sleep(Duration::from_secs(1)).await;
///     Ok(format!("Hello, {}!", name.as_deref().unwrap_or("world")))
/// }
/// ```
///
/// The first parameter is the [`Context`]. The second one, which may be left out, is the input:
/// anything that serde deserializes; without it the input must be `null` or absent. It returns a
/// `Result` of anything that serde serializes, with [`Failure`] as error, or any error that converts
/// into one.
///
/// List it in [`export!`](crate::export), or hand it to the
/// [test harness](crate::testing::Harness::run). As a unit struct is a pattern, nothing else in its
/// scope can have its name, not even a local variable.
///
#[doc(inline)]
pub use reweft_sdk_macros::workflow;

/// Turns a function into an activity: a unit struct of the same name that implements [`Activity`].
///
/// ```
/// # use reweft_sdk::prelude::*;
/// #[activity(name = "DivideActivity")]
/// fn divide(ctx: ActivityContext, (one, other): (i64, i64)) -> Result<i64, Failure> {
///     ctx.log(Level::Info, format!("dividing {one} by {other}"));
///     one.checked_div(other).ok_or_else(|| Failure::new("no-quotient", "there is none"))
/// }
/// ```
///
/// Its parameters are `()`, `(input)`, `(ctx: ActivityContext)` or `(ctx: ActivityContext, input)`;
/// the context is recognised by the name of its type. What it returns is as for a workflow. It is
/// not `async`: it may simply block.
///
/// List it in [`export!`](crate::export), and call it with
/// [`Context::activity`](crate::Context::activity). To test it by itself there is
/// [`testing::execute`](crate::testing::execute).
///
#[doc(inline)]
pub use reweft_sdk_macros::activity;

/// A function that orchestrates. Implemented by [`#[workflow]`](macro@crate::workflow).
///
/// It must be deterministic: replayed with the same results it must ask for the same things in the
/// same order. Whatever it gets from its [`Context`] is, and so is all code that depends on nothing
/// else; what touches the world belongs in an [`Activity`].
pub trait Workflow: 'static {
    /// What it is started by.
    const NAME: &'static str;
    /// What it is started with.
    type Input: DeserializeOwned;
    /// What it ends with.
    type Output: Serialize;

    /// Runs it.
    #[allow(async_fn_in_trait, reason = "a workflow runs on the one thread of its guest")]
    async fn run(context: Context, input: Self::Input) -> Result<Self::Output, Failure>;
}

/// A function that does work with side effects. Implemented by
/// [`#[activity]`](macro@crate::activity).
///
/// It runs at least once for each call: after a crash of the host it may run again. Make it
/// idempotent, with the help of [`ActivityContext::idempotency_key`] where it talks to others.
pub trait Activity: 'static {
    /// What it is called by.
    const NAME: &'static str;
    /// What it is called with.
    type Input: DeserializeOwned;
    /// What it returns.
    type Output: Serialize;

    /// Makes one attempt.
    ///
    /// # Errors
    /// Whatever the author says; a retry policy of the caller may then try again.
    fn execute(context: ActivityContext, input: Self::Input) -> Result<Self::Output, Failure>;
}

/// What a workflow or an activity may return: a `Result` whose error converts into [`Failure`].
#[diagnostic::on_unimplemented(
    message = "a workflow or an activity can't return `{Self}`",
    label = "this must be a `Result` whose error is a `Failure`, or converts into one"
)]
pub trait Outcome {
    /// The value of success.
    type Value;

    /// Converts the error.
    ///
    /// # Errors
    /// The same error, as a failure.
    fn into_result(self) -> Result<Self::Value, Failure>;
}

impl<T, E: Into<Failure>> Outcome for Result<T, E> {
    type Value = T;

    fn into_result(self) -> Result<T, Failure> {
        self.map_err(Into::into)
    }
}
