;; A workflow for tests that asks WASI itself to wait: `wat.poll` polls two subscriptions to the
;; clock, of 50 ms and of an hour, drops them, and returns the indexes of those that were ready as
;; JSON.
;;
;; A core module that imports WASI 0.2 does not tell the host which types these imports have, so
;; this is a component: below each interface is described, and what it offers is lowered to core
;; functions.
(component
  (import "wasi:io/poll@0.2.0" (instance $poll
    (export "pollable" (type $pollable (sub resource)))
    (export "poll" (func (param "in" (list (borrow $pollable))) (result (list u32))))))
  (alias export $poll "pollable" (type $pollable))
  (import "wasi:clocks/monotonic-clock@0.2.0" (instance $clock
    (alias outer 1 $pollable (type $outer))
    (export "pollable" (type $pollable (eq $outer)))
    (type $u64 u64)
    (export "duration" (type $duration (eq $u64)))
    (export "subscribe-duration" (func (param "when" $duration) (result (own $pollable))))))
  (import "reweft:workflow/types@0.1.0" (instance $types
    (type $string string)
    (export "json" (type (eq $string)))
    (type $record (record
      (field "error-type" string)
      (field "message" string)
      (field "stack-trace" (option string))
      (field "non-retriable" bool)))
    (export "failure" (type (eq $record)))))
  (alias export $types "json" (type $json))
  (alias export $types "failure" (type $failure))

  ;; Memory has a module of its own, because functions are lowered with it before the other module,
  ;; which imports these functions, can be instantiated.
  (core module $Memory
    (memory (export "memory") 1)
    (global $free (mut i32) (i32.const 1024))
    (func (export "cabi_realloc")
      (param $old i32) (param $old-size i32) (param $alignment i32) (param $size i32) (result i32)
      (local $given i32)
      (local.set $given
        (i32.and
          (i32.add (global.get $free) (i32.sub (local.get $alignment) (i32.const 1)))
          (i32.sub (i32.const 0) (local.get $alignment))))
      (global.set $free (i32.add (local.get $given) (local.get $size)))
      (local.get $given)))
  (core instance $memory (instantiate $Memory))
  (alias core export $memory "memory" (core memory $bytes))
  (alias core export $memory "cabi_realloc" (core func $realloc))

  (core func $poll (canon lower (func $poll "poll") (memory $bytes) (realloc $realloc)))
  (core func $drop (canon resource.drop $pollable))
  (core func $subscribe (canon lower (func $clock "subscribe-duration")))

  (core module $Main
    (import "memory" "memory" (memory 1))
    (import "host" "poll" (func $poll (param $list i32) (param $count i32) (param $to i32)))
    (import "host" "drop" (func $drop (param $pollable i32)))
    (import "host" "subscribe" (func $subscribe (param $nanoseconds i64) (result i32)))

    (data (i32.const 16) "wat.poll")
    (data (i32.const 24) "\10\00\00\00" "\08\00\00\00") ;; the name
    (data (i32.const 32) "\18\00\00\00" "\01\00\00\00") ;; the list of names

    ;; At 64: the two subscriptions. At 72: the list of indexes. At 80: the result. At 96: its text.
    (func (export "names") (result i32)
      (i32.const 32))

    (func $run (export "run")
      (param $name i32) (param $name-length i32) (param $input i32) (param $input-length i32)
      (result i32)
      (i32.store (i32.const 64) (call $subscribe (i64.const 50_000_000)))
      (i32.store (i32.const 68) (call $subscribe (i64.const 3_600_000_000_000)))
      (call $poll (i32.const 64) (i32.const 2) (i32.const 72))
      (call $drop (i32.load (i32.const 64)))
      (call $drop (i32.load (i32.const 68)))
      (i32.store (i32.const 84) (i32.const 96))
      (i32.store
        (i32.const 88)
        (call $write_list
          (i32.load (i32.const 72)) (i32.load (i32.const 76)) (i32.const 96)))
      (i32.const 80))

    ;; Writes a list of one-digit numbers, one at least, as JSON; returns the length of that.
    (func $write_list (param $numbers i32) (param $count i32) (param $to i32) (result i32)
      (local $begin i32)
      (local $before i32)
      (local.set $begin (local.get $to))
      (local.set $before (i32.const 0x5b)) ;; "["
      (loop $number
        (i32.store8 (local.get $to) (local.get $before))
        (i32.store8 offset=1 (local.get $to)
          (i32.add (i32.const 0x30) (i32.load (local.get $numbers)))) ;; "0"
        (local.set $before (i32.const 0x2c)) ;; ","
        (local.set $to (i32.add (local.get $to) (i32.const 2)))
        (local.set $numbers (i32.add (local.get $numbers) (i32.const 4)))
        (local.set $count (i32.sub (local.get $count) (i32.const 1)))
        (br_if $number (local.get $count)))
      (i32.store8 (local.get $to) (i32.const 0x5d)) ;; "]"
      (i32.sub (i32.add (local.get $to) (i32.const 1)) (local.get $begin))))

  (core instance $main (instantiate $Main
    (with "memory" (instance $memory))
    (with "host" (instance
      (export "poll" (func $poll))
      (export "drop" (func $drop))
      (export "subscribe" (func $subscribe))))))

  (func $names (result (list string))
    (canon lift (core func $main "names") (memory $bytes) (realloc $realloc)))
  (func $run (param "name" string) (param "input" $json) (result (result $json (error $failure)))
    (canon lift (core func $main "run") (memory $bytes) (realloc $realloc)))
  (instance $workflows (export "names" (func $names)) (export "run" (func $run)))
  (export "reweft:workflow/workflows@0.1.0" (instance $workflows)))
