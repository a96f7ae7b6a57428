//! Every way an order can go.

use reweft_sdk::prelude::*;
use reweft_sdk::testing::Harness;
use serde_json::{Value, json};

use crate::activities::{
    notify, process_payment, quote, request_approval, reserve_inventory, update_inventory,
};
use crate::inquiry::best_offer;
use crate::model::{BestOffer, Inquiry, Offer, Order, OrderResult};
use crate::workflow::order_processing;

/// A shop with its real activities.
fn shop() -> Harness {
    let mut harness = Harness::new();
    harness.instance_id("order-1");
    harness.real_activity(notify).real_activity(reserve_inventory);
    harness.real_activity(request_approval).real_activity(process_payment);
    harness.real_activity(update_inventory);
    harness
}

fn order(name: &str, quantity: u32, total_cost: f64) -> Order {
    Order { name: name.to_owned(), quantity, total_cost, approval_timeout_ms: None }
}

fn notices(harness: &Harness) -> Vec<Value> {
    harness.calls("NotifyActivity")
}

#[test]
fn a_cheap_order_is_processed_at_once() {
    let mut harness = shop();
    let result = harness.run(order_processing, order("paperclips", 100, 20.5)).unwrap();
    assert_eq!(result, OrderResult::processed());
    assert_eq!(harness.elapsed(), Duration::ZERO);
    assert_eq!(harness.custom_status(), None);
    assert!(harness.calls("RequestApprovalActivity").is_empty());
    assert_eq!(
        harness.calls("UpdateInventoryActivity"),
        [json!({ "ship": { "name": "paperclips", "quantity": 100 } })]
    );
    assert_eq!(
        notices(&harness),
        ["Received order order-1 for 100 paperclips at $20.5", "Order order-1 has completed!"]
    );
}

