//! Schedules without a host: when they are due, what is made up for, and what overlaps.

use super::definition::{Definition, Invalid, Overlap, Plan};
use super::planning::{CATCH_UP_MAX, Decision, Due, decide, due, instance_id};
use super::record::{Firing, Outcome, Record};
use super::timing::{InvalidTiming, Timing};
use crate::workflow::id::{InstanceId, Timestamp};

fn at(text: &str) -> Timestamp {
    Timestamp(text.parse::<jiff::Timestamp>().unwrap().as_millisecond() as u64)
}

fn cron(pattern: &str, time_zone: &str) -> Timing {
    Timing::Cron { pattern: pattern.to_owned(), time_zone: time_zone.to_owned() }
}

fn every(period_ms: u64, from: Option<Timestamp>) -> Timing {
    Timing::Every { period_ms, from }
}

fn definition(timing: Timing) -> Definition {
    Definition {
        module: "dapr".to_owned(),
        workflow: "Report".to_owned(),
        input: String::new(),
        timing,
        overlap: Overlap::Skip,
        catch_up_ms: 60_000,
        instance_id_prefix: None,
        start_at: None,
        end_at: None,
        note: None,
    }
}

fn plan(timing: Timing) -> Plan {
    Plan::new("report", definition(timing)).unwrap()
}

/// All times from `from` on, `from` not included, up to `until`.
fn times(plan: &Plan, from: Timestamp, until: Timestamp) -> Vec<Timestamp> {
    let next = |time: &Timestamp| plan.next_after(*time);
    std::iter::successors(plan.next_after(from), next).take_while(|time| *time <= until).collect()
}

fn check(plan: &Plan, from: &str, expected: &[&str]) {
    let mut after = at(from);
    for expected in expected {
        let next = plan.next_after(after).unwrap();
        assert_eq!(next, at(expected), "after {after:?}, not {expected}");
        after = next;
    }
}

#[test]
fn cron_takes_five_fields_or_six_with_seconds() {
    let monday_noon = "2026-06-01T12:00:00Z";
    check(&plan(cron("30 9 * * MON-FRI", "UTC")), monday_noon, &["2026-06-02T09:30:00Z"]);
    check(
        &plan(cron("15 30 9 * * MON-FRI", "UTC")),
        "2026-06-05T12:00:00Z",
        &["2026-06-08T09:30:15Z", "2026-06-09T09:30:15Z"],
    );
    check(&plan(cron("30 9 * * *", "America/New_York")), monday_noon, &["2026-06-01T13:30:00Z"]);
    check(&plan(cron("* * * * * *", "UTC")), "2026-06-01T12:00:00.250Z", &["2026-06-01T12:00:01Z"]);
    check(&plan(cron("0 0 29 2 *", "UTC")), "2026-01-01T00:00:00Z", &["2028-02-29T00:00:00Z"]);
}

#[test]
fn in_the_gap_a_fixed_time_comes_once_right_after_it_and_others_not() {
    // In Berlin, 02:00 becomes 03:00 on 29 March 2026, which is 01:00 UTC.
    let fixed = plan(cron("30 2 * * *", "Europe/Berlin"));
    check(
        &fixed,
        "2026-03-28T00:00:00Z",
        &["2026-03-28T01:30:00Z", "2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"],
    );
    let several = plan(cron("10,40 2 * * *", "Europe/Berlin"));
    check(&several, "2026-03-28T12:00:00Z", &["2026-03-30T00:10:00Z", "2026-03-30T00:40:00Z"]);
    let stepped = plan(cron("*/30 * * * *", "Europe/Berlin"));
    check(&stepped, "2026-03-29T00:30:00Z", &["2026-03-29T01:00:00Z", "2026-03-29T01:30:00Z"]);
}

#[test]
fn in_the_overlap_a_fixed_time_comes_once_and_a_step_in_both_hours() {
    // In Berlin, 03:00 becomes 02:00 on 25 October 2026, which is 01:00 UTC.
    let fixed = plan(cron("30 2 * * *", "Europe/Berlin"));
    check(&fixed, "2026-10-24T12:00:00Z", &["2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"]);
    let stepped = plan(cron("*/30 * * * *", "Europe/Berlin"));
    check(
        &stepped,
        "2026-10-24T23:45:00Z",
        &[
            "2026-10-25T00:00:00Z",
            "2026-10-25T00:30:00Z",
            "2026-10-25T01:00:00Z",
            "2026-10-25T01:30:00Z",
            "2026-10-25T02:00:00Z",
        ],
    );
}

