//! Measures of the real binary, as ratios: run by `make bench`, never asserted.

use std::time::{Duration, Instant};

use serde_json::json;
use support::{Client, Host};

/// Runs a workflow to its end, and returns how long it took.
fn time(client: &Client, id: &str, workflow: &str, input: &str) -> Duration {
    let began = Instant::now();
    client.start(workflow, id, input);
    let path = format!("/v1.0/workflows/dapr/{id}/wait?timeout=5m");
    client.send("GET", &path, b"").expect(200);
    began.elapsed()
}

/// Prints the time per item at each size, and how it compares with that at the smallest.
fn scaling(what: &str, sizes: &[u32], mut measure: impl FnMut(u32) -> Duration) {
    let mut first = None;
    for &size in sizes {
        let per_item = (0..3).map(|_| measure(size)).min().unwrap_or_default() / size;
        let ratio = per_item.as_secs_f64() / first.get_or_insert(per_item).as_secs_f64();
        println!("{what} {size:>7}: {per_item:>9.1?} each, {ratio:.2} times that of the smallest");
    }
}

#[test]
#[ignore = "measures: run it with make bench"]
fn what_one_of_many_costs() {
    let host = Host::with_patterns(&[]);
    let client = host.client();
    let mut runs = 0;
    let mut id = || {
        runs += 1;
        format!("run-{runs}")
    };
    scaling("activities of one fan-out", &[1_000, 10_000, 50_000], |count| {
        time(&client, &id(), "FanOutFanIn", &count.to_string())
    });
    scaling("children of one parent", &[1_000, 10_000], |count| {
        time(&client, &id(), "Children", &json!({ "count": count, "each": 1 }).to_string())
    });
    scaling("steps of one chain", &[100, 1_000, 10_000], |count| {
        time(&client, &id(), "Chaining", &count.to_string())
    });
    scaling("generations of one instance", &[100, 1_000, 5_000], |count| {
        time(&client, &id(), "Generations", &json!({ "left": count }).to_string())
    });
}
