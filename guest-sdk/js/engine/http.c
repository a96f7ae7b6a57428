// HTTP as WASI 0.2 has it, and how to wait for it: what the helper needs for `fetch`, and no more. Only
// activities call this. Where something may go wrong, a string says what did.

#include "values.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define IMPORT(interface, name) \
    __attribute__((import_module("wasi:" interface "@0.2.12"), import_name(name))) extern
#define TYPES(name) IMPORT("http/types", name)
#define STREAMS(name) IMPORT("io/streams", name)

#define READ_BYTES_MAX 65536

// error-code. Of what comes with one, only texts are told.
struct error_code {
    uint8_t which;
    union {
        struct optional_text text;
        uint64_t rest[3];
    };
};

// result<handle, error-code>
struct outcome_of_http {
    bool is_error;
    union {
        uint32_t handle;
        struct error_code error;
    };
};

// option<result<result<incoming-response, error-code>>>
struct arrival {
    bool is_some;
    struct {
        bool is_taken;
        struct outcome_of_http outcome;
    };
};

// result<handle, …>, where why not is of no interest.
struct made {
    bool is_error;
    uint32_t handle;
};

struct stream_error {
    bool is_closed;
    uint32_t error;
};

struct read {
    bool is_error;
    union {
        struct text bytes;
        struct stream_error error;
    };
};

struct permit {
    bool is_error;
    union {
        uint64_t bytes;
        struct stream_error error;
    };
};

struct written {
    bool is_error;
    struct stream_error error;
};

struct optional_error_code {
    bool is_some;
    struct error_code value;
};

struct number_list {
    uint32_t *items;
    size_t length;
};

_Static_assert(sizeof(struct error_code) == 32 && offsetof(struct error_code, text) == 8, "error code");
_Static_assert(offsetof(struct arrival, outcome) == 16 && sizeof(struct arrival) == 56, "arrival");
_Static_assert(sizeof(struct read) == 12 && sizeof(struct permit) == 16, "streams");

TYPES("[static]fields.from-list") void fields_from_list(const struct text *, size_t, struct made *);
TYPES("[method]fields.entries") void fields_entries(uint32_t, struct text_list *);
TYPES("[resource-drop]fields") void fields_drop(uint32_t);
TYPES("[constructor]outgoing-request") uint32_t request_new(uint32_t);
TYPES("[method]outgoing-request.set-method") uint32_t request_set_method(uint32_t, uint32_t, TEXT);
TYPES("[method]outgoing-request.set-scheme")
uint32_t request_set_scheme(uint32_t, uint32_t, uint32_t, TEXT);
TYPES("[method]outgoing-request.set-authority")
uint32_t request_set_authority(uint32_t, uint32_t, TEXT);
TYPES("[method]outgoing-request.set-path-with-query")
uint32_t request_set_path(uint32_t, uint32_t, TEXT);
TYPES("[method]outgoing-request.body") void request_body(uint32_t, struct made *);
TYPES("[resource-drop]outgoing-request") void request_drop(uint32_t);
TYPES("[method]outgoing-body.write") void outgoing_write(uint32_t, struct made *);
TYPES("[static]outgoing-body.finish")
void outgoing_finish(uint32_t, uint32_t, uint32_t, struct outcome_of_http *);
TYPES("[resource-drop]outgoing-body") void outgoing_drop(uint32_t);
IMPORT("http/outgoing-handler", "handle")
void handle_request(uint32_t, uint32_t, uint32_t, struct outcome_of_http *);
TYPES("[method]future-incoming-response.get") void future_get(uint32_t, struct arrival *);
TYPES("[method]future-incoming-response.subscribe") uint32_t future_subscribe(uint32_t);
TYPES("[resource-drop]future-incoming-response") void future_drop(uint32_t);
TYPES("[method]incoming-response.status") uint32_t response_status(uint32_t);
TYPES("[method]incoming-response.headers") uint32_t response_headers(uint32_t);
TYPES("[method]incoming-response.consume") void response_consume(uint32_t, struct made *);
TYPES("[resource-drop]incoming-response") void response_drop(uint32_t);
TYPES("[method]incoming-body.stream") void incoming_stream(uint32_t, struct made *);
TYPES("[resource-drop]incoming-body") void incoming_drop(uint32_t);
TYPES("http-error-code") void http_error_code(uint32_t, struct optional_error_code *);

