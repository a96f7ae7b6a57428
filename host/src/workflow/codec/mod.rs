//! Owns how histories and summaries are written down: the only encoding of either.
//!
//! Each starts with a byte for its format. A format, once released, is read for ever: a change makes
//! a new format, and reading upgrades the old ones, so that the rest of the core knows only one
//! form. The tags below are part of format 1 and are never reused.

mod bytes;

pub use bytes::Error;
use bytes::{Reader, Writer};

use super::command::{ActivityCall, Command};
use super::event::{Event, Message, Recorded, RunStarted};
use super::failure::{Failure, RetryPolicy};
use super::id::{Digest, InstanceId, RunId, TaskNumber, Timestamp};
use super::replay::Nondeterminism;
use super::state::Phase;
use super::summary::{Stall, Summary};

const HISTORY_FORMAT: u8 = 1;
const SUMMARY_FORMAT: u8 = 1;
const MESSAGE_FORMAT: u8 = 1;

mod tag {
    pub(super) const RUN_STARTED: u8 = 1;
    pub(super) const CALL_ACTIVITY: u8 = 2;
    pub(super) const START_TIMER: u8 = 3;
    pub(super) const WAIT_EVENT: u8 = 4;
    pub(super) const CANCEL: u8 = 5;
    pub(super) const SET_CUSTOM_STATUS: u8 = 6;
    pub(super) const EVENT_RAISED: u8 = 7;
    pub(super) const ACTIVITY_COMPLETED: u8 = 8;
    pub(super) const ACTIVITY_ATTEMPT_FAILED: u8 = 9;
    pub(super) const ACTIVITY_FAILED: u8 = 10;
    pub(super) const TIMER_FIRED: u8 = 11;
    pub(super) const PAUSED: u8 = 12;
    pub(super) const RESUMED: u8 = 13;
    pub(super) const VERSION_SELECTED: u8 = 14;
    pub(super) const RUN_COMPLETED: u8 = 15;
    pub(super) const RUN_FAILED: u8 = 16;
    pub(super) const RUN_TERMINATED: u8 = 17;
    pub(super) const ACTIVITY_RETRIED: u8 = 18;
}

/// Writes a stretch of history.
pub fn encode_history(events: &[Recorded]) -> Vec<u8> {
    let mut writer = Writer::default();
    writer.byte(HISTORY_FORMAT);
    for recorded in events {
        writer.number(recorded.time.0);
        write_event(&mut writer, &recorded.event);
    }
    writer.finish()
}

/// Reads a stretch of history.
///
/// # Errors
/// The bytes were written by a newer release, or are damaged.
pub fn decode_history(bytes: &[u8]) -> Result<Vec<Recorded>, Error> {
    let mut reader = Reader::new("history", HISTORY_FORMAT, bytes)?;
    let mut events = Vec::new();
    while !reader.is_at_end() {
        let time = Timestamp(reader.number()?);
        events.push(Recorded { time, event: read_event(&mut reader)? });
    }
    Ok(events)
}