#[test]
fn the_input_is_what_users_of_dapr_know() {
    let mut harness = shop();
    harness.raise_event("ManagerApproval", json!({ "approved": true }));
    let input = r#"{"name":"cars","quantity":1,"totalCost":7500.0}"#;
    let output = harness.run_text(order_processing, input).unwrap();
    assert_eq!(output, r#"{"processed":true}"#);
    assert_eq!(notices(&harness)[0], "Received order order-1 for 1 cars at $7500");
}

#[test]
fn what_is_not_in_stock_is_not_sold() {
    for (name, quantity) in [("cars", 11), ("bicycles", 1)] {
        let mut harness = shop();
        let result = harness.run(order_processing, order(name, quantity, 1.0)).unwrap();
        assert!(!result.processed);
        assert!(harness.calls("ProcessPaymentActivity").is_empty());
        assert!(harness.calls("UpdateInventoryActivity").is_empty());
    }
    let mut harness = shop();
    harness.run(order_processing, order("cars", 11, 1.0)).unwrap();
    assert_eq!(
        notices(&harness)[1],
        "Order order-1 was not processed: there are only 10 cars in stock"
    );
}

#[test]
fn a_manager_may_approve_in_either_form() {
    for approval in [json!({ "approved": true }), json!(true)] {
        let mut harness = shop();
        harness.raise_event_after(Duration::from_secs(60), "ManagerApproval", approval);
        let result = harness.run(order_processing, order("cars", 1, 7500.0)).unwrap();
        assert_eq!(result, OrderResult::processed());
        assert_eq!(harness.custom_status(), Some("approved"));
        assert_eq!(harness.elapsed(), Duration::from_secs(60));
    }
}

#[test]
fn a_manager_may_reject() {
    for approval in [json!({ "approved": false }), json!(false)] {
        let mut harness = shop();
        harness.raise_event("managerapproval", approval);
        let result = harness.run(order_processing, order("cars", 2, 7500.0)).unwrap();
        assert_eq!(result, OrderResult::rejected("a manager has rejected the order"));
        assert_eq!(harness.custom_status(), Some("rejected"));
        assert_eq!(
            harness.calls("UpdateInventoryActivity"),
            [json!({ "release": { "name": "cars", "quantity": 2 } })]
        );
        assert!(harness.calls("ProcessPaymentActivity").is_empty());
    }
}

#[test]
fn nobody_waits_longer_than_agreed() {
    let agreed = Order { approval_timeout_ms: Some(1_500), ..order("cars", 1, 7500.0) };
    let cases = [
        (agreed, Duration::from_millis(1_500)),
        (order("cars", 1, 7500.0), Duration::from_secs(3600)),
    ];
    for (order, limit) in cases {
        let mut harness = shop();
        harness.raise_event_after(Duration::from_secs(7200), "ManagerApproval", true);
        let result = harness.run(order_processing, order).unwrap();
        assert_eq!(result, OrderResult::rejected("no manager has answered in time"));
        assert_eq!(harness.elapsed(), limit);
        assert_eq!(harness.custom_status(), Some("approval timed out"));
        assert_eq!(harness.calls("UpdateInventoryActivity").len(), 1);
    }
}

#[test]
fn an_answer_that_is_none_turns_the_order_down() {
    let mut harness = shop();
    harness.raise_event("ManagerApproval", "maybe");
    let result = harness.run(order_processing, order("cars", 1, 7500.0)).unwrap();
    assert!(!result.processed);
    assert_eq!(harness.calls("UpdateInventoryActivity").len(), 1, "the cars are given back");
}

#[test]
fn a_declined_payment_is_not_tried_again() {
    let mut harness = shop();
    harness.raise_event("ManagerApproval", true);
    let result = harness.run(order_processing, order("cars", 10, 1_000_001.0)).unwrap();
    assert_eq!(result, OrderResult::rejected("the bank declined a payment of $1000001"));
    assert_eq!(harness.calls("ProcessPaymentActivity").len(), 1);
    assert_eq!(
        harness.calls("UpdateInventoryActivity"),
        [json!({ "release": { "name": "cars", "quantity": 10 } })]
    );
}

#[test]
fn a_bank_that_is_away_is_tried_again() {
    let mut harness = shop();
    let mut attempts = 0;
    harness.activity(process_payment, move |_| {
        attempts += 1;
        if attempts < 3 { Err(Failure::new("unavailable", "the bank is closed")) } else { Ok(()) }
    });
    let result = harness.run(order_processing, order("computers", 1, 900.0)).unwrap();
    assert_eq!(result, OrderResult::processed());
    assert_eq!(harness.elapsed(), Duration::from_secs(2 + 4));

    harness.activity(process_payment, |_| Err(Failure::new("unavailable", "the bank is closed")));
    let result = harness.run(order_processing, order("computers", 1, 900.0)).unwrap();
    assert_eq!(result, OrderResult::rejected("the bank is closed"));
    assert_eq!(harness.elapsed(), Duration::from_secs(2 + 4 + 8));
}

fn inquire(suppliers: &[&str]) -> (BestOffer, Duration) {
    let mut harness = Harness::new();
    harness.real_activity(quote);
    let suppliers = suppliers.iter().map(|&supplier| supplier.to_owned()).collect();
    let inquiry = Inquiry { item: "cars".to_owned(), suppliers, timeout_ms: None };
    (harness.run(best_offer, inquiry).unwrap(), harness.elapsed())
}

#[test]
fn the_lowest_offer_wins() {
    let (result, elapsed) = inquire(&["north", "south", "mars", "east"]);
    assert_eq!(result.best, Some(Offer { supplier: "south".to_owned(), price: 9_000 }));
    assert_eq!((result.declined, result.late), (vec!["mars".to_owned()], vec![]));
    assert_eq!(elapsed, Duration::ZERO);
}

#[test]
fn who_does_not_answer_is_not_waited_for() {
    let (result, elapsed) = inquire(&["west", "north"]);
    assert_eq!(result.best, Some(Offer { supplier: "north".to_owned(), price: 9_500 }));
    assert_eq!(result.late, ["west"]);
    assert_eq!(elapsed, Duration::from_secs(30));
    assert_eq!(inquire(&[]), (BestOffer::default(), Duration::ZERO));
}
