//! What a guest of each language costs: measured side by side, printed, never asserted.

use std::sync::Arc;
use std::time::{Duration, Instant};

use reweft::wasm::component::LoadedModule;
use reweft::wasm::engine::{GuestLimits, WasmEngine};
use reweft::wasm::workflow_guest::{Progress, TurnLimits, WorkflowGuest, WorkflowInfo};
use reweft::workflow::id::Timestamp;
use reweft::workflow::replay::Replay;

use super::{LANGUAGES, module_of};

/// How many guests wait at the same time while their memory is measured.
const WAITING: u32 = 200;

struct Bench {
    engine: WasmEngine,
    limits: GuestLimits,
    turn: TurnLimits,
}

impl Bench {
    /// Loads a module, and returns how long that took.
    fn load(&self, bytes: &[u8]) -> (LoadedModule, Duration) {
        let began = Instant::now();
        (LoadedModule::of_upload(&self.engine, bytes).unwrap(), began.elapsed())
    }

    /// Makes a guest and lets it run until it waits.
    async fn waiting(&self, module: &LoadedModule, run: (&str, &str)) -> WorkflowGuest {
        let (workflow, input) = (run.0, Arc::new(run.1.to_owned()));
        let info = WorkflowInfo {
            instance_id: "it".to_owned(),
            workflow_name: workflow.to_owned(),
            module_name: "guest".to_owned(),
            module_digest: String::new(),
            started_at: Timestamp(1_000),
            parent_instance_id: None,
        };
        let (room, replay) = (module.room().await, Replay::new(0));
        let guest = module.workflow_guest(room, &self.limits, self.turn, info, input, replay);
        let mut guest = guest.unwrap();
        guest.begin_turn();
        loop {
            match guest.drive().await {
                Progress::Yielded => {}
                Progress::Blocked => return guest,
                ended => panic!("{workflow} does not wait: {ended:?}"),
            }
        }
    }
}

/// Returns how much memory this process has for itself, in bytes. What guests share, such as the parts
/// of their module's image that none has written to, doesn't count.
fn private_bytes() -> u64 {
    let rollup = std::fs::read_to_string("/proc/self/smaps_rollup").unwrap();
    let line = rollup.lines().find(|line| line.starts_with("Private_Dirty:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1024
}

async fn measure(bench: &Bench, language: &str, bytes: &[u8], run: (&str, &str)) {
    let (module, loaded) = bench.load(bytes);
    let mut starts = Vec::new();
    for _ in 0..100 {
        let began = Instant::now();
        drop(bench.waiting(&module, run).await);
        starts.push(began.elapsed());
    }
    starts.sort_unstable();
    let before = private_bytes();
    let mut guests = Vec::new();
    for _ in 0..WAITING {
        guests.push(bench.waiting(&module, run).await);
    }
    let own = private_bytes().saturating_sub(before) / u64::from(WAITING);
    println!(
        "{language:>15} {:>9} {:>10.0?} {:>10.1?} {:>10} {:>10}",
        bytes.len(),
        loaded,
        starts[starts.len() / 2],
        own,
        guests[0].memory_bytes(),
    );
}

#[test]
#[ignore = "measures: run it with make bench"]
fn what_a_guest_of_each_language_costs() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let turn = TurnLimits { ticks: 2_000, payload_bytes: 1 << 20, tasks: 100 };
    let engine = WasmEngine::start(WAITING + 1).unwrap();
    let bench = Bench { engine, limits: GuestLimits::with_memory(256 << 20), turn };
    println!("sizes in bytes; a start is instantiation and first turn, the median of 100");
    println!("       language    module   compiled    started        own  addressed");
    let patterns = support::module("patterns");
    let collector = ("EventCollector", r#"{"name":"go","count":1}"#);
    runtime.block_on(measure(&bench, "rust", &patterns, collector));
    for language in LANGUAGES {
        if let Some(bytes) = module_of("guest", language) {
            let workflow = format!("{language}.wait");
            runtime.block_on(measure(&bench, language, &bytes, (&workflow, "null")));
        }
    }
}
