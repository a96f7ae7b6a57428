//! Kill it anywhere: whatever was acknowledged is true afterwards.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use serde_json::{Value, json};
use support::{Client, Host, module};

use crate::histories::{self, Replayer};

/// How many instances, and how often the host is killed at least: `make soak` asks for more.
const INSTANCES: (&str, usize) = ("REWEFT_CRASH_INSTANCES", 200);
const KILLS: (&str, usize) = ("REWEFT_CRASH_KILLS", 20);
const CLIENTS: usize = 4;

fn at_least((variable, otherwise): (&str, usize)) -> usize {
    std::env::var(variable).ok().and_then(|given| given.parse().ok()).unwrap_or(otherwise)
}

/// An instance to drive, and how it must end.
struct Case {
    id: String,
    workflow: &'static str,
    input: Value,
    event: Option<(&'static str, Value)>,
    output: Value,
}

fn case(number: usize, random: &mut impl Rng) -> Case {
    let id = format!("case-{number}");
    let small = u64::from(random.next_u32() % 6);
    let milliseconds = u64::from(random.next_u32() % 3_000);
    let (workflow, input, event, output) = match number % 7 {
        0 => ("Chaining", json!(small + 1), None, json!(small + 1)),
        1 => {
            let squares: u64 = (1..=2 * small).map(|number| number * number).sum();
            ("FanOutFanIn", json!(2 * small), None, json!(squares))
        }
        2 => {
            let input = json!({ "name": "go", "timeoutMs": 3_600_000 });
            let payload = json!({ "number": number });
            let output = json!({ "received": payload });
            ("EventWithTimeout", input, Some(("GO", payload)), output)
        }
        3 => (
            "EventWithTimeout",
            json!({ "name": "go", "timeoutMs": milliseconds }),
            None,
            json!({ "timedOut": true }),
        ),
        4 => {
            let input = json!({ "succeedAfter": 3, "intervalMs": milliseconds / 3, "maxPolls": 5 });
            ("PollingMonitor", input, None, json!({ "ready": true, "polls": 3 }))
        }
        5 => {
            let input = json!({ "succeedAt": 3, "maxAttempts": 4, "firstIntervalMs": milliseconds / 4 + 1 });
            ("Retries", input, None, json!(3))
        }
        _ => {
            let input = json!({ "name": "cars", "quantity": 1, "totalCost": 7500.0 });
            let approval = ("ManagerApproval", json!({ "approved": true }));
            ("OrderProcessingWorkflow", input, Some(approval), json!({ "processed": true }))
        }
    };
    Case { id, workflow, input, event, output }
}

/// Where the host is at the moment.
type Address = Arc<Mutex<Client>>;

/// Sends until the host gives an answer, however often it is killed meanwhile.
fn send(address: &Address, path: &str, body: &Value) -> u16 {
    support::eventually(path, || {
        let client = address.lock().unwrap().clone();
        client.try_send("POST", path, body.to_string().as_bytes()).map(|answer| answer.status)
    })
}

fn drive(cases: &[Case], next: &AtomicUsize, address: &Address) {
    while let Some(case) = cases.get(next.fetch_add(1, Ordering::SeqCst)) {
        let Case { id, workflow, .. } = case;
        let path = format!("/v1.0/workflows/dapr/{workflow}/start?instanceID={id}");
        // 409: it had been started, and only the acknowledgement was lost.
        let status = send(address, &path, &case.input);
        assert!([202, 409].contains(&status), "{id}: {status}");
        if let Some((event, payload)) = &case.event {
            let path = format!("/v1.0/workflows/dapr/{id}/raiseEvent/{event}");
            assert_eq!(send(address, &path, payload), 202, "{id}");
        }
    }
}

fn milliseconds(random: &mut impl Rng, most: u32) -> Duration {
    Duration::from_millis(u64::from(random.next_u32() % most))
}

#[test]
fn n2_n12_killed_at_random_moments_everything_acknowledged_is_true() {
    let mut random = ChaCha8Rng::seed_from_u64(support::seed());
    let cases: Arc<Vec<Case>> =
        Arc::new((0..at_least(INSTANCES)).map(|number| case(number, &mut random)).collect());
    let mut host = Host::start();
    for name in ["patterns", "orders"] {
        host.client().upload(name, &module(name));
    }
    let address = Arc::new(Mutex::new(host.client()));
    let next = Arc::new(AtomicUsize::new(0));
    let drivers: Vec<_> = (0..CLIENTS)
        .map(|_| {
            let (cases, next, address) = (cases.clone(), next.clone(), address.clone());
            std::thread::spawn(move || drive(&cases, &next, &address))
        })
        .collect();
    for kill in 0.. {
        // Long enough for something to happen, and at no moment in particular.
        std::thread::sleep(milliseconds(&mut random, 150));
        host.kill();
        host.restart();
        *address.lock().unwrap() = host.client();
        if kill >= at_least(KILLS) && drivers.iter().all(std::thread::JoinHandle::is_finished) {
            break;
        }
    }
    drivers.into_iter().for_each(|driver| driver.join().unwrap());
    for case in cases.iter() {
        assert_eq!(host.client().output_of(&case.id), case.output, "{}", case.id);
    }
    assert!(host.stop().0.success());
    check_store(&host, &cases);
}

/// No instance was invented, and each history is gapless, legal, and the guest's own.
fn check_store(host: &Host, cases: &[Case]) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let (instances, modules) = histories::read(host.data_dir()).await;
        let expected: BTreeMap<_, _> = cases.iter().map(|case| (&case.id, case)).collect();
        assert!(instances.keys().eq(expected.keys().copied()));
        let replayer = Replayer::new(&modules);
        for stored in instances.values() {
            let replayed = replayer.replay(&stored.history).await.unwrap();
            assert!(replayed.asked.is_empty(), "{}", stored.summary.instance);
        }
    });
}