fn write_event(writer: &mut Writer, event: &Event) {
    match event {
        Event::RunStarted(start) => {
            writer.byte(tag::RUN_STARTED);
            write_start(writer, start);
        }
        Event::Asked(command) => write_command(writer, command),
        Event::EventRaised { name, payload } => {
            writer.byte(tag::EVENT_RAISED);
            writer.text(name);
            writer.text(payload);
        }
        Event::ActivityCompleted { task, output } => {
            write_tagged_task(writer, tag::ACTIVITY_COMPLETED, *task);
            writer.text(output);
        }
        Event::ActivityAttemptFailed { task, failure, retry_at } => {
            write_tagged_task(writer, tag::ACTIVITY_ATTEMPT_FAILED, *task);
            write_failure(writer, failure);
            writer.number(retry_at.0);
        }
        Event::ActivityFailed { task, failure } => {
            write_tagged_task(writer, tag::ACTIVITY_FAILED, *task);
            write_failure(writer, failure);
        }
        Event::ActivityRetried { task } => write_tagged_task(writer, tag::ACTIVITY_RETRIED, *task),
        Event::TimerFired { task } => write_tagged_task(writer, tag::TIMER_FIRED, *task),
        Event::Paused => writer.byte(tag::PAUSED),
        Event::Resumed => writer.byte(tag::RESUMED),
        Event::VersionSelected { digest } => {
            writer.byte(tag::VERSION_SELECTED);
            writer.raw(&digest.0);
        }
        Event::RunCompleted { output } => {
            writer.byte(tag::RUN_COMPLETED);
            writer.text(output);
        }
        Event::RunFailed { failure } => {
            writer.byte(tag::RUN_FAILED);
            write_failure(writer, failure);
        }
        Event::RunTerminated { output } => {
            writer.byte(tag::RUN_TERMINATED);
            writer.option(output.as_deref(), Writer::text);
        }
    }
}

fn read_event(reader: &mut Reader<'_>) -> Result<Event, Error> {
    Ok(match reader.byte()? {
        tag::RUN_STARTED => Event::RunStarted(read_start(reader)?),
        tag::EVENT_RAISED => Event::EventRaised { name: reader.text()?, payload: reader.text()? },
        tag::ACTIVITY_COMPLETED => {
            Event::ActivityCompleted { task: read_task(reader)?, output: reader.text()? }
        }
        tag::ACTIVITY_ATTEMPT_FAILED => Event::ActivityAttemptFailed {
            task: read_task(reader)?,
            failure: read_failure(reader)?,
            retry_at: Timestamp(reader.number()?),
        },
        tag::ACTIVITY_FAILED => {
            Event::ActivityFailed { task: read_task(reader)?, failure: read_failure(reader)? }
        }
        tag::ACTIVITY_RETRIED => Event::ActivityRetried { task: read_task(reader)? },
        tag::TIMER_FIRED => Event::TimerFired { task: read_task(reader)? },
        tag::PAUSED => Event::Paused,
        tag::RESUMED => Event::Resumed,
        tag::VERSION_SELECTED => Event::VersionSelected { digest: Digest(reader.array()?) },
        tag::RUN_COMPLETED => Event::RunCompleted { output: reader.text()? },
        tag::RUN_FAILED => Event::RunFailed { failure: read_failure(reader)? },
        tag::RUN_TERMINATED => Event::RunTerminated { output: reader.option(Reader::text)? },
        command => Event::Asked(read_command(reader, command)?),
    })
}

fn write_start(writer: &mut Writer, start: &RunStarted) {
    writer.raw(&start.run.0);
    writer.text(start.instance.as_str());
    writer.text(&start.workflow);
    writer.text(&start.module);
    writer.raw(&start.digest.0);
    writer.text(&start.input);
}

fn read_start(reader: &mut Reader<'_>) -> Result<RunStarted, Error> {
    Ok(RunStarted {
        run: RunId(reader.array()?),
        instance: InstanceId::unchecked(&reader.text()?),
        workflow: reader.text()?,
        module: reader.text()?,
        digest: Digest(reader.array()?),
        input: reader.text()?,
    })
}

fn write_command(writer: &mut Writer, command: &Command) {
    match command {
        Command::CallActivity(call) => {
            writer.byte(tag::CALL_ACTIVITY);
            writer.text(&call.name);
            writer.text(&call.input);
            writer.option(call.retry.as_ref(), write_retry);
            writer.option(call.timeout_ms, Writer::number);
        }
        Command::StartTimer { fire_at } => {
            writer.byte(tag::START_TIMER);
            writer.number(fire_at.0);
        }
        Command::WaitEvent { name } => {
            writer.byte(tag::WAIT_EVENT);
            writer.text(name);
        }
        Command::Cancel { task } => write_tagged_task(writer, tag::CANCEL, *task),
        Command::SetCustomStatus { status } => {
            writer.byte(tag::SET_CUSTOM_STATUS);
            writer.text(status);
        }
    }
}

