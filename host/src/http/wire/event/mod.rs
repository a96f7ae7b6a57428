//! Owns the JSON form of events, in both directions: what a history shows, and what an export holds and
//! an import takes. It must lose nothing: what is written is read back as the same event.

mod parts;
mod run;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use self::parts::{
    ActivityScheduled, AttemptFailed, CallCompleted, CallFailed, ChildCreated, EventSent,
    InputReplaced, Named, Of, Raised, Reason, StatusSet, Timer,
};
use self::run::{Completed, Failed, RunStarted, Terminated, VersionSelected};
use crate::workflow::command::Command;
use crate::workflow::event::{Callee, Event};
use crate::workflow::id::TaskNumber;

/// An event. Its kind is what [`Event::kind`] says.
#[derive(Serialize, Deserialize)]
#[serde(tag = "kind")]
pub(in crate::http) enum EventForm<'a> {
    RunStarted(RunStarted<'a>),
    ActivityScheduled(ActivityScheduled<'a>),
    ChildWorkflowCreated(ChildCreated<'a>),
    TimerCreated(Timer),
    EventAwaited(Named<'a>),
    TaskCancelled(Of),
    CustomStatusSet(StatusSet<'a>),
    EventSent(EventSent<'a>),
    PatchUsed(Named<'a>),
    EventRaised(Raised<'a>),
    ActivityCompleted(CallCompleted<'a>),
    ChildWorkflowCompleted(CallCompleted<'a>),
    ActivityAttemptFailed(AttemptFailed<'a>),
    ChildWorkflowAttemptFailed(AttemptFailed<'a>),
    ActivityFailed(CallFailed<'a>),
    ChildWorkflowFailed(CallFailed<'a>),
    ActivityRetried(Of),
    ChildWorkflowRetried(Of),
    TimerFired(Of),
    StartDue(Nothing),
    Paused(Reason<'a>),
    Resumed(Reason<'a>),
    VersionSelected(VersionSelected),
    InputReplaced(InputReplaced<'a>),
    RunCompleted(Completed<'a>),
    RunFailed(Failed<'a>),
    RunTerminated(Terminated<'a>),
}

/// There is nothing to say but the kind.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct Nothing {}

impl<'a> From<&'a Event> for EventForm<'a> {
    fn from(event: &'a Event) -> Self {
        use Callee::{Activity, Workflow};
        match event {
            Event::RunStarted(start) => Self::RunStarted(start.into()),
            Event::Asked(command) => command.into(),
            Event::EventRaised { name, payload } => Self::EventRaised(Raised::new(name, payload)),
            Event::CallCompleted { callee, task, output } => {
                let completed = CallCompleted::new(*task, output);
                match callee {
                    Activity => Self::ActivityCompleted(completed),
                    Workflow => Self::ChildWorkflowCompleted(completed),
                }
            }
            Event::AttemptFailed { callee, task, failure, retry_at, progress } => {
                let failed = AttemptFailed::new(*task, failure, *retry_at, progress.as_deref());
                match callee {
                    Activity => Self::ActivityAttemptFailed(failed),
                    Workflow => Self::ChildWorkflowAttemptFailed(failed),
                }
            }
            Event::CallFailed { callee, task, failure } => {
                let failed = CallFailed::new(*task, failure);
                match callee {
                    Activity => Self::ActivityFailed(failed),
                    Workflow => Self::ChildWorkflowFailed(failed),
                }
            }
            Event::CallRetried { callee: Activity, task } => Self::ActivityRetried((*task).into()),
            Event::CallRetried { callee: Workflow, task } => {
                Self::ChildWorkflowRetried((*task).into())
            }
            Event::TimerFired { task } => Self::TimerFired((*task).into()),
            Event::StartDue => Self::StartDue(Nothing {}),
            Event::Paused { reason } => Self::Paused(Reason::new(reason.as_deref())),
            Event::Resumed { reason } => Self::Resumed(Reason::new(reason.as_deref())),
            Event::VersionSelected { digest } => Self::VersionSelected((*digest).into()),
            Event::InputReplaced { task, input } => {
                Self::InputReplaced(InputReplaced::new(*task, input))
            }
            Event::RunCompleted { output } => Self::RunCompleted(Completed::new(output)),
            Event::RunFailed { failure } => Self::RunFailed(Failed::new(failure)),
            Event::RunTerminated { output, reason, recursive } => Self::RunTerminated(
                Terminated::new(output.as_deref(), reason.as_deref(), *recursive),
            ),
        }
    }
}

impl<'a> From<&'a Command> for EventForm<'a> {
    fn from(command: &'a Command) -> Self {
        match command {
            Command::CallActivity(call) => Self::ActivityScheduled(call.into()),
            Command::CallWorkflow(call) => Self::ChildWorkflowCreated(call.into()),
            Command::StartTimer { fire_at } => Self::TimerCreated((*fire_at).into()),
            Command::WaitEvent { name } => Self::EventAwaited(Named::new(name)),
            Command::Cancel { task } => Self::TaskCancelled((*task).into()),
            Command::SetCustomStatus { status } => Self::CustomStatusSet(StatusSet::new(status)),
            Command::RaiseEvent { instance, name, payload } => {
                Self::EventSent(EventSent::new(instance, name, payload))
            }
            Command::UsePatch { patch } => Self::PatchUsed(Named::new(patch)),
        }
    }
}

impl From<EventForm<'_>> for Event {
    fn from(form: EventForm<'_>) -> Self {
        use Callee::{Activity, Workflow};
        use EventForm as Form;
        match form {
            Form::RunStarted(start) => Self::RunStarted(start.into()),
            Form::ActivityScheduled(call) => Self::Asked(Command::CallActivity(call.into())),
            Form::ChildWorkflowCreated(call) => Self::Asked(Command::CallWorkflow(call.into())),
            Form::TimerCreated(timer) => Self::Asked(timer.into()),
            Form::EventAwaited(Named { name }) => {
                Self::Asked(Command::WaitEvent { name: name.into() })
            }
            Form::TaskCancelled(of) => Self::Asked(Command::Cancel { task: of.into() }),
            Form::CustomStatusSet(set) => Self::Asked(set.into()),
            Form::EventSent(sent) => Self::Asked(sent.into()),
            Form::PatchUsed(Named { name }) => {
                Self::Asked(Command::UsePatch { patch: name.into() })
            }
            Form::EventRaised(raised) => raised.into(),
            Form::ActivityCompleted(completed) => completed.event(Activity),
            Form::ChildWorkflowCompleted(completed) => completed.event(Workflow),
            Form::ActivityAttemptFailed(failed) => failed.event(Activity),
            Form::ChildWorkflowAttemptFailed(failed) => failed.event(Workflow),
            Form::ActivityFailed(failed) => failed.event(Activity),
            Form::ChildWorkflowFailed(failed) => failed.event(Workflow),
            Form::ActivityRetried(of) => retried(Activity, of),
            Form::ChildWorkflowRetried(of) => retried(Workflow, of),
            Form::TimerFired(of) => Self::TimerFired { task: of.into() },
            Form::StartDue(Nothing {}) => Self::StartDue,
            Form::Paused(Reason { reason }) => Self::Paused { reason: reason.map(Into::into) },
            Form::Resumed(Reason { reason }) => Self::Resumed { reason: reason.map(Into::into) },
            Form::VersionSelected(selected) => selected.into(),
            Form::InputReplaced(replaced) => replaced.into(),
            Form::RunCompleted(completed) => completed.into(),
            Form::RunFailed(failed) => failed.into(),
            Form::RunTerminated(terminated) => terminated.into(),
        }
    }
}

fn retried(callee: Callee, of: Of) -> Event {
    let task: TaskNumber = of.into();
    Event::CallRetried { callee, task }
}
