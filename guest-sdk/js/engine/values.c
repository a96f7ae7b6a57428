#include "values.h"

#include <stdlib.h>
#include <string.h>

// A surrogate without its partner is three bytes that no UTF-8 has. U+FFFD takes as many. (QuickJS
// lends its own bytes only of strings in ASCII, where there is nothing to mend.)
static void mend(char *bytes, size_t length) {
    for (size_t i = 0; i + 2 < length; i++) {
        if ((unsigned char)bytes[i] == 0xed && (unsigned char)bytes[i + 1] >= 0xa0) {
            memcpy(bytes + i, "\xef\xbf\xbd", 3);
        }
    }
}

struct text borrow_text(JSContext *context, JSValueConst value) {
    struct text text = {NULL, 0};
    text.bytes = (char *)JS_ToCStringLen(context, &text.length, value);
    if (text.bytes) mend(text.bytes, text.length);
    return text;
}

void release_text(JSContext *context, struct text text) {
    JS_FreeCString(context, text.bytes);
}

struct text copy_text(JSContext *context, JSValueConst value) {
    struct text borrowed = borrow_text(context, value);
    if (!borrowed.bytes) return borrowed;
    struct text copy = {malloc(borrowed.length + 1), borrowed.length};
    memcpy(copy.bytes, borrowed.bytes, borrowed.length);
    release_text(context, borrowed);
    return copy;
}

JSValue take_text(JSContext *context, struct text text) {
    JSValue string = JS_NewStringLen(context, text.bytes, text.length);
    if (text.length) free(text.bytes);
    return string;
}

JSValue take_optional_text(JSContext *context, struct optional_text text) {
    return text.is_some ? take_text(context, text.value) : JS_UNDEFINED;
}

struct optional_ms read_ms(JSContext *context, JSValueConst value) {
    struct optional_ms ms = {0, 0};
    double number = 0;
    if (JS_IsUndefined(value) || JS_ToFloat64(context, &number, value)) return ms;
    ms.is_some = 1;
    ms.value = (uint64_t)number;
    return ms;
}
