;; A module whose activities reach outside: `http` asks whoever its input names (a JSON string such as
;; "localhost:8080") for / by HTTP, and returns the status; `environment` returns the value of the
;; variable at the position that is its input, or null. The workflow `reach` hands its
;; input to the one it is for.
(module
  (import "reweft:workflow/context@0.1.0" "call-activity"
    (func $call_activity
      (param i32 i32 i32 i32 i32 i32 i64 f64 i32 i64 i32 i64 i32 i64 i32 i64) (result i32)))
  (import "reweft:workflow/context@0.1.0" "select" (func $select (param i32 i32) (result i32)))
  (import "reweft:workflow/context@0.1.0" "[method]task.outcome"
    (func $outcome (param i32 i32)))
  (import "wasi:cli/environment@0.2.0" "get-environment" (func $environment (param i32)))
  (import "wasi:io/poll@0.2.0" "[method]pollable.block" (func $block (param i32)))
  (import "wasi:http/types@0.2.0" "[constructor]fields" (func $fields (result i32)))
  (import "wasi:http/types@0.2.0" "[constructor]outgoing-request"
    (func $request (param i32) (result i32)))
  (import "wasi:http/types@0.2.0" "[method]outgoing-request.set-scheme"
    (func $set_scheme (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasi:http/types@0.2.0" "[method]outgoing-request.set-authority"
    (func $set_authority (param i32 i32 i32 i32) (result i32)))
  (import "wasi:http/types@0.2.0" "[method]outgoing-request.set-path-with-query"
    (func $set_path (param i32 i32 i32 i32) (result i32)))
  (import "wasi:http/types@0.2.0" "[method]future-incoming-response.subscribe"
    (func $subscribe (param i32) (result i32)))
  (import "wasi:http/types@0.2.0" "[method]future-incoming-response.get"
    (func $get (param i32 i32)))
  (import "wasi:http/types@0.2.0" "[method]incoming-response.status"
    (func $status (param i32) (result i32)))
  (import "wasi:http/outgoing-handler@0.2.0" "handle" (func $handle (param i32 i32 i32 i32)))

  (memory (export "memory") 2)
  (global $free (mut i32) (i32.const 16384))
  (data (i32.const 1024) "reach")
  (data (i32.const 1040) "http")
  (data (i32.const 1056) "environment")
  (data (i32.const 1072) "null")
  (data (i32.const 1088) "no-answer")
  (data (i32.const 1104) "the request came to nothing")
  (data (i32.const 1136) "/")

  (func $allocate (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
    (global.get $free)
    (global.set $free (i32.and
      (i32.add (i32.add (global.get $free) (local.get 3)) (i32.const 7)) (i32.const -8))))

  (func (export "reweft:workflow/workflows@0.1.0#names") (result i32)
    (i32.store (i32.const 16) (i32.const 1024)) (i32.store (i32.const 20) (i32.const 5))
    (i32.store (i32.const 8) (i32.const 16)) (i32.store (i32.const 12) (i32.const 1))
    (i32.const 8))

  (func (export "reweft:workflow/activities@0.1.0#names") (result i32)
    (i32.store (i32.const 16) (i32.const 1040)) (i32.store (i32.const 20) (i32.const 4))
    (i32.store (i32.const 24) (i32.const 1056)) (i32.store (i32.const 28) (i32.const 11))
    (i32.store (i32.const 8) (i32.const 16)) (i32.store (i32.const 12) (i32.const 2))
    (i32.const 8))

  ;; A JSON string goes to `http`, a number to `environment`. What comes of it is the result.
  (func (export "reweft:workflow/workflows@0.1.0#run")
    (param $name i32) (param $name_length i32) (param $input i32) (param $length i32) (result i32)
    (local $is_text i32)
    (local.set $is_text (i32.eq (i32.load8_u (local.get $input)) (i32.const 34)))
    (i32.store (i32.const 32) (call $call_activity
      (select (i32.const 1040) (i32.const 1056) (local.get $is_text))
      (select (i32.const 4) (i32.const 11) (local.get $is_text))
      (local.get $input) (local.get $length)
      (i32.const 0) (i32.const 0) (i64.const 0) (f64.const 0)
      (i32.const 0) (i64.const 0) (i32.const 0) (i64.const 0)
      (i32.const 0) (i64.const 0) (i32.const 0) (i64.const 0)))
    (drop (call $select (i32.const 32) (i32.const 1)))
    (call $outcome (i32.load (i32.const 32)) (i32.const 64))
    ;; An optional result lies behind the word that says it is there.
    (i32.const 68))

  (func (export "reweft:workflow/activities@0.1.0#execute")
    (param $name i32) (param $name_length i32) (param $input i32) (param $length i32) (result i32)
    (if (result i32) (i32.eq (local.get $name_length) (i32.const 4))
      (then (call $http (local.get $input) (local.get $length)))
      (else (call $variable (i32.sub (i32.load8_u (local.get $input)) (i32.const 48))))))

  (func $output (param $at i32) (param $length i32) (result i32)
    (i32.store8 (i32.const 128) (i32.const 0))
    (i32.store (i32.const 132) (local.get $at))
    (i32.store (i32.const 136) (local.get $length))
    (i32.const 128))

  (func $failure (result i32)
    (i32.store8 (i32.const 128) (i32.const 1))
    (i32.store (i32.const 132) (i32.const 1088)) (i32.store (i32.const 136) (i32.const 9))
    (i32.store (i32.const 140) (i32.const 1104)) (i32.store (i32.const 144) (i32.const 27))
    (i32.store8 (i32.const 148) (i32.const 0))
    (i32.store8 (i32.const 160) (i32.const 1))
    (i32.const 128))

  (func $variable (param $position i32) (result i32)
    (local $entry i32)
    (call $environment (i32.const 96))
    (if (i32.ge_u (local.get $position) (i32.load (i32.const 100)))
      (then (return (call $output (i32.const 1072) (i32.const 4)))))
    (local.set $entry
      (i32.add (i32.load (i32.const 96)) (i32.mul (local.get $position) (i32.const 16))))
    (call $output (i32.load (i32.add (local.get $entry) (i32.const 8)))
      (i32.load (i32.add (local.get $entry) (i32.const 12)))))

  (func $http (param $input i32) (param $length i32) (result i32)
    (local $request i32) (local $future i32) (local $status i32)
    (local.set $request (call $request (call $fields)))
    (drop (call $set_scheme (local.get $request)
      (i32.const 1) (i32.const 0) (i32.const 0) (i32.const 0)))
    ;; Without its quotes.
    (drop (call $set_authority (local.get $request) (i32.const 1)
      (i32.add (local.get $input) (i32.const 1)) (i32.sub (local.get $length) (i32.const 2))))
    (drop (call $set_path (local.get $request) (i32.const 1) (i32.const 1136) (i32.const 1)))
    (call $handle (local.get $request) (i32.const 0) (i32.const 0) (i32.const 192))
    (if (i32.load8_u (i32.const 192)) (then (return (call $failure))))
    (local.set $future (i32.load (i32.const 200)))
    (call $block (call $subscribe (local.get $future)))
    (call $get (local.get $future) (i32.const 256))
    (if (i32.load8_u (i32.const 272)) (then (return (call $failure))))
    (local.set $status (call $status (i32.load (i32.const 280))))
    (i32.store8 (i32.const 1200)
      (i32.add (i32.const 48) (i32.div_u (local.get $status) (i32.const 100))))
    (i32.store8 (i32.const 1201) (i32.add (i32.const 48)
      (i32.rem_u (i32.div_u (local.get $status) (i32.const 10)) (i32.const 10))))
    (i32.store8 (i32.const 1202)
      (i32.add (i32.const 48) (i32.rem_u (local.get $status) (i32.const 10))))
    (call $output (i32.const 1200) (i32.const 3))))
