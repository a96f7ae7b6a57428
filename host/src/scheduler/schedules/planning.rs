//! Owns what is to be done about a schedule: which of its times are due, which are made up for, what an
//! instance is called, and what happens when the one before has not ended. Pure: from values to values.

use jiff::tz::TimeZone;

use super::definition::{Overlap, Plan};
use crate::workflow::id::{InstanceId, Timestamp};

/// The most firings that are made up for at once.
pub(super) const CATCH_UP_MAX: usize = 100;
/// How far missed firings are counted one by one. It bounds the work after a long downtime.
const COUNTED_MAX: u64 = 10_000;

/// What is due.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Due {
    /// The times to fire for, oldest first.
    pub(super) fire: Vec<Timestamp>,
    /// How many times were too long ago, or too many; 10 000 stands for that many or more.
    pub(super) missed: u64,
}

/// Returns what is due of a schedule at `now`, whose times up to `covered_until` have been dealt with.
pub(super) fn due(plan: &Plan, covered_until: Timestamp, now: Timestamp) -> Due {
    let window_start = Timestamp(now.0.saturating_sub(plan.definition.catch_up_ms));
    let mut fire = Vec::new();
    let mut last = plan.last_until(now);
    while let Some(time) = last.filter(|&time| time > covered_until && time >= window_start) {
        if fire.len() == CATCH_UP_MAX {
            break;
        }
        fire.push(time);
        last = plan.last_until(Timestamp(time.0.saturating_sub(1)));
    }
    fire.reverse();
    let counted_until = fire.first().copied().unwrap_or(Timestamp(now.0.saturating_add(1)));
    let mut missed = 0;
    let mut next = plan.next_after(covered_until);
    while let Some(time) = next.filter(|&time| time < counted_until && missed < COUNTED_MAX) {
        missed += 1;
        next = plan.next_after(time);
    }
    Due { fire, missed }
}

/// What is done about a firing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Decision {
    /// Start an instance.
    Start,
    /// Terminate the previous one first.
    TerminateAndStart,
    /// Leave it out.
    Skip,
    /// Start an instance when the previous one has ended.
    Buffer,
}

/// Decides about a firing, given whether the instance started before it lives, and whether one waits
/// for that already.
pub(super) fn decide(overlap: Overlap, previous_lives: bool, buffered: bool) -> Decision {
    match (overlap, previous_lives) {
        (Overlap::BufferOne, _) if buffered => Decision::Skip,
        (_, false) | (Overlap::Allow, true) => Decision::Start,
        (Overlap::Skip, true) => Decision::Skip,
        (Overlap::TerminatePrevious, true) => Decision::TerminateAndStart,
        (Overlap::BufferOne, true) => Decision::Buffer,
    }
}

/// Returns the ID of the instance that is started for a time: always the same, so that it is started
/// once even if the host dies before it has noted that it was.
pub(super) fn instance_id(prefix: &str, time: Timestamp) -> InstanceId {
    let written = i64::try_from(time.0)
        .ok()
        .and_then(|milliseconds| jiff::Timestamp::from_millisecond(milliseconds).ok())
        .map(|time| time.to_zoned(TimeZone::UTC).strftime("%Y%m%dT%H%M%S").to_string())
        // Every time up to the year 9999 can be written.
        .unwrap_or_default();
    let fraction = match time.0 % 1_000 {
        0 => String::new(),
        milliseconds => format!("{milliseconds:03}"),
    };
    InstanceId::unchecked(&format!("{prefix}-{written}{fraction}Z"))
}
