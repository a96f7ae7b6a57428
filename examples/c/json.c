/* What values are asked for, and how they are written. */
#include "json.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const KIND_NAMES[] = {
    [JSON_ABSENT] = "there",     [JSON_NULL] = "null",       [JSON_BOOLEAN] = "true or false",
    [JSON_NUMBER] = "a number",  [JSON_STRING] = "a string", [JSON_ARRAY] = "an array",
    [JSON_OBJECT] = "an object",
};

/* Returns where a value is in its document: order.items[2]. */
static const char *path(const json_value *value)
{
    if (!value->parent) return "it";
    bool is_at_top = !value->parent->parent;
    const char *parent = is_at_top ? "" : path(value->parent);
    if (value->name) return json_format("%s%s%s", parent, is_at_top ? "" : ".", value->name);
    int index = 0;
    for (const json_value *other = value->parent->first; other != value; other = other->next) index++;
    return json_format("%s[%d]", parent, index);
}

static void refuse(const json_value *value, const char *wanted)
{
    if (value->document->error) return;
    const char *where = path(value);
    if (value->kind == JSON_ABSENT) {
        value->document->error = json_format("%s is missing", where);
        return;
    }
    size_t shown = value->length < 40 ? value->length : 40;
    /* Half a character would not be UTF-8. */
    while (shown < value->length && (value->text[shown] & 0xc0) == 0x80) shown--;
    value->document->error =
        json_format("%s must be %s, not %.*s", where, wanted, (int)shown, value->text);
}

static bool is(const json_value *value, json_kind kind)
{
    if (value->kind == kind) return true;
    refuse(value, KIND_NAMES[kind]);
    return false;
}

const json_value *json_member(const json_value *object, const char *name)
{
    const json_value *first = is(object, JSON_OBJECT) ? object->first : NULL;
    for (const json_value *member = first; member; member = member->next) {
        if (strcmp(member->name, name) == 0) return member;
    }
    json_value *absent = calloc(1, sizeof *absent);
    if (!absent) abort();
    *absent = (json_value){.parent = object, .name = name, .document = object->document};
    return absent;
}

const json_value *json_first(const json_value *array) { return is(array, JSON_ARRAY) ? array->first : NULL; }

bool json_is_missing(const json_value *value) { return value->kind == JSON_ABSENT || value->kind == JSON_NULL; }

bool json_boolean(const json_value *value) { return is(value, JSON_BOOLEAN) && value->boolean; }

double json_number(const json_value *value) { return is(value, JSON_NUMBER) ? value->number : 0; }

uint64_t json_unsigned(const json_value *value, uint64_t largest)
{
    double number = json_number(value);
    /* As a double, the largest may have been rounded up. */
    bool fits = number >= 0 && number == floor(number) && number <= (double)largest && number < 0x1p64;
    if (!fits) refuse(value, json_format("a whole number from 0 to %llu", (unsigned long long)largest));
    return fits ? (uint64_t)number : 0;
}

const char *json_string(const json_value *value) { return is(value, JSON_STRING) ? value->string : ""; }

const char *json_text(const json_value *value)
{
    if (value->kind == JSON_ABSENT) {
        refuse(value, KIND_NAMES[JSON_ABSENT]);
        return "null";
    }
    return json_format("%.*s", (int)value->length, value->text);
}

const char *json_quote(const char *text)
{
    /* No character takes more than six: \u0001. */
    char *quoted = malloc(strlen(text) * 6 + 3);
    if (!quoted) abort();
    char *to = quoted;
    *to++ = '"';
    for (; *text; text++) {
        unsigned char byte = (unsigned char)*text;
        if (byte < 0x20) {
            to += sprintf(to, "\\u%04x", byte);
            continue;
        }
        if (byte == '"' || byte == '\\') *to++ = '\\';
        *to++ = *text;
    }
    strcpy(to, "\"");
    return quoted;
}

const char *json_decimal(double number)
{
    const char *decimal = "null";
    /* 17 significant digits tell any two numbers apart. */
    for (int digits = 1; isfinite(number) && digits <= 17; digits++) {
        decimal = json_format("%.*e", digits - 1, number);
        if (strtod(decimal, NULL) == number) {
            int exponent = atoi(strchr(decimal, 'e') + 1);
            int places = digits - 1 - exponent;
            return json_format("%.*f", places > 0 ? places : 0, number);
        }
    }
    return decimal;
}

const char *json_format(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    char *text = malloc((size_t)length + 1);
    if (length < 0 || !text) abort();
    va_start(arguments, format);
    vsprintf(text, format, arguments);
    va_end(arguments);
    return text;
}
