//! Owns streams of server-sent events: how changes are written, and what becomes of a reader who does
//! not keep up. Such a reader is cut off, and nothing waits for it.

use std::convert::Infallible;
use std::time::Duration;

use futures::stream;
use http_body_util::{BodyExt, StreamBody};
use hyper::Response;
use hyper::body::{Bytes, Frame};
use hyper::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use tokio::sync::mpsc;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;
use tracing::error;

use super::watching::event_id;
use super::wire::Head;
use super::{Answer, Connection};
use crate::scheduler::{ChangeKind, Filter, Handle, Subscription};
use crate::workflow::id::{InstanceId, InstanceNumber, Timestamp};
use crate::workflow::summary::Summary;

/// How often something is sent, so that both sides see that the other is there.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// How long a reader may take nothing at all.
const UNREAD_TIME_MAX: Duration = Duration::from_secs(30);
/// How long a reader is given to take what is on its way when the stream ends.
const CLOSING_TIME_MAX: Duration = Duration::from_secs(1);
/// How many pieces may be on their way to a reader.
const PIECES_MAX: usize = 4;

/// Which changes are wanted.
pub(super) enum Wanted {
    /// Those of one instance; as it is now, if that is to be told first.
    One(InstanceId, Option<Summary>),
    /// Those of the instances that pass.
    Many(Filter),
}

impl Wanted {
    fn takes(&self, summary: &Summary) -> bool {
        match self {
            Self::One(instance, _) => *instance == summary.instance,
            Self::Many(filter) => filter.takes(summary),
        }
    }
}

/// What a reader is told.
pub(super) struct Feed {
    handle: Handle,
    subscription: Subscription,
    wanted: Wanted,
}

/// How a stream came to its end.
enum End {
    /// The host closes, the store can't be read, or the reader has gone.
    Over,
    /// The reader is too slow.
    TooSlow,
}

/// Where what is told goes to.
struct Reader {
    pieces: mpsc::Sender<Bytes>,
    closing: CancellationToken,
    /// How long it may take nothing at all.
    patience: Duration,
}

impl Reader {
    async fn tell(&self, piece: String) -> Result<(), End> {
        tokio::select! {
            sent = self.pieces.send_timeout(piece.into(), self.patience) => match sent {
                Ok(()) => Ok(()),
                Err(mpsc::error::SendTimeoutError::Closed(_)) => Err(End::Over),
                Err(mpsc::error::SendTimeoutError::Timeout(_)) => Err(End::TooSlow),
            },
            () = self.closing.cancelled() => Err(End::Over),
        }
    }
}

/// Begins to tell a reader.
pub(super) fn answer(feed: Feed, connection: &Connection) -> Answer {
    let (pieces, told) = mpsc::channel(PIECES_MAX);
    let closing = connection.closing.clone();
    let reader = Reader { pieces, closing, patience: UNREAD_TIME_MAX };
    let (closing, cut) = (connection.closing.clone(), connection.cut.clone());
    tokio::spawn(async move {
        let end = feed.tell(&reader).await;
        // The stream ends by itself when the host closes, unless what it has sent is not read.
        let is_read = tokio::time::timeout(CLOSING_TIME_MAX, reader.pieces.closed());
        if matches!(end, End::TooSlow) || is_read.await.is_err() {
            cut.cancel();
        }
    });
    let frames = stream::unfold((told, closing), |(mut told, closing)| async move {
        let piece: Bytes = tokio::select! {
            piece = told.recv() => piece?,
            () = closing.cancelled() => return None,
        };
        Some((Ok::<_, Infallible>(Frame::data(piece)), (told, closing)))
    });
    let mut answer = Response::new(StreamBody::new(frames).boxed_unsync());
    let headers = answer.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer
}

impl Feed {
    pub(super) fn new(handle: Handle, subscription: Subscription, wanted: Wanted) -> Self {
        Self { handle, subscription, wanted }
    }

    /// Tells until there is an end.
    async fn tell(mut self, reader: &Reader) -> End {
        let begun = match self.begin(reader).await {
            Ok(()) => self.go_on(reader).await,
            Err(end) => Err(end),
        };
        match begun {
            Ok(()) => End::Over,
            Err(end) => end,
        }
    }

