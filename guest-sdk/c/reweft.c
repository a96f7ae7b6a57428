/*
 * The contract as the canonical ABI of WebAssembly components has it: what is imported and exported here has
 * the names and the types that a component would have, and the host makes one of the module.
 */
#define _GNU_SOURCE /* asprintf */
#include "reweft.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONTEXT(name) __attribute__((import_module("reweft:workflow/context@0.1.0"), import_name(name)))
#define ACTIVITY_CONTEXT(name) \
    __attribute__((import_module("reweft:workflow/activity-context@0.1.0"), import_name(name)))
#define EXPORT(name) __attribute__((export_name(name)))

/* Values in memory. Structures of C have the layout that the canonical ABI wants. */

struct text {
    char *data;
    size_t length;
};

struct optional_text {
    bool is_there;
    struct text text;
};

struct failure {
    struct text error_type;
    struct text message;
    struct optional_text stack_trace;
    bool non_retriable;
};

struct result {
    bool has_failed;
    union {
        struct text output;
        struct failure failure;
    };
};

struct optional_result {
    bool is_there;
    struct result result;
};

struct instance {
    struct text instance_id;
    struct text workflow_name;
    struct text module_name;
    struct text module_digest;
    uint64_t started_at;
    struct optional_text parent_instance_id;
    bool replaying;
};

struct attempt {
    struct text instance_id;
    struct text activity_name;
    uint32_t attempt;
    struct text idempotency_key;
    uint64_t deadline;
};

struct names {
    struct text *names;
    size_t count;
};

_Static_assert(sizeof(struct optional_result) == 40, "option<result<string, failure>>");
_Static_assert(sizeof(struct instance) == 56, "instance-info");
_Static_assert(sizeof(struct attempt) == 40, "activity-info");

/* Parameters of imports: texts and options are flattened. */

#define TEXT(name) const char *name, size_t name##_length
#define OPTION(type, name) int32_t has_##name, type name
#define RETRY \
    int32_t has_retry, uint32_t max_attempts, uint64_t first_interval, double backoff_coefficient, \
        OPTION(uint64_t, max_interval), OPTION(uint64_t, retry_timeout)
#define FAILURE TEXT(error_type), TEXT(message), int32_t has_stack_trace, TEXT(stack_trace), int32_t non_retriable

CONTEXT("info") void context_info(struct instance *result);
CONTEXT("call-activity") int32_t context_call_activity(
    TEXT(name), TEXT(input), RETRY, OPTION(uint64_t, timeout), OPTION(uint64_t, heartbeat_timeout));
CONTEXT("call-workflow") int32_t context_call_workflow(
    TEXT(name), TEXT(input), int32_t has_instance_id, TEXT(instance_id), RETRY, int32_t detached);
CONTEXT("raise-event") void context_raise_event(TEXT(instance_id), TEXT(name), TEXT(payload));
CONTEXT("start-timer") int32_t context_start_timer(uint64_t delay);
CONTEXT("wait-event") int32_t context_wait_event(TEXT(name));
CONTEXT("select") uint32_t context_select(const reweft_task *tasks, size_t count);
CONTEXT("select-any") uint32_t context_select_any(void);
CONTEXT("[method]task.outcome") void context_outcome(reweft_task task, struct optional_result *result);
CONTEXT("[method]task.number") uint32_t context_number(reweft_task task);
CONTEXT("[method]task.cancel") void context_cancel(reweft_task task);
CONTEXT("[resource-drop]task") void context_drop(reweft_task task);
CONTEXT("now") uint64_t context_now(void);
CONTEXT("random-u64") uint64_t context_random_u64(void);
CONTEXT("new-uuid") void context_new_uuid(struct text *result);
CONTEXT("set-custom-status") void context_set_custom_status(TEXT(status));
CONTEXT("continue-as-new") void context_continue_as_new(TEXT(input), int32_t keep_unread_events);
CONTEXT("is-patched") int32_t context_is_patched(TEXT(patch));
CONTEXT("log") void context_log(reweft_level level, TEXT(message));
CONTEXT("fail") void context_fail(FAILURE);

ACTIVITY_CONTEXT("info") void activity_info(struct attempt *result);
ACTIVITY_CONTEXT("heartbeat") int32_t activity_heartbeat(TEXT(progress));
ACTIVITY_CONTEXT("last-progress") void activity_last_progress(struct optional_text *result);
ACTIVITY_CONTEXT("log") void activity_log(reweft_level level, TEXT(message));
ACTIVITY_CONTEXT("fail") void activity_fail(FAILURE);

/* Arguments of imports. */

#define PASS(text) text, strlen(text)
#define PASS_OPTIONAL(number) (number) != 0, number
#define PASS_RETRY(policy) \
    (policy).max_attempts != 0, (policy).max_attempts, (policy).first_interval_ms, \
        (policy).backoff_coefficient == 0 ? 1 : (policy).backoff_coefficient, \
        PASS_OPTIONAL((policy).max_interval_ms), PASS_OPTIONAL((policy).timeout_ms)