fn read_command(reader: &mut Reader<'_>, tag: u8) -> Result<Command, Error> {
    Ok(match tag {
        tag::CALL_ACTIVITY => Command::CallActivity(ActivityCall {
            name: reader.text()?,
            input: reader.text()?,
            retry: reader.option(read_retry)?,
            timeout_ms: reader.option(Reader::number)?,
        }),
        tag::START_TIMER => Command::StartTimer { fire_at: Timestamp(reader.number()?) },
        tag::WAIT_EVENT => Command::WaitEvent { name: reader.text()? },
        tag::CANCEL => Command::Cancel { task: read_task(reader)? },
        tag::SET_CUSTOM_STATUS => Command::SetCustomStatus { status: reader.text()? },
        _ => return Err(reader.damaged("there is no event with this tag")),
    })
}

fn write_tagged_task(writer: &mut Writer, tag: u8, task: TaskNumber) {
    writer.byte(tag);
    writer.number(task.0.into());
}

fn read_task(reader: &mut Reader<'_>) -> Result<TaskNumber, Error> {
    reader.number_u32().map(TaskNumber)
}

fn write_failure(writer: &mut Writer, failure: &Failure) {
    writer.text(&failure.error_type);
    writer.text(&failure.message);
    writer.option(failure.stack_trace.as_deref(), Writer::text);
    writer.byte(failure.non_retriable.into());
}

fn read_failure(reader: &mut Reader<'_>) -> Result<Failure, Error> {
    Ok(Failure {
        error_type: reader.text()?,
        message: reader.text()?,
        stack_trace: reader.option(Reader::text)?,
        non_retriable: reader.flag()?,
    })
}

fn write_retry(writer: &mut Writer, retry: &RetryPolicy) {
    writer.number(retry.max_attempts.into());
    writer.number(retry.first_interval_ms);
    writer.raw(&retry.backoff_coefficient.to_bits().to_le_bytes());
    writer.option(retry.max_interval_ms, Writer::number);
    writer.option(retry.timeout_ms, Writer::number);
}

fn read_retry(reader: &mut Reader<'_>) -> Result<RetryPolicy, Error> {
    Ok(RetryPolicy {
        max_attempts: reader.number_u32()?,
        first_interval_ms: reader.number()?,
        backoff_coefficient: f64::from_bits(u64::from_le_bytes(reader.array()?)),
        max_interval_ms: reader.option(Reader::number)?,
        timeout_ms: reader.option(Reader::number)?,
    })
}

/// Writes a summary.
pub fn encode_summary(summary: &Summary) -> Vec<u8> {
    let mut writer = Writer::default();
    writer.byte(SUMMARY_FORMAT);
    writer.text(summary.instance.as_str());
    writer.raw(&summary.run.0);
    writer.text(&summary.workflow);
    writer.text(&summary.module);
    writer.raw(&summary.digest.0);
    writer.number(summary.created_at.0);
    writer.number(summary.updated_at.0);
    writer.byte(match summary.phase {
        Phase::NotStarted => 0,
        Phase::Running => 1,
        Phase::Paused => 2,
        Phase::Completed => 3,
        Phase::Failed => 4,
        Phase::Terminated => 5,
    });
    writer.number(summary.events);
    writer.byte(summary.turned.into());
    writer.number(summary.delivered);
    writer.option(summary.custom_status_event, Writer::number);
    writer.option(summary.end_event, Writer::number);
    match &summary.stall {
        None => writer.byte(0),
        Some(Stall::Nondeterminism(found)) => {
            writer.byte(1);
            writer.number(found.event);
            writer.text(&found.expected);
            writer.text(&found.got);
        }
        Some(Stall::VersionUnavailable(reason)) => {
            writer.byte(2);
            writer.text(reason);
        }
    }
    writer.finish()
}

