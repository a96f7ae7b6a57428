//! Owns how WebAssembly is run: every switch that decides whether a guest does the same thing twice
//! is set here, with its reason, whatever the library's default is.
//!
//! There are two engines. One compiles well; the other one in a fifth of the time, so that something runs
//! until that is done. A guest can't tell on which it is.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::Context as _;
use serde::{Deserialize, Serialize};
use tracing::debug;
use wasmtime::{
    Config, Engine, EngineWeak, ResourceLimiter, StoreLimits, StoreLimitsBuilder, Strategy,
};

use super::core_module;
use super::places::Places;

/// How often a computing guest is interrupted, so that others get their turn.
pub const TICK: Duration = Duration::from_millis(5);

/// Room for guests whose language recurses deeply: QuickJS and Go need it.
const WASM_STACK_BYTES: usize = 2 * 1024 * 1024;
/// In code that was compiled in haste every variable of a function has a place in it, and none shares one:
/// that takes up to ten times as much, and must not run out where other code would not.
const HASTY_STACK_BYTES: usize = 16 * WASM_STACK_BYTES;
/// What host functions may use on top of it.
const HOST_STACK_BYTES: usize = 512 * 1024;

/// A component is made of several core instances, each with its own memories and tables.
pub(super) const INSTANCES_MAX: usize = 64;
pub(super) const MEMORIES_MAX: usize = 16;
pub(super) const TABLES_MAX: usize = 64;
pub(super) const TABLE_ELEMENTS_MAX: usize = 100_000;

/// What a guest may use at most. Recorded with the module version at upload, because a guest can
/// tell when its memory refuses to grow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GuestLimits {
    /// Linear memory, in bytes.
    pub memory_bytes: u64,
    /// Entries of a table.
    pub table_elements: u64,
    /// The stack, in bytes.
    pub stack_bytes: u64,
}

impl GuestLimits {
    /// Returns the limits of a guest with this much memory.
    pub fn with_memory(memory_bytes: u64) -> Self {
        Self {
            memory_bytes,
            table_elements: TABLE_ELEMENTS_MAX as u64,
            stack_bytes: WASM_STACK_BYTES as u64,
        }
    }

    pub(super) fn limiter(&self) -> Limiter {
        let memory_bytes = usize::try_from(self.memory_bytes).unwrap_or(usize::MAX);
        let table_elements = usize::try_from(self.table_elements).unwrap_or(usize::MAX);
        let limits = StoreLimitsBuilder::new()
            .memory_size(memory_bytes)
            .table_elements(table_elements)
            .instances(INSTANCES_MAX)
            .memories(MEMORIES_MAX)
            .tables(TABLES_MAX)
            .build();
        Limiter { limits, memory_bytes: Arc::default() }
    }
}

/// Keeps a guest within its limits, and knows how large its memories are.
pub(super) struct Limiter {
    limits: StoreLimits,
    memory_bytes: Arc<AtomicU64>,
}

impl Limiter {
    /// Returns what tells how large the guest's memories are together, in bytes.
    pub(super) fn memory_bytes(&self) -> Arc<AtomicU64> {
        self.memory_bytes.clone()
    }
}

impl ResourceLimiter for Limiter {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let grows = self.limits.memory_growing(current, desired, maximum)?;
        if grows {
            self.memory_bytes.fetch_add((desired - current) as u64, Ordering::Relaxed);
        }
        Ok(grows)
    }

    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        self.limits.table_growing(current, desired, maximum)
    }

    fn instances(&self) -> usize {
        self.limits.instances()
    }

    fn tables(&self) -> usize {
        self.limits.tables()
    }

    fn memories(&self) -> usize {
        self.limits.memories()
    }
}

fn config() -> Config {
    let mut config = Config::new();
    // Bit patterns of NaN differ between processors, and a guest can read them.
    config.cranelift_nan_canonicalization(true);
    // Relaxed SIMD may give different results on different processors.
    config.relaxed_simd_deterministic(true);
    // Threads would race. (The library is built without them, too.)
    config.shared_memory(false);
    // A guest that runs out of stack must do so at the same depth everywhere; recorded per version.
    config.max_wasm_stack(WASM_STACK_BYTES);
    config.async_stack_size(WASM_STACK_BYTES + HOST_STACK_BYTES);
    // Epochs end or yield a turn and never decide a value; counting fuel would cost 10 to 30 %.
    config.epoch_interruption(true);
    // One task per guest: the contract is synchronous, so the machinery for more is left out.
    config.concurrency_support(false);
    // No toolchain known to us makes 64-bit memories; without them all addresses are bounded.
    config.wasm_memory64(false);
    // Names, files and lines in failures, for modules that carry them.
    config.wasm_backtrace_details(wasmtime::WasmBacktraceDetails::Enable);
    config
}

/// Returns an engine that compiles in haste; none if it knows no code of this processor. Its guests lie in
/// memory that is mapped for each: there are none for long.
fn hasty() -> Option<Engine> {
    let mut config = config();
    config.strategy(Strategy::Winch);
    config.max_wasm_stack(HASTY_STACK_BYTES);
    config.async_stack_size(HASTY_STACK_BYTES + HOST_STACK_BYTES);
    Engine::new(&config)
        .inspect_err(|error| debug!("modules are not compiled in haste here: {error:#}"))
        .ok()
}

