//! Owns how many guests there can be at once. Their memories, tables and stacks lie in places that are
//! reserved once and used again and again: to map them anew for each guest costs more than most guests
//! do. Where so much address space can't be had, they are mapped all the same.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use wasmtime::component::Component;
use wasmtime::{Config, Enabled, Engine, InstanceAllocationStrategy, PoolingAllocationConfig};

use super::engine::{INSTANCES_MAX, MEMORIES_MAX, TABLE_ELEMENTS_MAX, TABLES_MAX};

/// Tables that belong to a place: with each memory come two or three.
const TABLES: u32 = 8;
/// How much of a memory that a guest has written to stays there for the next one. That of most guests in
/// Rust or C is less; more would add up, since as many places as were ever in use keep theirs.
const MEMORY_BYTES_KEPT: usize = 128 << 10;
const TABLE_BYTES_KEPT: usize = 16 << 10;

/// What the engine itself may need for a guest: tens of bytes for each function, allocated as needed.
const INSTANCE_BYTES_MAX: usize = 64 << 20;

/// The places of a guest. They are free again when this is dropped.
#[derive(Debug)]
pub struct Room(Option<OwnedSemaphorePermit>);

impl Room {
    /// Returns how many places these are.
    pub(super) fn places(&self) -> usize {
        self.0.as_ref().map_or(0, OwnedSemaphorePermit::num_permits)
    }
}

/// The places there are.
#[derive(Clone)]
pub(super) struct Places {
    free: Arc<Semaphore>,
    count: u32,
}

impl Places {
    /// Starts an engine with room for so many guests.
    pub(super) fn reserve(config: &Config, count: u32) -> wasmtime::Result<(Engine, Self)> {
        let places = Self { free: Arc::new(Semaphore::new(count as usize)), count };
        for scan in [Enabled::Yes, Enabled::No] {
            let mut config = config.clone();
            config.allocation_strategy(pool(count, scan));
            if let Ok(engine) = Engine::new(&config) {
                return Ok((engine, places));
            }
        }
        tracing::warn!("there is no address space for {count} guests: each takes longer to start");
        Ok((Engine::new(config)?, places))
    }

    /// Waits until there is room for so much.
    pub(super) async fn take(&self, need: u32) -> Room {
        // It is never closed.
        Room(self.free.clone().acquire_many_owned(need.clamp(1, self.count)).await.ok())
    }
}

/// Returns how many places a guest of a component takes.
pub(super) fn need(component: &Component) -> u32 {
    let needed = component.resources_required();
    needed.map_or(1, |needed| needed.num_memories.max(needed.num_tables.div_ceil(TABLES)))
}

fn pool(count: u32, scan: Enabled) -> InstanceAllocationStrategy {
    let (instances, tables) = (INSTANCES_MAX as u32, TABLES_MAX as u32);
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(count)
        .total_core_instances(count.saturating_mul(instances))
        .total_memories(count)
        .total_tables(count.saturating_mul(TABLES))
        .total_stacks(count)
        .max_memories_per_module(MEMORIES_MAX as u32)
        .max_tables_per_module(tables)
        .table_elements(TABLE_ELEMENTS_MAX)
        .max_core_instance_size(INSTANCE_BYTES_MAX)
        .max_component_instance_size(INSTANCE_BYTES_MAX)
        .pagemap_scan(scan);
    // Without the scan, what is kept would have to be cleared whether it was written to or not.
    if scan == Enabled::Yes {
        pool.linear_memory_keep_resident(MEMORY_BYTES_KEPT).table_keep_resident(TABLE_BYTES_KEPT);
    }
    InstanceAllocationStrategy::Pooling(pool)
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;
    use crate::wasm::engine::WasmEngine;

    #[test]
    fn who_finds_no_room_waits() {
        let (_, places) = Places::reserve(&Config::new(), 3).unwrap();
        let large = places.take(2).now_or_never().unwrap();
        let small = places.take(0).now_or_never().unwrap();
        assert_eq!((large.places(), small.places()), (2, 1), "no guest takes nothing");
        let mut waiting = Box::pin(places.take(1));
        assert!(waiting.as_mut().now_or_never().is_none());
        drop(small);
        assert!(waiting.as_mut().now_or_never().is_some());
        drop((waiting, large));
        // More than there are can't be waited for.
        assert_eq!(places.take(9).now_or_never().unwrap().places(), 3);
    }

    #[test]
    fn without_address_space_guests_run_all_the_same() {
        let (engine, _) = Places::reserve(&Config::new(), u32::MAX).unwrap();
        let module = wat::parse_str("(module (memory 1))").unwrap();
        let module = wasmtime::Module::new(&engine, module).unwrap();
        let mut store = wasmtime::Store::new(&engine, ());
        wasmtime::Instance::new(&mut store, &module, &[]).unwrap();
    }

    #[test]
    fn a_guest_needs_a_place_for_each_memory() {
        let engine = Engine::default();
        for (component, expected) in [
            ("(component)", 0),
            ("(component (core module $m (memory 1)) (core instance (instantiate $m)))", 1),
            (
                "(component (core module $m (memory 1)) (core instance (instantiate $m)) (core instance (instantiate $m)))",
                2,
            ),
        ] {
            let component = Component::new(&engine, wat::parse_str(component).unwrap());
            assert_eq!(need(&component.unwrap()), expected);
        }
    }

    #[tokio::test]
    async fn an_engine_for_one_guest_has_room_for_one_with_several_memories() {
        let engine = WasmEngine::start(1).unwrap();
        let text = "(component (core module $m (memory 1)) (core instance (instantiate $m)) (core instance (instantiate $m)))";
        let component = Component::new(engine.engine(), wat::parse_str(text).unwrap()).unwrap();
        assert_eq!(engine.places().take(need(&component)).await.places(), 2);
        let mut store = wasmtime::Store::new(engine.engine(), ());
        let linker = wasmtime::component::Linker::<()>::new(engine.engine());
        linker.instantiate_async(&mut store, &component).await.unwrap();
    }
}
