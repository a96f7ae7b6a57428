//! Owns when a schedule is due: pure, from times to times.
//!
//! Cron is that of the `croner` crate, with the time zones that are built into `jiff`. A pattern is at a
//! *fixed time* if its seconds, minutes and hours are one number each, such as `30 2 * * *`; with a
//! wildcard, step, range or list among them, such as `*/10 * * * *`, it is at *intervals*. When a clock
//! is changed:
//!
//! - **Put forward** (02:00 becomes 03:00): a fixed time in the gap is due once, at the first moment
//!   after it (03:00). At intervals, what would be in the gap is left out.
//! - **Put back** (03:00 becomes 02:00): a fixed time is due once, the first time that the clock shows
//!   it. At intervals, it is due in both hours.

use croner::Cron;
use croner::parser::{CronParser, Seconds, Year};
use jiff::Zoned;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::scheduler::documents::{optional_time, time};
use crate::workflow::id::Timestamp;

/// The most bytes a pattern may have: far more than a sensible one needs.
const PATTERN_BYTES_MAX: usize = 256;
/// The shortest period of a schedule.
pub(super) const PERIOD_MS_MIN: u64 = 100;

/// When a schedule is due, as it is asked for and stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Timing {
    /// Whenever a clock in this time zone shows what the pattern says.
    Cron {
        /// Five fields, or six with seconds first.
        pattern: String,
        /// The IANA name of the time zone.
        time_zone: String,
    },
    /// Again and again.
    Every {
        /// After so long.
        period_ms: u64,
        /// First at this time; without it, at whole multiples of the period since 1970.
        #[serde(with = "optional_time")]
        from: Option<Timestamp>,
    },
    /// Once.
    At {
        /// Then.
        #[serde(with = "time")]
        time: Timestamp,
    },
}

/// Why a text says no times.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum InvalidTiming {
    /// The pattern is no cron pattern.
    #[error(
        "'{pattern}' is not a cron pattern of 5 fields, or 6 with seconds first, such as '0 30 9 * * MON-FRI': {reason}"
    )]
    Pattern {
        /// The pattern.
        pattern: String,
        /// What is wrong.
        reason: String,
    },
    /// The pattern fits no day there is.
    #[error("the cron pattern '{0}' fits no date: it would never be due")]
    Never(String),
    /// There is no such time zone.
    #[error("'{0}' is not an IANA time zone, such as 'Europe/Berlin' or 'UTC'")]
    TimeZone(String),
    /// The period is too short.
    #[error("a period of {0} ms is too short: it must be {PERIOD_MS_MIN} ms or more")]
    Period(u64),
}

/// When a schedule is due, ready to be asked.
#[derive(Clone, Debug)]
pub(super) enum Times {
    Cron(Box<Cron>, TimeZone),
    Every { period_ms: u64, from: Timestamp },
    At(Timestamp),
}

impl Times {
    /// Checks what was asked for.
    ///
    /// # Errors
    /// It says no times.
    pub(super) fn new(timing: &Timing) -> Result<Self, InvalidTiming> {
        match timing {
            Timing::Cron { pattern, time_zone } => cron(pattern, time_zone),
            Timing::Every { period_ms, .. } if *period_ms < PERIOD_MS_MIN => {
                Err(InvalidTiming::Period(*period_ms))
            }
            Timing::Every { period_ms, from } => {
                Ok(Self::Every { period_ms: *period_ms, from: from.unwrap_or(Timestamp(0)) })
            }
            Timing::At { time } => Ok(Self::At(*time)),
        }
    }

    /// Returns the first time after this one.
    pub(super) fn next_after(&self, after: Timestamp) -> Option<Timestamp> {
        let next = match self {
            Self::Cron(cron, zone) => {
                let next = cron.find_next_occurrence(&zoned(after, zone)?, false).ok()?;
                timestamp(&next)?
            }
            Self::Every { from, .. } if after < *from => *from,
            Self::Every { period_ms, from } => {
                let periods = (after.0 - from.0) / period_ms + 1;
                Timestamp(from.0.checked_add(periods.checked_mul(*period_ms)?)?)
            }
            Self::At(time) => *time,
        };
        (next > after && next <= Timestamp::MAX).then_some(next)
    }

    /// Returns the last time that is this one or before.
    pub(super) fn last_until(&self, until: Timestamp) -> Option<Timestamp> {
        match self {
            Self::Cron(cron, zone) => {
                let last = cron.find_previous_occurrence(&zoned(until, zone)?, true).ok()?;
                timestamp(&last)
            }
            Self::Every { from, .. } if until < *from => None,
            Self::Every { period_ms, from } => {
                Some(Timestamp(from.0 + (until.0 - from.0) / period_ms * period_ms))
            }
            Self::At(time) => Some(*time),
        }
        .filter(|&last| last <= until)
    }
}

fn cron(pattern: &str, time_zone: &str) -> Result<Times, InvalidTiming> {
    let invalid = |reason: String| InvalidTiming::Pattern { pattern: pattern.to_owned(), reason };
    if pattern.len() > PATTERN_BYTES_MAX {
        let shown = pattern.chars().take(32).collect();
        let reason = format!("it has more than {PATTERN_BYTES_MAX} bytes");
        return Err(InvalidTiming::Pattern { pattern: shown, reason });
    }
    let parser = CronParser::builder().seconds(Seconds::Optional).year(Year::Disallowed).build();
    let parsed = parser.parse(pattern).map_err(|error| invalid(error.to_string()))?;
    let zone =
        TimeZone::get(time_zone).map_err(|_| InvalidTiming::TimeZone(time_zone.to_owned()))?;
    let times = Times::Cron(Box::new(parsed), zone);
    match times.next_after(Timestamp(0)) {
        Some(_) => Ok(times),
        None => Err(InvalidTiming::Never(pattern.to_owned())),
    }
}

fn zoned(time: Timestamp, zone: &TimeZone) -> Option<Zoned> {
    let seconds = i64::try_from(time.0 / 1_000).ok()?;
    let time = jiff::Timestamp::from_second(seconds).ok()?;
    Some(time.to_zoned(zone.clone()))
}

fn timestamp(zoned: &Zoned) -> Option<Timestamp> {
    u64::try_from(zoned.timestamp().as_millisecond()).ok().map(Timestamp)
}
