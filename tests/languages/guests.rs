//! What each language has of its own: sleeping, clocks, randomness, printing, failing, waiting for many.

use serde_json::{Value, json};
use support::{Client, Failure, Host};

use super::module_of;
use crate::histories::replay_all;

/// What a language has no word for.
const ABSENT: [(&str, &str); 6] = [
    // They have neither promises nor coroutines that can wait: a wait that nothing can end can't be written.
    ("assemblyscript", "stuck"),
    ("assemblyscript", "idioms"),
    ("c", "stuck"),
    ("c", "idioms"),
    ("zig", "stuck"),
    ("zig", "idioms"),
];

/// A host with the guest of a language.
struct Guest {
    language: &'static str,
    host: Host,
    workflows: Vec<String>,
}

/// Goes through everything with the guest of a language, and then replays all of it.
pub(super) fn go_through(language: &'static str) {
    let Some(module) = module_of("guest", language) else { return };
    let host = Host::sharing_compiled_modules(&[]);
    let uploaded = host.client().upload("guest", &module);
    let workflows = uploaded["workflows"].as_array().unwrap();
    let workflows = workflows.iter().map(|name| name.as_str().unwrap().to_owned()).collect();
    let mut guest = Guest { language, host, workflows };
    for (what, scenario) in SCENARIOS {
        if let Some(workflow) = guest.workflow(what) {
            println!("{workflow}");
            scenario(&mut guest, &workflow);
        }
    }
    replay_all(&mut guest.host);
}

type Scenario = fn(&mut Guest, &str);

const SCENARIOS: [(&str, Scenario); 11] = [
    ("sleep", a_sleep_is_durable),
    ("clock", a_clock_stands_still_and_shows_the_time_of_the_history),
    ("random", what_is_random_differs_from_run_to_run),
    ("print", what_is_printed_is_logged_once),
    ("wait", whoever_waits_comes_back_after_a_crash),
    ("throw", what_is_thrown_is_a_failure_with_its_message_and_stack),
    ("throw-activity", what_is_thrown_in_an_activity_reaches_the_workflow),
    ("echo", an_input_comes_back_as_it_was),
    ("gather", many_activities_run_at_once),
    ("stuck", who_waits_for_nothing_fails_and_says_so),
    ("idioms", what_a_language_has_for_waiting_works),
];

impl Guest {
    fn client(&self) -> Client {
        self.host.client()
    }

    /// Returns the name of a workflow, or nothing if the language has no such thing.
    fn workflow(&self, what: &str) -> Option<String> {
        let name = format!("{}.{what}", self.language);
        let is_absent = ABSENT.contains(&(self.language, what));
        assert_eq!(self.workflows.contains(&name), !is_absent, "{name} in {:?}", self.workflows);
        (!is_absent).then_some(name)
    }

    fn kinds(&self, id: &str) -> Vec<String> {
        self.client().kinds(id)
    }
}

fn a_sleep_is_durable(guest: &mut Guest, workflow: &str) {
    guest.client().start(workflow, "sleep", "400");
    support::eventually("its timer", || {
        guest.kinds("sleep").contains(&"TimerCreated".to_owned()).then_some(())
    });
    guest.host.kill();
    guest.host.restart();
    let slept = guest.client().output_of("sleep").as_f64().unwrap();
    assert!((400.0..60_000.0).contains(&slept), "{slept}");
    let once = ["RunStarted", "TimerCreated", "TimerFired", "RunCompleted"];
    assert_eq!(guest.kinds("sleep"), once);
}

fn a_clock_stands_still_and_shows_the_time_of_the_history(guest: &mut Guest, workflow: &str) {
    guest.client().start(workflow, "clock", "null");
    let read = guest.client().output_of("clock");
    assert_eq!(read[0], read[1]);
    let since_1970 = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_millis() as f64;
    assert!((since_1970 - read[0].as_f64().unwrap()).abs() < 60_000.0, "{read}");
}

fn what_is_random_differs_from_run_to_run(guest: &mut Guest, workflow: &str) {
    let mut drawn = Vec::new();
    for id in ["one", "two"] {
        guest.client().start(workflow, id, "null");
        let Value::Array(values) = guest.client().output_of(id) else { panic!("no array") };
        drawn.extend(values);
    }
    for (position, value) in drawn.iter().enumerate() {
        assert!(!drawn[..position].contains(value), "{value} is there twice: {drawn:?}");
    }
}

