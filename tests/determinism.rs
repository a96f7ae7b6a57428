//! The same history makes a guest do the same, wherever it is cut.

use serde_json::{Value, json};
use support::{Client, Host, module};

use crate::histories::{self, Replayer};

fn start_all(client: &Client) -> Vec<String> {
    let wait = json!({ "name": "go", "timeoutMs": 20 });
    let long_wait = json!({ "name": "go", "timeoutMs": 3_600_000 });
    let trial = |succeed_at: u32| json!({ "succeedAt": succeed_at, "maxAttempts": 3, "firstIntervalMs": 2 });
    let order = |name: &str, quantity: u32, cost: f64| json!({ "name": name, "quantity": quantity, "totalCost": cost });
    let cases: Vec<(&str, Value)> = vec![
        ("Chaining", json!(4)),
        ("FanOutFanIn", json!(7)),
        ("EventWithTimeout", wait.clone()),
        ("EventWithTimeout", long_wait.clone()),
        ("LongTimer", json!(15)),
        ("PollingMonitor", json!({ "succeedAfter": 3, "intervalMs": 3, "maxPolls": 5 })),
        ("PollingMonitor", json!({ "succeedAfter": 9, "intervalMs": 1, "maxPolls": 2 })),
        ("Race", wait),
        ("Race", long_wait),
        ("Retries", trial(3)),
        ("Retries", trial(9)),
        ("EventCollector", json!({ "name": "go", "count": 2 })),
        ("Determinism", json!(5)),
        ("Panics", Value::Null),
        ("PanicsInActivity", Value::Null),
        ("SpinsInActivity", json!(20)),
        ("OrderProcessingWorkflow", order("paperclips", 10, 10.0)),
        ("OrderProcessingWorkflow", order("cars", 1, 7500.0)),
        ("OrderProcessingWorkflow", order("cars", 1_000, 10.0)),
        ("OrderProcessingWorkflow", order("cars", 2, 2_000_000.0)),
    ];
    let start = |(number, (workflow, input)): (usize, (&str, Value))| {
        let id = format!("{workflow}-{number}");
        client.start(workflow, &id, &input.to_string());
        for event in ["go", "GO", "ManagerApproval"] {
            let payload = json!({ "approved": true, "of": event });
            client.raise(&id, event, &payload.to_string());
        }
        id
    };
    cases.into_iter().enumerate().map(start).collect()
}

#[test]
fn recorded_histories_of_every_example_replay_at_every_prefix() {
    let mut host = Host::start();
    for name in ["patterns", "orders"] {
        host.client().upload(name, &module(name));
    }
    let client = host.client();
    let ids = start_all(&client);
    for id in &ids {
        client.wait_for_end(id);
    }
    assert_eq!(histories::replay_all(&mut host), ids.len());
}

#[test]
fn another_history_than_its_own_is_told_from_it() {
    let mut host = Host::with_patterns(&[]);
    host.client().start("Chaining", "four", "4");
    host.client().output_of("four");
    assert!(host.stop().0.success());
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let (instances, modules) = histories::read(host.data_dir()).await;
        let replayer = Replayer::new(&modules);
        let history = &instances["four"].history;
        // Without its first command, the second one comes in its place.
        let mut shifted = history.clone();
        shifted.remove(1);
        let found = replayer.replay(&shifted).await.unwrap_err();
        assert_eq!(found.event, 2);
        assert!(found.expected.contains("with `1`") && found.got.contains("with `0`"), "{found}");
    });
}
