//! One workflow for each pattern that workflows are made of, one file each; and a few that do what
//! no workflow should, so that a host can be tested with them.

mod activities;
mod chaining;
mod determinism;
mod event_collector;
mod event_with_timeout;
mod fan_out_fan_in;
mod long_timer;
mod misbehaviour;
mod polling_monitor;
mod race;
mod retries;

#[cfg(test)]
mod tests;

use activities::{add_one, check, panic_now, spin_now, square, succeed_at};
use misbehaviour::{calls_unknown_activity, panics, panics_in_activity, spins, spins_in_activity};

reweft_sdk::export! {
    workflows: [
        chaining::chaining,
        fan_out_fan_in::fan_out_fan_in,
        event_with_timeout::event_with_timeout,
        long_timer::long_timer,
        polling_monitor::polling_monitor,
        race::race,
        retries::retries,
        event_collector::event_collector,
        determinism::determinism,
        panics,
        panics_in_activity,
        spins,
        spins_in_activity,
        calls_unknown_activity,
    ],
    activities: [add_one, square, check, succeed_at, panic_now, spin_now],
}