    /// Tells where the stream stands, and before that what the reader has missed.
    async fn begin(&mut self, reader: &Reader) -> Result<(), End> {
        let position = event_id(self.subscription.position());
        if let Wanted::One(_, now) = &mut self.wanted {
            if let Some(now) = now.take() {
                reader.tell(event(Some(&position), ChangeKind::Status, &now)).await?;
            }
        } else if let Some(since) = self.subscription.missed_since() {
            self.catch_up(reader, since).await?;
        }
        reader.tell(format!("id: {position}\n\n")).await
    }

    /// Tells of everything that may have changed since then, as it is now. Until all of it is told,
    /// the reader's place is where it was.
    async fn catch_up(&self, reader: &Reader, since: Timestamp) -> Result<(), End> {
        let mut after: Option<InstanceNumber> = None;
        loop {
            let (changed, last) = match self.handle.changed_since(since, after).await {
                Ok(page) => page,
                Err(failed) => {
                    error!("a stream of changes ends: {failed}");
                    return Err(End::Over);
                }
            };
            let wanted = changed.iter().filter(|summary| self.wanted.takes(summary));
            let told: String = wanted.map(|it| event(None, ChangeKind::Status, it)).collect();
            reader.tell(if told.is_empty() { ":\n\n".to_owned() } else { told }).await?;
            after = last;
            if after.is_none() {
                return Ok(());
            }
        }
    }

    /// Tells of each change as it comes.
    async fn go_on(&mut self, reader: &Reader) -> Result<(), End> {
        let mut keep_alive = tokio::time::interval(KEEP_ALIVE);
        keep_alive.set_missed_tick_behavior(MissedTickBehavior::Delay);
        // The first is at once.
        keep_alive.tick().await;
        loop {
            let piece = tokio::select! {
                changes = self.subscription.next() => {
                    let changes = changes.map_err(|_| End::TooSlow)?;
                    let wanted = changes.iter().filter(|it| self.wanted.takes(&it.summary));
                    let told = wanted.map(|change| {
                        event(Some(&event_id(change.position)), change.kind, &change.summary)
                    });
                    told.collect::<String>()
                }
                // However little of the news is wanted, the reader's place moves on.
                _ = keep_alive.tick() => {
                    format!(":\nid: {}\n\n", event_id(self.subscription.position()))
                }
                () = reader.closing.cancelled() => return Err(End::Over),
                () = reader.pieces.closed() => return Err(End::Over),
            };
            if !piece.is_empty() {
                reader.tell(piece).await?;
            }
        }
    }
}

/// Writes an event.
fn event(id: Option<&str>, kind: ChangeKind, summary: &Summary) -> String {
    let kind = match kind {
        ChangeKind::Status => "status",
        ChangeKind::Purged => "purged",
    };
    // It has only text for keys, and so can be written: in one line, as the form asks for.
    let data = serde_json::to_string(&Head::new(summary)).unwrap_or_default();
    let id = id.map_or_else(String::new, |id| format!("id: {id}\n"));
    format!("{id}event: {kind}\ndata: {data}\n\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reader(patience: Duration) -> (Reader, mpsc::Receiver<Bytes>) {
        let (pieces, told) = mpsc::channel(1);
        (Reader { pieces, closing: CancellationToken::new(), patience }, told)
    }

    #[tokio::test]
    async fn a_reader_that_takes_nothing_is_too_slow() {
        let (reader, _told) = reader(Duration::from_millis(20));
        assert!(reader.tell("one".to_owned()).await.is_ok(), "there is room for one");
        assert!(matches!(reader.tell("two".to_owned()).await, Err(End::TooSlow)));
    }

    #[tokio::test]
    async fn a_reader_that_is_gone_or_no_longer_served_is_told_nothing() {
        let for_ever = Duration::from_secs(3_600);
        let (gone, told) = reader(for_ever);
        drop(told);
        assert!(matches!(gone.tell("one".to_owned()).await, Err(End::Over)));
        let (stuck, _told) = reader(for_ever);
        assert!(stuck.tell("one".to_owned()).await.is_ok());
        stuck.closing.cancel();
        assert!(matches!(stuck.tell("two".to_owned()).await, Err(End::Over)));
    }
}
