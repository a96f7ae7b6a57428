//! Owns the replay on the desk: an exported history on a module's bytes, without a host. It says whether
//! the code fits, and if asked goes through the history event by event.

use std::fs;
use std::io::{self, BufRead, IsTerminal, Write};
use std::path::Path;

use anyhow::{Context, bail};

use crate::cli::Replay;
use crate::http;
use crate::scheduler::{Import, Limits};
use crate::wasm::component::LoadedModule;
use crate::wasm::engine::{GuestLimits, WasmEngine};
use crate::wasm::rehearsal::{Error, Rehearsed, Watch, rehearse};
use crate::workflow::event::{Event, Recorded};
use crate::workflow::replay::Ended;

/// How much memory a guest may have on the desk, in bytes.
const MEMORY_BYTES: u64 = 1 << 30;

/// Replays a history.
///
/// # Errors
/// A file can't be read or used, or the code does not fit the history.
pub fn run(arguments: &Replay) -> anyhow::Result<()> {
    let engine = WasmEngine::start(1)?;
    let desk = Desk { module: load(&engine, &arguments.module)?, _engine: engine };
    let file = arguments.history.display();
    let document = fs::read(&arguments.history).with_context(|| format!("{file} can't be read"))?;
    let Import { events, delivered, .. } = http::read_export(&document)
        .map_err(|reason| anyhow::anyhow!("{file} is no exported history: {reason}"))?;
    let Some(Recorded { event: Event::RunStarted(start), .. }) = events.first() else {
        bail!("{file} does not begin with the start of a run");
    };
    let (instance, workflow) = (&start.instance, &start.workflow);
    println!("instance {instance}, workflow {workflow}, {} events", events.len());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        if arguments.step {
            desk.step(&events).await?;
        }
        let rehearsed = desk.replay(&events, delivered).await?;
        println!("fits: {}", describe(&rehearsed));
        Ok(())
    })
}

fn load(engine: &WasmEngine, path: &Path) -> anyhow::Result<LoadedModule> {
    let file = path.display();
    let bytes = fs::read(path).with_context(|| format!("{file} can't be read"))?;
    LoadedModule::for_once(engine, &bytes).with_context(|| format!("{file} can't be used"))
}

struct Desk {
    module: LoadedModule,
    /// It interrupts guests that compute for ever.
    _engine: WasmEngine,
}

impl Desk {
    /// Replays these events, of which a guest had got through so many deliveries.
    async fn replay(&self, events: &[Recorded], delivered: u64) -> Result<Rehearsed, Error> {
        let memory = GuestLimits::with_memory(MEMORY_BYTES);
        let turn = Limits::default().turn();
        rehearse(&self.module, &memory, turn, events, delivered, Watch::Commands).await
    }

    /// Shows event by event what the history says and what the code then asks for.
    async fn step(&self, events: &[Recorded]) -> anyhow::Result<()> {
        let began = events.first().map_or(0, |first| first.time.0);
        for (index, recorded) in events.iter().enumerate() {
            let elapsed_ms = recorded.time.0 - began;
            println!("{index:>6}  +{elapsed_ms} ms  {}", tell(&recorded.event));
            let rehearsed = self.replay(&events[..=index], 0).await?;
            for command in &rehearsed.asked {
                println!("        then it wants to {command}");
            }
            if let Some(ended) = &rehearsed.ended {
                println!("        then it {}", tell_end(ended));
            }
            wait_for_enter()?;
        }
        Ok(())
    }
}

fn tell(event: &Event) -> String {
    match event {
        Event::Asked(command) => format!("{}: {command}", event.kind()),
        Event::EventRaised { name, payload } => format!("EventRaised: {name} with `{payload}`"),
        Event::CallCompleted { task, output, .. } => {
            format!("{}: task {task} gave `{output}`", event.kind())
        }
        Event::CallFailed { task, failure, .. } => {
            format!("{}: task {task}: {}", event.kind(), failure.message)
        }
        Event::TimerFired { task } => format!("TimerFired: task {task}"),
        other => other.kind().to_owned(),
    }
}

fn tell_end(ended: &Ended) -> String {
    match ended {
        Ended::Completed(output) => format!("returns `{output}`"),
        Ended::Failed(failure) => format!("fails: {} ({})", failure.message, failure.error_type),
        Ended::Continued { .. } => "continues as new".to_owned(),
    }
}

fn describe(rehearsed: &Rehearsed) -> String {
    match &rehearsed.ended {
        Some(ended) => format!("it {}", tell_end(ended)),
        None => format!("it waits, with {} tasks unresolved", rehearsed.waiting.len()),
    }
}

/// Lets a person at a terminal set the pace.
fn wait_for_enter() -> io::Result<()> {
    if io::stdin().is_terminal() {
        io::stdout().flush()?;
        io::stdin().lock().read_line(&mut String::new())?;
    }
    Ok(())
}
