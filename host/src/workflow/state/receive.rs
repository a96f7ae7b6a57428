//! Owns which event a message comes to, if any: what is recorded of what reaches a run from outside.

use super::{Phase, State};
use crate::workflow::event::{Event, Message};
use crate::workflow::failure::Failure;
use crate::workflow::id::{InstanceNumber, RunId, TaskNumber, Timestamp};

impl State {
    /// Returns the event that a message comes to at this time; none if it changes nothing, as with
    /// a pause of what is paused or the result of a task that nobody wants any more.
    pub fn receive(&self, message: &Message, now: Timestamp) -> Option<Event> {
        let is_live = matches!(self.phase, Phase::Running | Phase::Paused);
        match message {
            Message::Start(start) => {
                (self.phase == Phase::NotStarted).then(|| Event::RunStarted(start.clone()))
            }
            Message::Pause { reason } => {
                (self.phase == Phase::Running).then(|| Event::Paused { reason: reason.clone() })
            }
            Message::Resume { reason } => {
                (self.phase == Phase::Paused).then(|| Event::Resumed { reason: reason.clone() })
            }
            Message::CallEnded { run, task, attempt, result, progress } => {
                let is_own = self.identity.as_ref().is_some_and(|identity| identity.run == *run);
                let ended = (*task, *attempt, result);
                is_own.then(|| self.call_ended(ended, progress.as_ref(), now))?
            }
            _ if !is_live => None,
            Message::RaiseEvent { name, payload } => {
                Some(Event::EventRaised { name: name.clone(), payload: payload.clone() })
            }
            Message::Terminate { output, reason, recursive } => Some(Event::RunTerminated {
                output: output.clone(),
                reason: reason.clone(),
                recursive: *recursive,
            }),
            Message::ParentCancelled { parent, call } => {
                self.parent_cancelled(*parent, call.as_ref())
            }
            Message::SelectVersion { digest } => {
                (self.digest != Some(*digest)).then_some(Event::VersionSelected { digest: *digest })
            }
            Message::TimerDue { task: TaskNumber::START } => {
                let is_due = self.start_at.is_some_and(|start_at| start_at <= now);
                is_due.then_some(Event::StartDue)
            }
            Message::TimerDue { task } => self.open.due(*task, now),
        }
    }

    fn call_ended(
        &self,
        (task, ended, result): (TaskNumber, u32, &Result<String, Failure>),
        progress: Option<&String>,
        now: Timestamp,
    ) -> Option<Event> {
        let call = self.open.running(task).filter(|call| call.attempt == ended)?;
        let callee = call.work.callee();
        Some(match result {
            Ok(output) => Event::CallCompleted { callee, task, output: output.clone() },
            Err(failure) => {
                let retry = call.work.retry().filter(|_| !self.phase.is_terminal());
                let failure = failure.clone();
                let next =
                    retry.and_then(|it| it.next_attempt_at(ended, &failure, call.asked_at, now));
                match next {
                    Some(retry_at) => {
                        let progress = progress.cloned();
                        Event::AttemptFailed { callee, task, failure, retry_at, progress }
                    }
                    None => Event::CallFailed { callee, task, failure },
                }
            }
        })
    }

    fn parent_cancelled(
        &self,
        by: InstanceNumber,
        call: Option<&(RunId, TaskNumber)>,
    ) -> Option<Event> {
        let parent = self.identity.as_ref()?.parent.as_ref()?;
        let is_meant = call.is_none_or(|&(run, task)| (run, task) == (parent.run, parent.task));
        let reason = match call {
            Some(_) => "its parent no longer wants its result",
            None => "its parent was terminated",
        };
        (parent.number == by && is_meant).then(|| Event::RunTerminated {
            output: None,
            reason: Some(reason.to_owned()),
            recursive: true,
        })
    }
}
