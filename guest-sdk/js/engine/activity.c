// What an activity may ask of the host.

#include "values.h"

FUNCTION(info) {
    struct activity_info info;
    activity_context_info(&info);
    JSValue object = JS_NewObject(context);
    JS_SetPropertyStr(context, object, "instanceId", take_text(context, info.instance_id));
    JS_SetPropertyStr(context, object, "activityName", take_text(context, info.activity_name));
    JS_SetPropertyStr(context, object, "attempt", JS_NewUint32(context, info.attempt));
    JSValue key = take_text(context, info.idempotency_key);
    JS_SetPropertyStr(context, object, "idempotencyKey", key);
    JS_SetPropertyStr(context, object, "deadline", JS_NewInt64(context, info.deadline));
    return object;
}

FUNCTION(heartbeat) {
    struct text progress = borrow_text(context, arguments[0]);
    bool is_unwanted = activity_context_heartbeat(progress.bytes, progress.length);
    release_text(context, progress);
    return JS_NewBool(context, is_unwanted);
}

FUNCTION(last_progress) {
    struct optional_text progress;
    activity_context_last_progress(&progress);
    return take_optional_text(context, progress);
}

static const JSCFunctionListEntry entries[] = {
    JS_CFUNC_DEF("activityInfo", 0, info),
    JS_CFUNC_DEF("heartbeat", 1, heartbeat),
    JS_CFUNC_DEF("lastProgress", 0, last_progress),
};
const struct functions activity_functions = {entries, sizeof entries / sizeof *entries};
