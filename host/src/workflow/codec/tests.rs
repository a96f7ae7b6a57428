use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use super::*;

const POLICY: RetryPolicy = RetryPolicy {
    max_attempts: 3,
    first_interval_ms: 1_000,
    backoff_coefficient: 1.5,
    max_interval_ms: Some(10_000),
    timeout_ms: None,
};

fn start() -> RunStarted {
    RunStarted {
        run: RunId([7; 16]),
        instance: InstanceId::unchecked("größe|:\0"),
        workflow: "Order".to_owned(),
        module: "orders".to_owned(),
        digest: Digest([1; 32]),
        input: "{\"name\":\"\u{1f9f6}\"}".to_owned(),
    }
}

fn failure() -> Failure {
    Failure {
        stack_trace: Some("at charge".to_owned()),
        ..Failure::permanent("broken", "for good")
    }
}

fn events() -> Vec<Event> {
    let task = TaskNumber(300);
    let call = ActivityCall {
        name: "charge".to_owned(),
        input: String::new(),
        retry: Some(POLICY),
        timeout_ms: Some(u64::MAX),
    };
    vec![
        Event::RunStarted(start()),
        Event::Asked(Command::CallActivity(call.clone())),
        Event::Asked(Command::CallActivity(ActivityCall { retry: None, timeout_ms: None, ..call })),
        Event::Asked(Command::StartTimer { fire_at: Timestamp::MAX }),
        Event::Asked(Command::WaitEvent { name: "go".to_owned() }),
        Event::Asked(Command::Cancel { task: TaskNumber(u32::MAX) }),
        Event::Asked(Command::SetCustomStatus { status: "here".to_owned() }),
        Event::EventRaised { name: "go".to_owned(), payload: "x".repeat(1_000) },
        Event::ActivityCompleted { task, output: "null".to_owned() },
        Event::ActivityAttemptFailed { task, failure: failure(), retry_at: Timestamp(128) },
        Event::ActivityRetried { task },
        Event::ActivityFailed { task, failure: Failure::new("a", "b") },
        Event::TimerFired { task },
        Event::Paused,
        Event::Resumed,
        Event::VersionSelected { digest: Digest([255; 32]) },
        Event::RunCompleted { output: "1".to_owned() },
        Event::RunFailed { failure: failure() },
        Event::RunTerminated { output: Some("stopped".to_owned()) },
        Event::RunTerminated { output: None },
    ]
}

fn history() -> Vec<Recorded> {
    let timed = |(position, event)| Recorded { time: Timestamp(position as u64 * 1_000), event };
    events().into_iter().enumerate().map(timed).collect()
}

fn summary(stall: Option<Stall>) -> Summary {
    Summary {
        instance: InstanceId::unchecked("order-1"),
        run: RunId([7; 16]),
        workflow: "Order".to_owned(),
        module: "orders".to_owned(),
        digest: Digest([1; 32]),
        created_at: Timestamp(1),
        updated_at: Timestamp(2),
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
    ];
    let phases =
        [Phase::NotStarted, Phase::Paused, Phase::Completed, Phase::Failed, Phase::Terminated];
    summaries.extend(phases.map(|phase| Summary { phase, ..summary(None) }));
    summaries
}

fn messages() -> Vec<Message> {
    let (task, attempt) = (TaskNumber(3), 2);
    vec![
        Message::Start(start()),
        Message::RaiseEvent { name: "go".to_owned(), payload: "1".to_owned() },
        Message::Pause,
        Message::Resume,
        Message::Terminate { output: None },
        Message::Terminate { output: Some("x".to_owned()) },
        Message::SelectVersion { digest: Digest([9; 32]) },
        Message::ActivityEnded { task, attempt, result: Ok("1".to_owned()) },
        Message::ActivityEnded { task, attempt, result: Err(failure()) },
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
    let endless_text =
        [1, 0, tag::SET_CUSTOM_STATUS, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1];
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
