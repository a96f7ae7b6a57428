//! Owns how a simulated world makes an attempt of an activity or starts a child. It must not know when:
//! the world says so.

use std::rc::Rc;
use std::time::{Duration, SystemTime};

use crate::host::{ActivityInfo, Outcome};
use crate::retry::{ActivityOptions, ChildOptions, whole_ms};
use crate::{ActivityContext, Failure};

use super::calls::{Call, Callee, TaskKey};
use super::instance::Story;
use super::mocks::{AttemptHost, Child};
use super::run::Beginning;
use super::world::{Happening, World, info};

/// How long an attempt may take where its call doesn't say.
const LONGEST_ATTEMPT_MS: u64 = 60 * 60 * 1000;

impl World {
    pub(super) fn start_attempt(&mut self, key: TaskKey) {
        let Some(call) = self.calls.remove(&key) else { return };
        match call.callee {
            Callee::Activity { .. } => self.attempt_activity(key, call),
            Callee::Workflow { .. } => {
                // A call is forgotten with the instance that has made it.
                let Some(mut caller) = self.instances.remove(&key.instance) else { return };
                let caller_id = key.instance.clone();
                self.start_child(key, call, &mut caller.story);
                self.instances.insert(caller_id, caller);
            }
        }
    }

    fn attempt_activity(&mut self, key: TaskKey, mut call: Call) {
        let Callee::Activity { options, last_progress } = &mut call.callee else { return };
        let limit_ms = options.timeout.map_or(LONGEST_ATTEMPT_MS, whole_ms);
        let info = ActivityInfo {
            instance_id: key.instance.clone(),
            activity_name: call.name.clone(),
            attempt: call.attempt,
            idempotency_key: self.idempotency_key(&key),
            deadline: SystemTime::UNIX_EPOCH
                + Duration::from_millis(self.now_ms.saturating_add(limit_ms)),
        };
        self.seen.attempts.push((call.name.clone(), call.input.clone()));
        let host = Rc::new(AttemptHost::new(self.log.clone(), last_progress.take()));
        let mocks = self.mocks.clone();
        let mut mocks = mocks.borrow_mut();
        let Some(mock) = mocks.activities.get_mut(&call.name) else {
            panic!(
                "the workflow calls the activity {:?}, which the harness doesn't know: \
                 add it with `activity`, `real_activity` or `activity_named`",
                call.name
            );
        };
        let outcome = (mock.answer)(ActivityContext::new(host.clone(), info), &call.input);
        *last_progress = host.progress();
        let (takes_ms, outcome) = within_limits(options, whole_ms(mock.takes), outcome);
        self.calls.insert(key.clone(), call);
        self.arrange(self.now_ms + takes_ms, Happening::AttemptEnds(key, outcome));
    }

    fn idempotency_key(&self, key: &TaskKey) -> String {
        let instance_id = &key.instance;
        match self.instances.get(instance_id).map_or(1, |instance| instance.story.runs) {
            1 => format!("{instance_id}/{}", key.task.0),
            run => format!("{instance_id}/{run}/{}", key.task.0),
        }
    }

    /// Starts a child. The instance that calls it is not among the others at this moment.
    pub(super) fn start_child(&mut self, key: TaskKey, mut call: Call, caller: &mut Story) {
        let Callee::Workflow { options, instance } = &mut call.callee else { return };
        let ChildOptions { instance_id, detached, .. } = options.clone();
        let id = instance_id.unwrap_or_else(|| caller.name_child(&key.instance, detached));
        let (name, input) = (call.name.clone(), call.input.clone());
        if id == key.instance || self.has_instance(&id) {
            let message = format!("an instance {id:?} exists already, and has not ended");
            self.calls.insert(key.clone(), call);
            let outcome = Err(Failure::new("instance-exists", message));
            return self.arrange(self.now_ms, Happening::AttemptEnds(key, outcome));
        }
        *instance = (!detached).then(|| id.clone());
        self.calls.insert(key.clone(), call);
        self.seen.children.push((id.clone(), name.clone(), input.clone()));
        if detached {
            let outcome = Ok(serde_json::Value::from(id.as_str()).to_string());
            self.arrange(self.now_ms, Happening::AttemptEnds(key.clone(), outcome));
        }
        self.begin_child(key, id, (name, input), detached);
    }

    fn has_instance(&self, id: &str) -> bool {
        self.instances.contains_key(id) || self.calls.values().any(|call| call.is_attempted_by(id))
    }

    fn begin_child(
        &mut self,
        key: TaskKey,
        id: String,
        (name, input): (String, String),
        detached: bool,
    ) {
        let mocks = self.mocks.clone();
        let mut mocks = mocks.borrow_mut();
        match mocks.workflows.get_mut(&name) {
            Some(Child::Real(start)) => {
                let parent = (!detached).then(|| key.instance.clone());
                let beginning = Beginning {
                    start: *start,
                    input,
                    info: info(id, name, parent.clone()),
                    seed: 0,
                    unread: Vec::new(),
                    too_new: Default::default(),
                };
                let caller = (!detached).then_some(key);
                self.create(beginning, Story::of_child(parent, caller));
            }
            Some(Child::Mock(mock)) => {
                let outcome = (mock.answer)(&input);
                if !detached {
                    let at_ms = self.now_ms + whole_ms(mock.takes);
                    self.arrange(at_ms, Happening::AttemptEnds(key, outcome));
                }
            }
            None => panic!(
                "the workflow calls the workflow {name:?}, which the harness doesn't know: \
                 add it with `workflow`, `real_workflow` or `workflow_named`"
            ),
        }
    }
}

/// Cuts an attempt short that takes too long, or is silent for too long: a mock sends no heartbeats.
fn within_limits(options: &ActivityOptions, takes_ms: u64, outcome: Outcome) -> (u64, Outcome) {
    let limit_ms = options.timeout.map_or(LONGEST_ATTEMPT_MS, whole_ms);
    let silence_ms = options.heartbeat_timeout.map_or(u64::MAX, whole_ms);
    if takes_ms <= limit_ms.min(silence_ms) {
        (takes_ms, outcome)
    } else if limit_ms <= silence_ms {
        let message = format!("the attempt took longer than {limit_ms} ms");
        (limit_ms, Err(Failure::new("timeout", message)))
    } else {
        let message = format!("the attempt sent no heartbeat for {silence_ms} ms");
        (silence_ms, Err(Failure::new("heartbeat-timeout", message)))
    }
}