static const char *or_empty(const char *text) { return text ? text : ""; }

/* One byte more than the host asks for, a zero, makes any text of its a text of C. */
EXPORT("cabi_realloc")
void *cabi_realloc(void *old, size_t old_size, size_t alignment, size_t size)
{
    (void)old_size, (void)alignment; /* Malloc aligns to 16, more than anything here needs. */
    char *memory = realloc(old, size + 1);
    if (!memory) abort();
    memory[size] = 0;
    return memory;
}

static const char *optional(struct optional_text text) { return text.is_there ? text.text.data : NULL; }

/* What both sides have. */

static bool is_activity;

void reweft_log(reweft_level level, const char *message)
{
    if (is_activity) {
        activity_log(level, PASS(message));
    } else {
        context_log(level, PASS(message));
    }
}

_Noreturn void reweft_fail(reweft_failure failure)
{
    const char *error_type = or_empty(failure.error_type);
    const char *message = or_empty(failure.message);
    const char *stack_trace = or_empty(failure.stack_trace);
    bool has_stack_trace = failure.stack_trace != NULL;
    bool non_retriable = failure.non_retriable;
    if (is_activity) {
        activity_fail(PASS(error_type), PASS(message), has_stack_trace, PASS(stack_trace), non_retriable);
    } else {
        context_fail(PASS(error_type), PASS(message), has_stack_trace, PASS(stack_trace), non_retriable);
    }
    __builtin_unreachable();
}

/* Workflows. */

reweft_instance reweft_info(void)
{
    struct instance info;
    context_info(&info);
    return (reweft_instance){
        .instance_id = info.instance_id.data,
        .workflow_name = info.workflow_name.data,
        .module_name = info.module_name.data,
        .module_digest = info.module_digest.data,
        .started_at_ms = info.started_at,
        .parent_instance_id = optional(info.parent_instance_id),
        .is_replaying = info.replaying,
    };
}

reweft_task reweft_call_activity(
    const char *name, const char *input, const reweft_activity_options *options)
{
    reweft_activity_options asked = options ? *options : (reweft_activity_options){0};
    return (reweft_task){context_call_activity(
        PASS(name), PASS(input), PASS_RETRY(asked.retry), PASS_OPTIONAL(asked.timeout_ms),
        PASS_OPTIONAL(asked.heartbeat_timeout_ms))};
}

reweft_task reweft_call_workflow(
    const char *name, const char *input, const reweft_child_options *options)
{
    reweft_child_options asked = options ? *options : (reweft_child_options){0};
    const char *instance_id = or_empty(asked.instance_id);
    return (reweft_task){context_call_workflow(
        PASS(name), PASS(input), asked.instance_id != NULL, PASS(instance_id), PASS_RETRY(asked.retry),
        asked.detached)};
}

void reweft_raise_event(const char *instance_id, const char *name, const char *payload)
{
    context_raise_event(PASS(instance_id), PASS(name), PASS(payload));
}

reweft_task reweft_start_timer(uint64_t delay_ms) { return (reweft_task){context_start_timer(delay_ms)}; }

reweft_task reweft_wait_event(const char *name) { return (reweft_task){context_wait_event(PASS(name))}; }

size_t reweft_select(const reweft_task tasks[], size_t count) { return context_select(tasks, count); }

uint32_t reweft_select_any(void) { return context_select_any(); }

bool reweft_task_outcome(reweft_task task, reweft_result *result)
{
    struct optional_result outcome;
    context_outcome(task, &outcome);
    if (!outcome.is_there) return false;
    if (!outcome.result.has_failed) {
        *result = (reweft_result){.output = outcome.result.output.data};
        return true;
    }
    const struct failure *failure = &outcome.result.failure;
    *result = (reweft_result){.failure = {
        .error_type = failure->error_type.data,
        .message = failure->message.data,
        .stack_trace = optional(failure->stack_trace),
        .non_retriable = failure->non_retriable,
    }};
    return true;
}

uint32_t reweft_task_number(reweft_task task) { return context_number(task); }

void reweft_task_cancel(reweft_task task) { context_cancel(task); }

void reweft_task_drop(reweft_task task) { context_drop(task); }

uint64_t reweft_now_ms(void) { return context_now(); }

uint64_t reweft_random_u64(void) { return context_random_u64(); }

const char *reweft_new_uuid(void)
{
    struct text uuid;
    context_new_uuid(&uuid);
    return uuid.data;
}

void reweft_set_custom_status(const char *status) { context_set_custom_status(PASS(status)); }

_Noreturn void reweft_continue_as_new(const char *input, bool keep_unread_events)
{
    context_continue_as_new(PASS(input), keep_unread_events);
    __builtin_unreachable();
}

bool reweft_is_patched(const char *patch) { return context_is_patched(PASS(patch)); }

