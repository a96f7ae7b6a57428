//! Owns how a client waits for what becomes of instances: until one has ended, or for each change as it
//! comes.

use std::time::Duration;

use hyper::StatusCode;

use super::error::ApiError;
use super::listing::by_label;
use super::request::Parameters;
use super::routes::Operation;
use super::stream::{self, Feed, Wanted};
use super::{Answer, Connection, times, wire};
use crate::scheduler::{Handle, Position, Watch};
use crate::workflow::id::{InstanceId, Timestamp};

/// For how long a client waits unless it says otherwise.
const WAIT_DEFAULT: Duration = Duration::from_secs(30);
/// The longest it may wait in one request.
const WAIT_MAX: Duration = Duration::from_secs(5 * 60);

/// Answers an instance once it has ended, or as it is when the time is over.
pub(super) async fn wait(
    handle: &Handle,
    parameters: &Parameters,
    connection: &Connection,
) -> Result<Answer, ApiError> {
    parameters.take_only(&["timeout"])?;
    let time = wait_time(parameters, "timeout")?.unwrap_or(WAIT_DEFAULT);
    let id = parameters.path("subject");
    let watch = handle.watch(&InstanceId::unchecked(id)).await;
    let watch = watch.map_err(|error| ApiError::operation(Operation::Wait, id, error))?;
    outcome(watch, id, time, connection).await
}

/// Answers an instance that is watched once it has ended; or as it is, when the time is over or the host
/// closes.
pub(super) async fn outcome(
    watch: Watch,
    id: &str,
    time: Duration,
    connection: &Connection,
) -> Result<Answer, ApiError> {
    let over = async {
        tokio::select! {
            () = tokio::time::sleep(time) => {}
            () = connection.closing.cancelled() => {}
        }
    };
    let found = watch.outcome(over).await;
    let found = found.map_err(|error| ApiError::operation(Operation::Wait, id, error))?;
    Ok(wire::json(StatusCode::OK, &wire::Instance::new(&found)))
}

/// How long the client is ready to wait, if it says so in this parameter.
pub(super) fn wait_time(parameters: &Parameters, name: &str) -> Result<Option<Duration>, ApiError> {
    let Some(text) = parameters.query(name) else { return Ok(None) };
    let time = Duration::from_millis(times::duration_ms(name, text)?);
    if time > WAIT_MAX {
        let longest = WAIT_MAX.as_secs();
        let message = format!("{name} is '{text}': it may be {longest}s at most; wait again then");
        return Err(ApiError::malformed(message));
    }
    Ok(Some(time))
}

/// Streams the changes of one instance.
pub(super) async fn changes_of(
    handle: &Handle,
    parameters: &Parameters,
    connection: &Connection,
) -> Result<Answer, ApiError> {
    parameters.take_only(&["lastEventId"])?;
    let id = parameters.path("subject");
    let instance = InstanceId::unchecked(id);
    let since = since(parameters)?;
    let subscription = handle.changes(since);
    let mut now = None;
    // Whoever goes on with a stream has seen the instance: it need not be there any more.
    if since.is_none() || subscription.missed_since().is_some() {
        let found = handle.glance(&instance).await;
        now = Some(found.map_err(|error| ApiError::operation(Operation::WatchOne, id, error))?);
    }
    let feed = Feed::new(handle.clone(), subscription, Wanted::One(instance, now));
    Ok(stream::answer(feed, connection))
}

/// Streams the changes of all instances, or of those that a filter names.
pub(super) fn changes(
    handle: &Handle,
    parameters: &Parameters,
    connection: &Connection,
) -> Result<Answer, ApiError> {
    parameters.take_only(&["name", "status", "lastEventId"])?;
    let filter = by_label(parameters)?;
    let subscription = handle.changes(since(parameters)?);
    let feed = Feed::new(handle.clone(), subscription, Wanted::Many(filter));
    Ok(stream::answer(feed, connection))
}

/// The ID of the last event that the client has seen.
fn since(parameters: &Parameters) -> Result<Option<Position>, ApiError> {
    let Some(id) = parameters.last_event_id() else { return Ok(None) };
    parse(id).map(Some).ok_or_else(|| {
        ApiError::malformed(format!(
            "the last event's ID is '{id}': it takes an ID that this stream has sent"
        ))
    })
}

/// Writes a position as the ID of an event.
pub(super) fn event_id(position: Position) -> String {
    format!("{}-{}-{}", position.fence, position.sequence, position.time.0)
}

fn parse(id: &str) -> Option<Position> {
    let mut numbers = id.split('-').map(|digits| digits.parse::<u64>().ok());
    let (fence, sequence) = (numbers.next()??, numbers.next()??);
    let time = Timestamp(numbers.next()??);
    numbers.next().is_none().then_some(Position { fence, sequence, time })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_of_an_event_leads_back_to_its_place() {
        let position = Position { fence: 3, sequence: u64::MAX, time: Timestamp(0) };
        assert_eq!(parse(&event_id(position)), Some(position));
        for wrong in ["", "1", "1-2", "1-2-3-4", "a-2-3", "1--3", "1-2-18446744073709551616"] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }
}