STREAMS("[method]input-stream.read") void input_read(uint32_t, uint64_t, struct read *);
STREAMS("[method]input-stream.subscribe") uint32_t input_subscribe(uint32_t);
STREAMS("[resource-drop]input-stream") void input_drop(uint32_t);
STREAMS("[method]output-stream.check-write") void output_check(uint32_t, struct permit *);
STREAMS("[method]output-stream.write") void output_write(uint32_t, TEXT, struct written *);
STREAMS("[method]output-stream.subscribe") uint32_t output_subscribe(uint32_t);
STREAMS("[resource-drop]output-stream") void output_drop(uint32_t);

IMPORT("io/error", "[method]error.to-debug-string") void error_text(uint32_t, struct text *);
IMPORT("io/error", "[resource-drop]error") void error_drop(uint32_t);
IMPORT("io/poll", "poll") void poll_list(const uint32_t *, size_t, struct number_list *);
IMPORT("io/poll", "[resource-drop]pollable") void pollable_drop(uint32_t);
IMPORT("clocks/monotonic-clock", "subscribe-duration") uint32_t subscribe_duration(uint64_t);

static uint32_t number(JSContext *context, JSValueConst value) {
    uint32_t number = 0;
    JS_ToUint32(context, &number, value);
    return number;
}

static const char *const error_names[] = {
    "DNS-timeout", "DNS-error", "destination-not-found", "destination-unavailable",
    "destination-IP-prohibited", "destination-IP-unroutable", "connection-refused",
    "connection-terminated", "connection-timeout", "connection-read-timeout",
    "connection-write-timeout", "connection-limit-reached", "TLS-protocol-error",
    "TLS-certificate-error", "TLS-alert-received", "HTTP-request-denied",
    "HTTP-request-length-required", "HTTP-request-body-size", "HTTP-request-method-invalid",
    "HTTP-request-URI-invalid", "HTTP-request-URI-too-long", "HTTP-request-header-section-size",
    "HTTP-request-header-size", "HTTP-request-trailer-section-size", "HTTP-request-trailer-size",
    "HTTP-response-incomplete", "HTTP-response-header-section-size", "HTTP-response-header-size",
    "HTTP-response-body-size", "HTTP-response-trailer-section-size", "HTTP-response-trailer-size",
    "HTTP-response-transfer-coding", "HTTP-response-content-coding", "HTTP-response-timeout",
    "HTTP-upgrade-failed", "HTTP-protocol-error", "loop-detected", "configuration-error",
    "internal-error"};
enum { DNS_ERROR = 1, TRANSFER_CODING = 31, CONTENT_CODING = 32, INTERNAL_ERROR = 38 };

static JSValue describe(JSContext *context, const struct error_code *error) {
    const char *name = error_names[error->which];
    bool has_text = false;
    switch (error->which) {
    case DNS_ERROR: case TRANSFER_CODING: case CONTENT_CODING: case INTERNAL_ERROR:
        has_text = error->text.is_some;
    }
    if (!has_text) return JS_NewString(context, name);
    struct text text = error->text.value;
    size_t length = strlen(name) + sizeof ": " + text.length;
    char *described = malloc(length);
    snprintf(described, length, "%s: %.*s", name, (int)text.length, text.bytes);
    return take_text(context, (struct text){described, length - 1});
}

// Headers are, in JavaScript, bytes: names and values in turn, each with a zero behind it.
static struct made read_headers(char *bytes, size_t length) {
    size_t count = 0;
    for (size_t i = 0; i < length; i++) count += !bytes[i];
    struct text *parts = calloc(count + 1, sizeof *parts);
    for (size_t i = 0; i < count; i++) {
        parts[i] = (struct text){bytes, strlen(bytes)};
        bytes += parts[i].length + 1;
    }
    struct made fields;
    fields_from_list(parts, count / 2, &fields);
    free(parts);
    return fields;
}

static JSValue write_headers(JSContext *context, uint32_t fields) {
    struct text_list entries;
    fields_entries(fields, &entries);
    fields_drop(fields);
    size_t length = 0;
    for (size_t i = 0; i < entries.length * 2; i++) length += entries.items[i].length + 1;
    uint8_t *bytes = calloc(length + 1, 1), *place = bytes;
    for (size_t i = 0; i < entries.length * 2; i++) {
        struct text part = entries.items[i];
        if (part.length) {
            memcpy(place, part.bytes, part.length);
            free(part.bytes);
        }
        place += part.length + 1;
    }
    if (entries.length) free(entries.items);
    JSValue buffer = JS_NewArrayBufferCopy(context, bytes, length);
    free(bytes);
    return buffer;
}

