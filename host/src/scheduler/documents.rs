//! Owns how the host's own documents (schedules, rules of retention, jobs) are written down: JSON,
//! each with the number of its format, so that one of a newer release is refused and never misread.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Core;
use crate::store;
use crate::workflow::id::Timestamp;

/// The newest format this release writes and reads.
const FORMAT: u32 = 1;

#[derive(Serialize, Deserialize)]
struct Header {
    format: u32,
}

#[derive(Serialize, Deserialize)]
struct Document<T> {
    format: u32,
    content: T,
}

fn encode<T: Serialize>(kind: &str, name: &str, content: &T) -> Result<Vec<u8>, store::Error> {
    let document = Document { format: FORMAT, content };
    serde_json::to_vec(&document).map_err(|error| damaged(kind, name, &error.to_string()))
}

fn decode<T: DeserializeOwned>(kind: &str, name: &str, bytes: &[u8]) -> Result<T, store::Error> {
    let unreadable = |error: serde_json::Error| damaged(kind, name, &error.to_string());
    let Header { format } = serde_json::from_slice(bytes).map_err(unreadable)?;
    if format > FORMAT {
        let reason = format!(
            "its format is {format}, but this release reads formats up to {FORMAT}: start the newer release that wrote it"
        );
        return Err(damaged(kind, name, &reason));
    }
    let document: Document<T> = serde_json::from_slice(bytes).map_err(unreadable)?;
    Ok(document.content)
}

fn damaged(kind: &str, name: &str, reason: &str) -> store::Error {
    store::Error::Damaged(format!("{kind} '{name}': {reason}"))
}

impl Core {
    /// Reads all documents of a kind, by name.
    pub(super) async fn read_documents<T: DeserializeOwned>(
        &self,
        kind: &str,
    ) -> Result<Vec<(String, T)>, store::Error> {
        let mut read = Vec::new();
        for (name, bytes) in self.documents.documents(kind).await? {
            let content = decode(kind, &name, &bytes)?;
            read.push((name, content));
        }
        Ok(read)
    }

    /// Writes a document in place of the one of its name.
    pub(super) async fn write_document<T: Serialize>(
        &self,
        kind: &str,
        name: &str,
        content: &T,
    ) -> Result<(), store::Error> {
        let bytes = encode(kind, name, content)?;
        self.documents.save_document(self.lease, kind, name, bytes).await
    }

    /// Removes a document.
    pub(super) async fn remove_document(&self, kind: &str, name: &str) -> Result<(), store::Error> {
        self.documents.delete_document(self.lease, kind, name).await
    }
}

/// Writes a time as a number of milliseconds.
pub(super) mod time {
    use super::{Deserialize, Deserializer, Serializer, Timestamp};

    pub(crate) fn serialize<S: Serializer>(time: &Timestamp, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_u64(time.0)
    }

    pub(crate) fn deserialize<'d, D: Deserializer<'d>>(from: D) -> Result<Timestamp, D::Error> {
        u64::deserialize(from).map(Timestamp)
    }
}

/// Writes a time that may be missing as a number of milliseconds.
pub(super) mod optional_time {
    use super::{Deserialize, Deserializer, Serialize, Serializer, Timestamp};

    pub(crate) fn serialize<S: Serializer>(
        time: &Option<Timestamp>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        time.map(|time| time.0).serialize(to)
    }

    pub(crate) fn deserialize<'d, D: Deserializer<'d>>(
        from: D,
    ) -> Result<Option<Timestamp>, D::Error> {
        Ok(Option::<u64>::deserialize(from)?.map(Timestamp))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_reads_back_and_one_of_a_newer_release_is_refused() {
        let bytes = encode("schedule", "nightly", &7).unwrap();
        assert_eq!(decode::<u32>("schedule", "nightly", &bytes), Ok(7));
        let newer = br#"{"format":2,"content":{"unheard":"of"}}"#;
        for bad in [&newer[..], b"", b"{}", br#"{"format":1}"#] {
            let refused = decode::<u32>("schedule", "nightly", bad).unwrap_err().to_string();
            assert!(refused.contains("schedule 'nightly'"), "{refused}");
        }
    }
}
