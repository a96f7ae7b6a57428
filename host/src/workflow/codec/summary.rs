//! Owns the encoding of a summary.

use super::bytes::{Error, Reader, Writer};
use super::parts::{read_instance, write_optional_text};
use crate::workflow::id::{Digest, RunId, Timestamp};
use crate::workflow::replay::Nondeterminism;
use crate::workflow::state::Phase;
use crate::workflow::summary::{Stall, Summary};

const FORMAT: u8 = 1;

/// Writes a summary.
pub fn encode_summary(summary: &Summary) -> Vec<u8> {
    let mut writer = Writer::new();
    writer.byte(FORMAT);
    writer.text(summary.instance.as_str());
    writer.raw(&summary.run.0);
    writer.text(&summary.workflow);
    writer.text(&summary.module);
    writer.raw(&summary.digest.0);
    for time in [summary.created_at, summary.started_at, summary.updated_at] {
        writer.number(time.0);
    }
    writer.option(summary.start_at, |writer, start_at| writer.number(start_at.0));
    writer.number(summary.generation.into());
    write_optional_text(&mut writer, summary.parent.as_ref().map(|parent| parent.as_str()));
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
        Some(Stall::LimitExceeded(reason)) => {
            writer.byte(3);
            writer.text(reason);
        }
    }
    writer.finish()
}

/// Reads a summary.
///
/// # Errors
/// The bytes were written by a newer release, or are damaged.
pub fn decode_summary(bytes: &[u8]) -> Result<Summary, Error> {
    let mut reader = Reader::new("summary", FORMAT, bytes)?;
    let summary = Summary {
        instance: read_instance(&mut reader)?,
        run: RunId(reader.array()?),
        workflow: reader.text()?,
        module: reader.text()?,
        digest: Digest(reader.array()?),
        created_at: Timestamp(reader.number()?),
        started_at: Timestamp(reader.number()?),
        updated_at: Timestamp(reader.number()?),
        start_at: reader.option(Reader::number)?.map(Timestamp),
        generation: reader.number_u32()?,
        parent: reader.option(read_instance)?,
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
            3 => Some(Stall::LimitExceeded(reader.text()?)),
            _ => return Err(reader.damaged("there is no stall with this number")),
        },
    };
    reader.end()?;
    Ok(summary)
}
