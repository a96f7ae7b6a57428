use super::*;
use crate::workflow::failure::RetryPolicy;

fn start() -> Event {
    Event::RunStarted(RunStarted {
        run: RunId([7; 16]),
        instance: InstanceId::unchecked("order-1"),
        workflow: "Order".to_owned(),
        module: "orders".to_owned(),
        digest: Digest([1; 32]),
        input: "{}".to_owned(),
    })
}

fn call(retry: Option<RetryPolicy>) -> Event {
    let (name, input) = ("charge".to_owned(), "1".to_owned());
    Event::Asked(Command::CallActivity(ActivityCall { name, input, retry, timeout_ms: None }))
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
        Event::Asked(Command::WaitEvent { name: "go".to_owned() }),
        Event::Asked(Command::Cancel { task: task(1) }),
        Event::Asked(Command::SetCustomStatus { status: "here".to_owned() }),
        Event::EventRaised { name: "go".to_owned(), payload: String::new() },
        Event::ActivityCompleted { task: task(1), output: "2".to_owned() },
        Event::ActivityAttemptFailed {
            task: task(1),
            failure: failure.clone(),
            retry_at: Timestamp(9),
        },
        Event::ActivityFailed { task: task(1), failure: failure.clone() },
        Event::ActivityRetried { task: task(1) },
        Event::TimerFired { task: task(1) },
        Event::Paused,
        Event::Resumed,
        Event::VersionSelected { digest: Digest([2; 32]) },
        Event::RunCompleted { output: "3".to_owned() },
        Event::RunFailed { failure },
        Event::RunTerminated { output: None },
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

const COMMANDS: [&str; 5] =
    ["ActivityScheduled", "TimerCreated", "EventAwaited", "TaskCancelled", "CustomStatusSet"];

fn with_commands(others: &[&'static str]) -> Vec<&'static str> {
    COMMANDS.iter().chain(others).copied().collect()
}

#[test]
fn every_pair_of_state_and_event_is_decided() {
    assert_eq!(legal_kinds(&[]), ["RunStarted"]);
    let ends = ["RunCompleted", "RunFailed", "RunTerminated"];
    let running_without_tasks: Vec<_> =
        with_commands(&["EventRaised", "Paused", "VersionSelected"])
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
    let paused = ["EventRaised", "Resumed", "VersionSelected", "RunTerminated"];
    assert_eq!(legal_kinds(&[start(), Event::Paused]), paused);
    let late = ["ActivityCompleted", "ActivityFailed"];
    let completed = Event::RunCompleted { output: String::new() };
    assert_eq!(legal_kinds(&[start(), call(None), completed.clone()]), late);
    assert_eq!(legal_kinds(&[start(), timer(5), completed]), [""; 0]);
    let terminated = Event::RunTerminated { output: None };
    assert_eq!(legal_kinds(&[start(), call(None), terminated]), [""; 0]);
}

#[test]
fn time_never_goes_back() {
    let (mut state, _) = after(&[start(), Event::Paused]);
    let early = Recorded { time: Timestamp(0), event: Event::Resumed };
    let refused = state.apply(&early).unwrap_err();
    assert_eq!((refused.index, refused.kind), (2, "Resumed"));
}

#[test]
fn a_call_is_run_and_its_result_taken_once() {
    let (mut state, effects) = after(&[start(), call(None)]);
    let [Effect::RunAttempt(attempt)] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!((attempt.task, attempt.attempt), (task(1), 1));
    let ended = Message::ActivityEnded { task: task(1), attempt: 1, result: Ok("2".to_owned()) };
    let event = state.receive(&ended, Timestamp(9)).unwrap();
    assert_eq!(event, Event::ActivityCompleted { task: task(1), output: "2".to_owned() });
    state.apply(&Recorded { time: Timestamp(9), event }).unwrap();
    assert_eq!(state.attempts().count(), 0);
    assert_eq!(state.receive(&ended, Timestamp(10)), None, "a second result changes nothing");
}

#[test]
fn a_failed_attempt_is_tried_again_after_its_delay() {
    let (mut state, _) = after(&[start(), call(Some(TWICE))]);
    let failure = Failure::new("broken", "once");
    let ended = |attempt| Message::ActivityEnded {
        task: task(1),
        attempt,
        result: Err(Failure::new("broken", "once")),
    };
    assert_eq!(state.receive(&ended(2), Timestamp(50)), None, "no second attempt is running");
    let event = state.receive(&ended(1), Timestamp(50)).unwrap();
    let retry_at = Timestamp(150);
    assert_eq!(event, Event::ActivityAttemptFailed { task: task(1), failure, retry_at });
    let effects = state.apply(&Recorded { time: Timestamp(50), event }).unwrap();
    assert_eq!(effects, [Effect::SetTimer(task(1), retry_at)]);
    assert_eq!(state.timers().collect::<Vec<_>>(), [(task(1), retry_at)]);

    let due = Message::TimerDue { task: task(1) };
    assert_eq!(state.receive(&due, Timestamp(149)), None, "never early");
    let event = state.receive(&due, retry_at).unwrap();
    assert_eq!(event, Event::ActivityRetried { task: task(1) });
    let effects = state.apply(&Recorded { time: retry_at, event }).unwrap();
    let [Effect::ClearTimer(..), Effect::RunAttempt(attempt)] = &effects[..] else {
        panic!("{effects:?}")
    };
    assert_eq!(attempt.attempt, 2);
    let event = state.receive(&ended(2), Timestamp(151)).unwrap();
    assert!(matches!(event, Event::ActivityFailed { .. }), "two attempts are all: {event:?}");
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
    let (state, _) = after(&[start(), timer(500), Event::Paused]);
    let fired = state.receive(&Message::TimerDue { task: task(1) }, Timestamp(500));
    assert_eq!(fired, Some(Event::TimerFired { task: task(1) }));
}

#[test]
fn what_changes_nothing_is_not_recorded() {
    let (running, _) = after(&[start()]);
    let now = Timestamp(9);
    assert_eq!(running.receive(&Message::Resume, now), None);
    let same_version = Message::SelectVersion { digest: Digest([1; 32]) };
    assert_eq!(running.receive(&same_version, now), None);
    let (paused, _) = after(&[start(), Event::Paused]);
    assert_eq!(paused.receive(&Message::Pause, now), None);
    let (ended, _) = after(&[start(), Event::RunCompleted { output: String::new() }]);
    let raised = Message::RaiseEvent { name: "go".to_owned(), payload: String::new() };
    for message in [Message::Pause, Message::Resume, Message::Terminate { output: None }, raised] {
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
    let late = Message::ActivityEnded { task: task(1), attempt: 1, result: failed };
    assert!(matches!(state.receive(&late, Timestamp(9)), Some(Event::ActivityFailed { .. })));

    let (mut state, _) = after(&events);
    let end = Event::RunTerminated { output: None };
    let effects = state.apply(&Recorded { time: Timestamp(9), event: end }).unwrap();
    let stop = Effect::StopAttempt(task(1));
    assert_eq!(effects, [Effect::ClearTimer(task(2), Timestamp(500)), stop]);
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
