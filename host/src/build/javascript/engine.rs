//! Owns the engine in which a program is loaded when it is built. The program sees nothing of this machine:
//! the same sources make the same module.

use std::io::Write;

use anyhow::{Context, anyhow, bail};
use wasmtime::{Caller, Config, Engine, Instance, Linker, Memory, Module, OptLevel, Store};

use super::gathering::Program;
use super::snapshot::{Parts, snapshot};

/// QuickJS, and what it takes to be a module of Reweft; see `guest-sdk/js/engine`.
const ENGINE: &[u8] = include_bytes!("../../../../guest-sdk/js/engine.wasm");

const WORKFLOWS: &str = "reweft:workflow/workflows@0.1.0#names";
const ACTIVITIES: &str = "reweft:workflow/activities@0.1.0#names";
const WASI: &str = "wasi_snapshot_preview1";

const STACK_BYTES: usize = 4 << 20;

/// Loads a program, and returns the module that the engine is then.
pub(super) fn load(program: &Program) -> anyhow::Result<Vec<u8>> {
    let mut config = Config::new();
    // It runs once.
    config.cranelift_opt_level(OptLevel::None).max_wasm_stack(STACK_BYTES);
    config.async_stack_size(2 * STACK_BYTES);
    let mut loading = Loading::start(&Engine::new(&config)?)?;
    if let Some(wrong) = loading.load(&serde_json::to_string(program)?)? {
        bail!("{wrong}");
    }
    let parts = Parts {
        workflows: loading.count(WORKFLOWS)? > 0,
        activities: loading.count(ACTIVITIES)? > 0,
    };
    snapshot(ENGINE, loading.memory.data(&loading.store), parts)
}

struct Loading {
    store: Store<u64>,
    instance: Instance,
    memory: Memory,
}

impl Loading {
    fn start(engine: &Engine) -> anyhow::Result<Self> {
        let module = Module::new(engine, ENGINE)?;
        // The state of a generator of numbers that seem random.
        let mut store = Store::new(engine, 1_u64);
        let mut linker = Linker::new(engine);
        linker.func_wrap(WASI, "fd_write", write)?;
        linker.func_wrap(WASI, "random_get", fill_random)?;
        linker.define_unknown_imports_as_default_values(&mut store, &module)?;
        let instance = linker.instantiate(&mut store, &module)?;
        instance.get_typed_func::<(), ()>(&mut store, "_initialize")?.call(&mut store, ())?;
        let memory =
            instance.get_memory(&mut store, "memory").context("the engine has no memory")?;
        Ok(Self { store, instance, memory })
    }

    /// Loads a program, and returns what is wrong with it, if anything is.
    fn load(&mut self, program: &str) -> anyhow::Result<Option<String>> {
        let length = u32::try_from(program.len())?;
        let allocate = self.instance.get_typed_func(&mut self.store, "cabi_realloc")?;
        // A byte more for the mark at the end that the engine puts there.
        let place: u32 = allocate.call(&mut self.store, (0_u32, 0_u32, 1_u32, length + 1))?;
        self.memory.write(&mut self.store, place as usize, program.as_bytes())?;
        let load = self.instance.get_typed_func(&mut self.store, "load")?;
        let wrong: u32 = load.call(&mut self.store, (place, length))?;
        let (place, length) = self.pair(wrong)?;
        if place == 0 {
            return Ok(None);
        }
        let text = self.memory.data(&self.store).get(place..).and_then(|rest| rest.get(..length));
        let text = text.ok_or_else(|| anyhow!("the engine says what is nowhere"))?;
        Ok(Some(String::from_utf8_lossy(text).into_owned()))
    }

    /// Returns how many names an export gives.
    fn count(&mut self, export: &str) -> anyhow::Result<usize> {
        let names = self.instance.get_typed_func::<(), u32>(&mut self.store, export)?;
        let list = names.call(&mut self.store, ())?;
        Ok(self.pair(list)?.1)
    }

    /// Reads a place and a length.
    fn pair(&self, place: u32) -> anyhow::Result<(usize, usize)> {
        let mut bytes = [0; 8];
        self.memory.read(&self.store, place as usize, &mut bytes)?;
        let [a, b, c, d, e, f, g, h] = bytes;
        let number = |bytes| u32::from_le_bytes(bytes) as usize;
        Ok((number([a, b, c, d]), number([e, f, g, h])))
    }
}

fn memory_of(caller: &mut Caller<'_, u64>) -> wasmtime::Result<Memory> {
    let memory = caller.get_export("memory").and_then(|memory| memory.into_memory());
    memory.ok_or_else(|| wasmtime::Error::msg("the engine has no memory"))
}

/// What a program prints while it is built goes to standard error, whichever file it is meant for.
fn write(
    mut caller: Caller<'_, u64>,
    _file: i32,
    parts: u32,
    count: u32,
    written: u32,
) -> wasmtime::Result<i32> {
    let memory = memory_of(&mut caller)?;
    let mut total = 0;
    for part in 0..count {
        let mut pair = [0; 8];
        memory.read(&caller, (parts + part * 8) as usize, &mut pair)?;
        let (place, length) = (
            u32::from_le_bytes([pair[0], pair[1], pair[2], pair[3]]),
            u32::from_le_bytes([pair[4], pair[5], pair[6], pair[7]]),
        );
        let mut text = vec![0; length as usize];
        memory.read(&caller, place as usize, &mut text)?;
        std::io::stderr().write_all(&text)?;
        total += length;
    }
    memory.write(&mut caller, written as usize, &total.to_le_bytes())?;
    Ok(0)
}

/// The same numbers in each build: by Knuth's linear congruential generator.
fn fill_random(mut caller: Caller<'_, u64>, place: u32, length: u32) -> wasmtime::Result<i32> {
    let memory = memory_of(&mut caller)?;
    let (bytes, state) = memory.data_and_store_mut(&mut caller);
    let bytes = bytes.get_mut(place as usize..).and_then(|rest| rest.get_mut(..length as usize));
    for byte in bytes.into_iter().flatten() {
        *state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        *byte = (*state >> 56) as u8;
    }
    Ok(0)
}
