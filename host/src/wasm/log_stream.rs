//! Owns what becomes of an activity's standard output: each line is a line of the host's log.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use tokio::io::AsyncWrite;
use tracing::info;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamResult};

/// A longer line is broken up.
const LINE_BYTES_MAX: usize = 8 * 1024;

/// A standard output that is logged.
#[derive(Clone)]
pub(super) struct LogStream(Arc<Mutex<Lines>>);

struct Lines {
    instance: String,
    activity: String,
    unfinished: Vec<u8>,
}

impl LogStream {
    pub(super) fn new(instance: &str, activity: &str) -> Self {
        let (instance, activity) = (instance.to_owned(), activity.to_owned());
        Self(Arc::new(Mutex::new(Lines { instance, activity, unfinished: Vec::new() })))
    }

    fn append(&self, bytes: &[u8]) {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for &byte in bytes {
            if byte == b'\n' || lines.unfinished.len() == LINE_BYTES_MAX {
                lines.emit();
            }
            if byte != b'\n' {
                lines.unfinished.push(byte);
            }
        }
    }
}

impl Lines {
    fn emit(&mut self) {
        let line = String::from_utf8_lossy(&self.unfinished);
        info!(target: "guest", instance = self.instance, function = self.activity, "{line}");
        self.unfinished.clear();
    }
}

impl Drop for Lines {
    fn drop(&mut self) {
        if !self.unfinished.is_empty() {
            self.emit();
        }
    }
}

impl IsTerminal for LogStream {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for LogStream {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(self.clone())
    }

    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }
}

#[async_trait::async_trait]
impl Pollable for LogStream {
    async fn ready(&mut self) {}
}

impl OutputStream for LogStream {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        self.append(&bytes);
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(64 * 1024)
    }
}

impl AsyncWrite for LogStream {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.append(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
