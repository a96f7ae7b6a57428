//! The activities that the patterns call.

use reweft_sdk::prelude::*;
use serde::{Deserialize, Serialize};

/// Adds one.
#[activity(name = "AddOne")]
pub fn add_one(number: i64) -> Result<i64, Failure> {
    Ok(number + 1)
}

/// Multiplies a number by itself.
#[activity(name = "Square")]
pub fn square(number: i64) -> Result<i64, Failure> {
    Ok(number * number)
}

/// A question to something that takes its time.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Poll {
    /// Which poll this is, from 1.
    pub number: u32,
    /// The first one that is answered with yes.
    pub succeed_after: u32,
}

/// Says whether it is ready.
#[activity(name = "Check")]
pub fn check(poll: Poll) -> Result<bool, Failure> {
    Ok(poll.number >= poll.succeed_after)
}

/// Fails until its attempt of this number, which it returns.
#[activity(name = "SucceedAt")]
pub fn succeed_at(ctx: ActivityContext, wanted: u32) -> Result<u32, Failure> {
    let attempt = ctx.attempt();
    ctx.log(Level::Info, format!("attempt {attempt} under key {}", ctx.idempotency_key()));
    if attempt < wanted {
        let message = format!("attempt {attempt} fails, attempt {wanted} will not");
        return Err(Failure::new("not-yet", message));
    }
    Ok(attempt)
}

/// Panics.
#[activity(name = "PanicNow")]
pub fn panic_now() -> Result<(), Failure> {
    panic!("this activity always panics")
}

/// Computes for ever.
#[activity(name = "SpinNow")]
pub fn spin_now() -> Result<(), Failure> {
    loop {
        std::hint::spin_loop();
    }
}
