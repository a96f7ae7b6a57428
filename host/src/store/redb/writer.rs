//! Owns the one thread that writes. Batches form by themselves: whatever is asked for while one
//! transaction is on its way to the disk goes into the next, and is answered when that is there.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

use redb::{Database, WriteTransaction};
use tokio::sync::oneshot;

use super::tables::{Tables, unavailable};
use crate::store::Error;

/// The most requests of one transaction: enough to make its fsync cheap for each, few enough that
/// none waits long for the others to be applied.
const BATCH_MAX: usize = 1_024;

/// Tells whoever asked what came of it, once the transaction has ended like this.
type Reply = Box<dyn FnOnce(Result<(), Error>) + Send>;
/// Does its part in a transaction.
type Request = Box<dyn FnOnce(&mut Tables<'_>) -> Reply + Send>;

/// The way to the writing thread. Dropping it lets the thread finish what is queued, and waits.
pub(super) struct Writer {
    requests: Option<Sender<Request>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    pub(super) fn start(database: Arc<Database>) -> std::io::Result<Self> {
        let (requests, queue) = channel();
        let thread = std::thread::Builder::new()
            .name("reweft-writer".to_owned())
            .spawn(move || write_batches(&database, &queue))?;
        Ok(Self { requests: Some(requests), thread: Some(thread) })
    }

    /// Does `work` in the next transaction, and returns what it gave once that is on disk. Work that
    /// fails must have written nothing: the rest of its batch is committed all the same.
    pub(super) async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Tables<'_>) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let (answer, answered) = oneshot::channel();
        let request: Request = Box::new(move |tables| {
            let done = work(tables);
            Box::new(move |committed| {
                // Whoever asked may have gone away.
                let _ = answer.send(done.and_then(|value| committed.map(|()| value)));
            })
        });
        let gone =
            || Error::Unavailable("the writing thread gave no answer; the log says why".to_owned());
        self.requests.as_ref().ok_or_else(gone)?.send(request).map_err(|_| gone())?;
        answered.await.unwrap_or_else(|_| Err(gone()))
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.requests = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn write_batches(database: &Database, queue: &Receiver<Request>) {
    while let Ok(first) = queue.recv() {
        let mut replies = Vec::new();
        let outcome = write_batch(database, first, queue, &mut replies);
        for reply in replies {
            reply(outcome.clone());
        }
    }
}

fn write_batch(
    database: &Database,
    first: Request,
    queue: &Receiver<Request>,
    replies: &mut Vec<Reply>,
) -> Result<(), Error> {
    let transaction = match database.begin_write() {
        Ok(transaction) => transaction,
        Err(error) => {
            // The request is dropped unheard, and whoever asked learns that there is no answer.
            tracing::error!("no transaction can be begun: {error}");
            return Err(unavailable(error));
        }
    };
    apply(&transaction, first, queue, replies)?;
    transaction.commit().map_err(unavailable)
}

fn apply(
    transaction: &WriteTransaction,
    first: Request,
    queue: &Receiver<Request>,
    replies: &mut Vec<Reply>,
) -> Result<(), Error> {
    let mut tables = Tables::open(transaction)?;
    replies.push(first(&mut tables));
    while replies.len() < BATCH_MAX {
        match queue.try_recv() {
            Ok(request) => replies.push(request(&mut tables)),
            Err(_) => break,
        }
    }
    // Work that failed half way has poisoned the whole batch: none of it may be committed.
    tables.finish()
}
