use super::*;
use crate::workflow::command::{ActivityCall, ChildCall};
use crate::workflow::event::{Callee, Message};
use crate::workflow::failure::RetryPolicy;
use crate::workflow::fixtures::{
    RUN, activity_call, child_call, paused, resumed, run_started, terminated,
};
use crate::workflow::id::InstanceNumber;

fn start() -> Event {
    Event::RunStarted(run_started())
}

fn call(retry: Option<RetryPolicy>) -> Event {
    Event::Asked(Command::CallActivity(ActivityCall { retry, ..activity_call("charge", "1") }))
}

fn child(call: ChildCall) -> Event {
    Event::Asked(Command::CallWorkflow(call))
}

fn ended(attempt: u32, result: Result<String, Failure>) -> Message {
    Message::CallEnded { run: RUN, task: task(1), attempt, result, progress: None }
}

fn timer(fire_at: u64) -> Event {
    Event::Asked(Command::StartTimer { fire_at: Timestamp(fire_at) })
}

fn task(number: u32) -> TaskNumber {
    TaskNumber(number)
}

const TWICE: RetryPolicy = RetryPolicy {
    max_attempts: 2,
    first_interval_ms: 100,
    backoff_coefficient: 1.0,
    max_interval_ms: None,
    timeout_ms: None,
};

/// One event of each kind, about task 1 where it is about a task.
fn one_of_each() -> Vec<Event> {
    let failure = Failure::new("broken", "it is");
    vec![
        start(),
        call(None),
        timer(5),
        child(child_call("Ship", "1")),
        Event::Asked(Command::WaitEvent { name: "go".to_owned() }),
        Event::Asked(Command::RaiseEvent {
            instance: InstanceId::unchecked("other"),
            name: "go".to_owned(),
            payload: String::new(),
        }),
        Event::Asked(Command::UsePatch { patch: "new-way".to_owned() }),
        Event::Asked(Command::Cancel { task: task(1) }),
        Event::Asked(Command::SetCustomStatus { status: "here".to_owned() }),
        Event::EventRaised { name: "go".to_owned(), payload: String::new() },
        Event::CallCompleted { callee: Callee::Activity, task: task(1), output: "2".to_owned() },
        Event::AttemptFailed {
            callee: Callee::Activity,
            task: task(1),
            failure: failure.clone(),
            retry_at: Timestamp(9),
            progress: None,
        },
        Event::CallFailed { callee: Callee::Activity, task: task(1), failure: failure.clone() },
        Event::CallRetried { callee: Callee::Activity, task: task(1) },
        Event::TimerFired { task: task(1) },
        Event::StartDue,
        paused(),
        resumed(),
        Event::InputReplaced { task: task(1), input: String::new() },
        Event::VersionSelected { digest: Digest([2; 32]) },
        Event::RunCompleted { output: "3".to_owned() },
        Event::RunFailed { failure },
        terminated(),
    ]
}

/// A state made by these events, each a millisecond after the other, and all their effects.
fn after(events: &[Event]) -> (State, Vec<Effect>) {
    let (mut state, mut effects) = (State::default(), Vec::new());
    for (position, event) in events.iter().enumerate() {
        let recorded = Recorded { time: Timestamp(position as u64), event: event.clone() };
        effects.extend(state.apply(&recorded).unwrap());
    }
    (state, effects)
}

fn legal_kinds(events: &[Event]) -> Vec<&'static str> {
    let (state, _) = after(events);
    let legal = one_of_each().into_iter().filter(|event| {
        let recorded = Recorded { time: state.last_time(), event: event.clone() };
        let mut next = state.clone();
        let outcome = next.apply(&recorded);
        // An event that is refused leaves no trace.
        assert!(outcome.is_ok() || next == state);
        outcome.is_ok()
    });
    legal.map(|event| event.kind()).collect()
}

const COMMANDS: [&str; 8] = [
    "ActivityScheduled",
    "TimerCreated",
    "ChildWorkflowCreated",
    "EventAwaited",
    "EventSent",
    "PatchUsed",
    "TaskCancelled",
    "CustomStatusSet",
];

