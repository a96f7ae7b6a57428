// JavaScript as a module of Reweft. When a program is built, the engine is started, loads it, and is
// stopped: its memory as it is then is the module. The hooks that it calls are in the helper, `src/`.

#include "values.h"

#include <stdlib.h>
#include <string.h>

// What JavaScript may take of the stack. The rest is for functions in C, which don't ask.
#define STACK_BYTES_MAX (STACK_BYTES - 64 * 1024)

#define HOST_MODULE "reweft:host"

static JSRuntime *runtime;
static JSContext *context;

// What a program is made of: its modules by name, each with its source and what its imports mean.
static JSValue modules;

// What the helper does for the engine.
static JSValue hooks;

static JSValue call_hook(const char *name, int count, JSValueConst *arguments) {
    JSValue hook = JS_GetPropertyStr(context, hooks, name);
    JSValue result = JS_Call(context, hook, hooks, count, arguments);
    JS_FreeValue(context, hook);
    return result;
}

FUNCTION(set_hooks) {
    hooks = JS_DupValue(context, arguments[0]);
    return JS_UNDEFINED;
}

// The exports of a module of CommonJS.
FUNCTION(require) { return call_hook("require", 1, arguments); }

FUNCTION(get_modules) { return JS_DupValue(context, modules); }

static const JSCFunctionListEntry engine_entries[] = {
    JS_CFUNC_DEF("setHooks", 1, set_hooks),
    JS_CFUNC_DEF("require", 1, require),
    JS_CFUNC_DEF("modules", 0, get_modules),
};
static const struct functions engine_functions = {engine_entries, 3};

static const struct functions *const host_functions[] = {
    &engine_functions, &system_functions, &workflow_functions, &activity_functions, &http_functions};
enum { HOST_FUNCTIONS = sizeof host_functions / sizeof *host_functions };

static int fill_host_module(JSContext *context, JSModuleDef *module) {
    for (int i = 0; i < HOST_FUNCTIONS; i++) {
        JS_SetModuleExportList(context, module, host_functions[i]->entries, host_functions[i]->count);
    }
    return 0;
}

static JSModuleDef *host_module(void) {
    JSModuleDef *module = JS_NewCModule(context, HOST_MODULE, fill_host_module);
    for (int i = 0; i < HOST_FUNCTIONS; i++) {
        JS_AddModuleExportList(context, module, host_functions[i]->entries, host_functions[i]->count);
    }
    return module;
}

// What a module means by the name of another has been found out before.
static char *find_module(JSContext *context, const char *from, const char *wanted, void *unused) {
    if (!strcmp(wanted, HOST_MODULE) || !*from) return js_strdup(context, wanted);
    JSValue module = JS_GetPropertyStr(context, modules, from);
    JSValue imports = JS_GetPropertyStr(context, module, "imports");
    JSValue name = JS_GetPropertyStr(context, imports, wanted);
    char *found = NULL;
    if (JS_IsString(name)) {
        const char *borrowed = JS_ToCString(context, name);
        found = js_strdup(context, borrowed);
        JS_FreeCString(context, borrowed);
    } else {
        JS_ThrowReferenceError(context, "%s: there is no module '%s' in this program", from, wanted);
    }
    JS_FreeValue(context, name);
    JS_FreeValue(context, imports);
    JS_FreeValue(context, module);
    return found;
}

// A module of CommonJS is run, and one is made that exports what it does. No source is read twice.
static JSValue source_of(const char *name) {
    JSValue module = JS_GetPropertyStr(context, modules, name);
    JSValue is_script = JS_GetPropertyStr(context, module, "script");
    JSValue source;
    if (JS_ToBool(context, is_script)) {
        JSValue argument = JS_NewString(context, name);
        source = call_hook("describeExports", 1, (JSValueConst *)&argument);
        JS_FreeValue(context, argument);
    } else {
        source = JS_GetPropertyStr(context, module, "source");
        JS_SetPropertyStr(context, module, "source", JS_UNDEFINED);
    }
    JS_FreeValue(context, is_script);
    JS_FreeValue(context, module);
    return source;
}

static JSModuleDef *load_module(JSContext *context, const char *name, void *unused) {
    if (!strcmp(name, HOST_MODULE)) return host_module();
    JSValue source = source_of(name);
    if (JS_IsException(source)) return NULL;
    struct text text = borrow_text(context, source);
    int flags = JS_EVAL_TYPE_MODULE | JS_EVAL_FLAG_COMPILE_ONLY;
    JSValue compiled = JS_Eval(context, text.bytes, text.length, name, flags);
    release_text(context, text);
    JS_FreeValue(context, source);
    if (JS_IsException(compiled)) return NULL;
    JSModuleDef *module = JS_VALUE_GET_PTR(compiled);
    JS_FreeValue(context, compiled);
    JSValue meta = JS_GetImportMeta(context, module);
    char url[strlen(name) + sizeof "file:///"];
    strcat(strcpy(url, "file:///"), name);
    JS_SetPropertyStr(context, meta, "url", JS_NewString(context, url));
    JS_FreeValue(context, meta);
    return module;
}

static void track_rejection(JSContext *context, JSValueConst promise, JSValueConst reason,
                            bool is_handled, void *unused) {
    if (JS_IsUndefined(hooks)) return;
    JSValueConst arguments[] = {promise, reason, JS_NewBool(context, is_handled)};
    JS_FreeValue(context, call_hook("trackRejection", 3, arguments));
}

static void start(void) {
    runtime = JS_NewRuntime2(&memory_functions, NULL);
    JS_SetMaxStackSize(runtime, STACK_BYTES_MAX);
    JS_SetModuleLoaderFunc(runtime, find_module, load_module, NULL);
    JS_SetHostPromiseRejectionTracker(runtime, track_rejection, NULL);
    context = JS_NewContext(runtime);
    JS_AddIntrinsicDOMException(context);
    modules = hooks = JS_UNDEFINED;
}

