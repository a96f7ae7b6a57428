//! The WASI that workflows get: a wait is a durable timer, a clock is workflow time, and what reaches out
//! is refused with a word on what to do.

use serde_json::json;
use support::guest::{module_for, without_description};
use support::{Client, Failure, Host};

use crate::histories;

/// What the guests below import of WASI.
const PACKAGES: &str = "
    package wasi:io@0.2.0 {
      interface poll {
        resource pollable { block: func(); }
        poll: func(in: list<borrow<pollable>>) -> list<u32>;
      }
    }
    package wasi:clocks@0.2.0 {
      interface monotonic-clock {
        use wasi:io/poll@0.2.0.{pollable};
        now: func() -> u64;
        subscribe-duration: func(when: u64) -> pollable;
      }
    }
    package wasi:random@0.2.0 { interface random { get-random-u64: func() -> u64; } }
    package wasi:cli@0.2.0 { interface exit { exit: func(status: result); } }
    package wasi:sockets@0.2.0 {
      interface network { resource network; }
      interface instance-network {
        use network.{network};
        instance-network: func() -> network;
      }
    }
    world w {
      import wasi:io/poll@0.2.0;
      import wasi:clocks/monotonic-clock@0.2.0;
      import wasi:random/random@0.2.0;
      import wasi:cli/exit@0.2.0;
      import wasi:sockets/network@0.2.0;
      import wasi:sockets/instance-network@0.2.0;
      include reweft:workflow/workflow-module@0.1.0;
    }";

/// Returns a module with one workflow, `wasi`, which does this and returns the number it leaves.
fn module(body: &str) -> Vec<u8> {
    let text = format!(
        r#"(module
          (import "reweft:workflow/context@0.1.0" "wait-event"
            (func $wait-event (param i32 i32) (result i32)))
          (import "reweft:workflow/context@0.1.0" "select-any" (func $select-any (result i32)))
          (import "wasi:io/poll@0.2.0" "poll" (func $poll (param i32 i32 i32)))
          (import "wasi:io/poll@0.2.0" "[method]pollable.block" (func $block (param i32)))
          (import "wasi:io/poll@0.2.0" "[resource-drop]pollable" (func $drop (param i32)))
          (import "wasi:clocks/monotonic-clock@0.2.0" "now" (func $now (result i64)))
          (import "wasi:clocks/monotonic-clock@0.2.0" "subscribe-duration"
            (func $subscribe (param i64) (result i32)))
          (import "wasi:random/random@0.2.0" "get-random-u64" (func $random (result i64)))
          (import "wasi:cli/exit@0.2.0" "exit" (func $exit (param i32)))
          (import "wasi:sockets/instance-network@0.2.0" "instance-network"
            (func $network (result i32)))
          (memory (export "memory") 1)
          (global $free (mut i32) (i32.const 8192))
          (data (i32.const 1024) "wasi")
          (data (i32.const 2048) "Go")
          (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
            (global.get $free)
            (global.set $free (i32.and
              (i32.add (i32.add (global.get $free) (local.get 3)) (i32.const 7)) (i32.const -8))))
          (func (export "reweft:workflow/workflows@0.1.0#names") (result i32)
            (i32.store (i32.const 16) (i32.const 1024)) (i32.store (i32.const 20) (i32.const 4))
            (i32.store (i32.const 8) (i32.const 16)) (i32.store (i32.const 12) (i32.const 1))
            (i32.const 8))
          (func $body (result i64) {body})
          (func (export "reweft:workflow/workflows@0.1.0#run")
            (param i32 i32 i32 i32) (result i32)
            (local $rest i64) (local $at i32)
            (local.set $rest (call $body))
            (local.set $at (i32.const 3100))
            (loop $digit
              (local.set $at (i32.sub (local.get $at) (i32.const 1)))
              (i32.store8 (local.get $at) (i32.add (i32.const 48)
                (i32.wrap_i64 (i64.rem_u (local.get $rest) (i64.const 10)))))
              (local.set $rest (i64.div_u (local.get $rest) (i64.const 10)))
              (br_if $digit (i64.ne (local.get $rest) (i64.const 0))))
            (i32.store8 (i32.const 64) (i32.const 0))
            (i32.store (i32.const 68) (local.get $at))
            (i32.store (i32.const 72) (i32.sub (i32.const 3100) (local.get $at)))
            (i32.const 64)))"#
    );
    module_for(&text, PACKAGES)
}

fn start(host: &Host, body: &str) -> Client {
    let client = host.client();
    client.upload("wasi", &module(body));
    client.start("wasi", "it", "");
    client
}

#[test]
fn a_sleep_is_a_durable_timer() {
    let mut host = Host::start();
    // Sleeps for a second, and returns how many milliseconds of workflow time have passed.
    let client = start(
        &host,
        "(local $before i64)
         (local.set $before (call $now))
         (call $block (call $subscribe (i64.const 1000000000)))
         (i64.div_u (i64.sub (call $now) (local.get $before)) (i64.const 1000000))",
    );
    client.wait_for("it", "RUNNING");
    assert_eq!(client.kinds("it"), ["RunStarted", "TimerCreated"]);
    host.kill();
    host.restart();
    let client = host.client();
    let slept = client.output_of("it").as_u64().unwrap();
    assert!(slept >= 1_000, "{slept}");
    assert_eq!(client.kinds("it"), ["RunStarted", "TimerCreated", "TimerFired", "RunCompleted"]);
}