/// How much is put into the compilation of a module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effort {
    /// So that guests run fast.
    Full,
    /// So that guests run soon.
    Haste,
}

/// The engines, and the thread that interrupts long turns.
pub struct WasmEngine {
    engine: Engine,
    hasty: Option<Engine>,
    fingerprint: u64,
    places: Places,
    stop: Arc<AtomicBool>,
    ticker: Option<JoinHandle<()>>,
}

impl WasmEngine {
    /// Starts an engine that runs so many guests at the same time. Further ones wait.
    ///
    /// # Errors
    /// The machine can't run WebAssembly, or has no thread left.
    pub fn start(guests: u32) -> anyhow::Result<Self> {
        // A single guest may have as many memories as a component may have.
        let (engine, places) = Places::reserve(&config(), guests.max(MEMORIES_MAX as u32))?;
        let (hasty, stop) = (hasty(), Arc::new(AtomicBool::new(false)));
        let engines = [Some(&engine), hasty.as_ref()];
        let ticking: Vec<_> = engines.into_iter().flatten().map(Engine::weak).collect();
        let stopped = stop.clone();
        let ticker =
            std::thread::Builder::new().name("reweft-epoch".to_owned()).spawn(move || {
                while !stopped.load(Ordering::Relaxed) {
                    std::thread::sleep(TICK);
                    let engines = ticking.iter().filter_map(EngineWeak::upgrade);
                    engines.for_each(|engine| engine.increment_epoch());
                }
            })?;
        let fingerprint = fingerprint([Some(&engine), hasty.as_ref()]);
        Ok(Self { engine, hasty, fingerprint, places, stop, ticker: Some(ticker) })
    }

    /// Returns the engine that compiles well.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    pub(super) fn places(&self) -> &Places {
        &self.places
    }

    /// Returns the one that compiles with this effort.
    ///
    /// # Errors
    /// There is none for this processor.
    pub fn with(&self, effort: Effort) -> anyhow::Result<&Engine> {
        match effort {
            Effort::Full => Ok(&self.engine),
            Effort::Haste => self.hasty.as_ref().context("there is no compiler for this processor"),
        }
    }

    /// Returns what compiled code depends on besides the module: the engines' release and switches,
    /// and how core modules become components.
    pub fn fingerprint(&self) -> u64 {
        self.fingerprint
    }
}

fn fingerprint(engines: [Option<&Engine>; 2]) -> u64 {
    // Should a later release hash differently, modules are compiled once more.
    let mut hasher = DefaultHasher::new();
    for engine in engines.into_iter().flatten() {
        engine.precompile_compatibility_hash().hash(&mut hasher);
    }
    core_module::recipe().hash(&mut hasher);
    hasher.finish()
}

impl Drop for WasmEngine {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(ticker) = self.ticker.take() {
            let _ = ticker.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use wasmtime::{Instance, Module, Store};

    use super::*;

    /// Returns how often a function can call itself.
    async fn depth(engine: &Engine, locals: usize, body: &str) -> i32 {
        let locals = "i64 ".repeat(locals);
        let text = format!(
            r#"(module
                (global $depth (export "depth") (mut i32) (i32.const 0))
                (func $down (export "down") (param i64 f64) (result i64) (local {locals})
                    (global.set $depth (i32.add (global.get $depth) (i32.const 1)))
                    {body}))"#
        );
        let module = Module::new(engine, wat::parse_str(text).unwrap()).unwrap();
        let mut store = Store::new(engine, ());
        store.set_epoch_deadline(1_000_000);
        let instance = Instance::new_async(&mut store, &module, &[]).await.unwrap();
        let down = instance.get_typed_func::<(i64, f64), i64>(&mut store, "down").unwrap();
        let trap = down.call_async(&mut store, (1, 1.0)).await.unwrap_err();
        assert_eq!(trap.downcast_ref(), Some(&wasmtime::Trap::StackOverflow));
        instance.get_global(&mut store, "depth").unwrap().get(&mut store).unwrap_i32()
    }

    #[tokio::test]
    async fn code_compiled_in_haste_has_stack_enough_for_what_is_compiled_well() {
        let engine = WasmEngine::start(1).unwrap();
        let Ok(hasty) = engine.with(Effort::Haste) else { return };
        // With nothing to keep, with much to keep during the call, and with much on the operand stack.
        let bare = "(call $down (local.get 0) (local.get 1))".to_owned();
        let locals = (0..60).map(|number| {
            format!("(local.set {} (i64.mul (local.get 0) (i64.const {number})))", number + 2)
        });
        let sum = (0..60).map(|number| format!("(i64.xor (local.get {}))", number + 2));
        let kept = format!(
            "{} (call $down (local.get 0) (local.get 1)) {}",
            locals.collect::<String>(),
            sum.collect::<String>(),
        );
        let operands = format!(
            "{} (call $down (local.get 0) (local.get 1)) {}",
            "(i64.add (local.get 0) (i64.const 3)) ".repeat(60),
            "i64.add ".repeat(60),
        );
        for (locals, body) in [(0, bare), (60, kept), (0, operands)] {
            let well = depth(engine.engine(), locals, &body).await;
            let in_haste = depth(hasty, locals, &body).await;
            println!("{in_haste} calls, {well} if compiled well");
            assert!(in_haste >= well, "{in_haste}, {well}: {body}");
        }
    }
}