// Describes the error that JavaScript has thrown.
static struct text describe_exception(void) {
    JSValue error = JS_GetException(context);
    JSValue text = JS_UNDEFINED;
    if (!JS_IsUndefined(hooks)) text = call_hook("describe", 1, (JSValueConst *)&error);
    struct text described = copy_text(context, JS_IsString(text) ? text : error);
    JS_FreeValue(context, text);
    JS_FreeValue(context, error);
    return described;
}

static struct text static_text(char *bytes) { return (struct text){bytes, strlen(bytes)}; }

// Evaluates a module with all that it imports; null bytes if nothing is wrong.
static struct text evaluate_entry(JSValueConst name) {
    const char *borrowed = JS_ToCString(context, name);
    JSValue promise = JS_LoadModule(context, "", borrowed);
    JS_FreeCString(context, borrowed);
    if (JS_IsException(promise)) return describe_exception();
    JSContext *of_job;
    while (JS_ExecutePendingJob(runtime, &of_job) > 0) {}
    struct text wrong = {NULL, 0};
    switch (JS_PromiseState(context, promise)) {
    case JS_PROMISE_FULFILLED: break;
    case JS_PROMISE_PENDING:
        wrong = static_text("the program waits at its top level for something that comes only later");
        break;
    default:
        JS_Throw(context, JS_PromiseResult(context, promise));
        wrong = describe_exception();
    }
    JS_FreeValue(context, promise);
    return wrong;
}

// Loads a program: a JSON text with its modules, and which of them to evaluate one after the other.
// Says what is wrong with it; null bytes if nothing is.
EXPORT("load") struct text *load(char *bytes, size_t length) {
    static struct text wrong;
    start();
    bytes[length] = 0;
    JSValue program = JS_ParseJSON(context, bytes, length, "program");
    modules = JS_GetPropertyStr(context, program, "modules");
    JSValue entries = JS_GetPropertyStr(context, program, "entries");
    for (uint32_t i = 0; !wrong.bytes; i++) {
        JSValue name = JS_GetPropertyUint32(context, entries, i);
        if (JS_IsUndefined(name)) break;
        wrong = evaluate_entry(name);
        JS_FreeValue(context, name);
    }
    JS_FreeValue(context, entries);
    JS_FreeValue(context, program);
    memory_functions.js_free(NULL, bytes);
    JS_RunGC(runtime);
    return &wrong;
}

EXPORT("cabi_realloc") void *cabi_realloc(void *old, size_t old_size, size_t align, size_t size) {
    void *memory = realloc(old, size);
    if (size && !memory) __builtin_trap();
    return memory;
}

static struct text_list *names(const char *hook) {
    static struct text_list list;
    JSValue array = call_hook(hook, 0, NULL);
    int64_t length = 0;
    JS_GetLength(context, array, &length);
    list.items = calloc(length + 1, sizeof *list.items);
    for (list.length = 0; list.length < length; list.length++) {
        JSValue name = JS_GetPropertyUint32(context, array, list.length);
        list.items[list.length] = copy_text(context, name);
        JS_FreeValue(context, name);
    }
    JS_FreeValue(context, array);
    return &list;
}

static struct text copy_property(JSValueConst object, const char *name) {
    JSValue value = JS_GetPropertyStr(context, object, name);
    struct text text = {NULL, 0};
    if (!JS_IsUndefined(value)) text = copy_text(context, value);
    JS_FreeValue(context, value);
    return text;
}

static void read_failure(JSValueConst object, struct failure *failure) {
    failure->error_type = copy_property(object, "type");
    failure->message = copy_property(object, "message");
    failure->stack_trace.value = copy_property(object, "stack");
    failure->stack_trace.is_some = failure->stack_trace.value.bytes;
    JSValue non_retriable = JS_GetPropertyStr(context, object, "nonRetriable");
    failure->non_retriable = JS_ToBool(context, non_retriable);
    JS_FreeValue(context, non_retriable);
}

// A hook gives a JSON text, or an object with what a failure has. One that throws has had no memory
// left for that.
static struct outcome *call(const char *hook, struct text name, struct text input) {
    static struct outcome outcome;
    JS_UpdateStackTop(runtime);
    JSValue arguments[] = {take_text(context, name), take_text(context, input)};
    JSValue result = call_hook(hook, 2, (JSValueConst *)arguments);
    outcome.is_error = !JS_IsString(result);
    if (!outcome.is_error) {
        outcome.json = copy_text(context, result);
    } else if (JS_IsException(result)) {
        outcome.failure.error_type = static_text("InternalError");
        outcome.failure.message = describe_exception();
    } else {
        read_failure(result, &outcome.failure);
    }
    return &outcome;
}

EXPORT("reweft:workflow/workflows@0.1.0#names") struct text_list *workflow_names(void) {
    return names("workflowNames");
}

EXPORT("reweft:workflow/activities@0.1.0#names") struct text_list *activity_names(void) {
    return names("activityNames");
}

EXPORT("reweft:workflow/workflows@0.1.0#run")
struct outcome *run(char *name, size_t name_length, char *input, size_t input_length) {
    phase = IN_WORKFLOW;
    return call("run", (struct text){name, name_length}, (struct text){input, input_length});
}

EXPORT("reweft:workflow/activities@0.1.0#execute")
struct outcome *execute(char *name, size_t name_length, char *input, size_t input_length) {
    phase = IN_ACTIVITY;
    return call("execute", (struct text){name, name_length}, (struct text){input, input_length});
}
