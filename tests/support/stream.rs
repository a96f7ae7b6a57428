//! Server-sent events, as a browser reads them.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;

use serde_json::Value;

use crate::PATIENCE;

/// An event of a stream.
#[derive(Clone, Debug, PartialEq)]
pub struct StreamEvent {
    /// What kind of event it is.
    pub kind: String,
    /// What came with it.
    pub data: Value,
}

impl StreamEvent {
    /// Returns the ID and the status of the instance that it is about.
    pub fn told(&self) -> (String, String) {
        let text = |field: &str| self.data[field].as_str().unwrap_or_default().to_owned();
        (text("instanceID"), text("runtimeStatus"))
    }
}

/// A stream of events that a host sends.
pub struct EventStream {
    lines: BufReader<TcpStream>,
    /// The ID of the last event: where to go on.
    pub last_id: String,
}

impl EventStream {
    /// Opens a stream, and goes on behind the event with this ID, if it is not empty.
    ///
    /// # Panics
    /// It is refused.
    pub fn open(address: &str, path: &str, last_id: &str) -> Self {
        let stream = TcpStream::connect(address).expect("somebody listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout can be set");
        let mut stream = BufReader::new(stream);
        // In this version what follows the head is the stream itself, and ends with the connection.
        let request =
            format!("GET {path} HTTP/1.0\r\nhost: localhost\r\nlast-event-id: {last_id}\r\n\r\n");
        stream.get_mut().write_all(request.as_bytes()).expect("the host takes it");
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            let read = stream.read_line(&mut head).unwrap_or_default();
            assert!(read > 0, "no answer to GET {path}, but {head}");
        }
        assert!(head.starts_with("HTTP/1.0 200"), "{head}");
        assert!(head.contains("content-type: text/event-stream"), "{head}");
        Self { lines: stream, last_id: last_id.to_owned() }
    }

    /// Reads until the stream has said where it stands.
    ///
    /// # Panics
    /// It ends before that.
    pub fn place(mut self) -> Self {
        while self.last_id.is_empty() {
            assert!(self.read().is_some(), "the stream has ended");
        }
        self
    }

    /// Returns the next event.
    ///
    /// # Panics
    /// The stream has ended.
    #[track_caller]
    pub fn next_event(&mut self) -> StreamEvent {
        loop {
            if let Some(event) = self.read().expect("the stream goes on") {
                return event;
            }
        }
    }

    /// Returns what is left until the host ends the stream.
    pub fn rest(&mut self) -> Vec<StreamEvent> {
        let mut events = Vec::new();
        while let Some(piece) = self.read() {
            events.extend(piece);
        }
        events
    }

    /// Reads up to the next empty line, and the event before it, if there is one; `None` at the end.
    fn read(&mut self) -> Option<Option<StreamEvent>> {
        let (mut kind, mut data) = (String::new(), None);
        loop {
            let mut line = String::new();
            if self.lines.read_line(&mut line).ok()? == 0 {
                return None;
            }
            match line.trim_end().split_once(": ") {
                Some(("id", id)) => self.last_id = id.to_owned(),
                Some(("event", event)) => kind = event.to_owned(),
                Some(("data", text)) => data = serde_json::from_str(text).ok(),
                _ if line.trim_end().is_empty() => {
                    return Some(data.map(|data| StreamEvent { kind, data }));
                }
                _ => {}
            }
        }
    }
}
