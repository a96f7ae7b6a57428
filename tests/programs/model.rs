//! Programs at random, and what they give: read plainly, without a host.

use rand_chacha::rand_core::Rng;
use serde_json::{Value, json};

use super::below;

/// How deep steps are nested at most.
const DEPTH_MAX: u32 = 3;

/// A program of the workflow `Interpreter`.
pub(super) struct Program {
    /// The ID of its instance.
    pub(super) id: String,
    steps: Vec<Value>,
    values: Vec<Value>,
    /// Events to raise: to which instance, under which name, with which payload.
    pub(super) events: Vec<(String, String, Value)>,
}

impl Program {
    /// Returns a program for an instance of its own.
    pub(super) fn random(number: usize, random: &mut impl Rng) -> Self {
        let id = format!("program-{number}");
        let mut writer = Writer { random, events: Vec::new(), names: 0 };
        let mut family = Family { id: id.clone(), children: 0 };
        let (steps, values) = writer.top(&mut family, DEPTH_MAX);
        let events = writer.events;
        Self { id, steps, values, events }
    }

    /// Returns the input of the workflow.
    pub(super) fn input(&self) -> String {
        json!({ "steps": self.steps }).to_string()
    }

    /// Returns what it must return.
    pub(super) fn expected(&self) -> Value {
        json!(self.values)
    }
}

/// An instance, and how many children it has named so far.
struct Family {
    id: String,
    children: u32,
}

impl Family {
    /// Children are named in the order in which they are called: so none is called in a branch.
    fn child(&mut self) -> Self {
        self.children += 1;
        Self { id: format!("{}:{:04x}", self.id, self.children), children: 0 }
    }
}

struct Writer<'a, R> {
    random: &'a mut R,
    events: Vec<(String, String, Value)>,
    names: u32,
}

impl<R: Rng> Writer<'_, R> {
    fn below(&mut self, bound: u64) -> u64 {
        below(self.random, bound)
    }

    /// Steps for the top of an instance, where it may continue as new.
    fn top(&mut self, family: &mut Family, depth: u32) -> (Vec<Value>, Vec<Value>) {
        let (mut steps, mut values) = (Vec::new(), Vec::new());
        for _ in 0..=self.below(6) {
            match self.below(8) {
                0 => steps.push(json!("again")),
                1 => steps.push(json!("look")),
                2 if depth > 0 => {
                    let mut child = family.child();
                    let (inner, given) = self.top(&mut child, depth - 1);
                    steps.push(json!({ "child": inner }));
                    values.push(json!(given));
                }
                3 => {
                    family.children += 1;
                    let message = format!("failure {}", self.below(100));
                    steps.push(json!({ "failingChild": message }));
                    values.push(json!(message));
                }
                4 => {
                    let name = self.name();
                    let payload = json!({ "of": name });
                    let to = family.id.clone();
                    steps.push(json!({ "raise": { "to": to, "name": name, "payload": payload } }));
                    steps.push(json!({ "event": name.to_uppercase() }));
                    values.push(payload);
                }
                _ => {
                    let (step, value) = self.step(family, depth);
                    steps.push(step);
                    values.push(value);
                }
            }
        }
        (steps, values)
    }

    /// A step that gives one value.
    fn step(&mut self, family: &Family, depth: u32) -> (Value, Value) {
        let number = self.below(50);
        match self.below(7) {
            0 | 1 => (json!({ "square": number }), json!(number * number)),
            2 => (json!({ "retry": number % 3 + 1 }), json!(number % 3 + 1)),
            3 => (json!({ "sleep": number * 4 }), Value::Null),
            4 => {
                let name = self.name();
                let payload = json!([name, number]);
                self.events.push((family.id.clone(), name.clone(), payload.clone()));
                (json!({ "event": name }), payload)
            }
            5 if depth > 0 => {
                let (step, value) = self.step(family, depth - 1);
                (json!({ "race": step }), value)
            }
            6 if depth > 0 => {
                let (mut branches, mut given) = (Vec::new(), Vec::new());
                for _ in 0..self.below(4) {
                    let count = self.below(3);
                    let (steps, values): (Vec<_>, Vec<_>) =
                        (0..count).map(|_| self.step(family, depth - 1)).unzip();
                    branches.push(steps);
                    given.push(values);
                }
                (json!({ "all": branches }), json!(given))
            }
            _ => (json!({ "square": number }), json!(number * number)),
        }
    }

    /// A name that no other event has, since one may be raised twice.
    fn name(&mut self) -> String {
        self.names += 1;
        format!("event-{}", self.names)
    }
}
