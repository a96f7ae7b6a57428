//! Owns how clients write times and durations, and how times are written for them.

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;

use super::error::ApiError;
use crate::workflow::id::Timestamp;

/// The units of a duration, and how many milliseconds each is; longest first.
const UNITS: [(&str, u64); 5] =
    [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];

/// Writes a time as Dapr does: UTC, and three digits of a second's fraction.
pub(super) fn rfc3339(time: Timestamp) -> String {
    let format =
        format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");
    let nanoseconds = i128::from(time.0) * 1_000_000;
    OffsetDateTime::from_unix_timestamp_nanos(nanoseconds)
        .ok()
        .and_then(|time| time.format(format).ok())
        // Times end with the year 9999, which both steps can do.
        .unwrap_or_default()
}

/// Reads a time, rounded up to a millisecond; one before 1970 is as 1970. None: it is no time, or
/// none that a host knows.
pub(super) fn parse_rfc3339(text: &str) -> Option<Timestamp> {
    let nanoseconds = OffsetDateTime::parse(text, &Rfc3339).ok()?.unix_timestamp_nanos();
    let milliseconds = u64::try_from(nanoseconds.max(0).div_euclid(1_000_000)).ok()?;
    let rounded_up = milliseconds + u64::from(nanoseconds.max(0).rem_euclid(1_000_000) > 0);
    Some(Timestamp(rounded_up)).filter(|&time| time <= Timestamp::MAX)
}

/// Reads the time that is given as this parameter.
pub(super) fn time(parameter: &str, text: &str) -> Result<Timestamp, ApiError> {
    parse_rfc3339(text).ok_or_else(|| {
        ApiError::malformed(format!(
            "{parameter} is '{text}': it takes a time as in RFC 3339, such as 2030-01-31T12:00:00Z (a `+` in a query is written %2B)"
        ))
    })
}

/// Reads the duration that is given as this parameter, in milliseconds.
pub(super) fn duration_ms(parameter: &str, text: &str) -> Result<u64, ApiError> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let unit_ms =
        UNITS.iter().find(|(name, _)| *name == unit).map(|&(_, milliseconds)| milliseconds);
    let duration = number.parse::<u64>().ok().zip(unit_ms);
    let duration = duration.and_then(|(number, unit_ms)| number.checked_mul(unit_ms));
    duration.filter(|&duration_ms| duration_ms <= Timestamp::MAX.0).ok_or_else(|| {
        ApiError::malformed(format!(
            "{parameter} is '{text}': it takes a whole number and a unit (ms, s, m, h or d), such as 90s"
        ))
    })
}

/// Reads a duration that may be missing.
pub(super) fn optional_duration_ms(
    parameter: &str,
    text: Option<&String>,
) -> Result<Option<u64>, ApiError> {
    text.map(|text| duration_ms(parameter, text)).transpose()
}

/// Writes a duration, in the longest unit of which it is a multiple.
pub(super) fn write_duration(duration_ms: u64) -> String {
    if duration_ms == 0 {
        return "0s".to_owned();
    }
    let fits = |&&(_, unit_ms): &&(&str, u64)| duration_ms.is_multiple_of(unit_ms);
    let (unit, unit_ms) = UNITS.iter().find(fits).copied().unwrap_or(("ms", 1));
    format!("{}{unit}", duration_ms / unit_ms)
}

/// Reads a time that may be missing.
pub(super) fn optional_time(
    parameter: &str,
    text: Option<&String>,
) -> Result<Option<Timestamp>, ApiError> {
    text.map(|text| time(parameter, text)).transpose()
}

/// Writes a time that may be missing.
pub(super) fn write_optional_time(time: Option<Timestamp>) -> Option<String> {
    time.map(rfc3339)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_utc_with_milliseconds() {
        assert_eq!(rfc3339(Timestamp(0)), "1970-01-01T00:00:00.000Z");
        assert_eq!(rfc3339(Timestamp(1_700_000_000_120)), "2023-11-14T22:13:20.120Z");
        assert_eq!(rfc3339(Timestamp::MAX), "9999-12-31T23:59:59.999Z");
    }

    #[test]
    fn times_are_read_in_any_zone_and_never_come_early() {
        for time in [Timestamp(0), Timestamp(1_700_000_000_120), Timestamp::MAX] {
            assert_eq!(parse_rfc3339(&rfc3339(time)), Some(time));
        }
        assert_eq!(
            parse_rfc3339("2023-11-15T00:13:20.12+02:00"),
            Some(Timestamp(1_700_000_000_120))
        );
        assert_eq!(parse_rfc3339("1970-01-01T00:00:00.0000001Z"), Some(Timestamp(1)));
        assert_eq!(parse_rfc3339("1871-01-01T00:00:00Z"), Some(Timestamp(0)));
        for none in [
            "",
            "now",
            "2023-11-14",
            "2023-11-14T22:13:20",
            "9999-12-31T23:59:59-01:00",
            "10000-01-01T00:00:00Z",
        ] {
            assert_eq!(parse_rfc3339(none), None, "{none}");
            assert!(time("startTime", none).is_err());
        }
    }

    #[test]
    fn a_duration_is_a_number_and_a_unit() {
        for (text, milliseconds) in [
            ("1500ms", 1_500),
            ("30s", 30_000),
            ("5m", 300_000),
            ("2h", 7_200_000),
            ("1d", 86_400_000),
            ("0s", 0),
        ] {
            assert_eq!(duration_ms("delay", text).ok(), Some(milliseconds), "{text}");
        }
        for none in [
            "",
            "s",
            "5",
            "-5s",
            "1.5s",
            "5 s",
            "5S",
            "99999999999999999999s",
            "213503982335d",
            "5ü",
        ] {
            assert!(duration_ms("delay", none).is_err(), "{none}");
        }
    }

    #[test]
    fn a_duration_reads_what_it_writes() {
        for text in ["0s", "500ms", "30s", "5m", "2h", "7d", "90s"] {
            assert_eq!(write_duration(duration_ms("x", text).unwrap()), text);
        }
        for bad in ["", "5", "s", "-1s", "1.5h", " 1s", "1 s", "1S", "1h30m", "99999999999d"] {
            assert!(duration_ms("x", bad).is_err(), "{bad}");
        }
    }
}
