;; The smallest guest of Reweft: one workflow, `wat.hello`, which calls one activity, `greet`, and
;; returns what that has returned.
;;
;; Nothing is generated here, so this file shows what the contract in `wit/` comes to once a
;; compiler is done with it. That is the canonical ABI of WebAssembly's component model, and it has
;; few rules:
;;
;; - A function of an interface is imported or exported under the interface's name and its own.
;; - Numbers, booleans and handles are passed as they are. A string is two numbers: where its UTF-8
;;   begins in memory, and how many bytes it has. So is a list: where its elements lie side by side,
;;   and how many there are.
;; - The fields of a record are passed one after the other, and an `option` as a number, 0 for none
;;   and 1 for some, followed by its value; of none, the value is ignored but passed all the same.
;; - A function has 16 such parameters at most; what needs more is passed as the address of all.
;; - A result that is not one single number lies in memory. An export returns its address. An import
;;   is given one more parameter, which says where the host is to write it.
(module

  ;; ---- What it asks of the host -----------------------------------------------------------------

  ;; call-activity: func(name: string, input: json, options: activity-options) -> task
  ;; Its options have twelve parameters, so all in all there are just 16.
  (import "reweft:workflow/context@0.1.0" "call-activity"
    (func $call-activity
      (param $name i32) (param $name-length i32)
      (param $input i32) (param $input-length i32)
      (param $has-retry i32) ;; options.retry: option<retry-policy>
        (param $max-attempts i32)
        (param $first-interval i64)
        (param $backoff-coefficient f64)
        (param $has-max-interval i32) (param $max-interval i64)
        (param $has-retry-timeout i32) (param $retry-timeout i64)
      (param $has-timeout i32) (param $timeout i64) ;; options.timeout
      (param $has-heartbeat-timeout i32) (param $heartbeat-timeout i64) ;; options.heartbeat-timeout
      (result i32))) ;; a handle on the task

  ;; select: func(tasks: list<borrow<task>>) -> u32
  (import "reweft:workflow/context@0.1.0" "select"
    (func $select (param $tasks i32) (param $count i32) (result i32)))

  ;; task.outcome: func() -> option<result<json, failure>>
  ;; A method takes its resource first. The result is written to `$to`.
  (import "reweft:workflow/context@0.1.0" "[method]task.outcome"
    (func $outcome (param $task i32) (param $to i32)))

  ;; ---- Its memory -------------------------------------------------------------------------------

  ;; The host reads and writes it, so it is exported.
  (memory (export "memory") 1)

  ;; From 16: what the module never changes.
  (data (i32.const 16) "wat.hello") ;; 9 bytes
  (data (i32.const 32) "greet")     ;; 5 bytes
  (data (i32.const 48) "\"hello\"") ;; 7 bytes: a JSON text, with its quotation marks

  ;; Two lists of one string each: address and length, as little-endian numbers of four bytes.
  (data (i32.const 64) "\10\00\00\00" "\09\00\00\00") ;; "wat.hello"
  (data (i32.const 72) "\20\00\00\00" "\05\00\00\00") ;; "greet"

  ;; And the two lists themselves: address and number of elements.
  (data (i32.const 80) "\40\00\00\00" "\01\00\00\00") ;; the workflows
  (data (i32.const 88) "\48\00\00\00" "\01\00\00\00") ;; the activities

  ;; A `result<json, failure>` lies in memory like this:
  ;;
  ;;   0  one byte: 0 if it went well, 1 if it failed
  ;;   4  if it went well, the JSON text: address and length; else the fields of a `failure`
  ;;
  ;; The one that the activity returns is known beforehand: 0, then the text at 48 with its 7 bytes.
  (data (i32.const 96) "\00\00\00\00" "\30\00\00\00" "\07\00\00\00")

  ;; From 112: the list of tasks to wait for. From 128, for 40 bytes: the outcome of the task.
  ;; From 1024 up: whatever the host asks memory for.
  (global $free (mut i32) (i32.const 1024))

  ;; Gives the host memory for what it passes in, such as the input of a workflow. The name is that
  ;; of the canonical ABI, and the first two parameters are for growing what was given before, which
  ;; the host never asks of a guest whose strings are UTF-8. Nothing is ever freed: a guest lives
  ;; for one run only.
  (func (export "cabi_realloc")
    (param $old i32) (param $old-size i32) (param $alignment i32) (param $size i32) (result i32)
    (local $given i32)
    ;; Up to the next multiple of the alignment, which is a power of two.
    (local.set $given
      (i32.and
        (i32.add (global.get $free) (i32.sub (local.get $alignment) (i32.const 1)))
        (i32.sub (i32.const 0) (local.get $alignment))))
    (global.set $free (i32.add (local.get $given) (local.get $size)))
    ;; Memory grows in pages of 64 KiB.
    (block $enough
      (loop $more
        (br_if $enough
          (i32.le_u (global.get $free) (i32.shl (memory.size) (i32.const 16))))
        (br_if $more (i32.ne (memory.grow (i32.const 1)) (i32.const -1)))
        unreachable)) ;; The host gives no more.
    (local.get $given))

  ;; ---- The workflow -----------------------------------------------------------------------------

  ;; names: func() -> list<string>
  (func (export "reweft:workflow/workflows@0.1.0#names") (result i32)
    (i32.const 80))

  ;; run: func(name: string, input: json) -> result<json, failure>
  ;; The host runs only what `names` has named, so with one workflow the name tells nothing new.
  (func $run (export "reweft:workflow/workflows@0.1.0#run")
    (param $name i32) (param $name-length i32) (param $input i32) (param $input-length i32)
    (result i32)
    (local $task i32)

    ;; The call is recorded, and the activity begins, when the workflow waits.
    (local.set $task
      (call $call-activity
        (i32.const 32) (i32.const 5)
        (local.get $input) (local.get $input-length)
        (i32.const 0) ;; no retry policy: a single attempt
          (i32.const 0) (i64.const 0) (f64.const 0)
          (i32.const 0) (i64.const 0) (i32.const 0) (i64.const 0)
        (i32.const 0) (i64.const 0)
        (i32.const 0) (i64.const 0)))

    ;; Here the run may rest for years. The host may well drop this guest meanwhile, and run the
    ;; workflow from its beginning in another; then the call above is answered from the history, and
    ;; `select` returns at once.
    (i32.store (i32.const 112) (local.get $task))
    (drop (call $select (i32.const 112) (i32.const 1)))

    ;; Writes an `option` at 128: one byte, which is 1 now that the task is done; from 132 the
    ;; result.
    (call $outcome (local.get $task) (i32.const 128))

    ;; That result has the type of this function's own, so it is passed on, success and failure
    ;; alike.
    (i32.const 132))

  ;; ---- The activity -----------------------------------------------------------------------------

  ;; names: func() -> list<string>
  (func (export "reweft:workflow/activities@0.1.0#names") (result i32)
    (i32.const 88))

  ;; execute: func(name: string, input: json) -> result<json, failure>
  (func $execute (export "reweft:workflow/activities@0.1.0#execute")
    (param $name i32) (param $name-length i32) (param $input i32) (param $input-length i32)
    (result i32)
    (i32.const 96)))
