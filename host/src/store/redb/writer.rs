//! Owns the one thread that writes. What is asked for while one batch is on its way to the disk goes into
//! the next, and is answered when that is there; `queue` knows when it is due.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::thread::JoinHandle;

use tokio::sync::oneshot;
use tracing::{error, info};

use super::batch::Batch;
use super::disk::Disk;
use super::queue::{Batches, Queue, queue};
use super::rows::{Changed, Rows};
use crate::store::Error;

/// Something to be written.
trait Request: Send {
    /// Does its part in a batch; the result is told when that has ended.
    fn apply(&mut self, batch: &mut Batch);

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
    F: FnOnce(&mut Batch) -> Result<T, Error> + Send,
    T: Send,
{
    fn apply(&mut self, batch: &mut Batch) {
        self.done = self.work.take().map(|work| work(batch));
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

/// All rows as last written; none while the files are closed because writing has failed.
#[derive(Clone)]
pub(super) struct Published(Arc<RwLock<Option<Rows>>>);

impl Published {
    pub(super) fn rows(&self) -> Result<Rows, Error> {
        let rows = self.0.read().unwrap_or_else(PoisonError::into_inner).clone();
        let closed = || Error::Unavailable("a write has failed, and is being recovered".to_owned());
        rows.ok_or_else(closed)
    }

    fn set(&self, rows: Option<Rows>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = rows;
    }

    /// Makes changes where the rows lie. Nothing is copied unless somebody reads them just then.
    fn change(&self, changed: Changed) {
        if let Some(rows) = &mut *self.0.write().unwrap_or_else(PoisonError::into_inner) {
            rows.change(changed);
        }
    }
}

/// The way to the writing thread. Dropping it lets the thread finish what is queued, and waits.
pub(super) struct Writer {
    requests: Option<Queue<Box<dyn Request>>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    /// Starts the thread that writes to a disk which holds these rows.
    pub(super) fn start(path: &Path, disk: Disk, rows: Rows) -> io::Result<(Self, Published)> {
        let (requests, batches) = queue();
        let published = Published(Arc::new(RwLock::new(Some(rows))));
        let (path, journal_bytes) = (path.to_owned(), disk.journal_bytes());
        let (open, also_published) = (Some(disk), published.clone());
        let mut writing = Writing { path, journal_bytes, open, published: also_published };
        let thread = std::thread::Builder::new()
            .name("reweft-writer".to_owned())
            .spawn(move || writing.write_batches(&batches))?;
        Ok((Self { requests: Some(requests), thread: Some(thread) }, published))
    }

    /// Does `work` in the next batch, and returns what it gave once that is on disk. Work that
    /// fails must have written nothing: the rest of its batch is written all the same.
    pub(super) async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Batch) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let (answer, answered) = oneshot::channel();
        let request = Box::new(Work { work: Some(work), done: None, answer });
        let gone = || Error::Unavailable("the writing thread has ended".to_owned());
        self.requests.as_ref().ok_or_else(gone)?.push(request).map_err(|_| gone())?;
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

/// What the thread has. Once writing has failed, the files are closed, and opened anew when they are next
/// needed: what they hold is then seen.
struct Writing {
    path: PathBuf,
    journal_bytes: u64,
    open: Option<Disk>,
    published: Published,
}

impl Writing {
    fn write_batches(&mut self, batches: &Batches<Box<dyn Request>>) {
        let (mut requests, mut written) = (0, 0_u64);
        while let Some(mut batch) = batches.next() {
            let outcome = self.write_batch(&mut batch);
            if let Err(failed) = &outcome {
                error!("{} changes could not be written: {failed}", batch.len());
                self.close();
            }
            (requests, written) = (requests + batch.len(), written + 1);
            batches.answered(batch.len());
            for request in batch {
                request.answer(outcome.clone());
            }
        }
        info!(requests, batches = written, "all that was to be written has been");
        if let Some(disk) = &mut self.open
            && let Err(failed) =
                self.published.rows().and_then(|mut rows| disk.settle_all(&mut rows))
        {
            error!("what is in the journals is still to be settled: {failed}");
        }
    }

    fn write_batch(&mut self, requests: &mut [Box<dyn Request>]) -> Result<(), Error> {
        let disk = match &mut self.open {
            Some(open) => open,
            closed => {
                let failed = |error: super::OpenError| Error::Unavailable(error.to_string());
                let (disk, rows) = Disk::open(&self.path, self.journal_bytes).map_err(failed)?;
                info!("{} is open again", self.path.display());
                self.published.set(Some(rows));
                closed.insert(disk)
            }
        };
        let mut rows = self.published.rows()?;
        if disk.make_room(&mut rows)? {
            self.published.set(Some(rows.clone()));
        }
        let mut batch = Batch::on(rows);
        for request in requests {
            request.apply(&mut batch);
        }
        let (changed, record) = batch.finish()?;
        if !record.is_empty() {
            disk.append(record)?;
            self.published.change(changed);
        }
        Ok(())
    }

    fn close(&mut self) {
        self.published.set(None);
        self.open = None;
    }
}
