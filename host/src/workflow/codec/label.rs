//! Owns the encoding of a label: what instances are counted and listed under.

use super::bytes::{Error, Reader, Writer};
use crate::workflow::id::Digest;
use crate::workflow::summary::{Label, Status};

const FORMAT: u8 = 1;

/// Writes a label. Equal labels give equal bytes.
pub fn encode_label(label: &Label) -> Vec<u8> {
    let mut writer = Writer::new();
    writer.byte(FORMAT);
    writer.byte(match label.status {
        Status::Pending => 0,
        Status::Running => 1,
        Status::Suspended => 2,
        Status::Stalled => 3,
        Status::Completed => 4,
        Status::Failed => 5,
        Status::Terminated => 6,
    });
    writer.text(&label.workflow);
    writer.text(&label.module);
    writer.raw(&label.digest.0);
    writer.finish()
}

/// Reads a label.
///
/// # Errors
/// The bytes were written by a newer release, or are damaged.
pub fn decode_label(bytes: &[u8]) -> Result<Label, Error> {
    let mut reader = Reader::new("label", FORMAT, bytes)?;
    let label = Label {
        status: match reader.byte()? {
            0 => Status::Pending,
            1 => Status::Running,
            2 => Status::Suspended,
            3 => Status::Stalled,
            4 => Status::Completed,
            5 => Status::Failed,
            6 => Status::Terminated,
            _ => return Err(reader.damaged("there is no status with this number")),
        },
        workflow: reader.text()?,
        module: reader.text()?,
        digest: Digest(reader.array()?),
    };
    reader.end()?;
    Ok(label)
}