/// Reads a summary.
///
/// # Errors
/// As for [`decode_history`].
pub fn decode_summary(bytes: &[u8]) -> Result<Summary, Error> {
    let mut reader = Reader::new("summary", SUMMARY_FORMAT, bytes)?;
    let summary = Summary {
        instance: InstanceId::unchecked(&reader.text()?),
        run: RunId(reader.array()?),
        workflow: reader.text()?,
        module: reader.text()?,
        digest: Digest(reader.array()?),
        created_at: Timestamp(reader.number()?),
        updated_at: Timestamp(reader.number()?),
        phase: match reader.byte()? {
            0 => Phase::NotStarted,
            1 => Phase::Running,
            2 => Phase::Paused,
            3 => Phase::Completed,
            4 => Phase::Failed,
            5 => Phase::Terminated,
            _ => return Err(reader.damaged("there is no phase with this number")),
        },
        events: reader.number()?,
        turned: reader.flag()?,
        delivered: reader.number()?,
        custom_status_event: reader.option(Reader::number)?,
        end_event: reader.option(Reader::number)?,
        stall: match reader.byte()? {
            0 => None,
            1 => Some(Stall::Nondeterminism(Nondeterminism {
                event: reader.number()?,
                expected: reader.text()?,
                got: reader.text()?,
            })),
            2 => Some(Stall::VersionUnavailable(reader.text()?)),
            _ => return Err(reader.damaged("there is no stall with this number")),
        },
    };
    reader.end()?;
    Ok(summary)
}

/// Writes a message for an inbox.
pub fn encode_message(message: &Message) -> Vec<u8> {
    let mut writer = Writer::default();
    writer.byte(MESSAGE_FORMAT);
    match message {
        Message::Start(start) => {
            writer.byte(1);
            write_start(&mut writer, start);
        }
        Message::RaiseEvent { name, payload } => {
            writer.byte(2);
            writer.text(name);
            writer.text(payload);
        }
        Message::Pause => writer.byte(3),
        Message::Resume => writer.byte(4),
        Message::Terminate { output } => {
            writer.byte(5);
            writer.option(output.as_deref(), Writer::text);
        }
        Message::SelectVersion { digest } => {
            writer.byte(6);
            writer.raw(&digest.0);
        }
        Message::ActivityEnded { task, attempt, result } => {
            write_tagged_task(&mut writer, 7, *task);
            writer.number((*attempt).into());
            writer.byte(result.is_ok().into());
            match result {
                Ok(output) => writer.text(output),
                Err(failure) => write_failure(&mut writer, failure),
            }
        }
        Message::TimerDue { task } => write_tagged_task(&mut writer, 8, *task),
    }
    writer.finish()
}

/// Reads a message from an inbox.
///
/// # Errors
/// As for [`decode_history`].
pub fn decode_message(bytes: &[u8]) -> Result<Message, Error> {
    let mut reader = Reader::new("message", MESSAGE_FORMAT, bytes)?;
    let message = match reader.byte()? {
        1 => Message::Start(read_start(&mut reader)?),
        2 => Message::RaiseEvent { name: reader.text()?, payload: reader.text()? },
        3 => Message::Pause,
        4 => Message::Resume,
        5 => Message::Terminate { output: reader.option(Reader::text)? },
        6 => Message::SelectVersion { digest: Digest(reader.array()?) },
        7 => Message::ActivityEnded {
            task: read_task(&mut reader)?,
            attempt: reader.number_u32()?,
            result: match reader.flag()? {
                true => Ok(reader.text()?),
                false => Err(read_failure(&mut reader)?),
            },
        },
        8 => Message::TimerDue { task: read_task(&mut reader)? },
        _ => return Err(reader.damaged("there is no message with this number")),
    };
    reader.end()?;
    Ok(message)
}

#[cfg(test)]
mod tests;
