use serde_json::{Value, json};

use super::*;
use crate::workflow::fixtures::one_of_each_event;

fn written(event: &Event) -> Value {
    serde_json::to_value(EventForm::from(event)).unwrap()
}

fn read(form: Value) -> Result<Event, String> {
    serde_json::from_value::<EventForm<'_>>(form)
        .map(Event::from)
        .map_err(|error| error.to_string())
}

#[test]
fn every_event_is_read_back_as_it_was() {
    for event in one_of_each_event() {
        let form = written(&event);
        assert_eq!(form["kind"], event.kind());
        let text = form.to_string();
        assert_eq!(read(serde_json::from_str(&text).unwrap()), Ok(event), "{text}");
    }
}

#[test]
fn a_field_too_many_or_too_few_is_refused() {
    for event in one_of_each_event() {
        let form = written(&event);
        let mut more = form.clone();
        more["surplus"] = json!(1);
        let refused = read(more).unwrap_err();
        assert!(refused.contains("surplus"), "{refused}");
        for field in form.as_object().unwrap().keys() {
            let mut fewer = form.clone();
            fewer.as_object_mut().unwrap().remove(field);
            // What may be left out makes another event.
            if let Ok(other) = read(fewer) {
                assert_ne!(other, event, "{field} is of no use in {form}");
            }
            for odd in [json!([]), json!({}), json!(-1), json!("\u{e9}"), json!(1e300)] {
                let mut other = form.clone();
                other[field] = odd;
                // It is read as something else or not at all, and nothing worse.
                let _ = read(other);
            }
        }
    }
}

#[test]
fn a_time_or_a_digest_that_is_none_is_refused() {
    for form in [
        json!({ "kind": "TimerCreated", "fireAt": "tomorrow" }),
        json!({ "kind": "TimerCreated", "fireAt": "10000-01-01T00:00:00Z" }),
        json!({ "kind": "TimerCreated", "fireAt": 5 }),
        json!({ "kind": "VersionSelected", "moduleDigest": "ab" }),
        json!({ "kind": "VersionSelected", "moduleDigest": "é".repeat(32) }),
        json!({ "kind": "TimerFired", "task": 4_294_967_296_u64 }),
        json!({ "kind": "Unheard" }),
        json!({ "kind": 1 }),
        json!({}),
        json!([]),
    ] {
        assert!(read(form.clone()).is_err(), "{form}");
    }
}
