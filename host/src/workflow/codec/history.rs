//! Owns the encoding of a stretch of history: event after event, each with its time.

use super::bytes::{Error, Reader, Writer};
use super::parts::{
    read_failure, read_instance, read_retry, read_start, read_task, write_failure,
    write_optional_text, write_retry, write_start, write_task,
};
use crate::workflow::command::{ActivityCall, ChildCall, Command};
use crate::workflow::event::{Callee, Event, Recorded};
use crate::workflow::id::{Digest, TaskNumber, Timestamp};

const FORMAT: u8 = 1;

mod tag {
    pub(super) const RUN_STARTED: u8 = 1;
    pub(super) const CALL_ACTIVITY: u8 = 2;
    pub(super) const START_TIMER: u8 = 3;
    pub(super) const WAIT_EVENT: u8 = 4;
    pub(super) const CANCEL: u8 = 5;
    pub(super) const SET_CUSTOM_STATUS: u8 = 6;
    pub(super) const EVENT_RAISED: u8 = 7;
    pub(super) const CALL_COMPLETED: u8 = 8;
    pub(super) const ATTEMPT_FAILED: u8 = 9;
    pub(super) const CALL_FAILED: u8 = 10;
    pub(super) const TIMER_FIRED: u8 = 11;
    pub(super) const PAUSED: u8 = 12;
    pub(super) const RESUMED: u8 = 13;
    pub(super) const VERSION_SELECTED: u8 = 14;
    pub(super) const RUN_COMPLETED: u8 = 15;
    pub(super) const RUN_FAILED: u8 = 16;
    pub(super) const RUN_TERMINATED: u8 = 17;
    pub(super) const CALL_RETRIED: u8 = 18;
    pub(super) const CALL_WORKFLOW: u8 = 19;
    pub(super) const RAISE_EVENT: u8 = 20;
    pub(super) const USE_PATCH: u8 = 21;
    pub(super) const START_DUE: u8 = 22;
    pub(super) const INPUT_REPLACED: u8 = 23;
}

/// Writes a stretch of history.
pub fn encode_history(events: &[Recorded]) -> Vec<u8> {
    let mut writer = Writer::new();
    writer.byte(FORMAT);
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
    let mut reader = Reader::new("history", FORMAT, bytes)?;
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
        Event::CallCompleted { callee, task, output } => {
            write_call(writer, tag::CALL_COMPLETED, *callee, *task);
            writer.text(output);
        }
        Event::AttemptFailed { callee, task, failure, retry_at, progress } => {
            write_call(writer, tag::ATTEMPT_FAILED, *callee, *task);
            write_failure(writer, failure);
            writer.number(retry_at.0);
            write_optional_text(writer, progress.as_deref());
        }
        Event::CallFailed { callee, task, failure } => {
            write_call(writer, tag::CALL_FAILED, *callee, *task);
            write_failure(writer, failure);
        }
        Event::CallRetried { callee, task } => {
            write_call(writer, tag::CALL_RETRIED, *callee, *task);
        }
        Event::TimerFired { task } => write_tagged_task(writer, tag::TIMER_FIRED, *task),
        Event::StartDue => writer.byte(tag::START_DUE),
        Event::Paused { reason } => {
            writer.byte(tag::PAUSED);
            write_optional_text(writer, reason.as_deref());
        }
        Event::Resumed { reason } => {
            writer.byte(tag::RESUMED);
            write_optional_text(writer, reason.as_deref());
        }
        Event::VersionSelected { digest } => {
            writer.byte(tag::VERSION_SELECTED);
            writer.raw(&digest.0);
        }
        Event::InputReplaced { task, input } => {
            write_tagged_task(writer, tag::INPUT_REPLACED, *task);
            writer.text(input);
        }
        Event::RunCompleted { output } => {
            writer.byte(tag::RUN_COMPLETED);
            writer.text(output);
        }
        Event::RunFailed { failure } => {
            writer.byte(tag::RUN_FAILED);
            write_failure(writer, failure);
        }
        Event::RunTerminated { output, reason, recursive } => {
            writer.byte(tag::RUN_TERMINATED);
            write_optional_text(writer, output.as_deref());
            write_optional_text(writer, reason.as_deref());
            writer.byte((*recursive).into());
        }
    }
}

