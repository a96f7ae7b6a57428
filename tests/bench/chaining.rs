//! Owns the workflow that is measured without a host: a chain of activities, its history, and its guest.

use std::sync::Arc;

use anyhow::Context;
use reweft::wasm::component::LoadedModule;
use reweft::wasm::engine::GuestLimits;
use reweft::wasm::workflow_guest::{Progress, TurnLimits, WorkflowGuest, WorkflowInfo};
use reweft::workflow::command::{ActivityCall, Command};
use reweft::workflow::event::{Callee, Event, Named, Recorded, RunStarted};
use reweft::workflow::id::{Digest, InstanceId, RunId, TaskNumber, Timestamp};
use reweft::workflow::replay::Replay;

pub(crate) const TURN: TurnLimits =
    TurnLimits { ticks: 20_000, payload_bytes: 1 << 20, tasks: 100 };

fn add_one(number: u32) -> Command {
    let (name, input) = ("AddOne".to_owned(), number.to_string());
    let call =
        ActivityCall { name, input, retry: None, timeout_ms: None, heartbeat_timeout_ms: None };
    Command::CallActivity(call)
}

/// The result of a step.
pub(crate) fn completed(step: u32) -> Event {
    let (callee, task) = (Callee::Activity, TaskNumber(step + 1));
    Event::CallCompleted { callee, task, output: (step + 1).to_string() }
}

/// The history of a chain that waits for its last step.
pub(crate) fn history(steps: u32) -> Vec<Recorded> {
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
    let steps = (0..steps).flat_map(|step| [Event::Asked(add_one(step)), completed(step)]);
    let events = std::iter::once(started).chain(steps);
    events.map(|event| Recorded { time: Timestamp(1_000), event }).collect()
}

/// Plays the guest's part without a guest.
pub(crate) fn play(history: &[Recorded]) -> anyhow::Result<()> {
    let mut replay = Replay::new(0);
    for recorded in history {
        replay.feed(recorded.clone());
    }
    for step in 0..history.len() as u32 / 2 {
        let task = replay.ask(add_one(step))?;
        replay.select(&[task])?;
        replay.outcome(task).context("it has been delivered")?.ok().context("it has not failed")?;
    }
    Ok(())
}

/// Makes a guest, and lets it run until it waits for its first activity.
pub(crate) async fn start(
    module: &LoadedModule,
    limits: &GuestLimits,
) -> anyhow::Result<WorkflowGuest> {
    let first = history(0).remove(0);
    let Event::RunStarted(started) = &first.event else { unreachable!("it begins with a start") };
    let info = WorkflowInfo::of(started, first.time, started.digest);
    // It does not come to its end.
    let (room, input) = (module.room().await, Arc::new(u32::MAX.to_string()));
    let mut replay = Replay::new(0);
    replay.feed(first);
    let guest = module.workflow_guest(room, limits, TURN, info, input, replay);
    let mut guest = guest.context("it has workflows")?;
    turn(&mut guest).await?;
    Ok(guest)
}

/// Lets a guest run until it waits.
pub(crate) async fn turn(guest: &mut WorkflowGuest) -> anyhow::Result<()> {
    guest.begin_turn();
    loop {
        match guest.drive().await {
            Progress::Yielded => {}
            Progress::Blocked => {
                guest.take_asked();
                return Ok(());
            }
            other => anyhow::bail!("it does not wait: {other:?}"),
        }
    }
}