fn with_commands(others: &[&'static str]) -> Vec<&'static str> {
    COMMANDS.iter().chain(others).copied().collect()
}

#[test]
fn every_pair_of_state_and_event_is_decided() {
    assert_eq!(legal_kinds(&[]), ["RunStarted"]);
    let ends = ["RunCompleted", "RunFailed", "RunTerminated"];
    let running_without_tasks: Vec<_> =
        with_commands(&["EventRaised", "Paused", "InputReplaced", "VersionSelected"])
            .into_iter()
            .filter(|kind| *kind != "TaskCancelled")
            .chain(ends)
            .collect();
    assert_eq!(legal_kinds(&[start()]), running_without_tasks);
    let results = ["ActivityCompleted", "ActivityAttemptFailed", "ActivityFailed"];
    let mut with_an_attempt = with_commands(&["EventRaised"]);
    with_an_attempt.extend(results.iter().chain(&["Paused", "VersionSelected"]).chain(&ends));
    assert_eq!(legal_kinds(&[start(), call(None)]), with_an_attempt);
    let mut with_a_timer = with_commands(&["EventRaised", "TimerFired"]);
    with_a_timer.extend(["Paused", "VersionSelected"].iter().chain(&ends));
    assert_eq!(legal_kinds(&[start(), timer(5)]), with_a_timer);
    let while_paused = ["EventRaised", "Resumed", "VersionSelected", "RunTerminated"];
    assert_eq!(legal_kinds(&[start(), paused()]), while_paused);
    let late = ["ActivityCompleted", "ActivityFailed"];
    let completed = Event::RunCompleted { output: String::new() };
    assert_eq!(legal_kinds(&[start(), call(None), completed.clone()]), late);
    assert_eq!(legal_kinds(&[start(), timer(5), completed]), [""; 0]);
    assert_eq!(legal_kinds(&[start(), call(None), terminated()]), [""; 0]);
}

#[test]
fn time_never_goes_back() {
    let (mut state, _) = after(&[start(), paused()]);
    let early = Recorded { time: Timestamp(0), event: resumed() };
    let refused = state.apply(&early).unwrap_err();
    assert_eq!((refused.index, refused.kind), (2, "Resumed"));
}

#[test]
fn a_call_is_run_and_its_result_taken_once() {
    let (mut state, effects) = after(&[start(), call(None)]);
    let [Effect::RunAttempt(attempt)] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!((attempt.task, attempt.attempt), (task(1), 1));
    let ended = ended(1, Ok("2".to_owned()));
    let event = state.receive(&ended, Timestamp(9)).unwrap();
    assert_eq!(
        event,
        Event::CallCompleted { callee: Callee::Activity, task: task(1), output: "2".to_owned() }
    );
    state.apply(&Recorded { time: Timestamp(9), event }).unwrap();
    assert_eq!(state.attempts().count(), 0);
    assert_eq!(state.receive(&ended, Timestamp(10)), None, "a second result changes nothing");
}

#[test]
fn a_failed_attempt_is_tried_again_after_its_delay() {
    let (mut state, _) = after(&[start(), call(Some(TWICE))]);
    let failure = Failure::new("broken", "once");
    let ended = |attempt| ended(attempt, Err(Failure::new("broken", "once")));
    assert_eq!(state.receive(&ended(2), Timestamp(50)), None, "no second attempt is running");
    let event = state.receive(&ended(1), Timestamp(50)).unwrap();
    let retry_at = Timestamp(150);
    assert_eq!(
        event,
        Event::AttemptFailed {
            callee: Callee::Activity,
            task: task(1),
            failure,
            retry_at,
            progress: None
        }
    );
    let effects = state.apply(&Recorded { time: Timestamp(50), event }).unwrap();
    assert_eq!(effects, [Effect::SetTimer(task(1), retry_at)]);
    assert_eq!(state.timers().collect::<Vec<_>>(), [(task(1), retry_at)]);

    let due = Message::TimerDue { task: task(1) };
    assert_eq!(state.receive(&due, Timestamp(149)), None, "never early");
    let event = state.receive(&due, retry_at).unwrap();
    assert_eq!(event, Event::CallRetried { callee: Callee::Activity, task: task(1) });
    let effects = state.apply(&Recorded { time: retry_at, event }).unwrap();
    let [Effect::ClearTimer(..), Effect::RunAttempt(attempt)] = &effects[..] else {
        panic!("{effects:?}")
    };
    assert_eq!(attempt.attempt, 2);
    let event = state.receive(&ended(2), Timestamp(151)).unwrap();
    assert!(matches!(event, Event::CallFailed { .. }), "two attempts are all: {event:?}");
}

#[test]
fn a_timer_is_never_early_and_fires_once() {
    let (mut state, effects) = after(&[start(), timer(500)]);
    assert_eq!(effects, [Effect::SetTimer(task(1), Timestamp(500))]);
    let due = Message::TimerDue { task: task(1) };
    assert_eq!(state.receive(&due, Timestamp(499)), None);
    let event = state.receive(&due, Timestamp(500)).unwrap();
    let effects = state.apply(&Recorded { time: Timestamp(500), event }).unwrap();
    assert_eq!(effects, [Effect::ClearTimer(task(1), Timestamp(500))]);
    assert_eq!(state.receive(&due, Timestamp(501)), None);
}

#[test]
fn a_timer_fires_while_paused() {
    let (state, _) = after(&[start(), timer(500), paused()]);
    let fired = state.receive(&Message::TimerDue { task: task(1) }, Timestamp(500));
    assert_eq!(fired, Some(Event::TimerFired { task: task(1) }));
}

#[test]
fn what_changes_nothing_is_not_recorded() {
    let (running, _) = after(&[start()]);
    let now = Timestamp(9);
    assert_eq!(running.receive(&Message::Resume { reason: None }, now), None);
    let same_version = Message::SelectVersion { digest: Digest([1; 32]) };
    assert_eq!(running.receive(&same_version, now), None);
    let (standing, _) = after(&[start(), paused()]);
    assert_eq!(standing.receive(&Message::Pause { reason: None }, now), None);
    let (ended, _) = after(&[start(), Event::RunCompleted { output: String::new() }]);
    let raised = Message::RaiseEvent { name: "go".to_owned(), payload: String::new() };
    let (pause, resume) = (Message::Pause { reason: None }, Message::Resume { reason: None });
    let terminate = Message::Terminate { output: None, reason: None, recursive: true };
    for message in [pause, resume, terminate, raised] {
        assert_eq!(ended.receive(&message, now), None, "{message:?}");
    }
}

#[test]
fn the_end_clears_timers_and_leaves_attempts_to_end_in_peace() {
    let events = [start(), call(None), timer(500)];
    let end = Event::RunCompleted { output: String::new() };
    let (mut state, _) = after(&events);
    let effects = state.apply(&Recorded { time: Timestamp(9), event: end }).unwrap();
    assert_eq!(effects, [Effect::ClearTimer(task(2), Timestamp(500))]);
    assert_eq!(state.attempts().count(), 1);
    let failed = Err(Failure::new("broken", "late"));
    let late = ended(1, failed);
    assert!(matches!(state.receive(&late, Timestamp(9)), Some(Event::CallFailed { .. })));

    let (mut state, _) = after(&events);
    let effects = state.apply(&Recorded { time: Timestamp(9), event: terminated() }).unwrap();
    let stop = Effect::StopAttempt(task(1));
    let cleared = Effect::ClearTimer(task(2), Timestamp(500));
    assert_eq!(effects, [cleared, stop, Effect::EndChildren]);
    assert_eq!(state.attempts().count(), 0);
}

#[test]
fn cancelling_stops_what_is_open_and_forgives_what_is_not() {
    let cancel = |number| Event::Asked(Command::Cancel { task: task(number) });
    let (_, effects) = after(&[start(), call(None), timer(500), cancel(2), cancel(1), cancel(1)]);
    let undone = [Effect::ClearTimer(task(2), Timestamp(500)), Effect::StopAttempt(task(1))];
    assert_eq!(effects[2..], undone);
    let (mut state, _) = after(&[start()]);
    let unknown = Recorded { time: Timestamp(9), event: cancel(1) };
    assert!(state.apply(&unknown).is_err(), "the guest never had that task");
}

#[test]
fn children_are_named_after_their_parent_and_anew_in_each_attempt() {
    let detached = ChildCall { detached: true, ..child_call("Ship", "1") };
    let given = Some(InstanceId::unchecked("mine"));
    let named = ChildCall { instance: given, ..child_call("Ship", "1") };
    let retried = ChildCall { retry: Some(TWICE), ..child_call("Ship", "1") };
    let (mut state, effects) = after(&[
        start(),
        child(retried),
        child(named),
        child(detached),
        child(child_call("A", "")),
    ]);
    let started = |effects: &[Effect]| -> Vec<String> {
        let ids = effects.iter().filter_map(|effect| match effect {
            Effect::StartChild(start) => Some(start.instance.to_string()),
            _ => None,
        });
        ids.collect()
    };
    assert_eq!(started(&effects), ["order-1:0001", "mine", "order-1-1", "order-1:0002"]);
    let failed = state.receive(&ended(1, Err(Failure::new("broken", "it is"))), Timestamp(10));
    state.apply(&Recorded { time: Timestamp(10), event: failed.unwrap() }).unwrap();
    let retried = state.receive(&Message::TimerDue { task: task(1) }, Timestamp(110)).unwrap();
    assert_eq!(retried.kind(), "ChildWorkflowRetried");
    let effects = state.apply(&Recorded { time: Timestamp(110), event: retried }).unwrap();
    assert_eq!(started(&effects), ["order-1:0003"]);
    assert_eq!((state.named().attached, state.named().detached), (3, 1));
}

#[test]
fn a_result_of_another_run_is_nobodys() {
    let (state, _) = after(&[start(), call(None)]);
    let (run, result) = (RunId([8; 16]), Ok("2".to_owned()));
    let foreign = Message::CallEnded { run, task: task(1), attempt: 1, result, progress: None };
    assert_eq!(state.receive(&foreign, Timestamp(9)), None);
}

#[test]
fn progress_is_handed_to_the_next_attempt() {
    let (mut state, _) = after(&[start(), call(Some(TWICE))]);
    let progress = Some("half".to_owned());
    let result = Err(Failure::new("broken", "it is"));
    let failed = Message::CallEnded { run: RUN, task: task(1), attempt: 1, result, progress };
    let event = state.receive(&failed, Timestamp(10)).unwrap();
    state.apply(&Recorded { time: Timestamp(10), event }).unwrap();
    let event = state.receive(&Message::TimerDue { task: task(1) }, Timestamp(110)).unwrap();
    let effects = state.apply(&Recorded { time: Timestamp(110), event }).unwrap();
    let Some(Effect::RunAttempt(attempt)) = effects.last() else { panic!("{effects:?}") };
    assert_eq!((attempt.attempt, attempt.progress.as_deref()), (2, Some("half")));
}

#[test]
fn a_run_that_begins_later_waits_for_its_time() {
    let start_at = Some(Timestamp(100));
    let start = Event::RunStarted(RunStarted { start_at, ..run_started() });
    let (mut state, effects) = after(&[start.clone(), paused()]);
    assert_eq!(effects, [Effect::SetTimer(TaskNumber::START, Timestamp(100))]);
    let due = Message::TimerDue { task: TaskNumber::START };
    assert_eq!(state.receive(&due, Timestamp(99)), None);
    assert_eq!(state.timers().count(), 1);
    let early = Recorded { time: Timestamp(9), event: resumed() };
    state.apply(&early).unwrap();
    let asked = Recorded { time: Timestamp(9), event: call(None) };
    assert!(state.apply(&asked).is_err(), "its guest may not be run yet");
    assert_eq!(state.receive(&due, Timestamp(100)), Some(Event::StartDue));
    let effects = state.apply(&Recorded { time: Timestamp(100), event: Event::StartDue }).unwrap();
    assert_eq!(effects, [Effect::ClearTimer(TaskNumber::START, Timestamp(100))]);
    assert_eq!(state.receive(&due, Timestamp(101)), None);
    let (_, effects) = after(&[start, terminated()]);
    assert!(effects.contains(&Effect::ClearTimer(TaskNumber::START, Timestamp(100))));
}

#[test]
fn a_child_tells_its_parent_and_heeds_nobody_else() {
    let parent = Parent {
        number: InstanceNumber(3),
        instance: InstanceId::unchecked("parent"),
        run: RunId([9; 16]),
        task: task(4),
        attempt: 1,
    };
    let start = Event::RunStarted(RunStarted { parent: Some(parent.clone()), ..run_started() });
    let told = |end: Event| {
        let (_, mut effects) = after(&[start.clone(), end]);
        match effects.pop() {
            Some(Effect::TellParent(told, result)) if told == parent => result,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(told(Event::RunCompleted { output: "1".to_owned() }), Ok("1".to_owned()));
    assert_eq!(told(terminated()).unwrap_err().error_type, error_type::TERMINATED);
    let (state, _) = after(&[start]);
    let cancelled = |number, call| {
        let parent = InstanceNumber(number);
        state.receive(&Message::ParentCancelled { parent, call }, Timestamp(9)).is_some()
    };
    assert!(cancelled(3, None) && cancelled(3, Some((RunId([9; 16]), task(4)))));
    assert!(!cancelled(4, None) && !cancelled(3, Some((RunId([9; 16]), task(5)))));
}

#[test]
fn a_replaced_input_is_that_of_the_next_call_alone() {
    let replaced = Event::InputReplaced { task: task(1), input: "2".to_owned() };
    let (_, effects) = after(&[start(), replaced, call(None), call(None)]);
    let inputs: Vec<_> = effects
        .iter()
        .map(|effect| match effect {
            Effect::RunAttempt(attempt) => attempt.call.input.as_str(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(inputs, ["2", "1"]);
}
