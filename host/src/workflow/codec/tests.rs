use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use super::*;
use crate::workflow::event::{Message, Recorded};
use crate::workflow::fixtures::{failure, full_start, odd_start, one_of_each_event};
use crate::workflow::id::{Digest, InstanceId, InstanceNumber, RunId, TaskNumber, Timestamp};
use crate::workflow::replay::Nondeterminism;
use crate::workflow::state::Phase;
use crate::workflow::summary::{Stall, Summary};

fn history() -> Vec<Recorded> {
    let timed = |(position, event)| Recorded { time: Timestamp(position as u64 * 1_000), event };
    one_of_each_event().into_iter().enumerate().map(timed).collect()
}

fn summary(stall: Option<Stall>) -> Summary {
    Summary {
        instance: InstanceId::unchecked("order-1"),
        run: RunId([7; 16]),
        workflow: "Order".to_owned(),
        module: "orders".to_owned(),
        digest: Digest([1; 32]),
        created_at: Timestamp(1),
        started_at: Timestamp(2),
        updated_at: Timestamp(3),
        start_at: Some(Timestamp(4)),
        generation: 5,
        parent: Some(InstanceId::unchecked("parent")),
        phase: Phase::Running,
        events: 12,
        turned: true,
        delivered: 3,
        custom_status_event: Some(4),
        end_event: None,
        stall,
    }
}

fn summaries() -> Vec<Summary> {
    let found =
        Nondeterminism { event: 3, expected: "call \"a\"".to_owned(), got: "returns".to_owned() };
    let mut summaries = vec![
        summary(None),
        summary(Some(Stall::Nondeterminism(found))),
        summary(Some(Stall::VersionUnavailable("it is gone".to_owned()))),
        summary(Some(Stall::LimitExceeded("it is long".to_owned()))),
        Summary { start_at: None, parent: None, ..summary(None) },
    ];
    let phases =
        [Phase::NotStarted, Phase::Paused, Phase::Completed, Phase::Failed, Phase::Terminated];
    summaries.extend(phases.map(|phase| Summary { phase, ..summary(None) }));
    summaries
}

fn messages() -> Vec<Message> {
    let (task, attempt, run) = (TaskNumber(300), 2, RunId([6; 16]));
    let (output, reason) = (Some("x".to_owned()), Some("y".to_owned()));
    let parent = InstanceNumber(5);
    let ended = |result, progress| Message::CallEnded { run, task, attempt, result, progress };
    vec![
        Message::Start(odd_start()),
        Message::Start(full_start()),
        Message::RaiseEvent { name: "go".to_owned(), payload: String::new() },
        Message::Pause { reason: None },
        Message::Pause { reason: reason.clone() },
        Message::Resume { reason: None },
        Message::Resume { reason: reason.clone() },
        Message::Terminate { output: None, reason: None, recursive: false },
        Message::Terminate { output, reason, recursive: true },
        Message::ParentCancelled { parent, call: None },
        Message::ParentCancelled { parent, call: Some((run, task)) },
        Message::SelectVersion { digest: Digest([9; 32]) },
        ended(Ok("1".to_owned()), None),
        ended(Err(failure()), Some("half".to_owned())),
        Message::TimerDue { task },
    ]
}

#[test]
fn what_is_written_is_read_back() {
    assert_eq!(decode_history(&encode_history(&history())), Ok(history()));
    assert_eq!(decode_history(&encode_history(&[])), Ok(Vec::new()));
    for summary in summaries() {
        assert_eq!(decode_summary(&encode_summary(&summary)), Ok(summary));
    }
    for message in messages() {
        assert_eq!(decode_message(&encode_message(&message)), Ok(message));
    }
    for label in summaries().iter().map(Summary::label) {
        assert_eq!(decode_label(&encode_label(&label)), Ok(label));
    }
}

/// The bytes of format 1, as the first release wrote them: whatever changes, they are read alike.
#[test]
fn format_1_is_read_for_ever() {
    let fixture = include_bytes!("fixtures/history-1.bin");
    assert_eq!(decode_history(fixture), Ok(history()));
    assert_eq!(encode_history(&history()), fixture, "a new form needs a new format number");
    let fixture = include_bytes!("fixtures/summary-1.bin");
    assert_eq!(decode_summary(fixture), Ok(summaries()[1].clone()));
    let fixture = include_bytes!("fixtures/message-1.bin");
    assert_eq!(decode_message(fixture), Ok(messages()[0].clone()));
}

#[test]
fn a_newer_format_is_refused_with_a_word() {
    let mut bytes = encode_history(&history());
    bytes[0] = 200;
    let refused = decode_history(&bytes).unwrap_err();
    assert_eq!(refused, Error::NewerFormat { what: "history", found: 200, newest: 1 });
    assert!(refused.to_string().contains("newer release"), "{refused}");
    for nothing in [&[][..], &[0]] {
        assert!(matches!(decode_history(nothing), Err(Error::Damaged { .. })));
        assert!(matches!(decode_summary(nothing), Err(Error::Damaged { .. })));
        assert!(matches!(decode_message(nothing), Err(Error::Damaged { .. })));
    }
}

#[test]
fn damaged_bytes_give_an_error_and_nothing_worse() {
    let seed = std::env::var("REWEFT_TEST_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed: u64 = seed.unwrap_or_else(|| u64::from(std::process::id()));
    println!("REWEFT_TEST_SEED={seed}");
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut samples = vec![encode_history(&history())];
    samples.extend(summaries().iter().map(encode_summary));
    samples.extend(messages().iter().map(encode_message));
    for sample in &samples {
        for _ in 0..2_000 {
            let mut bytes = sample.clone();
            for _ in 0..=random.next_u32() % 4 {
                let position = random.next_u64() as usize % bytes.len();
                match random.next_u32() % 3 {
                    0 => bytes[position] = random.next_u32() as u8,
                    1 => bytes.truncate(position.max(1)),
                    _ => bytes.insert(position, random.next_u32() as u8),
                }
            }
            // Whatever they say now, they are read without panic and without vast allocations.
            let _ = decode_history(&bytes);
            let _ = decode_summary(&bytes);
            let _ = decode_message(&bytes);
        }
    }
    const SET_CUSTOM_STATUS: u8 = 6;
    let endless_text = [1, 0, SET_CUSTOM_STATUS, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1];
    assert!(decode_history(&endless_text).is_err());
}

/// Writes the fixtures anew: only for a format that has never been released.
#[test]
#[ignore = "writes files"]
fn write_fixtures() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/workflow/codec/fixtures");
    std::fs::create_dir_all(folder).unwrap();
    std::fs::write(format!("{folder}/history-1.bin"), encode_history(&history())).unwrap();
    std::fs::write(format!("{folder}/summary-1.bin"), encode_summary(&summaries()[1])).unwrap();
    std::fs::write(format!("{folder}/message-1.bin"), encode_message(&messages()[0])).unwrap();
}
