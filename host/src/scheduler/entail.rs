//! Owns what a commit must hold beyond the rows of its own instance: children that come into being
//! with it, and messages to other instances.

use std::sync::Arc;

use tokio_util::task::task_tracker::TaskTrackerToken;

use super::claims::Claim;
use super::modules::{ANY_MODULE, Placement};
use super::{Core, Error};
use crate::store::{Birth, Chunk, New, Receiver, Version};
use crate::workflow::codec;
use crate::workflow::event::{Event, Message, Named, Parent, Recorded, RunStarted};
use crate::workflow::failure::{Failure, error_type};
use crate::workflow::id::{InstanceId, InstanceNumber, RunId, Timestamp};
use crate::workflow::state::{ChildStart, Effect, State};
use crate::workflow::summary::Summary;

/// What a commit must hold beyond the rows of its own instance.
#[derive(Default)]
pub(super) struct Entailed {
    pub(super) births: Vec<Birth>,
    pub(super) outbox: Vec<(Receiver, Vec<u8>)>,
    /// Held until the commit is over: no module of a child may be deleted meanwhile.
    pub(super) starting: Option<TaskTrackerToken>,
}

impl Entailed {
    pub(super) fn send(&mut self, receiver: Receiver, message: &Message) {
        self.outbox.push((receiver, codec::encode_message(message)));
    }
}

/// Returns sixteen bytes that nobody can guess.
pub(super) fn random_bytes() -> [u8; 16] {
    uuid::Uuid::new_v4().into_bytes()
}

/// Returns what these effects of an instance's events entail.
///
/// # Errors
/// The store can't be read.
pub(super) async fn entail(
    core: &Arc<Core>,
    number: InstanceNumber,
    state: &State,
    effects: &[Effect],
) -> Result<Entailed, Error> {
    let mut entailed = Entailed::default();
    for effect in effects {
        match effect {
            Effect::StartChild(child) => {
                entailed.starting.get_or_insert_with(|| core.starting.begin());
                begin_child(core, number, state, child, &mut entailed).await?;
            }
            Effect::CancelChild(run, task, instance) => {
                let call = Some((*run, *task));
                let cancelled = Message::ParentCancelled { parent: number, call };
                entailed.send(Receiver::Id(instance.clone()), &cancelled);
            }
            Effect::EndChildren => {
                let ended = Message::ParentCancelled { parent: number, call: None };
                for child in core.children(number).await? {
                    entailed.send(Receiver::Number(child), &ended);
                }
            }
            Effect::TellParent(parent, result) => {
                let ended = Message::CallEnded {
                    run: parent.run,
                    task: parent.task,
                    attempt: parent.attempt,
                    result: result.clone(),
                    progress: None,
                };
                entailed.send(Receiver::Number(parent.number), &ended);
            }
            Effect::RaiseEvent { instance, name, payload } => {
                let (name, payload) = (name.clone(), payload.clone());
                let raised = Message::RaiseEvent { name, payload };
                entailed.send(Receiver::Id(instance.clone()), &raised);
            }
            Effect::RunAttempt(_)
            | Effect::StopAttempt(_)
            | Effect::SetTimer(..)
            | Effect::ClearTimer(..) => {}
        }
    }
    Ok(entailed)
}

/// Lets a child come into being, or says at once why it can't.
async fn begin_child(
    core: &Core,
    number: InstanceNumber,
    state: &State,
    child: &ChildStart,
    entailed: &mut Entailed,
) -> Result<(), Error> {
    let Some(identity) = state.identity() else { return Ok(()) };
    let (run, task, attempt) = (child.run, child.task, child.attempt);
    let ended = |result| Message::CallEnded { run, task, attempt, result, progress: None };
    let is_awaited = !state.phase().is_terminal();
    let depth = if child.call.detached { 0 } else { identity.depth + 1 };
    let (place, replaces) = match admit(core, child, depth).await? {
        Ok(admitted) => admitted,
        Err(failure) => {
            if is_awaited {
                entailed.send(Receiver::Number(number), &ended(Err(failure)));
            }
            return Ok(());
        }
    };
    let parent = (!child.call.detached).then(|| Parent {
        number,
        instance: identity.instance.clone(),
        run,
        task,
        attempt,
    });
    let now = core.clock.now();
    let start = RunStarted {
        run: RunId(random_bytes()),
        seed: random_bytes(),
        instance: child.instance.clone(),
        workflow: child.call.workflow.clone(),
        module: place.module,
        digest: place.digest,
        input: child.call.input.clone(),
        created_at: now,
        start_at: None,
        generation: 1,
        depth,
        parent,
        named: Named::default(),
        origin: None,
    };
    let id = serde_json::Value::from(child.instance.as_str()).to_string();
    let if_born = (child.call.detached && is_awaited).then(|| ended(Ok(id)));
    let new = New {
        id: child.instance.clone(),
        replaces,
        created_at: now,
        parent: (!child.call.detached).then_some(number),
    };
    let child_number = core.next_number().await?;
    let if_refused = ended(Err(exists(&child.instance)));
    entailed.births.push(birth(child_number, new, start, now, if_born, &if_refused)?);
    Ok(())
}

fn exists(instance: &InstanceId) -> Failure {
    let message = format!("an active workflow with ID '{instance}' already exists");
    Failure::new(error_type::INSTANCE_EXISTS, message)
}

/// Where a child is to run, and what it replaces; or why it can't be.
async fn admit(
    core: &Core,
    child: &ChildStart,
    depth: u32,
) -> Result<Result<(Placement, Option<(InstanceNumber, Version)>), Failure>, Error> {
    if depth > core.limits.depth {
        let message = format!("children are nested more than {} deep", core.limits.depth);
        return Ok(Err(Failure::permanent(error_type::LIMIT_EXCEEDED, message)));
    }
    let workflow = &child.call.workflow;
    let Some(place) = core.modules.place(ANY_MODULE, workflow) else {
        let message = format!("no module has a workflow named '{workflow}'");
        return Ok(Err(Failure::permanent(error_type::WORKFLOW_NOT_FOUND, message)));
    };
    Ok(match core.claim(&child.instance).await? {
        Claim::Free => Ok((place, None)),
        Claim::Replace(number, version) => Ok((place, Some((number, version)))),
        Claim::Taken { living, .. } => Err(exists(&living)),
    })
}

fn birth(
    instance: InstanceNumber,
    new: New,
    start: RunStarted,
    now: Timestamp,
    if_born: Option<Message>,
    if_refused: &Message,
) -> Result<Birth, Error> {
    let recorded = Recorded { time: now, event: Event::RunStarted(start) };
    let mut state = State::default();
    state.apply(&recorded)?;
    let summary = Summary::of(&state, false, 0, None).ok_or(Error::InstanceGone)?;
    Ok(Birth {
        instance,
        new,
        label: codec::encode_label(&summary.label()),
        summary: codec::encode_summary(&summary),
        history: Chunk { first: 0, bytes: codec::encode_history(&[recorded]) },
        if_born: if_born.as_ref().map(codec::encode_message),
        if_refused: codec::encode_message(if_refused),
    })
}
