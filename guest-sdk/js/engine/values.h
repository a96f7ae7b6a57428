// Values on their way between JavaScript and the contract.

#ifndef REWEFT_VALUES_H
#define REWEFT_VALUES_H

#include "contract.h"
#include "quickjs.h"

// A function that JavaScript may call.
#define FUNCTION(name) \
    static JSValue name(JSContext *context, JSValueConst this, int count, JSValueConst *arguments)

// Reads a string; its bytes are null if JavaScript has thrown. It is valid UTF-8: what can't be said
// in that is replaced.
struct text borrow_text(JSContext *context, JSValueConst value);
void release_text(JSContext *context, struct text text);

// The same, in memory that outlives JavaScript.
struct text copy_text(JSContext *context, JSValueConst value);

// Makes a string of what the host has given, and frees that.
JSValue take_text(JSContext *context, struct text text);
JSValue take_optional_text(JSContext *context, struct optional_text text);

// A whole number of milliseconds; undefined is none.
struct optional_ms {
    uint32_t is_some;
    uint64_t value;
};
struct optional_ms read_ms(JSContext *context, JSValueConst value);

struct functions {
    const JSCFunctionListEntry *entries;
    int count;
};
extern const struct functions system_functions, workflow_functions, activity_functions, http_functions;

extern const JSMallocFunctions memory_functions;

// What is going on: what can be asked of the host depends on it.
enum phase { BUILDING, IN_WORKFLOW, IN_ACTIVITY };
extern enum phase phase;

#endif
