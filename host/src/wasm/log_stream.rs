//! Owns what becomes of an activity's standard output: each line is a line of the host's log.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use tokio::io::AsyncWrite;
use tracing::info;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamResult};

use super::printed::{Output, Printed};
use crate::workflow::failure::Failure;

/// A standard output, or standard error, that is logged.
#[derive(Clone)]
pub(super) struct LogStream {
    output: Output,
    logged: Arc<Mutex<Logged>>,
}

struct Logged {
    instance: String,
    activity: String,
    printed: Printed,
}

impl LogStream {
    /// Returns the standard output and the standard error of an attempt.
    pub(super) fn pair(instance: &str, activity: &str) -> (Self, Self) {
        let (instance, activity) = (instance.to_owned(), activity.to_owned());
        let logged = Logged { instance, activity, printed: Printed::default() };
        let logged = Arc::new(Mutex::new(logged));
        let stream = |output| Self { output, logged: logged.clone() };
        (stream(Output::Standard), stream(Output::Error))
    }

    fn lock(&self) -> MutexGuard<'_, Logged> {
        self.logged.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn append(&self, bytes: &[u8]) {
        let Logged { instance, activity, printed } = &mut *self.lock();
        printed.append(self.output, bytes, |line| emit(instance, activity, line));
    }

    /// Ends what is printed, and adds what was said last to a failure that tells little.
    pub(super) fn explain(&self, failure: &mut Failure) {
        let Logged { instance, activity, printed } = &mut *self.lock();
        printed.finish(|line| emit(instance, activity, line));
        printed.explain(failure);
    }
}

fn emit(instance: &str, activity: &str, line: &str) {
    info!(target: "guest", instance, function = activity, "{line}");
}

impl Drop for Logged {
    fn drop(&mut self) {
        let Self { instance, activity, printed } = self;
        printed.finish(|line| emit(instance, activity, line));
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
