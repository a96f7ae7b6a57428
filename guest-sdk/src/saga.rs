//! Owns what a workflow has to undo when it fails half-way. It must not know how any of it is done.

use std::fmt;
use std::pin::Pin;

use crate::Failure;

/// Error type of a roll-back in which something could not be undone.
const COMPENSATION_FAILED: &str = "compensation-failed";

/// What undoes the steps of a workflow, for when a later one fails: a list of compensations.
///
/// After each step that succeeds, say what undoes it. When a step fails,
/// [`roll_back`](Self::roll_back) runs the compensations, the last one first.
///
/// ```
/// use reweft_sdk::prelude::*;
/// use reweft_sdk::testing::Harness;
///
/// #[activity]
/// fn reserve(_item: String) -> Result<(), Failure> {
///     Ok(())
/// }
///
/// #[activity]
/// fn release(_item: String) -> Result<(), Failure> {
///     Ok(())
/// }
///
/// #[activity]
/// fn charge(_item: String) -> Result<(), Failure> {
///     Err(Failure::new("declined", "no money"))
/// }
///
/// #[workflow]
/// async fn order(ctx: Context, item: String) -> Result<(), Failure> {
///     let mut saga = Saga::new();
///     let result = buy(&ctx, &mut saga, &item).await;
///     if result.is_err() {
///         saga.roll_back().await?;
///     }
///     result
/// }
///
/// async fn buy(ctx: &Context, saga: &mut Saga, item: &str) -> Result<(), Failure> {
///     ctx.activity(reserve, item.to_owned()).await?;
///     saga.undo_with(ctx.activity(release, item.to_owned()));
///     ctx.activity(charge, item.to_owned()).await
/// }
///
/// let mut harness = Harness::new();
/// harness.real_activity(reserve).real_activity(charge).real_activity(release);
/// let failure = harness.run(order, "car".to_owned()).unwrap_err();
/// assert_eq!(failure.error_type, "declined");
/// assert_eq!(harness.calls("release"), ["car"]);
/// ```
#[derive(Default)]
pub struct Saga {
    compensations: Vec<Compensation>,
}

type Compensation = Pin<Box<dyn Future<Output = Result<(), Failure>>>>;

impl Saga {
    /// Returns a saga with nothing to undo.
    pub fn new() -> Self {
        Self::default()
    }

    /// Says what undoes the step that was just done: a future that does nothing until it is awaited,
    /// such as a [`Call`](crate::Call), a [`ChildCall`](crate::ChildCall) or an `async` block. What
    /// it returns when it succeeds is ignored. It is dropped, and so does nothing, if there is no
    /// roll-back.
    ///
    /// For a step that may have had its effect although it failed, say it before the step.
    pub fn undo_with<T>(
        &mut self,
        compensation: impl Future<Output = Result<T, Failure>> + 'static,
    ) {
        self.compensations.push(Box::pin(async move { compensation.await.map(drop) }));
    }

    /// Undoes everything, one after the other and the last step first. Each compensation runs once:
    /// rolling back again undoes only what was said since. One that fails doesn't keep the others
    /// from running.
    ///
    /// # Errors
    /// Some compensations have failed: the error type is `compensation-failed`, the message says
    /// which failures there were, in order, and no retry policy tries again.
    pub async fn roll_back(&mut self) -> Result<(), Failure> {
        let mut failures = Vec::new();
        while let Some(compensation) = self.compensations.pop() {
            if let Err(failure) = compensation.await {
                failures.push(failure.to_string());
            }
        }
        if failures.is_empty() {
            return Ok(());
        }
        let message = format!("not everything could be undone: {}", failures.join("; "));
        Err(Failure::new(COMPENSATION_FAILED, message).non_retriable())
    }
}

impl fmt::Debug for Saga {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Saga").field("compensations", &self.compensations.len()).finish()
    }
}
