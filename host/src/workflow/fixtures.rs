//! What the tests of the core begin with.

use super::command::{ActivityCall, ChildCall, Command};
use super::event::{Callee, Event, Named, Origin, Parent, RunStarted};
use super::failure::{Failure, RetryPolicy};
use super::id::{Digest, InstanceId, InstanceNumber, RunId, TaskNumber, Timestamp};

/// The run that everything in the tests is about.
pub(super) const RUN: RunId = RunId([7; 16]);

pub(crate) fn run_started() -> RunStarted {
    RunStarted {
        run: RUN,
        seed: [7; 16],
        instance: InstanceId::unchecked("order-1"),
        workflow: "Order".to_owned(),
        module: "orders".to_owned(),
        digest: Digest([1; 32]),
        input: "{}".to_owned(),
        created_at: Timestamp(0),
        start_at: None,
        generation: 1,
        depth: 0,
        parent: None,
        named: Named::default(),
        origin: None,
    }
}

pub(super) fn activity_call(name: &str, input: &str) -> ActivityCall {
    let (name, input) = (name.to_owned(), input.to_owned());
    ActivityCall { name, input, retry: None, timeout_ms: None, heartbeat_timeout_ms: None }
}

pub(super) fn child_call(workflow: &str, input: &str) -> ChildCall {
    let (workflow, input) = (workflow.to_owned(), input.to_owned());
    ChildCall { workflow, input, instance: None, retry: None, detached: false }
}

pub(super) fn paused() -> Event {
    Event::Paused { reason: None }
}

pub(super) fn resumed() -> Event {
    Event::Resumed { reason: None }
}

pub(super) fn terminated() -> Event {
    Event::RunTerminated { output: None, reason: None, recursive: true }
}

const POLICY: RetryPolicy = RetryPolicy {
    max_attempts: 3,
    first_interval_ms: 1_000,
    backoff_coefficient: 1.5,
    max_interval_ms: Some(10_000),
    timeout_ms: None,
};

/// A start with characters that are easily lost.
pub(crate) fn odd_start() -> RunStarted {
    RunStarted {
        instance: InstanceId::unchecked("größe|:\0"),
        input: "{\"name\":\"\u{1f9f6}\"}".to_owned(),
        ..run_started()
    }
}

/// A start with everything that one can have.
pub(crate) fn full_start() -> RunStarted {
    let instance = InstanceId::unchecked("parent");
    RunStarted {
        start_at: Some(Timestamp(9)),
        generation: 3,
        depth: 2,
        parent: Some(Parent {
            number: InstanceNumber(u64::MAX),
            instance: instance.clone(),
            run: RunId([9; 16]),
            task: TaskNumber(300),
            attempt: 2,
        }),
        named: Named { attached: 4, detached: 500 },
        origin: Some(Origin { instance, event: 77 }),
        ..odd_start()
    }
}

/// A failure with everything that one can have.
pub(crate) fn failure() -> Failure {
    Failure {
        stack_trace: Some("at charge".to_owned()),
        ..Failure::permanent("broken", "for good")
    }
}

/// Events of every kind, with all that each can have, and without. They make no history.
pub(crate) fn one_of_each_event() -> Vec<Event> {
    let task = TaskNumber(300);
    let call = ActivityCall {
        retry: Some(POLICY),
        timeout_ms: Some(u64::MAX),
        heartbeat_timeout_ms: Some(1),
        ..activity_call("charge", "")
    };
    let child = ChildCall {
        instance: Some(InstanceId::unchecked("child")),
        retry: Some(POLICY),
        detached: true,
        ..child_call("Ship", "1")
    };
    let workflow = Callee::Workflow;
    vec![
        Event::RunStarted(odd_start()),
        Event::RunStarted(full_start()),
        Event::StartDue,
        Event::InputReplaced { task, input: "3".to_owned() },
        Event::Asked(Command::CallActivity(call)),
        Event::Asked(Command::CallActivity(activity_call("charge", ""))),
        Event::Asked(Command::CallWorkflow(child)),
        Event::Asked(Command::CallWorkflow(child_call("Ship", "2"))),
        Event::Asked(Command::StartTimer { fire_at: Timestamp::MAX }),
        Event::Asked(Command::WaitEvent { name: "go".to_owned() }),
        Event::Asked(Command::Cancel { task: TaskNumber(u32::MAX) }),
        Event::Asked(Command::SetCustomStatus { status: "here".to_owned() }),
        Event::Asked(Command::RaiseEvent {
            instance: InstanceId::unchecked("other"),
            name: "go".to_owned(),
            payload: "1".to_owned(),
        }),
        Event::Asked(Command::UsePatch { patch: "new-way".to_owned() }),
        Event::EventRaised { name: "go".to_owned(), payload: "x".repeat(1_000) },
        Event::CallCompleted { callee: Callee::Activity, task, output: "null".to_owned() },
        Event::AttemptFailed {
            callee: Callee::Activity,
            task,
            failure: failure(),
            retry_at: Timestamp(128),
            progress: Some("half".to_owned()),
        },
        Event::CallCompleted { callee: workflow, task, output: "null".to_owned() },
        Event::AttemptFailed {
            callee: workflow,
            task,
            failure: failure(),
            retry_at: Timestamp(128),
            progress: None,
        },
        Event::CallRetried { callee: workflow, task },
        Event::CallFailed { callee: workflow, task, failure: failure() },
        Event::CallRetried { callee: Callee::Activity, task },
        Event::CallFailed { callee: Callee::Activity, task, failure: Failure::new("a", "b") },
        Event::TimerFired { task },
        paused(),
        resumed(),
        Event::Paused { reason: Some("lunch".to_owned()) },
        Event::Resumed { reason: Some("coffee".to_owned()) },
        Event::VersionSelected { digest: Digest([255; 32]) },
        Event::RunCompleted { output: "1".to_owned() },
        Event::RunFailed { failure: failure() },
        Event::RunTerminated {
            output: Some("stopped".to_owned()),
            reason: Some("enough".to_owned()),
            recursive: false,
        },
        terminated(),
    ]
}