/* Activities. */

reweft_attempt reweft_activity_info(void)
{
    struct attempt info;
    activity_info(&info);
    return (reweft_attempt){
        .instance_id = info.instance_id.data,
        .activity_name = info.activity_name.data,
        .attempt = info.attempt,
        .idempotency_key = info.idempotency_key.data,
        .deadline_ms = info.deadline,
    };
}

bool reweft_heartbeat(const char *progress) { return activity_heartbeat(PASS(progress)); }

const char *reweft_last_progress(void)
{
    struct optional_text progress;
    activity_last_progress(&progress);
    return optional(progress);
}

/* Helpers. */

reweft_result reweft_run_activity(
    const char *name, const char *input, const reweft_activity_options *options)
{
    return reweft_await(reweft_call_activity(name, input, options));
}

reweft_result reweft_await(reweft_task task)
{
    reweft_result result;
    while (!reweft_task_outcome(task, &result)) reweft_select(&task, 1);
    reweft_task_drop(task);
    return result;
}

bool reweft_event_within(const char *name, uint64_t limit_ms, reweft_result *result)
{
    enum { EVENT, TIMER };
    reweft_task tasks[2];
    tasks[EVENT] = reweft_wait_event(name);
    tasks[TIMER] = reweft_start_timer(limit_ms);
    bool is_there = reweft_select(tasks, 2) == EVENT;
    reweft_task_cancel(tasks[is_there ? TIMER : EVENT]);
    if (is_there) reweft_task_outcome(tasks[EVENT], result);
    reweft_task_drop(tasks[EVENT]);
    reweft_task_drop(tasks[TIMER]);
    return is_there;
}

reweft_result reweft_failed_at(
    const char *function, const char *file, int line, const char *error_type, const char *format, ...)
{
    char *message, *stack_trace;
    va_list arguments;
    va_start(arguments, format);
    if (vasprintf(&message, format, arguments) < 0) abort();
    va_end(arguments);
    if (asprintf(&stack_trace, "at %s (%s:%d)", function, file, line) < 0) abort();
    reweft_failure failure = {.error_type = error_type, .message = message, .stack_trace = stack_trace};
    return (reweft_result){.failure = failure};
}

/* What the host calls. It drops the guest after that, so nothing is freed, and there is no cabi_post. */

__attribute__((weak)) const reweft_definition reweft_workflows[] = {{0}};
__attribute__((weak)) const reweft_definition reweft_activities[] = {{0}};

static const struct names *names(const reweft_definition *definitions)
{
    static struct names result;
    result.count = 0;
    while (definitions[result.count].name) result.count++;
    result.names = cabi_realloc(NULL, 0, _Alignof(struct text), result.count * sizeof(struct text));
    for (size_t index = 0; index < result.count; index++) {
        const char *name = definitions[index].name;
        result.names[index] = (struct text){PASS((char *)name)};
    }
    return &result;
}

static const struct result *run(
    const reweft_definition *definitions, const char *name, const char *input)
{
    /* Without a terminal the C library would keep what is printed until its buffer is full. */
    setvbuf(stdout, NULL, _IONBF, 0);
    const reweft_definition *definition = definitions;
    while (definition->name && strcmp(definition->name, name) != 0) definition++;
    reweft_result returned;
    if (definition->name) {
        returned = definition->run(input);
    } else {
        const char *error_type = is_activity ? "activity-not-found" : "workflow-not-found";
        returned = reweft_failed(error_type, "the module has none named '%s'", name);
        returned.failure.non_retriable = true;
    }
    static struct result result;
    result.has_failed = !returned.output;
    if (returned.output) {
        result.output = (struct text){PASS((char *)returned.output)};
        return &result;
    }
    const reweft_failure *failure = &returned.failure;
    result.failure = (struct failure){
        .error_type = {PASS((char *)or_empty(failure->error_type))},
        .message = {PASS((char *)or_empty(failure->message))},
        .stack_trace = {failure->stack_trace, {PASS((char *)or_empty(failure->stack_trace))}},
        .non_retriable = failure->non_retriable,
    };
    return &result;
}

EXPORT("reweft:workflow/workflows@0.1.0#names")
const struct names *reweft_export_workflow_names(void) { return names(reweft_workflows); }

EXPORT("reweft:workflow/workflows@0.1.0#run")
const struct result *reweft_export_run(
    const char *name, size_t name_length, const char *input, size_t input_length)
{
    (void)name_length, (void)input_length;
    return run(reweft_workflows, name, input);
}

EXPORT("reweft:workflow/activities@0.1.0#names")
const struct names *reweft_export_activity_names(void) { return names(reweft_activities); }

EXPORT("reweft:workflow/activities@0.1.0#execute")
const struct result *reweft_export_execute(
    const char *name, size_t name_length, const char *input, size_t input_length)
{
    (void)name_length, (void)input_length;
    is_activity = true;
    return run(reweft_activities, name, input);
}
