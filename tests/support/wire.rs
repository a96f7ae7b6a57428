//! Requests byte by byte, for what no well-behaved client would send.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;

use crate::PATIENCE;

/// A connection on which anything can be sent.
pub struct Wire {
    stream: TcpStream,
}

impl Wire {
    /// Connects; `None` if nobody listens.
    pub fn connect(address: &str) -> Option<Self> {
        let stream = TcpStream::connect(address).ok()?;
        stream.set_read_timeout(Some(PATIENCE)).ok()?;
        stream.set_write_timeout(Some(PATIENCE)).ok()?;
        Some(Self { stream })
    }

    /// Sends bytes; says whether the host took them.
    pub fn send(&mut self, bytes: &[u8]) -> bool {
        self.stream.write_all(bytes).is_ok()
    }

    /// Says that nothing more will be sent.
    pub fn end(&mut self) {
        // The host may have closed the connection already.
        let _ = self.stream.shutdown(std::net::Shutdown::Write);
    }

    /// Reads until the host has sent this text.
    ///
    /// # Panics
    /// It sends none.
    pub fn wait_for(&mut self, text: &str) {
        let mut received = Vec::new();
        while !received.ends_with(text.as_bytes()) {
            let mut byte = [0];
            let read = self.stream.read(&mut byte).unwrap_or_default();
            assert!(read == 1, "no {text:?}, but {:?}", String::from_utf8_lossy(&received));
            received.push(byte[0]);
        }
    }

    /// Returns what the host sends until it closes the connection.
    ///
    /// # Panics
    /// It neither answers nor closes the connection.
    pub fn receive(&mut self) -> String {
        let mut received = Vec::new();
        match self.stream.read_to_end(&mut received) {
            Err(error) if [ErrorKind::WouldBlock, ErrorKind::TimedOut].contains(&error.kind()) => {
                panic!("the connection stays open: {}", String::from_utf8_lossy(&received))
            }
            _ => String::from_utf8_lossy(&received).into_owned(),
        }
    }
}

/// Sends a request with these lines of its head, and returns the whole answer.
///
/// # Panics
/// Nobody listens.
pub fn request(address: &str, method: &str, path: &str, headers: &[&str], body: &[u8]) -> String {
    let mut wire = Wire::connect(address).expect("somebody listens");
    let length = format!("content-length: {}", body.len());
    let mut head = format!("{method} {path} HTTP/1.1\r\nconnection: close\r\n{length}\r\n");
    for header in headers {
        head.push_str(header);
        head.push_str("\r\n");
    }
    head.push_str("\r\n");
    wire.send(&[head.as_bytes(), body].concat());
    wire.receive()
}

/// Returns the status code of an answer; `None` if it is none.
pub fn status(answer: &str) -> Option<u16> {
    answer.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok()
}
