//! F: retries, of activities and of children.

use reweft::workflow::event::Event;
use serde_json::{Value, json};
use support::{Client, Failure, Host, module};

use super::{count, run, start, stored};
use crate::histories::Stored;

fn try_to(client: &Client, id: &str, trial: &Value) {
    client.start("Retries", id, &trial.to_string());
}

/// The delays before the attempts that followed.
fn delays(stored: &Stored) -> Vec<u64> {
    let delays = stored.history.iter().filter_map(|recorded| match &recorded.event {
        Event::AttemptFailed { retry_at, .. } => Some(retry_at.0 - recorded.time.0),
        _ => None,
    });
    delays.collect()
}

#[test]
fn f3_delays_grow_up_to_their_cap() {
    let mut host = Host::with_patterns(&[]);
    let trial = |coefficient: u32| {
        json!({ "succeedAt": 5, "maxAttempts": 5, "firstIntervalMs": 20,
                "backoffCoefficient": coefficient, "maxIntervalMs": 100 })
    };
    try_to(&host.client(), "doubling", &trial(2));
    try_to(&host.client(), "steady", &trial(1));
    for id in ["doubling", "steady"] {
        assert_eq!(host.client().output_of(id), json!(5));
    }
    let instances = stored(&mut host);
    assert_eq!(delays(&instances["doubling"]), [20, 40, 80, 100]);
    assert_eq!(delays(&instances["steady"]), [20; 4]);
}

#[test]
fn f4_no_attempt_starts_later_than_the_whole_may_take() {
    let mut host = Host::with_patterns(&[]);
    let trial = json!({ "succeedAt": 9, "maxAttempts": 5, "firstIntervalMs": 100,
                        "backoffCoefficient": 2, "maxIntervalMs": 1_000, "timeoutMs": 1_400 });
    try_to(&host.client(), "limited", &trial);
    let Failure { error_type, message, .. } = host.client().failure_of("limited");
    assert_eq!(error_type, "not-yet");
    assert!(message.contains("attempt 4"), "the fifth would start after 1.5 s: {message}");
    assert_eq!(delays(&stored(&mut host)["limited"]), [100, 200, 400]);
}

#[test]
fn f5_a_failure_marked_as_final_is_not_tried_again() {
    let mut host = Host::with_patterns(&[]);
    host.client().upload("orders", &module("orders"));
    let order = json!({ "name": "cars", "quantity": 1, "totalCost": 2_000_000 });
    host.client().start("OrderProcessingWorkflow", "declined", &order.to_string());
    host.client().raise("declined", "ManagerApproval", "true");
    assert_eq!(host.client().output_of("declined")["processed"], json!(false));
    assert_eq!(count(&stored(&mut host)["declined"], "ActivityAttemptFailed"), 0);
}

#[test]
fn f2_f6_a_policy_without_attempts_or_interval_is_refused() {
    let host = Host::with_patterns(&[]);
    for (number, trial) in [
        json!({ "succeedAt": 1, "maxAttempts": 3, "firstIntervalMs": 0 }),
        json!({ "succeedAt": 1, "maxAttempts": 0, "firstIntervalMs": 5 }),
        json!({ "succeedAt": 1, "maxAttempts": 3, "firstIntervalMs": 5, "backoffCoefficient": 0.5 }),
    ]
    .iter()
    .enumerate()
    {
        let id = format!("invalid-{number}");
        try_to(&host.client(), &id, trial);
        assert_eq!(host.client().failure_of(&id).error_type, "invalid-argument", "{trial}");
    }
    // Without a policy there is one attempt.
    let fails = json!([{ "failingChild": "once" }]);
    assert_eq!(run(&host.client(), "once", &fails), json!(["once"]));
}

#[test]
fn f8_a_child_is_tried_as_often_as_its_policy_says_and_its_activities_as_theirs() {
    let mut host = Host::with_patterns(&[]);
    let child = |id: &str| {
        // Its activity succeeds at the third attempt; then it fails.
        json!({ "namedChild": { "id": id, "attempts": 3, "steps": [{ "retry": 3 }, { "all": [["again"]] }] } })
    };
    assert_eq!(run(&host.client(), "parent", &json!([child("mine")])), json!(["misplaced"]));
    let instances = stored(&mut host);
    assert_eq!(count(&instances["parent"], "ChildWorkflowAttemptFailed"), 2);
    assert_eq!(count(&instances["mine"], "ActivityAttemptFailed"), 2, "of the last of three");
}

#[test]
fn f10_f11_attempts_of_calls_that_are_alike_are_not_mixed_up() {
    let mut host = Host::with_patterns(&[]);
    let retry = || json!([{ "retry": 3 }]);
    let values =
        run(&host.client(), "alike", &json!([{ "all": [retry(), retry()] }, { "retry": 3 }]));
    assert_eq!(values, json!([[[3], [3]], 3]));
    let instances = stored(&mut host);
    assert_eq!(count(&instances["alike"], "ActivityAttemptFailed"), 6);
    let trial = json!({ "message": "no", "maxAttempts": 2, "firstIntervalMs": 5 });
    host.restart();
    for id in ["one", "two"] {
        host.client().start("ChildRetries", id, &trial.to_string());
    }
    for id in ["one", "two"] {
        host.client().output_of(id);
        assert_eq!(host.client().get(&format!("{id}:0002"))["runtimeStatus"], "FAILED");
    }
}

#[test]
fn f12_who_waits_for_several_sees_only_how_they_end() {
    let host = Host::with_patterns(&[]);
    let steps =
        json!([{ "all": [[{ "retry": 4 }], [{ "race": { "retry": 2 } }], [{ "square": 2 }]] }]);
    assert_eq!(run(&host.client(), "several", &steps), json!([[[4], [2], [4]]]));
}

#[test]
fn g6_g7_an_id_that_is_taken_fails_the_call_until_its_owner_has_ended() {
    let host = Host::with_patterns(&[]);
    let client = host.client();
    start(&client, "stranger", &json!([{ "event": "go" }]));
    let child = |attempts: u32| json!({ "namedChild": { "id": "stranger", "attempts": attempts, "steps": [{ "square": 3 }] } });
    let values = run(&client, "caught", &json!([{ "all": [[child(1)], [{ "square": 2 }]] }]));
    assert_eq!(values, json!([[["instance-exists"], [4]]]), "only that child failed");
    start(&client, "patient", &json!([child(1_000)]));
    client.raise("stranger", "go", "1");
    assert_eq!(client.output_of("patient"), json!([[9]]));
    assert_eq!(client.output_of("stranger"), json!([9]), "it has been replaced");
}

#[test]
fn g8_an_id_is_not_free_while_a_child_of_its_owner_lives() {
    let host = Host::with_patterns(&[]);
    let client = host.client();
    start(&client, "owner", &json!([{ "child": [{ "event": "go" }] }]));
    client.wait_for("owner", "RUNNING");
    client.act("owner", "terminate", r#"{"recursive":false}"#).expect(202);
    let child = |attempts: u32| json!({ "namedChild": { "id": "owner", "attempts": attempts, "steps": [] } });
    assert_eq!(run(&client, "refused", &json!([child(1)])), json!(["instance-exists"]));
    client.raise("owner:0001", "go", "1");
    client.output_of("owner:0001");
    // Its owner is being told of that end meanwhile, and an instance that changes is not replaced.
    assert_eq!(run(&client, "taken", &json!([child(1_000)])), json!([[]]));
}
