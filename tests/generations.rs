//! Continue-as-new: one instance, many runs, a history that stays short, and no event lost.

use serde_json::{Value, json};
use support::{Client, Host, module};

use crate::histories;

fn collect(client: &Client, id: &str, left: u32, keep: bool) {
    let input = json!({ "name": "go", "left": left, "keep": keep });
    client.start("EventGenerations", id, &input.to_string());
}

#[test]
fn h1_h2_each_generation_runs_once_and_the_last_one_is_shown() {
    let mut host = Host::with_patterns(&[]);
    let client = host.client();
    client.start("Generations", "ten", r#"{"left":10}"#);
    assert_eq!(client.output_of("ten"), json!(10), "one activity in each");
    let shown = client.get("ten");
    let input: Value =
        serde_json::from_str(shown["properties"]["dapr.workflow.input"].as_str().unwrap()).unwrap();
    assert_eq!(input, json!({ "left": 0, "total": 10 }), "that of the last one");
    assert!(host.stop().0.success());
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (instances, _) = runtime.block_on(histories::read(host.data_dir()));
    let stored = &instances["ten"];
    assert_eq!((stored.summary.generation, stored.history.len()), (11, 2));
}

#[test]
fn h5_c23_unread_events_are_there_for_the_next_generation() {
    let host = Host::with_patterns(&[]);
    let client = host.client();
    collect(&client, "keeps", 10, true);
    client.act("keeps", "pause", "").expect(202);
    for number in 0..10 {
        client.raise("keeps", ["go", "GO", "Go"][number % 3], &number.to_string());
    }
    client.act("keeps", "resume", "").expect(202);
    assert_eq!(client.output_of("keeps"), json!([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]));
}

#[test]
fn h6_unread_events_are_dropped_if_so_asked() {
    let host = Host::with_patterns(&[]);
    let client = host.client();
    collect(&client, "drops", 2, false);
    client.act("drops", "pause", "").expect(202);
    for number in 0..5 {
        client.raise("drops", "go", &number.to_string());
    }
    client.act("drops", "resume", "").expect(202);
    support::eventually("its first generation is over", || {
        let shown = client.get("drops");
        let input = shown["properties"]["dapr.workflow.input"].as_str().unwrap();
        input.contains("\"payloads\":[0]").then_some(())
    });
    client.raise("drops", "go", "\"later\"");
    assert_eq!(client.output_of("drops"), json!([0, "later"]));
}

#[test]
fn h7_many_generations_in_a_row_cost_no_more_than_few() {
    let mut host = Host::with_patterns(&[]);
    host.client().start("Generations", "many", r#"{"left":2000}"#);
    assert_eq!(host.client().output_of("many"), json!(2000));
    assert!(host.stop().0.success());
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (instances, _) = runtime.block_on(histories::read(host.data_dir()));
    assert_eq!(instances["many"].history.len(), 2, "only the last one is kept");
}

#[test]
fn h14_events_that_come_at_any_moment_are_not_lost() {
    let mut host = Host::with_patterns(&[]);
    collect(&host.client(), "steady", 60, true);
    for number in 0..60 {
        if number % 20 == 10 {
            host.kill();
            host.restart();
        }
        host.client().raise("steady", "go", &number.to_string());
    }
    assert_eq!(host.client().output_of("steady"), json!((0..60).collect::<Vec<_>>()));
}

#[test]
fn terminate_and_pause_hold_between_generations() {
    let host = Host::with_patterns(&[]);
    let client = host.client();
    client.start("Generations", "endless", r#"{"left":1000000000}"#);
    client.act("endless", "pause", "").expect(202);
    assert_eq!(client.get("endless")["runtimeStatus"], "SUSPENDED");
    let paused = client.get("endless");
    client.act("endless", "resume", "").expect(202);
    support::eventually("it goes on", || {
        (client.get("endless")["lastUpdatedAt"] != paused["lastUpdatedAt"]).then_some(())
    });
    client.act("endless", "terminate", "").expect(202);
    assert_eq!(client.get("endless")["runtimeStatus"], "TERMINATED");
}

#[test]
fn the_next_generation_is_on_the_active_version() {
    let host = Host::with_patterns(&[]);
    let client = host.client();
    collect(&client, "moves", 2, true);
    let before = client.get("moves")["moduleDigest"].clone();
    // The same module with another section is another version.
    let mut other = module("patterns");
    other.extend_from_slice(&[0, 2, 1, b'x']);
    let after = client.upload("patterns", &other)["digest"].clone();
    assert_ne!(before, after);
    assert_eq!(client.get("moves")["moduleDigest"], before);
    client.raise("moves", "go", "1");
    support::eventually("its next generation has begun", || {
        (client.get("moves")["moduleDigest"] == after).then_some(())
    });
    client.raise("moves", "go", "2");
    assert_eq!(client.output_of("moves"), json!([1, 2]));
}
