//! Owns randomness: all of it comes from the generator of the run, seeded by its first event.

use wasmtime_wasi::p2::bindings::random::{insecure, insecure_seed, random};

use crate::wasm::EndRun;
use crate::wasm::workflow_guest::WorkflowHost;

const BYTES_MAX: u64 = 1 << 20;

impl WorkflowHost {
    fn random_bytes(&self, length: u64) -> wasmtime::Result<Vec<u8>> {
        if length > BYTES_MAX {
            return Err(EndRun::invalid_argument(format!(
                "{length} random bytes are more than the {BYTES_MAX} that may be asked for at once"
            )));
        }
        let mut bytes = vec![0; length as usize];
        self.shared().replay.fill_random(&mut bytes);
        Ok(bytes)
    }

    fn random_number(&self) -> u64 {
        self.shared().replay.random_u64()
    }
}

impl random::Host for WorkflowHost {
    fn get_random_bytes(&mut self, length: u64) -> wasmtime::Result<Vec<u8>> {
        self.random_bytes(length)
    }

    fn get_random_u64(&mut self) -> wasmtime::Result<u64> {
        Ok(self.random_number())
    }
}

impl insecure::Host for WorkflowHost {
    fn get_insecure_random_bytes(&mut self, length: u64) -> wasmtime::Result<Vec<u8>> {
        self.random_bytes(length)
    }

    fn get_insecure_random_u64(&mut self) -> wasmtime::Result<u64> {
        Ok(self.random_number())
    }
}

impl insecure_seed::Host for WorkflowHost {
    fn insecure_seed(&mut self) -> wasmtime::Result<(u64, u64)> {
        Ok((self.random_number(), self.random_number()))
    }
}
