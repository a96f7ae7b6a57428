//! Dapr's order-processing quickstart as a Reweft module: an order is reserved, approved by a
//! manager if it is dear, paid, and given back step by step if something goes wrong.
//!
//! Read `workflow.rs` first: it is the whole story.

mod activities;
mod model;
mod workflow;

#[cfg(test)]
mod tests;

use activities::{notify, process_payment, request_approval, reserve_inventory, update_inventory};
use workflow::order_processing;

reweft_sdk::export! {
    workflows: [order_processing],
    activities: [notify, reserve_inventory, request_approval, process_payment, update_inventory],
}