#[test]
fn looking_back_finds_the_times_that_looking_ahead_finds() {
    let patterns =
        ["30 2 * * *", "10,40 2 * * *", "*/30 * * * *", "0 */7 1-3 * * *", "0 0 * * SUN"];
    let zones = ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "UTC"];
    for (pattern, zone) in patterns.iter().flat_map(|it| zones.iter().map(move |zone| (it, zone))) {
        let plan = plan(cron(pattern, zone));
        for (from, until) in [
            ("2026-03-05T00:00:00Z", "2026-04-07T00:00:00Z"),
            ("2026-10-01T00:00:00Z", "2026-11-04T00:00:00Z"),
        ] {
            let (from, until) = (at(from), at(until));
            let ahead = times(&plan, from, until);
            let back = |time: &Timestamp| plan.last_until(Timestamp(time.0 - 1));
            let mut behind: Vec<_> = std::iter::successors(plan.last_until(until), back)
                .take_while(|time| *time > from)
                .collect();
            behind.reverse();
            assert_eq!(ahead, behind, "{pattern} in {zone}");
        }
    }
}

#[test]
fn a_period_counts_from_its_anchor_or_from_1970() {
    check(
        &plan(every(900_000, None)),
        "2026-06-01T12:07:00Z",
        &["2026-06-01T12:15:00Z", "2026-06-01T12:30:00Z"],
    );
    let anchored = plan(every(900_000, Some(at("2026-06-01T12:10:00Z"))));
    check(
        &anchored,
        "2026-06-01T11:00:00Z",
        &["2026-06-01T12:10:00Z", "2026-06-01T12:25:00Z", "2026-06-01T12:40:00Z"],
    );
    assert_eq!(anchored.last_until(at("2026-06-01T12:09:59Z")), None);
    assert_eq!(plan(every(900_000, None)).next_after(Timestamp::MAX), None);
}

#[test]
fn a_schedule_is_due_between_its_start_and_its_end() {
    let bounded = Definition {
        start_at: Some(Timestamp(30_000)),
        end_at: Some(Timestamp(50_000)),
        ..definition(every(10_000, None))
    };
    let bounded = Plan::new("bounded", bounded).unwrap();
    let expected = [30_000, 40_000, 50_000].map(Timestamp);
    assert_eq!(times(&bounded, Timestamp(0), Timestamp::MAX), expected);
    assert_eq!(bounded.last_until(Timestamp(29_999)), None);
    assert_eq!(bounded.last_until(Timestamp(99_999)), Some(Timestamp(50_000)));
    let once = plan(Timing::At { time: Timestamp(7) });
    assert_eq!(
        (once.next_after(Timestamp(6)), once.next_after(Timestamp(7))),
        (Some(Timestamp(7)), None)
    );
}

#[test]
fn what_is_within_the_window_is_made_up_for_oldest_first() {
    let plan = plan(every(10_000, None));
    let nothing = Due::default();
    assert_eq!(due(&plan, Timestamp(100_000), Timestamp(109_999)), nothing);
    let on_time = Due { fire: vec![Timestamp(110_000)], missed: 0 };
    assert_eq!(due(&plan, Timestamp(100_000), Timestamp(110_000)), on_time);
    // Down from 100 s to 1000 s: the window of a minute begins at 940 s.
    let late = due(&plan, Timestamp(100_000), Timestamp(1_000_000));
    let expected: Vec<_> = (94..=100).map(|tens| Timestamp(tens * 10_000)).collect();
    assert_eq!(late, Due { fire: expected, missed: 83 });
}

#[test]
fn at_most_a_hundred_are_made_up_for_and_the_rest_are_counted() {
    let week = 7 * 86_400_000;
    let plan = Plan::new("x", Definition { catch_up_ms: week, ..definition(every(1_000, None)) });
    let plan = plan.unwrap();
    let late = due(&plan, Timestamp(0), Timestamp(500_000));
    assert_eq!((late.fire.len(), late.missed), (CATCH_UP_MAX, 400));
    assert_eq!((late.fire[0], late.fire[99]), (Timestamp(401_000), Timestamp(500_000)));
    // However long the downtime was, there is an end to the counting.
    assert_eq!(due(&plan, Timestamp(0), Timestamp(week)).missed, 10_000);
    let seconds = Definition { catch_up_ms: week, ..definition(cron("* * * * * *", "UTC")) };
    let seconds = Plan::new("x", seconds).unwrap();
    assert_eq!(due(&seconds, Timestamp(0), Timestamp(week)).fire.len(), CATCH_UP_MAX);
}

#[test]
fn what_overlaps_is_skipped_allowed_replaced_or_buffered() {
    use Overlap::{Allow, BufferOne, Skip, TerminatePrevious};
    for overlap in [Skip, Allow, TerminatePrevious, BufferOne] {
        assert_eq!(decide(overlap, false, false), Decision::Start);
    }
    assert_eq!(decide(Skip, true, false), Decision::Skip);
    assert_eq!(decide(Allow, true, false), Decision::Start);
    assert_eq!(decide(TerminatePrevious, true, false), Decision::TerminateAndStart);
    assert_eq!(decide(BufferOne, true, false), Decision::Buffer);
    // One waits already, and is started first.
    assert_eq!(decide(BufferOne, true, true), Decision::Skip);
    assert_eq!(decide(BufferOne, false, true), Decision::Skip);
}

