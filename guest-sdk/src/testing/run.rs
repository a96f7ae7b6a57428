//! Owns one simulated run of a workflow, from its beginning to its end, and its replay. It must not
//! know what the world does.

use std::collections::BTreeSet;
use std::rc::Rc;
use std::task::Poll;

use crate::host::{InstanceInfo, Outcome};
use crate::{Context, Failure, executor};

use super::host::{Effect, Next, Record, SimulatedHost};
use super::mocks::{Log, Start};
use super::tasks::Delivery;

/// What a run begins with, and begins with again when it is replayed.
#[derive(Clone)]
pub(super) struct Beginning {
    pub(super) start: Start,
    pub(super) input: String,
    pub(super) info: InstanceInfo,
    pub(super) seed: u64,
    /// Name and payload of the events that the run before has left.
    pub(super) unread: Vec<(String, String)>,
    /// The patches that were made after this run had begun.
    pub(super) too_new: BTreeSet<String>,
}

/// A run on its way.
pub(super) struct SimulatedRun {
    beginning: Beginning,
    /// Declared before the host, so that what the workflow holds is dropped before it.
    run: executor::Run,
    host: Rc<SimulatedHost>,
    has_begun: bool,
    outcome: Option<Outcome>,
}

/// How a run has ended.
pub(super) struct Ended {
    pub(super) how: How,
    /// What its replay did otherwise.
    pub(super) nondeterminism: Option<Failure>,
    pub(super) commands: Vec<String>,
    pub(super) custom_status: Option<String>,
    /// What the world has not been told yet.
    pub(super) effects: Vec<Effect>,
}

pub(super) enum How {
    With(Outcome),
    AsNew(Next),
    /// The host has ended it, whatever the workflow returned.
    GivenUp(Failure),
}

impl SimulatedRun {
    pub(super) fn new(beginning: Beginning, log: Log) -> Self {
        Self::begin(beginning, log, None)
    }

    fn begin(beginning: Beginning, log: Log, earlier: Option<Vec<String>>) -> Self {
        let Beginning { start, input, info, seed, unread, too_new } = beginning.clone();
        let host = Rc::new(SimulatedHost::new(info, seed, too_new, log, earlier));
        for (name, payload) in unread {
            host.keep_event(name, payload);
        }
        let run = start(Context::new(host.clone()), &input);
        Self { beginning, run, host, has_begun: false, outcome: None }
    }

    pub(super) fn instance_id(&self) -> &str {
        &self.beginning.info.instance_id
    }

    pub(super) fn beginning(&self) -> &Beginning {
        &self.beginning
    }

    pub(super) fn has_begun(&self) -> bool {
        self.has_begun
    }

    pub(super) fn deliver(&self, at_ms: u64, delivery: Delivery) {
        self.host.deliver(at_ms, delivery);
    }

    /// Goes on until the workflow waits for what has not been delivered, or the run is over; returns
    /// whether it is.
    pub(super) fn advance(&mut self) -> bool {
        self.has_begun = true;
        match self.run.advance() {
            Poll::Ready(outcome) => {
                self.outcome = Some(outcome);
                true
            }
            Poll::Pending => self.host.is_over(),
        }
    }

    /// Returns what the world has not been told yet.
    pub(super) fn take_effects(&self) -> Vec<Effect> {
        self.host.take_effects()
    }

    /// Ends a run in which nothing will ever happen any more.
    pub(super) fn give_up_waiting(&self) {
        let last = self.host.last_command().unwrap_or_else(|| "do nothing".to_owned());
        let message = format!(
            "the workflow waits for ever: nothing is left to happen in this test; \
             the last thing it asked for was to {last}"
        );
        self.host.give_up(Failure::new("waits-for-ever", message));
    }

    /// Ends a run that is over, and replays it.
    pub(super) fn end(self) -> Ended {
        let beginning = self.beginning.clone();
        let (mut ended, record) = self.end_alone();
        ended.nondeterminism = check_replay(beginning, record, &ended.how).err();
        ended
    }

    fn end_alone(self) -> (Ended, Record) {
        let Self { run, host, outcome, .. } = self;
        drop(run);
        let Some(host) = Rc::into_inner(host) else {
            panic!("the workflow has kept its context, or a task, beyond its end");
        };
        let remains = host.into_remains();
        let how = match (remains.verdict, remains.next, outcome) {
            (Some(verdict), _, _) => How::GivenUp(verdict),
            (None, Some(next), _) => How::AsNew(next),
            (None, None, Some(outcome)) => How::With(outcome),
            (None, None, None) => How::GivenUp(strayed("the workflow has not ended".to_owned())),
        };
        let ended = Ended {
            how,
            nondeterminism: None,
            commands: remains.record.commands.clone(),
            custom_status: remains.custom_status,
            effects: remains.effects,
        };
        (ended, remains.record)
    }
}

/// Runs the same workflow once more, with the same results.
fn check_replay(mut beginning: Beginning, record: Record, how: &How) -> Result<(), Failure> {
    if matches!(how, How::GivenUp(_)) {
        return Ok(());
    }
    beginning.info.replaying = true;
    let mut again = SimulatedRun::begin(beginning, Log::default(), Some(record.commands));
    let mut deliveries = record.deliveries.into_iter();
    while !again.advance() {
        let Some((at_ms, delivery)) = deliveries.next() else { break };
        again.deliver(at_ms, delivery);
    }
    match (how, again.end_alone().0.how) {
        (_, How::GivenUp(verdict)) => Err(verdict),
        (How::With(outcome), How::With(other)) if *outcome != other => {
            Err(strayed(format!("the workflow ended with {outcome:?}, but with {other:?}")))
        }
        (How::With(_), How::AsNew(_)) | (How::AsNew(_), How::With(_)) => {
            Err(strayed("the workflow ended otherwise".to_owned()))
        }
        _ => Ok(()),
    }
}

fn strayed(how: String) -> Failure {
    Failure::new("nondeterminism", format!("{how} in its replay"))
}