fn read_event(reader: &mut Reader<'_>) -> Result<Event, Error> {
    Ok(match reader.byte()? {
        tag::RUN_STARTED => Event::RunStarted(read_start(reader)?),
        tag::EVENT_RAISED => Event::EventRaised { name: reader.text()?, payload: reader.text()? },
        tag::CALL_COMPLETED => {
            let (callee, task) = read_call(reader)?;
            Event::CallCompleted { callee, task, output: reader.text()? }
        }
        tag::ATTEMPT_FAILED => {
            let (callee, task) = read_call(reader)?;
            let (failure, retry_at) = (read_failure(reader)?, Timestamp(reader.number()?));
            let progress = reader.option(Reader::text)?;
            Event::AttemptFailed { callee, task, failure, retry_at, progress }
        }
        tag::CALL_FAILED => {
            let (callee, task) = read_call(reader)?;
            Event::CallFailed { callee, task, failure: read_failure(reader)? }
        }
        tag::CALL_RETRIED => {
            let (callee, task) = read_call(reader)?;
            Event::CallRetried { callee, task }
        }
        tag::TIMER_FIRED => Event::TimerFired { task: read_task(reader)? },
        tag::START_DUE => Event::StartDue,
        tag::PAUSED => Event::Paused { reason: reader.option(Reader::text)? },
        tag::RESUMED => Event::Resumed { reason: reader.option(Reader::text)? },
        tag::VERSION_SELECTED => Event::VersionSelected { digest: Digest(reader.array()?) },
        tag::INPUT_REPLACED => {
            Event::InputReplaced { task: read_task(reader)?, input: reader.text()? }
        }
        tag::RUN_COMPLETED => Event::RunCompleted { output: reader.text()? },
        tag::RUN_FAILED => Event::RunFailed { failure: read_failure(reader)? },
        tag::RUN_TERMINATED => Event::RunTerminated {
            output: reader.option(Reader::text)?,
            reason: reader.option(Reader::text)?,
            recursive: reader.flag()?,
        },
        command => Event::Asked(read_command(reader, command)?),
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
            writer.option(call.heartbeat_timeout_ms, Writer::number);
        }
        Command::CallWorkflow(call) => {
            writer.byte(tag::CALL_WORKFLOW);
            writer.text(&call.workflow);
            writer.text(&call.input);
            write_optional_text(writer, call.instance.as_ref().map(|instance| instance.as_str()));
            writer.option(call.retry.as_ref(), write_retry);
            writer.byte(call.detached.into());
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
        Command::RaiseEvent { instance, name, payload } => {
            writer.byte(tag::RAISE_EVENT);
            writer.text(instance.as_str());
            writer.text(name);
            writer.text(payload);
        }
        Command::UsePatch { patch } => {
            writer.byte(tag::USE_PATCH);
            writer.text(patch);
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
            heartbeat_timeout_ms: reader.option(Reader::number)?,
        }),
        tag::CALL_WORKFLOW => Command::CallWorkflow(ChildCall {
            workflow: reader.text()?,
            input: reader.text()?,
            instance: reader.option(read_instance)?,
            retry: reader.option(read_retry)?,
            detached: reader.flag()?,
        }),
        tag::START_TIMER => Command::StartTimer { fire_at: Timestamp(reader.number()?) },
        tag::WAIT_EVENT => Command::WaitEvent { name: reader.text()? },
        tag::CANCEL => Command::Cancel { task: read_task(reader)? },
        tag::SET_CUSTOM_STATUS => Command::SetCustomStatus { status: reader.text()? },
        tag::RAISE_EVENT => Command::RaiseEvent {
            instance: read_instance(reader)?,
            name: reader.text()?,
            payload: reader.text()?,
        },
        tag::USE_PATCH => Command::UsePatch { patch: reader.text()? },
        _ => return Err(reader.damaged("there is no event with this tag")),
    })
}

fn write_tagged_task(writer: &mut Writer, tag: u8, task: TaskNumber) {
    writer.byte(tag);
    write_task(writer, task);
}

fn write_call(writer: &mut Writer, tag: u8, callee: Callee, task: TaskNumber) {
    writer.byte(tag);
    writer.byte(match callee {
        Callee::Activity => 0,
        Callee::Workflow => 1,
    });
    write_task(writer, task);
}

fn read_call(reader: &mut Reader<'_>) -> Result<(Callee, TaskNumber), Error> {
    let callee = match reader.byte()? {
        0 => Callee::Activity,
        1 => Callee::Workflow,
        _ => return Err(reader.damaged("nothing of this kind can be called")),
    };
    Ok((callee, read_task(reader)?))
}
