//! One workflow for each pattern that workflows are made of, one file each; and a few that do what
//! no workflow should, so that a host can be tested with them.

mod activities;
mod chaining;
mod child_retries;
mod children;
mod detached_child;
mod determinism;
mod event_collector;
mod event_generations;
mod event_relay;
mod event_with_timeout;
mod fan_out_fan_in;
mod generations;
mod heartbeats;
mod interpreter;
mod long_timer;
mod misbehaviour;
mod nested;
mod parent_of_waiting;
mod patched;
mod polling_monitor;
mod race;
mod retries;
mod saga;

#[cfg(test)]
mod tests;

use activities::{add_one, check, panic_now, spin_now, square, succeed_at};
use heartbeats::{count_up, hang_silently, spin_with_heartbeats};
use misbehaviour::{calls_unknown_activity, panics, panics_in_activity, spins, spins_in_activity};
use saga::{pay, refund, release, reserve, ship};

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
        children::children,
        child_retries::child_retries,
        child_retries::always_fails,
        detached_child::detached_child,
        nested::nested,
        parent_of_waiting::parent_of_waiting,
        event_relay::event_relay,
        generations::generations,
        event_generations::event_generations,
        saga::purchase_saga,
        heartbeats::heartbeats,
        heartbeats::cancels_activity,
        heartbeats::heartbeat_timeout,
        patched::patched,
        interpreter::interpreter,
        panics,
        panics_in_activity,
        spins,
        spins_in_activity,
        calls_unknown_activity,
    ],
    activities: [
        add_one,
        square,
        check,
        succeed_at,
        reserve,
        release,
        pay,
        refund,
        ship,
        count_up,
        spin_with_heartbeats,
        hang_silently,
        panic_now,
        spin_now,
    ],
}