#[test]
fn a_time_always_gives_the_same_instance_id() {
    let time = at("2026-03-29T01:00:00Z");
    assert_eq!(instance_id("nightly", time).as_str(), "nightly-20260329T010000Z");
    let fraction = Timestamp(time.0 + 20);
    assert_eq!(instance_id("nightly", fraction).as_str(), "nightly-20260329T010000020Z");
    let longest = "x".repeat(super::definition::NAME_BYTES_MAX);
    for time in [Timestamp(0), fraction, Timestamp::MAX] {
        let id = instance_id(&longest, time);
        assert_eq!(InstanceId::parse(id.as_str()), Ok(id));
    }
}

#[test]
fn what_makes_no_sense_is_refused_with_its_value() {
    let refuse = |name: &str, definition: Definition| Plan::new(name, definition).unwrap_err();
    for name in ["", "a b", "a/b", &"x".repeat(45)] {
        let refused = refuse(name, definition(every(1_000, None)));
        assert_eq!(refused, Invalid::Name(name.to_owned()));
    }
    for pattern in ["", "* * * *", "61 * * * *", "0 0 0 1 1 * 2026", "a b c d e", "0 25 * * *"] {
        let refused = refuse("x", definition(cron(pattern, "UTC")));
        let is_pattern = matches!(refused, Invalid::Timing(InvalidTiming::Pattern { .. }));
        assert!(is_pattern, "{pattern}: {refused}");
    }
    let long = format!("{} * * * *", "1,".repeat(200));
    let too_long = refuse("x", definition(cron(&long, "UTC"))).to_string();
    assert!(too_long.contains("256 bytes") && too_long.len() < 256, "{too_long}");
    let never = refuse("x", definition(cron("0 0 30 2 *", "UTC")));
    assert_eq!(never, InvalidTiming::Never("0 0 30 2 *".to_owned()).into());
    let nowhere = refuse("x", definition(cron("0 0 * * *", "Europe/Nowhere")));
    assert_eq!(nowhere, InvalidTiming::TimeZone("Europe/Nowhere".to_owned()).into());
    assert_eq!(refuse("x", definition(every(99, None))), InvalidTiming::Period(99).into());
    assert_eq!(refuse("x", definition(every(0, None))), InvalidTiming::Period(0).into());
    let short = Definition { catch_up_ms: 0, ..definition(every(1_000, None)) };
    assert_eq!(refuse("x", short), Invalid::CatchUp(0));
    let nameless = Definition { workflow: String::new(), ..definition(every(1_000, None)) };
    assert_eq!(refuse("x", nameless), Invalid::Workflow);
}

fn firing(time: u64, outcome: Outcome) -> Firing {
    let (time, instance) = (Timestamp(time), format!("x-{time}"));
    Firing { time, fired_at: time, instance, outcome }
}

#[test]
fn a_record_keeps_the_last_firings_and_counts_all() {
    let mut record = Record::new(definition(every(1_000, None)), Timestamp(0));
    for time in 1..=20 {
        record.note(firing(time, if time % 2 == 0 { Outcome::Started } else { Outcome::Skipped }));
    }
    assert_eq!((record.counts.started, record.counts.skipped), (10, 10));
    assert_eq!((record.firings.len(), record.firings[0].time), (10, Timestamp(20)));
    assert_eq!(record.previous().unwrap().as_str(), "x-20");
    record.note(firing(21, Outcome::Buffered));
    assert_eq!(
        (record.buffered, record.previous().unwrap().as_str()),
        (Some(Timestamp(21)), "x-20")
    );
    record.note(firing(22, Outcome::Skipped));
    record.note(firing(21, Outcome::Started));
    assert_eq!((record.buffered, record.previous().unwrap().as_str()), (None, "x-21"));
    let of_21 = record.firings.iter().filter(|firing| firing.time == Timestamp(21));
    assert_eq!(of_21.count(), 1, "the buffered firing has become a start");
}

#[test]
fn a_pause_and_other_times_make_up_for_nothing() {
    let mut record = Record::new(definition(every(1_000, None)), Timestamp(0));
    record.set_paused(true, Timestamp(5_000));
    record.set_paused(false, Timestamp(9_500));
    assert_eq!(record.covered_until, Timestamp(9_500));
    // The same times: what is due still is.
    let noted = Definition { note: Some("nightly".to_owned()), ..record.definition.clone() };
    record.replace(noted, Timestamp(20_000));
    assert_eq!(record.covered_until, Timestamp(9_500));
    record.replace(definition(every(2_000, None)), Timestamp(20_000));
    assert_eq!(record.covered_until, Timestamp(20_000));
}
