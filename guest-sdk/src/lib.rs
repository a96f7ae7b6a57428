//! Write durable workflows and activities for Reweft in Rust.
//!
//! A **workflow** is an `async fn` that orchestrates: it calls activities, sleeps, waits for events.
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
//! run, and says where a workflow strays.
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
//! | `invalid-output` | the output of an activity is not what its caller takes |
//! | `invalid-event` | the payload of an event is not what the workflow takes |
//! | `workflow-not-found`, `activity-not-found` | the module has nothing of this name |
//! | `deadlock` | the workflow waits, but for nothing that the host could give |
//! | `panic` | the code panicked; the stack trace says where |
#![deny(missing_docs, unsafe_code)]

// What the attributes generate names this crate; the tests in here use them, too.
extern crate self as reweft_sdk;

#[doc(hidden)]
pub mod bindings;
mod call;
mod context;
mod definition;
mod executor;
mod failure;
mod guest;
mod host;
mod module;
mod payload;
mod retry;
mod task;
pub mod testing;

pub use call::Call;
pub use context::{Context, Elapsed};
pub use definition::{Activity, ActivityContext, Outcome, Workflow, activity, workflow};
pub use failure::Failure;
pub use host::{ActivityInfo, InstanceInfo, Level};
pub use retry::RetryPolicy;
pub use task::Task;

/// Everything a file with workflows and activities needs: `use reweft_sdk::prelude::*;`
pub mod prelude {
    pub use std::time::Duration;

    pub use crate::{
        ActivityContext, Context, Elapsed, Failure, Level, RetryPolicy, activity, workflow,
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
