;; Workflows for tests, written by hand: `wat.wait`, `wat.sleep`, `wat.throw`, `wat.fail`,
;; `wat.echo`. `examples/wat/hello.wat` explains how the contract looks from here. `poll.wat` has
;; one workflow more.
;;
;; What other languages' guests have and this one lacks needs what bare WebAssembly has not:
;; printing, clocks, random numbers and an environment are WASI's, JSON and exceptions are a
;; language's.
(module
  ;; failure: error-type, message, stack-trace (an option), non-retriable
  (import "reweft:workflow/context@0.1.0" "fail"
    (func $fail
      (param $error-type i32) (param $error-type-length i32)
      (param $message i32) (param $message-length i32)
      (param $has-stack-trace i32) (param $stack-trace i32) (param $stack-trace-length i32)
      (param $non-retriable i32)))
  (import "reweft:workflow/context@0.1.0" "now" (func $now (result i64)))
  (import "reweft:workflow/context@0.1.0" "start-timer"
    (func $start-timer (param $delay i64) (result i32)))
  (import "reweft:workflow/context@0.1.0" "wait-event"
    (func $wait-event (param $name i32) (param $name-length i32) (result i32)))
  (import "reweft:workflow/context@0.1.0" "select"
    (func $select (param $tasks i32) (param $count i32) (result i32)))
  (import "reweft:workflow/context@0.1.0" "[method]task.outcome"
    (func $outcome (param $task i32) (param $to i32)))

  (memory (export "memory") 1)

  (data (i32.const 16) "wat.wait")   ;; 8 bytes
  (data (i32.const 32) "wat.sleep")  ;; 9
  (data (i32.const 48) "wat.throw")  ;; 9
  (data (i32.const 64) "wat.fail")   ;; 8
  (data (i32.const 80) "wat.echo")   ;; 8
  (data (i32.const 96) "Go")         ;; 2
  (data (i32.const 112) "by-hand")   ;; 7: an error type
  (data (i32.const 128) "it was asked to fail")                     ;; 20: its message
  (data (i32.const 160) "at fail_by_hand")                          ;; 15: its stack trace
  (data (i32.const 176) "workflow-not-found")                       ;; 18: an error type
  (data (i32.const 208) "this module has no workflow of that name") ;; 40: its message

  ;; The list of names: five pairs of address and length, and the list itself.
  (data (i32.const 256)
    "\10\00\00\00" "\08\00\00\00"
    "\20\00\00\00" "\09\00\00\00"
    "\30\00\00\00" "\09\00\00\00"
    "\40\00\00\00" "\08\00\00\00"
    "\50\00\00\00" "\08\00\00\00")
  (data (i32.const 296) "\00\01\00\00" "\05\00\00\00")

  ;; From 320: the list of tasks to wait for. From 336: the outcome of one, for 40 bytes. From 384:
  ;; a result that is returned, for 36 bytes. Before 448: the digits of a number.
  (global $free (mut i32) (i32.const 1024))

  (func (export "cabi_realloc")
    (param $old i32) (param $old-size i32) (param $alignment i32) (param $size i32) (result i32)
    (local $given i32)
    (local.set $given
      (i32.and
        (i32.add (global.get $free) (i32.sub (local.get $alignment) (i32.const 1)))
        (i32.sub (i32.const 0) (local.get $alignment))))
    (global.set $free (i32.add (local.get $given) (local.get $size)))
    (block $enough
      (loop $more
        (br_if $enough
          (i32.le_u (global.get $free) (i32.shl (memory.size) (i32.const 16))))
        (br_if $more (i32.ne (memory.grow (i32.const 1)) (i32.const -1)))
        unreachable))
    (local.get $given))

  (func (export "reweft:workflow/workflows@0.1.0#names") (result i32)
    (i32.const 296))

  (func $run (export "reweft:workflow/workflows@0.1.0#run")
    (param $name i32) (param $name-length i32) (param $input i32) (param $input-length i32)
    (result i32)
    (if (call $is (local.get $name) (local.get $name-length) (i32.const 16) (i32.const 8))
      (then (return (call $wait))))
    (if (call $is (local.get $name) (local.get $name-length) (i32.const 32) (i32.const 9))
      (then (return (call $sleep (local.get $input) (local.get $input-length)))))
    (if (call $is (local.get $name) (local.get $name-length) (i32.const 48) (i32.const 9))
      (then (return (call $throw))))
    (if (call $is (local.get $name) (local.get $name-length) (i32.const 64) (i32.const 8))
      (then (return (call $fail_by_hand))))
    (if (call $is (local.get $name) (local.get $name-length) (i32.const 80) (i32.const 8))
      (then (return (call $succeed (local.get $input) (local.get $input-length)))))
    (call $fail
      (i32.const 176) (i32.const 18)
      (i32.const 208) (i32.const 40)
      (i32.const 0) (i32.const 0) (i32.const 0)
      (i32.const 1))
    unreachable)

  ;; Waits for the event "Go", and returns its payload.
  (func $wait (result i32)
    (call $join (call $wait-event (i32.const 96) (i32.const 2))))

  ;; Sleeps for the input's milliseconds, and returns how many have passed.
  (func $sleep (param $input i32) (param $input-length i32) (result i32)
    (local $begin i64)
    (local.set $begin (call $now))
    (drop (call $join
      (call $start-timer (call $number (local.get $input) (local.get $input-length)))))
    (call $succeed_with_number (i64.sub (call $now) (local.get $begin))))

  ;; Nothing can be thrown here, but a trap ends the run all the same. The name of the function is
  ;; in the module's name section, from where it gets into the stack trace.
  (func $throw (result i32)
    (call $explode)
    (i32.const 0))

  (func $explode
    unreachable)

  (func $fail_by_hand (result i32)
    (call $fail
      (i32.const 112) (i32.const 7)
      (i32.const 128) (i32.const 20)
      (i32.const 1) (i32.const 160) (i32.const 15)
      (i32.const 1))
    ;; The call never returns.
    unreachable)

  ;; Waits for a task, and returns the address of its result.
  (func $join (param $task i32) (result i32)
    (i32.store (i32.const 320) (local.get $task))
    (drop (call $select (i32.const 320) (i32.const 1)))
    (call $outcome (local.get $task) (i32.const 336))
    (i32.const 340))

  ;; Returns the address of a result that is this JSON text.
  (func $succeed (param $text i32) (param $length i32) (result i32)
    (i32.store (i32.const 384) (i32.const 0))
    (i32.store (i32.const 388) (local.get $text))
    (i32.store (i32.const 392) (local.get $length))
    (i32.const 384))

  (func $succeed_with_number (param $number i64) (result i32)
    (local $at i32)
    (local.set $at (i32.const 448))
    (loop $digit
      (local.set $at (i32.sub (local.get $at) (i32.const 1)))
      (i32.store8 (local.get $at)
        (i32.add
          (i32.const 0x30) ;; "0"
          (i32.wrap_i64 (i64.rem_u (local.get $number) (i64.const 10)))))
      (local.set $number (i64.div_u (local.get $number) (i64.const 10)))
      (br_if $digit (i64.ne (local.get $number) (i64.const 0))))
    (call $succeed (local.get $at) (i32.sub (i32.const 448) (local.get $at))))

  ;; Returns the number that a text of decimal digits stands for.
  (func $number (param $text i32) (param $length i32) (result i64)
    (local $end i32)
    (local $number i64)
    (local.set $end (i32.add (local.get $text) (local.get $length)))
    (block $done
      (loop $digit
        (br_if $done (i32.eq (local.get $text) (local.get $end)))
        (local.set $number
          (i64.add
            (i64.mul (local.get $number) (i64.const 10))
            (i64.sub (i64.load8_u (local.get $text)) (i64.const 0x30)))) ;; "0"
        (local.set $text (i32.add (local.get $text) (i32.const 1)))
        (br $digit)))
    (local.get $number))

  ;; Returns whether two texts are the same.
  (func $is (param $one i32) (param $one-length i32) (param $other i32) (param $other-length i32)
    (result i32)
    (local $end i32)
    (if (i32.ne (local.get $one-length) (local.get $other-length))
      (then (return (i32.const 0))))
    (local.set $end (i32.add (local.get $one) (local.get $one-length)))
    (block $same
      (loop $byte
        (br_if $same (i32.eq (local.get $one) (local.get $end)))
        (if (i32.ne (i32.load8_u (local.get $one)) (i32.load8_u (local.get $other)))
          (then (return (i32.const 0))))
        (local.set $one (i32.add (local.get $one) (i32.const 1)))
        (local.set $other (i32.add (local.get $other) (i32.const 1)))
        (br $byte)))
    (i32.const 1)))
