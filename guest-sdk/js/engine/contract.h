// The contract as WebAssembly's canonical ABI has it: what the engine imports, and how records lie in
// memory.

#ifndef REWEFT_CONTRACT_H
#define REWEFT_CONTRACT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EXPORT(name) __attribute__((export_name(name)))
#define CONTEXT(name) \
    __attribute__((import_module("reweft:workflow/context@0.1.0"), import_name(name))) extern
#define ACTIVITY_CONTEXT(name) \
    __attribute__((import_module("reweft:workflow/activity-context@0.1.0"), import_name(name))) extern

// UTF-8, without an end mark.
struct text {
    char *bytes;
    size_t length;
};

struct optional_text {
    bool is_some;
    struct text value;
};

struct failure {
    struct text error_type;
    struct text message;
    struct optional_text stack_trace;
    bool non_retriable;
};

// result<json, failure>
struct outcome {
    bool is_error;
    union {
        struct text json;
        struct failure failure;
    };
};

struct optional_outcome {
    bool is_some;
    struct outcome value;
};

struct text_list {
    struct text *items;
    size_t length;
};

struct instance_info {
    struct text instance_id;
    struct text workflow_name;
    struct text module_name;
    struct text module_digest;
    uint64_t started_at;
    struct optional_text parent_instance_id;
    bool replaying;
};

struct activity_info {
    struct text instance_id;
    struct text activity_name;
    uint32_t attempt;
    struct text idempotency_key;
    uint64_t deadline;
};

_Static_assert(sizeof(struct failure) == 32, "failure");
_Static_assert(offsetof(struct outcome, json) == 4, "outcome");
_Static_assert(offsetof(struct optional_outcome, value) == 4, "optional outcome");
_Static_assert(offsetof(struct instance_info, parent_instance_id) == 40, "instance info");
_Static_assert(offsetof(struct activity_info, deadline) == 32, "activity info");

// Records come flattened, field by field, an option as whether it is some and its value.
#define OPTIONAL_MS uint32_t, uint64_t
#define OPTIONAL_RETRY uint32_t, uint32_t, uint64_t, double, OPTIONAL_MS, OPTIONAL_MS
#define TEXT const char *, size_t

CONTEXT("[method]task.outcome") void task_outcome(uint32_t, struct optional_outcome *);
CONTEXT("[method]task.number") uint32_t task_number(uint32_t);
CONTEXT("[method]task.cancel") void task_cancel(uint32_t);
CONTEXT("[resource-drop]task") void task_drop(uint32_t);
CONTEXT("info") void context_info(struct instance_info *);
CONTEXT("call-activity") uint32_t context_call_activity(TEXT, TEXT, OPTIONAL_RETRY, OPTIONAL_MS, OPTIONAL_MS);
CONTEXT("call-workflow") uint32_t context_call_workflow(TEXT, TEXT, uint32_t, TEXT, OPTIONAL_RETRY, uint32_t);
CONTEXT("raise-event") void context_raise_event(TEXT, TEXT, TEXT);
CONTEXT("start-timer") uint32_t context_start_timer(uint64_t);
CONTEXT("wait-event") uint32_t context_wait_event(TEXT);
CONTEXT("select-any") uint32_t context_select_any(void);
CONTEXT("set-custom-status") void context_set_custom_status(TEXT);
CONTEXT("continue-as-new") void context_continue_as_new(TEXT, uint32_t);
CONTEXT("is-patched") uint32_t context_is_patched(TEXT);
CONTEXT("log") void context_log(uint32_t, TEXT);

ACTIVITY_CONTEXT("info") void activity_context_info(struct activity_info *);
ACTIVITY_CONTEXT("heartbeat") uint32_t activity_context_heartbeat(TEXT);
ACTIVITY_CONTEXT("last-progress") void activity_context_last_progress(struct optional_text *);
ACTIVITY_CONTEXT("log") void activity_context_log(uint32_t, TEXT);

#endif
