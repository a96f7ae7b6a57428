//! What no workflow should do, and a host must survive.

use reweft_sdk::prelude::*;

use crate::activities::{panic_now, spin_now};

/// Panics.
#[workflow(name = "Panics")]
pub async fn panics(_ctx: Context) -> Result<(), Failure> {
    panic!("this workflow always panics")
}

/// Calls an activity that panics.
#[workflow(name = "PanicsInActivity")]
pub async fn panics_in_activity(ctx: Context) -> Result<(), Failure> {
    ctx.activity(panic_now, ()).await
}

/// Computes for ever.
#[workflow(name = "Spins")]
pub async fn spins(_ctx: Context) -> Result<(), Failure> {
    loop {
        std::hint::spin_loop();
    }
}

/// Calls an activity that computes for ever, and gives each attempt this many milliseconds; as many
/// as the host allows, if absent.
#[workflow(name = "SpinsInActivity")]
pub async fn spins_in_activity(ctx: Context, timeout_ms: Option<u64>) -> Result<(), Failure> {
    let mut call = ctx.activity(spin_now, ());
    if let Some(timeout_ms) = timeout_ms {
        call = call.timeout(Duration::from_millis(timeout_ms));
    }
    call.await
}

/// Calls an activity that nobody has, and returns the type of the error.
#[workflow(name = "CallsUnknownActivity")]
pub async fn calls_unknown_activity(ctx: Context, name: String) -> Result<String, Failure> {
    match ctx.activity_named::<()>(name, ()).await {
        Ok(()) => Err(Failure::new("unexpected", "somebody has it after all")),
        Err(failure) => Ok(failure.error_type),
    }
}
