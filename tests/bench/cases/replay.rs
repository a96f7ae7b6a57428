//! How fast a cold instance comes back: the pure core alone, with a guest attached, and the guest's own
//! start.

use std::time::{Duration, Instant};

use reweft::wasm::component::LoadedModule;
use reweft::wasm::engine::{GuestLimits, WasmEngine};
use reweft::wasm::rehearsal::{Watch, rehearse};

use super::Setting;
use crate::chaining::{TURN, history, play, start};
use crate::figures::Figures;

/// Steps of the history.
const STEPS: u32 = 100_000;
const ROUNDS: usize = 5;
const STARTS: usize = 1_000;

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

pub(super) fn measure(_: &Setting, figures: &mut Figures) -> anyhow::Result<()> {
    let history = history(STEPS);
    let events = history.len() as f64;
    let per_second = |time: Duration| events / time.as_secs_f64();
    figures.add("replay, the core alone", per_second(best(|| play(&history))?), "events/s");

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
            runtime.block_on(start(&module, &limits)).map(|_| began.elapsed())
        })
        .collect::<anyhow::Result<_>>()?;
    times.sort_unstable();
    let middle = times[STARTS / 2].as_secs_f64();
    figures.add("a start: a guest in Rust and its first turn", middle * 1e6, "µs");
    figures.add("  the same, on one processor", 1.0 / middle, "/s");
    Ok(())
}
