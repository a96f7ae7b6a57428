//! Owns the streams a workflow has: an input that is at its end, and two outputs whose lines are its
//! log. None of them ever blocks.

use wasmtime::component::Resource;
use wasmtime_wasi::p2::bindings::io::{error, streams};
use wasmtime_wasi::p2::{DynInputStream, DynOutputStream, DynPollable, IoError, StreamError};

use super::poll::Pollable;
use crate::wasm::EndRun;
use crate::wasm::printed::Output;
use crate::wasm::workflow_guest::WorkflowHost;

/// The representations of the three streams.
pub(super) const STDIN: u32 = 0;
pub(super) const STDOUT: u32 = 1;
pub(super) const STDERR: u32 = 2;

/// How much may be written at once.
const WRITE_BYTES_MAX: u64 = 64 * 1024;

type StreamResult<T> = Result<T, StreamError>;

impl WorkflowHost {
    fn print(&mut self, stream: &Resource<DynOutputStream>, bytes: &[u8]) -> StreamResult<()> {
        if bytes.len() as u64 > WRITE_BYTES_MAX {
            return Err(StreamError::Trap(EndRun::invalid_argument(format!(
                "{} bytes are more than the {WRITE_BYTES_MAX} that may be written at once",
                bytes.len()
            ))));
        }
        let output = if stream.rep() == STDERR { Output::Error } else { Output::Standard };
        self.shared().print(output, bytes);
        Ok(())
    }

    fn print_zeroes(
        &mut self,
        stream: &Resource<DynOutputStream>,
        length: u64,
    ) -> StreamResult<()> {
        let length = length.min(WRITE_BYTES_MAX + 1) as usize;
        self.print(stream, &vec![0; length])
    }
}

impl error::Host for WorkflowHost {}

impl error::HostError for WorkflowHost {
    fn to_debug_string(&mut self, _: Resource<IoError>) -> wasmtime::Result<String> {
        // No stream of a workflow fails, so there is no error to ask.
        Ok(String::new())
    }

    fn drop(&mut self, _: Resource<IoError>) -> wasmtime::Result<()> {
        Ok(())
    }
}

impl streams::Host for WorkflowHost {
    fn convert_stream_error(
        &mut self,
        error: StreamError,
    ) -> wasmtime::Result<streams::StreamError> {
        match error {
            StreamError::Closed => Ok(streams::StreamError::Closed),
            StreamError::LastOperationFailed(error) | StreamError::Trap(error) => Err(error),
        }
    }
}

impl streams::HostInputStream for WorkflowHost {
    fn read(&mut self, _: Resource<DynInputStream>, _: u64) -> StreamResult<Vec<u8>> {
        Err(StreamError::Closed)
    }

    async fn blocking_read(
        &mut self,
        _: Resource<DynInputStream>,
        _: u64,
    ) -> StreamResult<Vec<u8>> {
        Err(StreamError::Closed)
    }

    fn skip(&mut self, _: Resource<DynInputStream>, _: u64) -> StreamResult<u64> {
        Err(StreamError::Closed)
    }

    async fn blocking_skip(&mut self, _: Resource<DynInputStream>, _: u64) -> StreamResult<u64> {
        Err(StreamError::Closed)
    }

    fn subscribe(
        &mut self,
        _: Resource<DynInputStream>,
    ) -> wasmtime::Result<Resource<DynPollable>> {
        self.add_pollable(Pollable::Ready)
    }

    async fn drop(&mut self, _: Resource<DynInputStream>) -> wasmtime::Result<()> {
        Ok(())
    }
}

impl streams::HostOutputStream for WorkflowHost {
    fn check_write(&mut self, _: Resource<DynOutputStream>) -> StreamResult<u64> {
        Ok(WRITE_BYTES_MAX)
    }

    fn write(&mut self, stream: Resource<DynOutputStream>, bytes: Vec<u8>) -> StreamResult<()> {
        self.print(&stream, &bytes)
    }

    async fn blocking_write_and_flush(
        &mut self,
        stream: Resource<DynOutputStream>,
        bytes: Vec<u8>,
    ) -> StreamResult<()> {
        self.print(&stream, &bytes)
    }

    fn flush(&mut self, _: Resource<DynOutputStream>) -> StreamResult<()> {
        Ok(())
    }

    async fn blocking_flush(&mut self, _: Resource<DynOutputStream>) -> StreamResult<()> {
        Ok(())
    }

    fn subscribe(
        &mut self,
        _: Resource<DynOutputStream>,
    ) -> wasmtime::Result<Resource<DynPollable>> {
        self.add_pollable(Pollable::Ready)
    }

    fn write_zeroes(&mut self, stream: Resource<DynOutputStream>, length: u64) -> StreamResult<()> {
        self.print_zeroes(&stream, length)
    }

    async fn blocking_write_zeroes_and_flush(
        &mut self,
        stream: Resource<DynOutputStream>,
        length: u64,
    ) -> StreamResult<()> {
        self.print_zeroes(&stream, length)
    }

    fn splice(
        &mut self,
        _: Resource<DynOutputStream>,
        _: Resource<DynInputStream>,
        _: u64,
    ) -> StreamResult<u64> {
        Err(StreamError::Closed)
    }

    async fn blocking_splice(
        &mut self,
        _: Resource<DynOutputStream>,
        _: Resource<DynInputStream>,
        _: u64,
    ) -> StreamResult<u64> {
        Err(StreamError::Closed)
    }

    async fn drop(&mut self, _: Resource<DynOutputStream>) -> wasmtime::Result<()> {
        Ok(())
    }
}
