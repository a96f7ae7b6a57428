//! Dapr's order-processing quickstart as a Reweft module: an order is reserved, approved by a
//! manager if it is dear, paid, and given back step by step if something goes wrong.
//!
//! Read `workflow.rs` first: it is the whole story. `inquiry.rs` is another: a fan-out with a limit.

mod activities;
mod inquiry;
mod model;
mod workflow;

#[cfg(test)]
mod tests;

use activities::{
    notify, process_payment, quote, request_approval, reserve_inventory, update_inventory,
};
use inquiry::best_offer;
use workflow::order_processing;

reweft_sdk::export! {
    workflows: [order_processing, best_offer],
    activities: [
        notify, reserve_inventory, request_approval, process_payment, update_inventory, quote,
    ],
}