#[test]
fn a_poll_waits_for_the_earliest_of_several() {
    let host = Host::start();
    // Waits for an hour and for 50 ms, and returns 10 × how many are ready + the first of them.
    let client = start(
        &host,
        "(i32.store (i32.const 32) (call $subscribe (i64.const 3600000000000)))
         (i32.store (i32.const 36) (call $subscribe (i64.const 50000000)))
         (call $poll (i32.const 32) (i32.const 2) (i32.const 40))
         (i64.add (i64.mul (i64.extend_i32_u (i32.load (i32.const 44))) (i64.const 10))
                  (i64.extend_i32_u (i32.load (i32.load (i32.const 40)))))",
    );
    assert_eq!(client.output_of("it"), json!(11));
    // Nothing is asked for the hour: by the time one of them is there, all that are ready are seen.
    assert_eq!(client.kinds("it"), ["RunStarted", "TimerCreated", "TimerFired", "RunCompleted"]);
}

#[test]
fn a_wait_that_is_given_up_leaves_no_timer() {
    let host = Host::start();
    // Polls for an hour and for 20 ms, and once more with 20 ms that have begun later.
    let client = start(
        &host,
        "(i32.store (i32.const 32) (call $subscribe (i64.const 3600000000000)))
         (i32.store (i32.const 36) (call $subscribe (i64.const 20000000)))
         (call $poll (i32.const 32) (i32.const 2) (i32.const 40))
         (call $drop (i32.load (i32.const 36)))
         (i32.store (i32.const 36) (call $subscribe (i64.const 20000000)))
         (call $poll (i32.const 32) (i32.const 2) (i32.const 40))
         (i64.extend_i32_u (i32.load (i32.load (i32.const 40))))",
    );
    assert_eq!(client.output_of("it"), json!(1));
    let timers = ["TimerCreated", "TimerFired", "TimerCreated", "TimerFired"];
    assert_eq!(client.kinds("it")[1..5], timers);
}

#[test]
fn a_moment_that_is_never_waited_for_is_no_timer() {
    let host = Host::start();
    let client = start(
        &host,
        "(local $hour i32)
         (drop (call $wait-event (i32.const 2048) (i32.const 2)))
         (local.set $hour (call $subscribe (i64.const 3600000000000)))
         (call $drop (call $subscribe (i64.const 10000000)))
         (i64.extend_i32_u (call $select-any))",
    );
    client.raise("it", "Go", "1");
    assert_eq!(client.output_of("it"), json!(1));
    let never_waited_for = ["RunStarted", "EventAwaited", "EventRaised", "RunCompleted"];
    assert_eq!(client.kinds("it"), never_waited_for);
}

#[test]
fn a_clock_stands_still_between_two_waits() {
    let host = Host::start();
    let client = start(
        &host,
        "(local $before i64) (local $count i32)
         (local.set $before (call $now))
         (loop $again
           (local.set $count (i32.add (local.get $count) (i32.const 1)))
           (br_if $again (i32.lt_u (local.get $count) (i32.const 10000000))))
         (i64.sub (call $now) (local.get $before))",
    );
    assert_eq!(client.output_of("it"), json!(0));
}

#[test]
fn what_is_random_differs_from_run_to_run_and_not_in_a_replay() {
    let mut host = Host::start();
    // Draws, waits for the event, and returns what was drawn before.
    let body = "(local $drawn i64)
         (local.set $drawn (call $random))
         (drop (call $wait-event (i32.const 2048) (i32.const 2)))
         (drop (call $select-any))
         (i64.and (i64.xor (local.get $drawn) (call $random)) (i64.const 0xffffffffffff))";
    let client = start(&host, body);
    client.start("wasi", "other", "");
    host.kill();
    host.restart();
    let client = host.client();
    for id in ["it", "other"] {
        client.raise(id, "Go", "1");
    }
    let drawn = client.output_of("it");
    assert_ne!(drawn, client.output_of("other"));
    histories::replay_all(&mut host);
}

#[test]
fn what_reaches_out_is_refused_with_a_word_on_what_to_do() {
    let host = Host::start();
    let client = start(&host, "(drop (call $network)) (i64.const 0)");
    let Failure { error_type, message, .. } = client.failure_of("it");
    assert_eq!(error_type, "not-in-workflow");
    assert!(message.contains("instance-network") && message.contains("activity"), "{message}");
}

#[test]
fn to_exit_is_to_fail() {
    let host = Host::start();
    let client = start(&host, "(call $exit (i32.const 1)) (i64.const 0)");
    let Failure { error_type, message, .. } = client.failure_of("it");
    assert_eq!(error_type, "exit");
    assert!(message.contains("status 1"), "{message}");
}

#[test]
fn a_sleep_for_ever_is_a_sleep() {
    let host = Host::start();
    let client = start(&host, "(call $block (call $subscribe (i64.const -1))) (i64.const 0)");
    // Some languages say "for ever" so: half a millennium is no mistake.
    client.wait_for("it", "RUNNING");
    assert_eq!(client.kinds("it"), ["RunStarted", "TimerCreated"]);
}

#[test]
fn where_it_is_stuck_is_seen_in_a_sleep_as_well() {
    let host = Host::start();
    let client =
        start(&host, "(call $block (call $subscribe (i64.const 3600000000000))) (i64.const 0)");
    client.wait_for("it", "RUNNING");
    let waiting = client.send("GET", "/v1.0/workflows/dapr/it/waiting", b"").expect(200).json();
    assert!(waiting["callStack"].to_string().contains("body"), "{waiting}");
}

#[test]
fn a_core_module_needs_no_description() {
    let host = Host::start();
    let client = host.client();
    let described = support::guest::workflow_module("plain", support::guest::Step::Timer(1), "7");
    client.upload("plain", &without_description(&described));
    client.start("plain", "it", "");
    assert_eq!(client.output_of("it"), json!(7));
}
