//! A failure before and after each single write of the store: nothing acknowledged is lost, nothing
//! is recorded twice, and every instance comes to its right end.

use std::sync::Arc;
use std::time::Duration;

use reweft::scheduler::{Found, Handle, StartError};
use reweft::store::Store;
use reweft::store::fault::{FaultyStore, Plan};
use reweft::store::memory::MemoryStore;
use reweft::workflow::event::Message;
use reweft::workflow::id::{InstanceId, Timestamp};
use reweft::workflow::summary::Status;

use crate::histories;
use crate::in_process::{self, Bench};

/// How long a run may take before the test gives up on it.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// Raises three events of one name to another instance, which must get each once.
const RAISES: &str = r#"{"steps":[
    {"raise":{"to":"collects","name":"out","payload":1}},
    {"raise":{"to":"collects","name":"out","payload":2}},
    {"raise":{"to":"collects","name":"out","payload":3}}
]}"#;

const CASES: [(&str, &str, &str, &str); 7] = [
    ("chain", "Chaining", "3", "3"),
    ("fan", "FanOutFanIn", "3", "14"),
    ("event", "EventWithTimeout", r#"{"name":"go","timeoutMs":3600000}"#, r#"{"received":7}"#),
    ("timer", "EventWithTimeout", r#"{"name":"no","timeoutMs":200}"#, r#"{"timedOut":true}"#),
    ("collects", "EventCollector", r#"{"name":"out","count":3}"#, "[1,2,3]"),
    ("raises", "Interpreter", RAISES, "[]"),
    ("retry", "Retries", r#"{"succeedAt":2,"maxAttempts":3,"firstIntervalMs":100}"#, "2"),
];

/// Does what a client does: whatever fails is sent again. Gives up when the host is down for good.
async fn drive(bench: &Bench, handle: &Handle, is_down: &dyn Fn() -> bool) -> Option<()> {
    while handle.upload("patterns", bench.module.clone(), true).await.is_err() {
        settle(is_down).await?;
    }
    let mut watches = Vec::new();
    for (id, workflow, input, output) in CASES {
        let start = in_process::start(id, workflow, input);
        loop {
            match handle.start_watched(start.clone()).await {
                Ok(watch) => {
                    watches.push((watch, output));
                    break;
                }
                Err(StartError::Exists(_)) => break,
                Err(StartError::WorkflowNotFound { .. }) => panic!("the module was acknowledged"),
                Err(StartError::Other(_)) => settle(is_down).await?,
                Err(refused) => panic!("{refused}"),
            }
        }
    }
    let event = InstanceId::unchecked("event");
    let raise = || Message::RaiseEvent { name: "go".to_owned(), payload: "7".to_owned() };
    while handle.deliver(&event, raise()).await.is_err() {
        settle(is_down).await?;
    }
    for (watch, output) in watches {
        let down = async { while settle(is_down).await.is_some() {} };
        match watch.outcome(down).await {
            Ok(found) => assert!(ended(&found, output) || is_down(), "{found:?}"),
            Err(failed) => assert!(is_down(), "{failed}"),
        }
    }
    for (id, _, _, output) in CASES {
        loop {
            match handle.get(&InstanceId::unchecked(id)).await {
                Ok(found) if ended(&found, output) => break,
                _ => settle(is_down).await?,
            }
        }
    }
    Some(())
}

fn ended(found: &Found, output: &str) -> bool {
    let status = found.summary.status();
    assert!(!matches!(status, Status::Failed | Status::Terminated | Status::Stalled), "{found:?}");
    match &found.output {
        Some(given) => {
            assert_eq!(given, output, "{}", found.summary.instance);
            true
        }
        None => false,
    }
}

/// Lets the others run.
pub(crate) async fn settle(is_down: &dyn Fn() -> bool) -> Option<()> {
    tokio::time::sleep(Duration::from_micros(200)).await;
    (!is_down()).then_some(())
}

/// Runs everything on a store that fails as planned; returns how many writes there were.
async fn run(bench: &Bench, plan: Plan) -> u64 {
    let disk = Arc::new(MemoryStore::default());
    let faulty = Arc::new(FaultyStore::new(disk.clone(), Some(plan)));
    let never = || false;
    let is_down = || faulty.is_down();
    let outcome = match bench.host(faulty.clone()).await {
        Ok(host) => {
            let handle = host.handle();
            let driving = drive(bench, &handle, &is_down);
            match tokio::time::timeout(PATIENCE, driving).await {
                Ok(outcome) => outcome,
                Err(_) => {
                    panic!("stuck with {plan:?}: {:#?}", histories::read_instances(&*disk).await)
                }
            }
        }
        Err(_) => None,
    };
    if outcome.is_none() {
        // The host is gone; another one takes over what is on the disk.
        let host = bench.host(disk.clone()).await.unwrap();
        drive(bench, &host.handle(), &never).await.unwrap();
    }
    let instances = histories::read_instances(&*disk).await;
    assert!(
        instances
            .keys()
            .map(String::as_str)
            .eq(["chain", "collects", "event", "fan", "raises", "retry", "timer"])
    );
    assert!(disk.timers(None, Timestamp::MAX, 9).await.unwrap().is_empty(), "a timer is left over");
    assert!(disk.active(None, 9).await.unwrap().is_empty(), "something is left active");
    faulty.writes()
}

#[test]
fn c21_c22_e20_j11_n3_a_failure_before_or_after_any_write_loses_nothing() {
    let bench = Bench::at(Timestamp(1_000_000));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.spawn(in_process::tick(bench.clock.clone()));
    runtime.block_on(in_process::at_every_write(async |plan| run(&bench, plan).await));
}
