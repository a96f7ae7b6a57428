//! Write durable workflows and activities for Reweft in Rust.
//!
//! A **workflow** is an `async fn` that orchestrates: it calls activities and other workflows, sleeps,
//! waits for events.
//! The host writes down every step, so that the workflow survives any crash, and goes on exactly
//! where it was. An **activity** is an ordinary function that does the work.
//!
//! ```
//! use reweft_sdk::prelude::*;
//! use reweft_sdk::testing::Harness;
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Clone, Serialize, Deserialize)]
//! struct Order {
//!     item: String,
//!     price: f64,
//! }
//!
//! /// Charges the customer.
//! #[activity(name = "Charge")]
//! fn charge(ctx: ActivityContext, order: Order) -> Result<String, Failure> {
//!     // The same key in every attempt, so that the payment service charges once.
//!     Ok(format!("receipt {} over {}", ctx.idempotency_key(), order.price))
//! }
//!
//! /// Charges an order, once somebody has approved it.
//! #[workflow(name = "Purchase")]
//! async fn purchase(ctx: Context, order: Order) -> Result<String, Failure> {
//!     let one_day = Duration::from_secs(24 * 60 * 60);
//!     let Ok(approved) = ctx.timeout(one_day, ctx.event::<bool>("Approval")).await else {
//!         return Ok("nobody cared".to_owned());
//!     };
//!     if !approved? {
//!         return Ok("rejected".to_owned());
//!     }
//!     let three_times = RetryPolicy::new(3, Duration::from_secs(2)).backoff(2.0);
//!     ctx.activity(charge, order).retry(three_times).await
//! }
//!
//! // What the module exports.
//! reweft_sdk::export! { workflows: [purchase], activities: [charge] }
//!
//! // In a test: a day passes in no time.
//! fn main() -> Result<(), Failure> {
//!     let order = Order { item: "car".to_owned(), price: 7500.0 };
//!     let mut harness = Harness::new();
//!     harness.activity(charge, |order: Order| Ok(format!("paid for the {}", order.item)));
//!
//!     assert_eq!(harness.run(purchase, order.clone())?, "nobody cared");
//!     assert_eq!(harness.elapsed(), Duration::from_secs(24 * 60 * 60));
//!
//!     harness.raise_event_after(Duration::from_secs(5), "Approval", true);
//!     assert_eq!(harness.run(purchase, order)?, "paid for the car");
//!     assert_eq!(harness.elapsed(), Duration::from_secs(5));
//!     Ok(())
//! }
//! ```
//!
//! # Building a module
//! Make it a crate with `crate-type = ["cdylib", "rlib"]`, build it with
//! `cargo build --release --target wasm32-unknown-unknown`, and upload the `.wasm` file as it is.
//!
//! # What begins when
//! - [`Context::sleep`] and [`Context::event`] begin at once and give a [`Task`].
//! - [`Context::activity`] gives a [`Call`], which begins when it is awaited or polled, as any future
//!   of Rust; [`Call::start`] begins it at once and gives a [`Task`] as well.
//! - [`Context::workflow`] gives a [`ChildCall`], which does the same with a child workflow.
//!
//! All of them are ordinary futures: `join!`, `join_all`, `select_biased!`, `FuturesUnordered` and
//! the like work, and run things in parallel. What loses a race is dropped, and **dropping cancels**;
//! no event is lost by it. (The `select!` of the `futures` crate polls its branches in a random order;
//! prefer `select_biased!`, so that your tests do the same each time.)
//!
//! # Determinism
//! A workflow is replayed after a crash, and must then ask for the same things again. Inside a module
//! there is nothing else to ask: no clock, no random source, no files but those of [`Context`]. Whatever
//! touches the world goes into an activity. The test harness [replays](testing::Harness::run) each
//! run, and says where a workflow strays. A workflow that is changed while instances of it run asks
//! [`Context::is_patched`] which way to go.
//!
//! # Workflows without an end
//! A history grows with each step. A workflow that goes on for ever begins a new one from time to time,
//! with [`Context::continue_as_new`].
//!
//! # Values
//! Inputs, outputs and payloads are JSON, by `serde`. An absent body reads as `null`, so that inputs of
//! type `()` or `Option` need none; `()` is written as `null`.
//!
//! # Error types
//! Beside those of the host, a [`Failure`] that the SDK makes has one of these error types:
//!
//! | error type | meaning |
//! |---|---|
//! | `invalid-input` | the input of a workflow or an activity is not what it takes |
//! | `invalid-output` | the output of an activity or a child is not what its caller takes |
//! | `invalid-event` | the payload of an event is not what the workflow takes |
//! | `invalid-progress` | what [`ActivityContext::last_progress`] reads is not what it was asked for |
//! | `cancelled` | [an activity](Cancelled) has found that it is no longer wanted |
//! | `compensation-failed` | a [`Saga`] could not undo everything |
//! | `workflow-not-found`, `activity-not-found` | the module has nothing of this name |
//! | `deadlock` | the workflow waits, but for nothing that the host could give |
//! | `panic` | the code panicked; the stack trace says where |
#![deny(missing_docs, unsafe_code)]

// What the attributes generate names this crate; the tests in here use them, too.
extern crate self as reweft_sdk;

mod activity_context;
#[doc(hidden)]
pub mod bindings;
mod call;
mod child;
mod context;
mod deferred;
mod definition;
mod executor;
mod failure;
mod guest;
mod host;
mod memory;
mod module;
mod payload;
mod retry;
mod saga;
mod task;
#[cfg(not(target_family = "wasm"))]
pub mod testing;

pub use activity_context::{ActivityContext, Cancelled};
pub use call::Call;
pub use child::ChildCall;
pub use context::{Context, Elapsed};
pub use definition::{Activity, Outcome, Workflow, activity, workflow};
pub use failure::Failure;
pub use host::{ActivityInfo, InstanceInfo, Level, UnreadEvents};
pub use retry::RetryPolicy;
pub use saga::Saga;
pub use task::Task;

/// Everything a file with workflows and activities needs: `use reweft_sdk::prelude::*;`
pub mod prelude {
    pub use std::time::Duration;

    pub use crate::{
        ActivityContext, Cancelled, Context, Elapsed, Failure, Level, RetryPolicy, Saga,
        UnreadEvents, activity, workflow,
    };
}

/// What the macros expand to; nothing for authors.
#[doc(hidden)]
pub mod __private {
    pub use crate::bindings::exports::reweft::workflow::activities::Guest as ActivitiesGuest;
    pub use crate::bindings::exports::reweft::workflow::workflows::Guest as WorkflowsGuest;
    pub use crate::bindings::reweft::workflow::types::Failure as WireFailure;
    pub use crate::guest::{execute, run};
    pub use crate::module::{ActivityEntry, Module, WorkflowEntry};
}
