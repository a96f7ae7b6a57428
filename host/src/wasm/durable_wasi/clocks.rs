//! Owns the clocks: both read workflow time, which has milliseconds and stands still between two
//! waits.

use wasmtime::component::Resource;
use wasmtime_wasi::p2::DynPollable;
use wasmtime_wasi::p2::bindings::clocks::{monotonic_clock, wall_clock};

use super::poll::Pollable;
use crate::wasm::workflow_guest::WorkflowHost;
use crate::workflow::id::Timestamp;

const NANOS_PER_MS: u64 = 1_000_000;

impl WorkflowHost {
    fn nanos(&self) -> u64 {
        let now = self.shared().replay.now();
        // Some languages take a clock at zero for a broken one: Go's runtime does.
        now.0.saturating_mul(NANOS_PER_MS).max(1)
    }

    /// Returns a handle on the moment at which the clock is there. Rounded up: never early.
    fn subscribe(&mut self, nanos: u64) -> wasmtime::Result<Resource<DynPollable>> {
        let due = Timestamp(nanos.div_ceil(NANOS_PER_MS));
        self.add_pollable(Pollable::due_at(due))
    }
}

impl monotonic_clock::Host for WorkflowHost {
    fn now(&mut self) -> wasmtime::Result<u64> {
        Ok(self.nanos())
    }

    fn resolution(&mut self) -> wasmtime::Result<u64> {
        Ok(NANOS_PER_MS)
    }

    fn subscribe_instant(&mut self, when: u64) -> wasmtime::Result<Resource<DynPollable>> {
        self.subscribe(when)
    }

    fn subscribe_duration(&mut self, duration: u64) -> wasmtime::Result<Resource<DynPollable>> {
        self.subscribe(self.nanos().saturating_add(duration))
    }
}

impl wall_clock::Host for WorkflowHost {
    fn now(&mut self) -> wasmtime::Result<wall_clock::Datetime> {
        let now = self.shared().replay.now();
        let nanoseconds = (now.0 % 1_000 * NANOS_PER_MS) as u32;
        Ok(wall_clock::Datetime { seconds: now.0 / 1_000, nanoseconds })
    }

    fn resolution(&mut self) -> wasmtime::Result<wall_clock::Datetime> {
        Ok(wall_clock::Datetime { seconds: 0, nanoseconds: NANOS_PER_MS as u32 })
    }
}
