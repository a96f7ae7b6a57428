//! Owns the code generated from `wit/`, and nothing else.

#![allow(unreachable_pub, reason = "generated code exports again what it is given")]

/// A module's workflows, and what they may ask of the host.
pub mod workflow {
    wasmtime::component::bindgen!({
        path: "../wit",
        world: "workflow-module",
        imports: {
            "reweft:workflow/context.select": async | trappable,
            "reweft:workflow/context.select-any": async | trappable,
            default: trappable,
        },
        exports: { default: async },
        with: { "reweft:workflow/context.task": crate::wasm::workflow_imports::Task },
    });
}

/// A module's activities, and what they may ask of the host.
pub mod activity {
    wasmtime::component::bindgen!({
        path: "../wit",
        world: "activity-module",
        imports: { default: trappable },
        exports: { default: async },
        with: { "reweft:workflow/types": crate::wasm::bindings::types },
    });
}

pub use activity::reweft::workflow::activity_context;
pub use workflow::reweft::workflow::{context, types};
