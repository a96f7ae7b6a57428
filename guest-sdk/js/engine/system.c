// What workflows and activities alike have around them: a log, randomness, an environment.
// A host answers the calls to WASI in a workflow from its history.

#include "values.h"

#include <string.h>
#include <unistd.h>

enum phase phase = BUILDING;

FUNCTION(log_line) {
    uint32_t level = 0;
    JS_ToUint32(context, &level, arguments[0]);
    struct text message = borrow_text(context, arguments[1]);
    switch (phase) {
    case IN_WORKFLOW: context_log(level, message.bytes, message.length); break;
    case IN_ACTIVITY: activity_context_log(level, message.bytes, message.length); break;
    case BUILDING:
        write(STDERR_FILENO, message.bytes, message.length);
        write(STDERR_FILENO, "\n", 1);
    }
    release_text(context, message);
    return JS_UNDEFINED;
}

FUNCTION(fill_random) {
    size_t length;
    uint8_t *bytes = JS_GetUint8Array(context, &length, arguments[0]);
    for (size_t done = 0, part; done < length; done += part) {
        part = length - done < 256 ? length - done : 256;
        getentropy(bytes + done, part);
    }
    return JS_UNDEFINED;
}

// From 0 up to 1. 53 bits are what a number holds.
FUNCTION(random_number) {
    uint64_t bits;
    getentropy(&bits, sizeof bits);
    return JS_NewFloat64(context, (bits >> 11) * 0x1p-53);
}

// The bytes of a string in UTF-8.
FUNCTION(encode_text) {
    struct text text = borrow_text(context, arguments[0]);
    JSValue buffer = JS_NewArrayBufferCopy(context, (uint8_t *)text.bytes, text.length);
    release_text(context, text);
    return buffer;
}

// The text that bytes are in UTF-8; undefined if they are not.
FUNCTION(decode_text) {
    size_t length;
    uint8_t *bytes = JS_GetUint8Array(context, &length, arguments[0]);
    JSValue text = JS_NewStringLen(context, (char *)bytes, length);
    // Whatever is wrong has been replaced, and doesn't come back.
    struct text again = borrow_text(context, text);
    bool is_same = again.length == length && !memcmp(again.bytes, bytes, length);
    release_text(context, again);
    if (is_same) return text;
    JS_FreeValue(context, text);
    return JS_UNDEFINED;
}

// Names and values in turn.
FUNCTION(environment) {
    JSValue array = JS_NewArray(context);
    uint32_t length = 0;
    for (char **entry = environ; entry && *entry; entry++) {
        const char *equals = strchr(*entry, '=');
        if (!equals) continue;
        JSValue name = JS_NewStringLen(context, *entry, equals - *entry);
        JS_SetPropertyUint32(context, array, length++, name);
        JS_SetPropertyUint32(context, array, length++, JS_NewString(context, equals + 1));
    }
    return array;
}

// Runs what waits for nothing but its turn, until there is no such thing. An error that a job lets
// out is an error of the engine.
FUNCTION(run_jobs) {
    JSContext *of_job;
    int status;
    while ((status = JS_ExecutePendingJob(JS_GetRuntime(context), &of_job)) > 0) {}
    return status < 0 ? JS_EXCEPTION : JS_UNDEFINED;
}

// Evaluates a script under a name, which call stacks show.
FUNCTION(evaluate) {
    const char *name = JS_ToCString(context, arguments[0]);
    struct text source = borrow_text(context, arguments[1]);
    JSValue result = JS_Eval(context, source.bytes, source.length, name, JS_EVAL_TYPE_GLOBAL);
    release_text(context, source);
    JS_FreeCString(context, name);
    return result;
}

static const JSCFunctionListEntry entries[] = {
    JS_CFUNC_DEF("log", 2, log_line),
    JS_CFUNC_DEF("fillRandom", 1, fill_random),
    JS_CFUNC_DEF("randomNumber", 0, random_number),
    JS_CFUNC_DEF("encodeText", 1, encode_text),
    JS_CFUNC_DEF("decodeText", 1, decode_text),
    JS_CFUNC_DEF("environment", 0, environment),
    JS_CFUNC_DEF("runJobs", 0, run_jobs),
    JS_CFUNC_DEF("evaluate", 2, evaluate),
};
const struct functions system_functions = {entries, sizeof entries / sizeof *entries};
