//! Owns the one thread that writes. Batches form by themselves: whatever is asked for while one
//! transaction is on its way to the disk goes into the next, and is answered when that is there.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use redb::WriteTransaction;
use tokio::sync::oneshot;
use tracing::error;

use super::file::File;
use super::tables::{Tables, unavailable};
use crate::store::Error;

/// The most requests of one transaction: enough to make its fsync cheap for each, few enough that
/// none waits long for the others to be applied.
const BATCH_MAX: usize = 1_024;

/// How many requests in the last batch mean that more are about to come, and for how long the next one
/// then waits for them: no longer than the disk takes.
const CROWD: usize = 32;
const JOIN_TIME: Duration = Duration::from_micros(300);

/// Something to be written.
trait Request: Send {
    /// Does its part in a transaction; the result is told when that has ended.
    fn apply(&mut self, tables: &mut Tables<'_>);

    /// Tells whoever asked what came of it.
    fn answer(self: Box<Self>, ended: Result<(), Error>);
}

struct Work<F, T> {
    work: Option<F>,
    done: Option<Result<T, Error>>,
    answer: oneshot::Sender<Result<T, Error>>,
}

impl<F, T> Request for Work<F, T>
where
    F: FnOnce(&mut Tables<'_>) -> Result<T, Error> + Send,
    T: Send,
{
    fn apply(&mut self, tables: &mut Tables<'_>) {
        self.done = self.work.take().map(|work| work(tables));
    }

    fn answer(self: Box<Self>, ended: Result<(), Error>) {
        let result = match (ended, self.done) {
            (Ok(()), Some(done)) => done,
            (Err(failed), _) => Err(failed),
            (Ok(()), None) => Err(Error::Unavailable("it was never tried".to_owned())),
        };
        // Whoever asked may have gone away.
        let _ = self.answer.send(result);
    }
}

/// The way to the writing thread. Dropping it lets the thread finish what is queued, and waits.
pub(super) struct Writer {
    requests: Option<Sender<Box<dyn Request>>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    pub(super) fn start(file: Arc<File>) -> std::io::Result<Self> {
        let (requests, queue) = channel();
        let thread = std::thread::Builder::new()
            .name("reweft-writer".to_owned())
            .spawn(move || write_batches(&file, &queue))?;
        Ok(Self { requests: Some(requests), thread: Some(thread) })
    }

    /// Does `work` in the next transaction, and returns what it gave once that is on disk. Work that
    /// fails must have written nothing: the rest of its batch is committed all the same.
    pub(super) async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Tables<'_>) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let (answer, answered) = oneshot::channel();
        let request = Box::new(Work { work: Some(work), done: None, answer });
        let gone = || Error::Unavailable("the writing thread has ended".to_owned());
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

fn write_batches(file: &File, queue: &Receiver<Box<dyn Request>>) {
    let mut last = 0;
    while let Ok(first) = queue.recv() {
        // Where many write at the same time, each batch costs the processors more than its writes do:
        // half as many serve them better. Where few do, nobody waits.
        if last >= CROWD {
            std::thread::sleep(JOIN_TIME);
        }
        let mut batch = vec![first];
        batch.extend(queue.try_iter().take(BATCH_MAX - 1));
        let outcome = write_batch(file, &mut batch);
        if let Err(failed) = &outcome {
            error!("{} changes could not be written: {failed}", batch.len());
            file.close();
        }
        last = batch.len();
        for request in batch {
            request.answer(outcome.clone());
        }
    }
}

fn write_batch(file: &File, batch: &mut [Box<dyn Request>]) -> Result<(), Error> {
    let database = file.database()?;
    let transaction = database.begin_write().map_err(unavailable)?;
    apply(&transaction, batch)?;
    transaction.commit().map_err(unavailable)
}

fn apply(transaction: &WriteTransaction, batch: &mut [Box<dyn Request>]) -> Result<(), Error> {
    let mut tables = Tables::open(transaction)?;
    for request in batch {
        request.apply(&mut tables);
    }
    // Work that failed half way has poisoned the whole batch: none of it may be committed.
    tables.finish()
}
