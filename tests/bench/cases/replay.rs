//! How fast a cold instance comes back: the pure core alone, with a guest attached, and the guest's own
//! start.

use std::time::{Duration, Instant};

use anyhow::Context;
use reweft::wasm::component::LoadedModule;
use reweft::wasm::engine::{GuestLimits, WasmEngine};
use reweft::wasm::rehearsal::{Watch, rehearse};
use reweft::wasm::workflow_guest::{Progress, TurnLimits, WorkflowInfo};
use reweft::workflow::command::{ActivityCall, Command};
use reweft::workflow::event::{Callee, Event, Named, Recorded, RunStarted};
use reweft::workflow::id::{Digest, InstanceId, RunId, TaskNumber, Timestamp};
use reweft::workflow::replay::Replay;

use super::Setting;
use crate::figures::Figures;

/// Steps of the history.
const STEPS: u32 = 100_000;
const ROUNDS: usize = 5;
const STARTS: usize = 1_000;
const TURN: TurnLimits = TurnLimits { ticks: 20_000, payload_bytes: 1 << 20, tasks: 100 };

fn add_one(number: u32) -> Command {
    let (name, input) = ("AddOne".to_owned(), number.to_string());
    let call =
        ActivityCall { name, input, retry: None, timeout_ms: None, heartbeat_timeout_ms: None };
    Command::CallActivity(call)
}

/// The history of a chain that waits for its last step.
fn chain(steps: u32) -> Vec<Recorded> {
    let started = Event::RunStarted(RunStarted {
        run: RunId([7; 16]),
        seed: [7; 16],
        instance: InstanceId::unchecked("chain"),
        workflow: "Chaining".to_owned(),
        module: "patterns".to_owned(),
        digest: Digest([1; 32]),
        input: (steps + 1).to_string(),
        created_at: Timestamp(0),
        start_at: None,
        generation: 1,
        depth: 0,
        parent: None,
        named: Named::default(),
        origin: None,
    });
    let steps = (0..steps).flat_map(|step| {
        let (callee, task) = (Callee::Activity, TaskNumber(step + 1));
        let output = (step + 1).to_string();
        [Event::Asked(add_one(step)), Event::CallCompleted { callee, task, output }]
    });
    let events = std::iter::once(started).chain(steps);
    events.map(|event| Recorded { time: Timestamp(1_000), event }).collect()
}

/// Returns the shortest of some rounds.
fn best(mut work: impl FnMut() -> anyhow::Result<()>) -> anyhow::Result<Duration> {
    let mut best = Duration::MAX;
    for _ in 0..ROUNDS {
        let began = Instant::now();
        work()?;
        best = best.min(began.elapsed());
    }
    Ok(best)
}

/// Plays the guest's part without a guest.
fn replay(history: &[Recorded]) -> anyhow::Result<()> {
    let mut replay = Replay::new(0);
    for recorded in history {
        replay.feed(recorded.clone());
    }
    for step in 0..STEPS {
        let task = replay.ask(add_one(step))?;
        replay.select(&[task])?;
        replay.outcome(task).context("it has been delivered")?.ok().context("it has not failed")?;
    }
    Ok(())
}

pub(super) fn measure(_: &Setting, figures: &mut Figures) -> anyhow::Result<()> {
    let history = chain(STEPS);
    let events = history.len() as f64;
    let per_second = |time: Duration| events / time.as_secs_f64();
    figures.add("replay, the core alone", per_second(best(|| replay(&history))?), "events/s");

    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let engine = WasmEngine::start(1)?;
    let module = LoadedModule::of_upload(&engine, &support::module("patterns"))?;
    let limits = GuestLimits::with_memory(256 << 20);
    let with_guest = best(|| {
        let rehearsed = rehearse(&module, &limits, TURN, &history, 0, Watch::Commands);
        let rehearsed = runtime.block_on(rehearsed)?;
        anyhow::ensure!(rehearsed.asked.len() == 1, "it went on to {:?}", rehearsed.asked);
        Ok(())
    })?;
    figures.add("replay, with a guest in Rust", per_second(with_guest), "events/s");

    let mut times: Vec<_> = (0..STARTS)
        .map(|_| {
            let began = Instant::now();
            runtime.block_on(start(&module, &limits)).map(|()| began.elapsed())
        })
        .collect::<anyhow::Result<_>>()?;
    times.sort_unstable();
    let middle = times[STARTS / 2].as_secs_f64();
    figures.add("a start: a guest in Rust and its first turn", middle * 1e6, "µs");
    figures.add("  the same, on one processor", 1.0 / middle, "/s");
    Ok(())
}

/// Makes a guest, and lets it run until it waits for its first activity.
async fn start(module: &LoadedModule, limits: &GuestLimits) -> anyhow::Result<()> {
    let history = chain(0);
    let Event::RunStarted(started) = &history[0].event else {
        unreachable!("it begins with a start")
    };
    let info = WorkflowInfo::of(started, history[0].time, started.digest);
    let mut replay = Replay::new(0);
    replay.feed(history[0].clone());
    let (room, input) = (module.room().await, started.input.clone());
    let guest = module.workflow_guest(room, limits, TURN, info, input, replay);
    let mut guest = guest.context("it has workflows")?;
    guest.begin_turn();
    loop {
        match guest.drive().await {
            Progress::Yielded => {}
            Progress::Blocked => return Ok(()),
            other => anyhow::bail!("it does not wait: {other:?}"),
        }
    }
}
