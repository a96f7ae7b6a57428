//! Owns one connection to a host: HTTP/1.1, kept alive, one request at a time.

use anyhow::{Context, bail};
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::{self, SendRequest};
use hyper::header::HOST;
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

pub(crate) struct Connection {
    sender: SendRequest<Full<Bytes>>,
    authority: String,
}

impl Connection {
    /// Connects to a host by its address.
    pub(crate) async fn open(authority: &str) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(authority).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        Ok(Self { sender, authority: authority.to_owned() })
    }

    pub(crate) async fn send(
        &mut self,
        method: &str,
        path: &str,
        body: impl Into<Bytes>,
    ) -> anyhow::Result<(StatusCode, Bytes)> {
        let request = Request::builder().method(method).uri(path).header(HOST, &self.authority);
        let request = request.body(Full::new(body.into()))?;
        self.sender.ready().await?;
        let answer = self.sender.send_request(request).await?;
        let status = answer.status();
        Ok((status, answer.into_body().collect().await?.to_bytes()))
    }

    /// Sends what must be answered well.
    pub(crate) async fn expect(
        &mut self,
        method: &str,
        path: &str,
        body: impl Into<Bytes>,
    ) -> anyhow::Result<Bytes> {
        let (status, answer) = self.send(method, path, body).await?;
        if !status.is_success() {
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
        self.expect("POST", &path, input.to_owned()).await.map(drop)
    }

    /// Starts an instance, and waits until it has completed.
    pub(crate) async fn run(
        &mut self,
        workflow: &str,
        id: &str,
        input: &str,
    ) -> anyhow::Result<()> {
        let path = format!("/v1.0/workflows/dapr/{workflow}/start?instanceID={id}&wait=5m");
        has_completed(id, &self.expect("POST", &path, input.to_owned()).await?)
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
