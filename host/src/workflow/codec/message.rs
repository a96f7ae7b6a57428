//! Owns the encoding of a message in an inbox.

use super::bytes::{Error, Reader, Writer};
use super::parts::{
    read_failure, read_start, read_task, write_failure, write_optional_text, write_start,
    write_task,
};
use crate::workflow::event::Message;
use crate::workflow::id::{Digest, InstanceNumber, RunId};

const FORMAT: u8 = 1;

mod tag {
    pub(super) const START: u8 = 1;
    pub(super) const RAISE_EVENT: u8 = 2;
    pub(super) const PAUSE: u8 = 3;
    pub(super) const RESUME: u8 = 4;
    pub(super) const TERMINATE: u8 = 5;
    pub(super) const SELECT_VERSION: u8 = 6;
    pub(super) const CALL_ENDED: u8 = 7;
    pub(super) const TIMER_DUE: u8 = 8;
    pub(super) const PARENT_CANCELLED: u8 = 9;
}

/// Writes a message for an inbox.
pub fn encode_message(message: &Message) -> Vec<u8> {
    let mut writer = Writer::new();
    writer.byte(FORMAT);
    match message {
        Message::Start(start) => {
            writer.byte(tag::START);
            write_start(&mut writer, start);
        }
        Message::RaiseEvent { name, payload } => {
            writer.byte(tag::RAISE_EVENT);
            writer.text(name);
            writer.text(payload);
        }
        Message::Pause { reason } => {
            writer.byte(tag::PAUSE);
            write_optional_text(&mut writer, reason.as_deref());
        }
        Message::Resume { reason } => {
            writer.byte(tag::RESUME);
            write_optional_text(&mut writer, reason.as_deref());
        }
        Message::Terminate { output, reason, recursive } => {
            writer.byte(tag::TERMINATE);
            write_optional_text(&mut writer, output.as_deref());
            write_optional_text(&mut writer, reason.as_deref());
            writer.byte((*recursive).into());
        }
        Message::ParentCancelled { parent, call } => {
            writer.byte(tag::PARENT_CANCELLED);
            writer.number(parent.0);
            writer.option(call.as_ref(), |writer, (run, task)| {
                writer.raw(&run.0);
                write_task(writer, *task);
            });
        }
        Message::SelectVersion { digest } => {
            writer.byte(tag::SELECT_VERSION);
            writer.raw(&digest.0);
        }
        Message::CallEnded { run, task, attempt, result, progress } => {
            writer.byte(tag::CALL_ENDED);
            writer.raw(&run.0);
            write_task(&mut writer, *task);
            writer.number((*attempt).into());
            writer.byte(result.is_ok().into());
            match result {
                Ok(output) => writer.text(output),
                Err(failure) => write_failure(&mut writer, failure),
            }
            write_optional_text(&mut writer, progress.as_deref());
        }
        Message::TimerDue { task } => {
            writer.byte(tag::TIMER_DUE);
            write_task(&mut writer, *task);
        }
    }
    writer.finish()
}

/// Reads a message from an inbox.
///
/// # Errors
/// The bytes were written by a newer release, or are damaged.
pub fn decode_message(bytes: &[u8]) -> Result<Message, Error> {
    let mut reader = Reader::new("message", FORMAT, bytes)?;
    let message = match reader.byte()? {
        tag::START => Message::Start(read_start(&mut reader)?),
        tag::RAISE_EVENT => Message::RaiseEvent { name: reader.text()?, payload: reader.text()? },
        tag::PAUSE => Message::Pause { reason: reader.option(Reader::text)? },
        tag::RESUME => Message::Resume { reason: reader.option(Reader::text)? },
        tag::TERMINATE => Message::Terminate {
            output: reader.option(Reader::text)?,
            reason: reader.option(Reader::text)?,
            recursive: reader.flag()?,
        },
        tag::PARENT_CANCELLED => Message::ParentCancelled {
            parent: InstanceNumber(reader.number()?),
            call: reader.option(|reader| Ok((RunId(reader.array()?), read_task(reader)?)))?,
        },
        tag::SELECT_VERSION => Message::SelectVersion { digest: Digest(reader.array()?) },
        tag::CALL_ENDED => Message::CallEnded {
            run: RunId(reader.array()?),
            task: read_task(&mut reader)?,
            attempt: reader.number_u32()?,
            result: match reader.flag()? {
                true => Ok(reader.text()?),
                false => Err(read_failure(&mut reader)?),
            },
            progress: reader.option(Reader::text)?,
        },
        tag::TIMER_DUE => Message::TimerDue { task: read_task(&mut reader)? },
        _ => return Err(reader.damaged("there is no message with this number")),
    };
    reader.end()?;
    Ok(message)
}
