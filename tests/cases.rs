//! What a workflow engine must do, case by case: those that no other file shows. Most are small programs
//! of the workflow `Interpreter`, which does what its input says.

mod activities;
mod coverage;
mod events;
mod retries;
mod runs;
mod timers;

use std::collections::BTreeMap;

use reweft::workflow::event::Event;
use serde_json::{Value, json};
use support::{Client, Host};

use crate::histories::{self, Stored};

/// Starts a program.
fn start(client: &Client, id: &str, steps: &Value) {
    client.start("Interpreter", id, &json!({ "steps": steps }).to_string());
}

/// Runs a program, and returns the values of its steps.
fn run(client: &Client, id: &str, steps: &Value) -> Value {
    start(client, id, steps);
    client.output_of(id)
}

/// Stops a host, and returns what is in its store.
fn stored(host: &mut Host) -> BTreeMap<String, Stored> {
    assert!(host.stop().0.success());
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(histories::read(host.data_dir())).0
}

fn kinds(stored: &Stored) -> Vec<&'static str> {
    stored.history.iter().map(|recorded| recorded.event.kind()).collect()
}

fn count(stored: &Stored, kind: &str) -> usize {
    kinds(stored).iter().filter(|found| **found == kind).count()
}

/// What an instance waits for, by kind.
fn waits_for(client: &Client, id: &str) -> BTreeMap<String, usize> {
    let path = format!("/v1.0/workflows/dapr/{id}/waiting");
    let answer = client.send("GET", &path, b"").expect(200).json();
    let mut kinds = BTreeMap::new();
    for task in answer["waitingFor"].as_array().unwrap() {
        *kinds.entry(task["kind"].as_str().unwrap().to_owned()).or_default() += 1;
    }
    kinds
}

/// Waits until an instance waits for so many timers.
fn waits_for_timers(client: &Client, id: &str, timers: usize) {
    support::eventually(&format!("{id} waits for {timers} timers"), || {
        (waits_for(client, id).get("timer").copied().unwrap_or_default() == timers).then_some(())
    });
}

fn outputs(stored: &Stored) -> Vec<&str> {
    let completed = stored.history.iter().filter_map(|recorded| match &recorded.event {
        Event::CallCompleted { output, .. } => Some(output.as_str()),
        _ => None,
    });
    completed.collect()
}
