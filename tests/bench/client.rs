//! Owns one connection to a host: HTTP/1.1, kept alive, one request at a time, and written by hand, for
//! what measures shares the processors with what is measured: a client from a library took twice as much.

use std::io::Write;

use anyhow::{Context, bail};
use bytes::{Buf, Bytes, BytesMut};
use httparse::Status;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const HEADERS_MAX: usize = 32;

pub(crate) struct Connection {
    stream: TcpStream,
    authority: String,
    /// Reused from request to request.
    request: Vec<u8>,
    answer: BytesMut,
}

impl Connection {
    /// Connects to a host by its address.
    pub(crate) async fn open(authority: &str) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(authority).await?;
        stream.set_nodelay(true)?;
        let authority = authority.to_owned();
        Ok(Self { stream, authority, request: Vec::new(), answer: BytesMut::new() })
    }

    /// Sends a request, and returns the status and the body of what it is answered with.
    pub(crate) async fn send(
        &mut self,
        method: &str,
        path: &str,
        body: &[u8],
    ) -> anyhow::Result<(u16, Bytes)> {
        self.request.clear();
        let (authority, length) = (&self.authority, body.len());
        write!(
            self.request,
            "{method} {path} HTTP/1.1\r\nhost: {authority}\r\ncontent-length: {length}\r\n\r\n"
        )?;
        self.request.extend_from_slice(body);
        self.stream.write_all(&self.request).await?;
        let (status, head, body) = loop {
            if self.stream.read_buf(&mut self.answer).await? == 0 {
                bail!("{method} {path}: the host has closed the connection");
            }
            if let Some(answer) = head_of(&self.answer)? {
                break answer;
            }
        };
        while self.answer.len() < head + body {
            if self.stream.read_buf(&mut self.answer).await? == 0 {
                bail!("{method} {path}: the answer is cut off");
            }
        }
        self.answer.advance(head);
        Ok((status, self.answer.split_to(body).freeze()))
    }

    /// Sends what must be answered well.
    pub(crate) async fn expect(
        &mut self,
        method: &str,
        path: &str,
        body: &str,
    ) -> anyhow::Result<Bytes> {
        let (status, answer) = self.send(method, path, body.as_bytes()).await?;
        if !(200..300).contains(&status) {
            bail!("{method} {path}: {status}: {}", String::from_utf8_lossy(&answer));
        }
        Ok(answer)
    }

    pub(crate) async fn start(
        &mut self,
        workflow: &str,
        id: &str,
        input: &str,
    ) -> anyhow::Result<()> {
        let path = format!("/v1.0/workflows/dapr/{workflow}/start?instanceID={id}");
        self.expect("POST", &path, input).await.map(drop)
    }

    /// Starts an instance, and waits until it has completed.
    pub(crate) async fn run(
        &mut self,
        workflow: &str,
        id: &str,
        input: &str,
    ) -> anyhow::Result<()> {
        let path = format!("/v1.0/workflows/dapr/{workflow}/start?instanceID={id}&wait=5m");
        has_completed(id, &self.expect("POST", &path, input).await?)
    }

    /// Waits until an instance has completed.
    pub(crate) async fn completed(&mut self, id: &str) -> anyhow::Result<()> {
        let path = format!("/v1.0/workflows/dapr/{id}/wait?timeout=5m");
        has_completed(id, &self.expect("GET", &path, "").await?)
    }
}

fn has_completed(id: &str, answer: &[u8]) -> anyhow::Result<()> {
    let text = std::str::from_utf8(answer).context("an answer is text")?;
    if !text.contains("\"COMPLETED\"") {
        bail!("{id} has not completed: {text}");
    }
    Ok(())
}

/// Returns the status of an answer, and how long its head and its body are; none if the head is not there
/// as a whole.
fn head_of(answer: &[u8]) -> anyhow::Result<Option<(u16, usize, usize)>> {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
    let mut parsed = httparse::Response::new(&mut headers);
    let Status::Complete(head) = parsed.parse(answer)? else { return Ok(None) };
    let status = parsed.code.context("an answer has a status")?;
    let is_length = |name: &str| name.eq_ignore_ascii_case("content-length");
    let length = parsed.headers.iter().find(|header| is_length(header.name));
    // The host says it in every answer that is not a stream, and those are not read here.
    let length = length.context("an answer says how long it is")?;
    Ok(Some((status, head, std::str::from_utf8(length.value)?.parse()?)))
}