#define GIVE(text) (text).bytes, (text).length
#define METHOD_OTHER 9

// Says of which request; false if there is none such.
static bool address(JSContext *context, uint32_t request, JSValueConst *arguments) {
    struct text method = borrow_text(context, arguments[0]);
    struct text authority = borrow_text(context, arguments[2]);
    struct text path = borrow_text(context, arguments[3]);
    bool is_wrong = request_set_method(request, METHOD_OTHER, GIVE(method)) ||
                    request_set_scheme(request, 1, JS_ToBool(context, arguments[1]), NULL, 0) ||
                    request_set_authority(request, 1, GIVE(authority)) ||
                    request_set_path(request, 1, GIVE(path));
    release_text(context, method);
    release_text(context, authority);
    release_text(context, path);
    return !is_wrong;
}

// Method, whether it is HTTPS, authority, path, headers, whether there is a body: gives the response that
// will be, and if there is one the body and its stream.
FUNCTION(send_request) {
    size_t length;
    char *bytes = (char *)JS_GetUint8Array(context, &length, arguments[4]);
    struct made fields = read_headers(bytes, length);
    if (fields.is_error) return JS_NewString(context, "a header is not allowed");
    uint32_t request = request_new(fields.handle);
    struct made body = {true}, stream = {true};
    bool is_right = address(context, request, arguments);
    if (is_right && JS_ToBool(context, arguments[5])) {
        request_body(request, &body);
        // It refuses a length that is wrong, and nothing else.
        is_right = !body.is_error;
        if (is_right) outgoing_write(body.handle, &stream);
    }
    if (!is_right) {
        request_drop(request);
        return JS_NewString(context, "HTTP has no such request");
    }
    struct outcome_of_http outcome;
    handle_request(request, 0, 0, &outcome);
    if (outcome.is_error) {
        if (!stream.is_error) output_drop(stream.handle);
        if (!body.is_error) outgoing_drop(body.handle);
        return describe(context, &outcome.error);
    }
    JSValue parts = JS_NewArray(context);
    JS_SetPropertyUint32(context, parts, 0, JS_NewUint32(context, outcome.handle));
    if (!stream.is_error) {
        JS_SetPropertyUint32(context, parts, 1, JS_NewUint32(context, body.handle));
        JS_SetPropertyUint32(context, parts, 2, JS_NewUint32(context, stream.handle));
    }
    return parts;
}

// Writes bytes from a position on, as many as are taken now, and says how many; none if nobody reads on.
FUNCTION(write_body) {
    uint32_t stream = number(context, arguments[0]), position = number(context, arguments[2]);
    size_t length;
    char *bytes = (char *)JS_GetUint8Array(context, &length, arguments[1]);
    struct permit permit;
    output_check(stream, &permit);
    if (permit.is_error) return JS_UNDEFINED;
    size_t part = length - position < permit.bytes ? length - position : permit.bytes;
    if (!part) return JS_NewUint32(context, 0);
    struct written written;
    output_write(stream, bytes + position, part, &written);
    return written.is_error ? JS_UNDEFINED : JS_NewUint32(context, part);
}

FUNCTION(finish_body) {
    struct outcome_of_http outcome;
    outgoing_finish(number(context, arguments[0]), 0, 0, &outcome);
    return JS_UNDEFINED;
}

// Undefined as long as there is none; or its status, its headers, its body and the stream of that.
FUNCTION(take_response) {
    struct arrival arrival;
    future_get(number(context, arguments[0]), &arrival);
    if (!arrival.is_some) return JS_UNDEFINED;
    if (arrival.outcome.is_error) return describe(context, &arrival.outcome.error);
    uint32_t response = arrival.outcome.handle;
    JSValue parts = JS_NewArray(context);
    JS_SetPropertyUint32(context, parts, 0, JS_NewUint32(context, response_status(response)));
    JSValue headers = write_headers(context, response_headers(response));
    JS_SetPropertyUint32(context, parts, 1, headers);
    struct made body, stream;
    response_consume(response, &body);
    incoming_stream(body.handle, &stream);
    JS_SetPropertyUint32(context, parts, 2, JS_NewUint32(context, body.handle));
    JS_SetPropertyUint32(context, parts, 3, JS_NewUint32(context, stream.handle));
    response_drop(response);
    return parts;
}

