// What a workflow may ask of the host. Arguments have been checked in JavaScript.

#include "values.h"

struct retry {
    uint32_t is_some, max_attempts;
    double backoff;
    struct optional_ms first, max, timeout;
};

// An array: attempts, first interval, coefficient, longest interval, timeout.
static struct retry read_retry(JSContext *context, JSValueConst value) {
    struct retry retry = {0};
    if (JS_IsUndefined(value)) return retry;
    JSValue parts[5];
    for (uint32_t i = 0; i < 5; i++) parts[i] = JS_GetPropertyUint32(context, value, i);
    retry.is_some = 1;
    JS_ToUint32(context, &retry.max_attempts, parts[0]);
    retry.first = read_ms(context, parts[1]);
    JS_ToFloat64(context, &retry.backoff, parts[2]);
    retry.max = read_ms(context, parts[3]);
    retry.timeout = read_ms(context, parts[4]);
    for (uint32_t i = 0; i < 5; i++) JS_FreeValue(context, parts[i]);
    return retry;
}

#define GIVE(text) (text).bytes, (text).length
#define GIVE_MS(ms) (ms).is_some, (ms).value
#define GIVE_RETRY(retry)                                                       \
    (retry).is_some, (retry).max_attempts, (retry).first.value, (retry).backoff, \
        GIVE_MS((retry).max), GIVE_MS((retry).timeout)

FUNCTION(call_activity) {
    struct text name = borrow_text(context, arguments[0]);
    struct text input = borrow_text(context, arguments[1]);
    struct retry retry = read_retry(context, arguments[2]);
    struct optional_ms timeout = read_ms(context, arguments[3]);
    struct optional_ms heartbeat_timeout = read_ms(context, arguments[4]);
    uint32_t task = context_call_activity(
        GIVE(name), GIVE(input), GIVE_RETRY(retry), GIVE_MS(timeout), GIVE_MS(heartbeat_timeout));
    release_text(context, name);
    release_text(context, input);
    return JS_NewUint32(context, task);
}

FUNCTION(call_workflow) {
    struct text name = borrow_text(context, arguments[0]);
    struct text input = borrow_text(context, arguments[1]);
    bool has_id = !JS_IsUndefined(arguments[2]);
    struct text id = {NULL, 0};
    if (has_id) id = borrow_text(context, arguments[2]);
    struct retry retry = read_retry(context, arguments[3]);
    bool detached = JS_ToBool(context, arguments[4]);
    uint32_t task = context_call_workflow(
        GIVE(name), GIVE(input), has_id, GIVE(id), GIVE_RETRY(retry), detached);
    release_text(context, name);
    release_text(context, input);
    if (has_id) release_text(context, id);
    return JS_NewUint32(context, task);
}

FUNCTION(raise_event) {
    struct text id = borrow_text(context, arguments[0]);
    struct text name = borrow_text(context, arguments[1]);
    struct text payload = borrow_text(context, arguments[2]);
    context_raise_event(GIVE(id), GIVE(name), GIVE(payload));
    release_text(context, id);
    release_text(context, name);
    release_text(context, payload);
    return JS_UNDEFINED;
}

FUNCTION(start_timer) {
    return JS_NewUint32(context, context_start_timer(read_ms(context, arguments[0]).value));
}

FUNCTION(wait_event) {
    struct text name = borrow_text(context, arguments[0]);
    uint32_t task = context_wait_event(GIVE(name));
    release_text(context, name);
    return JS_NewUint32(context, task);
}

FUNCTION(select_any) { return JS_NewUint32(context, context_select_any()); }

static uint32_t handle(JSContext *context, JSValueConst value) {
    uint32_t number = 0;
    JS_ToUint32(context, &number, value);
    return number;
}

FUNCTION(number) {
    return JS_NewUint32(context, task_number(handle(context, arguments[0])));
}

FUNCTION(cancel) {
    task_cancel(handle(context, arguments[0]));
    return JS_UNDEFINED;
}

FUNCTION(drop) {
    task_drop(handle(context, arguments[0]));
    return JS_UNDEFINED;
}

// Undefined, a JSON text, or an object with what a failure has.
FUNCTION(outcome) {
    struct optional_outcome outcome;
    task_outcome(handle(context, arguments[0]), &outcome);
    if (!outcome.is_some) return JS_UNDEFINED;
    if (!outcome.value.is_error) return take_text(context, outcome.value.json);
    struct failure *failure = &outcome.value.failure;
    JSValue object = JS_NewObject(context);
    JS_SetPropertyStr(context, object, "type", take_text(context, failure->error_type));
    JS_SetPropertyStr(context, object, "message", take_text(context, failure->message));
    JS_SetPropertyStr(context, object, "stack", take_optional_text(context, failure->stack_trace));
    JS_SetPropertyStr(context, object, "nonRetriable", JS_NewBool(context, failure->non_retriable));
    return object;
}

FUNCTION(info) {
    struct instance_info info;
    context_info(&info);
    JSValue object = JS_NewObject(context);
    JS_SetPropertyStr(context, object, "instanceId", take_text(context, info.instance_id));
    JS_SetPropertyStr(context, object, "workflowName", take_text(context, info.workflow_name));
    JS_SetPropertyStr(context, object, "moduleName", take_text(context, info.module_name));
    JS_SetPropertyStr(context, object, "moduleDigest", take_text(context, info.module_digest));
    JS_SetPropertyStr(context, object, "startedAt", JS_NewInt64(context, info.started_at));
    JSValue parent = take_optional_text(context, info.parent_instance_id);
    JS_SetPropertyStr(context, object, "parentInstanceId", parent);
    JS_SetPropertyStr(context, object, "replaying", JS_NewBool(context, info.replaying));
    return object;
}

FUNCTION(set_custom_status) {
    struct text status = borrow_text(context, arguments[0]);
    context_set_custom_status(GIVE(status));
    release_text(context, status);
    return JS_UNDEFINED;
}

FUNCTION(continue_as_new) {
    struct text input = borrow_text(context, arguments[0]);
    context_continue_as_new(GIVE(input), JS_ToBool(context, arguments[1]));
    __builtin_unreachable();
}

FUNCTION(is_patched) {
    struct text patch = borrow_text(context, arguments[0]);
    bool is_patched = context_is_patched(GIVE(patch));
    release_text(context, patch);
    return JS_NewBool(context, is_patched);
}

static const JSCFunctionListEntry entries[] = {
    JS_CFUNC_DEF("callActivity", 5, call_activity),
    JS_CFUNC_DEF("callWorkflow", 5, call_workflow),
    JS_CFUNC_DEF("raiseEvent", 3, raise_event),
    JS_CFUNC_DEF("startTimer", 1, start_timer),
    JS_CFUNC_DEF("waitEvent", 1, wait_event),
    JS_CFUNC_DEF("selectAny", 0, select_any),
    JS_CFUNC_DEF("taskNumber", 1, number),
    JS_CFUNC_DEF("taskOutcome", 1, outcome),
    JS_CFUNC_DEF("cancelTask", 1, cancel),
    JS_CFUNC_DEF("dropTask", 1, drop),
    JS_CFUNC_DEF("workflowInfo", 0, info),
    JS_CFUNC_DEF("setCustomStatus", 1, set_custom_status),
    JS_CFUNC_DEF("continueAsNew", 2, continue_as_new),
    JS_CFUNC_DEF("isPatched", 1, is_patched),
};
const struct functions workflow_functions = {entries, sizeof entries / sizeof *entries};
