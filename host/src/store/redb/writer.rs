//! Owns the one thread that writes. Batches form by themselves: whatever is asked for while one is on
//! its way to the disk goes into the next, and is answered when that is there.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, PoisonError, RwLock};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::sync::oneshot;
use tracing::{error, info};

use super::batch::Batch;
use super::disk::Disk;
use super::rows::Rows;
use crate::store::Error;

/// The most requests of one batch: enough to make its fsync cheap for each, few enough that
/// none waits long for the others to be applied.
const BATCH_MAX: usize = 1_024;

/// How many requests in the last batch mean that many write at the same time.
const CROWD: usize = 4;
/// Where many do, a batch waits for more of them: so many moments, unless two in a row bring none.
const MOMENT: Duration = Duration::from_micros(100);
const MOMENTS: u32 = 8;
const EMPTY_MOMENTS_MAX: u32 = 2;
/// If they did, everybody was waiting for the disk: some batches don't wait then, twice as many each time,
/// and so many at most.
const BATCHES_AT_ONCE_MAX: u32 = 128;

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
}

/// Takes what is waiting, as far as there is room; returns whether anything was.
fn take_waiting(queue: &Receiver<Box<dyn Request>>, batch: &mut Vec<Box<dyn Request>>) -> bool {
    let before = batch.len();
    batch.extend(queue.try_iter().take(BATCH_MAX - before));
    batch.len() > before
}

/// Waits for more to be written; returns whether it came all the while.
fn wait_for_more(queue: &Receiver<Box<dyn Request>>, batch: &mut Vec<Box<dyn Request>>) -> bool {
    let mut empty = 0;
    for _ in 0..MOMENTS {
        std::thread::sleep(MOMENT);
        empty = if take_waiting(queue, batch) { 0 } else { empty + 1 };
        if empty == EMPTY_MOMENTS_MAX {
            return false;
        }
    }
    true
}

/// The way to the writing thread. Dropping it lets the thread finish what is queued, and waits.
pub(super) struct Writer {
    requests: Option<Sender<Box<dyn Request>>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    /// Starts the thread that writes to a disk which holds these rows.
    pub(super) fn start(path: &Path, disk: Disk, rows: Rows) -> io::Result<(Self, Published)> {
        let (requests, queue) = channel();
        let published = Published(Arc::new(RwLock::new(Some(rows.clone()))));
        let (path, journal_bytes) = (path.to_owned(), disk.journal_bytes());
        let (open, also_published) = (Some((disk, rows)), published.clone());
        let mut writing = Writing { path, journal_bytes, open, published: also_published };
        let thread = std::thread::Builder::new()
            .name("reweft-writer".to_owned())
            .spawn(move || writing.write_batches(&queue))?;
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

/// What the thread has. Once writing has failed, the files are closed, and opened anew when they are next
/// needed: what they hold is then seen.
struct Writing {
    path: PathBuf,
    journal_bytes: u64,
    open: Option<(Disk, Rows)>,
    published: Published,
}

impl Writing {
    fn write_batches(&mut self, queue: &Receiver<Box<dyn Request>>) {
        let (mut last, mut at_once, mut pause) = (0, 0, 0_u32);
        let (mut requests, mut batches) = (0, 0_u64);
        while let Ok(first) = queue.recv() {
            let mut batch = vec![first];
            take_waiting(queue, &mut batch);
            // While processors are short, each write to the disk takes from them what others need, and
            // nobody is held up by waiting.
            if last >= CROWD && at_once == 0 {
                let more = wait_for_more(queue, &mut batch);
                pause = if more { 0 } else { (pause * 2).clamp(1, BATCHES_AT_ONCE_MAX) };
                at_once = pause;
            } else {
                at_once = at_once.saturating_sub(1);
            }
            let outcome = self.write_batch(&mut batch);
            if let Err(failed) = &outcome {
                error!("{} changes could not be written: {failed}", batch.len());
                self.close();
            }
            last = batch.len();
            (requests, batches) = (requests + last, batches + 1);
            for request in batch {
                request.answer(outcome.clone());
            }
        }
        info!(requests, batches, "all that was to be written has been");
        if let Some((disk, rows)) = &mut self.open
            && let Err(failed) = disk.settle_all(rows)
        {
            error!("what is in the journals is still to be settled: {failed}");
        }
    }

    fn write_batch(&mut self, requests: &mut [Box<dyn Request>]) -> Result<(), Error> {
        let (disk, rows) = match &mut self.open {
            Some(open) => open,
            closed => {
                let failed = |error: super::OpenError| Error::Unavailable(error.to_string());
                let open = Disk::open(&self.path, self.journal_bytes).map_err(failed)?;
                info!("{} is open again", self.path.display());
                self.published.set(Some(open.1.clone()));
                closed.insert(open)
            }
        };
        if disk.make_room(rows)? {
            self.published.set(Some(rows.clone()));
        }
        let mut batch = Batch::on(rows.clone());
        for request in requests {
            request.apply(&mut batch);
        }
        let (changed, record) = batch.finish()?;
        if !record.is_empty() {
            disk.append(record)?;
            *rows = changed;
            self.published.set(Some(rows.clone()));
        }
        Ok(())
    }

    fn close(&mut self) {
        self.published.set(None);
        self.open = None;
    }
}