fn what_is_printed_is_logged_once(guest: &mut Guest, workflow: &str) {
    let printed = |guest: &Guest, text: &str| {
        let log = guest.host.log();
        log.iter().filter(|line| line.contains(&format!("\"message\":\"{text}\""))).count()
    };
    guest.client().start(workflow, "print", "null");
    support::eventually("its first line", || (printed(guest, "before") == 1).then_some(()));
    support::eventually("its wait", || {
        guest.kinds("print").contains(&"EventAwaited".to_owned()).then_some(())
    });
    guest.host.kill();
    guest.host.restart();
    guest.client().raise("print", "Go", "7");
    assert_eq!(guest.client().output_of("print"), json!(7));
    support::eventually("its last line", || (printed(guest, "after") == 1).then_some(()));
    assert_eq!(printed(guest, "before"), 0, "a replay is silent");
}

fn whoever_waits_comes_back_after_a_crash(guest: &mut Guest, workflow: &str) {
    guest.client().start(workflow, "wait", "null");
    guest.client().wait_for("wait", "RUNNING");
    guest.host.kill();
    guest.host.restart();
    guest.client().raise("wait", "Go", r#"{"text":"ä \"\\ \u0001","number":1.5,"list":[null]}"#);
    let payload = json!({ "text": "ä \"\\ \u{1}", "number": 1.5, "list": [null] });
    assert_eq!(guest.client().output_of("wait"), payload);
}

fn what_is_thrown_is_a_failure_with_its_message_and_stack(guest: &mut Guest, workflow: &str) {
    guest.client().start(workflow, "throw", "\"why\"");
    let Failure { error_type, message, stack_trace: stack } = guest.client().failure_of("throw");
    assert!(message.contains("boom: why"), "{error_type}: {message}\n{stack}");
    assert!(stack.contains("explode"), "{error_type}: {message}\n{stack}");
    assert_ne!(error_type, "trap");
}

fn what_is_thrown_in_an_activity_reaches_the_workflow(guest: &mut Guest, workflow: &str) {
    guest.client().start(workflow, "throw-activity", "\"why\"");
    let Failure { error_type, message, stack_trace: stack } =
        guest.client().failure_of("throw-activity");
    assert!(message.contains("boom: why"), "{error_type}: {message}\n{stack}");
    assert_ne!(error_type, "trap");
}

fn an_input_comes_back_as_it_was(guest: &mut Guest, workflow: &str) {
    let value = json!({ "text": "ä€𝄞 \"quoted\" \\ \n", "numbers": [0, -1, 1.5, 1e300], "none": null, "yes": true, "empty": {} });
    guest.client().start(workflow, "echo", &value.to_string());
    assert_eq!(guest.client().output_of("echo"), value);
    guest.client().start(workflow, "long", &json!("x".repeat(300_000)).to_string());
    assert_eq!(guest.client().output_of("long").as_str().unwrap().len(), 300_000);
}

fn many_activities_run_at_once(guest: &mut Guest, workflow: &str) {
    guest.client().start(workflow, "gather", "50");
    let numbers: Value = (0..50).collect();
    assert_eq!(guest.client().output_of("gather"), numbers);
    let kinds = guest.kinds("gather");
    let asked = kinds[1..51].iter().all(|kind| kind == "ActivityScheduled");
    assert!(asked, "all are asked for before any ends: {kinds:?}");
}

fn who_waits_for_nothing_fails_and_says_so(guest: &mut Guest, workflow: &str) {
    guest.client().start(workflow, "stuck", "null");
    let Failure { error_type, message, stack_trace: stack } = guest.client().failure_of("stuck");
    assert_ne!(error_type, "trap", "{message}\n{stack}");
}

/// Queues, groups, time limits, races: whatever programs of the language are made of. Each takes three
/// results from a task beside it, lets a wait and a race run out, and tells what came of it.
fn what_a_language_has_for_waiting_works(guest: &mut Guest, workflow: &str) {
    guest.client().start(workflow, "idioms", "null");
    assert_eq!(guest.client().output_of("idioms"), json!([0, 1, 2, "timeout", "fast", 1]));
}
