//! The way in by HTTP. It knows clients, status codes and JSON, and reaches everything else through
//! [`scheduler::Handle`](crate::scheduler::Handle) alone.
//!
//! [`routes`] shows the whole interface at once; `workflows`, `listing`, `histories`, `watching`,
//! `waiting`, `modules`, `versions`, `schedules`, `retention` and `jobs` hold what is done there, `wire`
//! and `stream` what goes over the wire, `error` how what went wrong is said, and `guard` who is
//! let in.

mod error;
mod guard;
mod histories;
mod jobs;
mod listing;
mod modules;
mod permissions;
mod request;
mod retention;
pub mod routes;
mod schedules;
mod stream;
mod times;
mod versions;
mod waiting;
mod watching;
mod wire;
mod workflows;

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::combinators::UnsyncBoxBody;
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{debug, warn};

pub use self::guard::Guard;
use self::routes::Router;
use crate::scheduler::{Handle, Import};
use crate::workers::{Kind, Workers};
use crate::workflow::id::InstanceId;

/// How long a client may take to send the head of a request.
const HEAD_TIME_MAX: Duration = Duration::from_secs(30);
/// The largest head of a request, in bytes.
const HEAD_BYTES_MAX: usize = 64 * 1024;
/// The most headers of a request.
const HEADERS_MAX: usize = 100;
/// How long requests under way are given when the host closes.
const CLOSING_TIME_MAX: Duration = Duration::from_secs(10);
/// How long to wait when the machine has no room for another connection.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// What an answer is made of.
type Answer = Response<UnsyncBoxBody<Bytes, Infallible>>;

/// What a request may have to know of the connection it came by.
#[derive(Clone)]
struct Connection {
    /// The host is closing: whatever only waits is to end.
    closing: CancellationToken,
    /// Cuts the connection off where it is.
    cut: CancellationToken,
}

/// Reads the document that an export answers.
///
/// # Errors
/// It is no such document; this says why.
pub fn read_export(bytes: &[u8]) -> Result<Import, String> {
    let document: wire::Document =
        serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    let nobody = InstanceId::unchecked("exported");
    document.import(nobody).map_err(|error| error.message().to_owned())
}

/// How much a client may send.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The largest body, other than a module's, in bytes.
    pub body_bytes: usize,
    /// The largest module, in bytes.
    pub module_bytes: usize,
    /// For how long a body may be under way.
    pub body_time: Duration,
    /// The most connections at the same time.
    pub connections: usize,
}

/// Answers requests until `closing` is done, and then those that are under way.
pub async fn serve(
    listener: TcpListener,
    handle: Handle,
    workers: Workers,
    guard: Guard,
    limits: Limits,
    closing: impl Future<Output = ()>,
) {
    let router = Arc::new(Router::new(handle, guard, limits));
    let connections = Arc::new(Semaphore::new(limits.connections));
    let graceful = GracefulShutdown::new();
    let mut server = Builder::new(TokioExecutor::new());
    server
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIME_MAX)
        .max_headers(HEADERS_MAX)
        .max_buf_size(HEAD_BYTES_MAX);
    server
        .http2()
        .timer(TokioTimer::new())
        .max_header_list_size(HEAD_BYTES_MAX as u32)
        .keep_alive_interval(HEAD_TIME_MAX);
    let (waits_end, answering) = (CancellationToken::new(), TaskTracker::new());
    tokio::pin!(closing);
    loop {
        let (stream, permit) = tokio::select! {
            accepted = accept(&listener, &connections) => accepted,
            () = &mut closing => break,
        };
        let router = router.clone();
        let cut = CancellationToken::new();
        let known = Connection { closing: waits_end.clone(), cut: cut.clone() };
        let service = service_fn(move |request: Request<Incoming>| {
            let (router, known) = (router.clone(), known.clone());
            async move { Ok::<_, Infallible>(router.answer(request, &known).await) }
        });
        let (server, watcher) = (server.clone(), graceful.watcher());
        workers.spread(Kind::Connection, &answering, async move {
            // Here it is to be told when there is something to read.
            let stream = match TcpStream::from_std(stream) {
                Ok(stream) => stream,
                Err(error) => return warn!("a connection can't be answered: {error}"),
            };
            let connection = server.serve_connection(TokioIo::new(stream), service).into_owned();
            let connection = watcher.watch(connection);
            tokio::select! {
                ended = connection => if let Err(error) = ended {
                    debug!("a connection ended badly: {error}");
                },
                () = cut.cancelled() => debug!("a client read too slowly and was cut off"),
            }
            drop(permit);
        });
    }
    drop(listener);
    waits_end.cancel();
    if tokio::time::timeout(CLOSING_TIME_MAX, graceful.shutdown()).await.is_err() {
        warn!("some requests took too long to end and were cut off");
    }
}

/// Waits for the next connection, once there may be another.
async fn accept(
    listener: &TcpListener,
    connections: &Arc<Semaphore>,
) -> (std::net::TcpStream, Option<tokio::sync::OwnedSemaphorePermit>) {
    // It is never closed, so it always gives a permit.
    let permit = connections.clone().acquire_owned().await.ok();
    loop {
        let accepted = listener.accept().await;
        match accepted.and_then(|(stream, _)| stream.into_std()) {
            Ok(stream) => {
                // Answers are small and wanted at once; a machine that can't do that is only slower.
                let _ = stream.set_nodelay(true);
                return (stream, permit);
            }
            Err(error) => {
                warn!("a connection can't be accepted: {error}");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}