// Why a stream has failed.
static JSValue describe_stream_error(JSContext *context, uint32_t error) {
    struct optional_error_code code;
    http_error_code(error, &code);
    struct text text = {NULL, 0};
    if (!code.is_some) error_text(error, &text);
    error_drop(error);
    return code.is_some ? describe(context, &code.value) : take_text(context, text);
}

// The bytes that are there, which may be none yet; undefined at the end.
FUNCTION(read_body) {
    struct read read;
    input_read(number(context, arguments[0]), READ_BYTES_MAX, &read);
    if (read.is_error && read.error.is_closed) return JS_UNDEFINED;
    if (read.is_error) return describe_stream_error(context, read.error.error);
    JSValue bytes = JS_NewArrayBufferCopy(context, (uint8_t *)read.bytes.bytes, read.bytes.length);
    if (read.bytes.length) free(read.bytes.bytes);
    return bytes;
}

// What is too long to say is as good as for ever.
static uint64_t nanoseconds_of(uint64_t ms) {
    return ms > UINT64_MAX / 1000000 ? UINT64_MAX : ms * 1000000;
}

// Waits for pollables, and no longer than so many milliseconds if that is given. Returns which are ready,
// the time being the last.
FUNCTION(poll) {
    int64_t length = 0;
    JS_GetLength(context, arguments[0], &length);
    uint32_t *pollables = calloc(length + 1, sizeof *pollables);
    for (int64_t i = 0; i < length; i++) {
        JSValue pollable = JS_GetPropertyUint32(context, arguments[0], i);
        pollables[i] = number(context, pollable);
        JS_FreeValue(context, pollable);
    }
    struct optional_ms ms = read_ms(context, arguments[1]);
    if (ms.is_some) pollables[length] = subscribe_duration(nanoseconds_of(ms.value));
    struct number_list ready;
    poll_list(pollables, length + ms.is_some, &ready);
    if (ms.is_some) pollable_drop(pollables[length]);
    free(pollables);
    JSValue array = JS_NewArray(context);
    for (uint32_t i = 0; i < ready.length; i++) {
        JS_SetPropertyUint32(context, array, i, JS_NewUint32(context, ready.items[i]));
    }
    if (ready.length) free(ready.items);
    return array;
}

#define SUBSCRIBES(name) \
    FUNCTION(name##_ready) { return JS_NewUint32(context, name##_subscribe(number(context, arguments[0]))); }
#define DROPS(name) \
    FUNCTION(drop_##name) { name##_drop(number(context, arguments[0])); return JS_UNDEFINED; }

SUBSCRIBES(future)
SUBSCRIBES(input)
SUBSCRIBES(output)
DROPS(future)
DROPS(input)
DROPS(output)
DROPS(incoming)
DROPS(outgoing)
DROPS(pollable)

static const JSCFunctionListEntry entries[] = {
    JS_CFUNC_DEF("sendRequest", 6, send_request),
    JS_CFUNC_DEF("writeBody", 3, write_body),
    JS_CFUNC_DEF("finishBody", 1, finish_body),
    JS_CFUNC_DEF("takeResponse", 1, take_response),
    JS_CFUNC_DEF("readBody", 1, read_body),
    JS_CFUNC_DEF("poll", 2, poll),
    JS_CFUNC_DEF("subscribeResponse", 1, future_ready),
    JS_CFUNC_DEF("subscribeInput", 1, input_ready),
    JS_CFUNC_DEF("subscribeOutput", 1, output_ready),
    JS_CFUNC_DEF("dropFuture", 1, drop_future),
    JS_CFUNC_DEF("dropInput", 1, drop_input),
    JS_CFUNC_DEF("dropOutput", 1, drop_output),
    JS_CFUNC_DEF("dropIncomingBody", 1, drop_incoming),
    JS_CFUNC_DEF("dropOutgoingBody", 1, drop_outgoing),
    JS_CFUNC_DEF("dropPollable", 1, drop_pollable),
};
const struct functions http_functions = {entries, sizeof entries / sizeof *entries};
