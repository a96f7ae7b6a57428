/* Text to values: what json_open does. */
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"

/* Recursion takes stack, of which a guest has little. */
enum { DEPTH_MAX = 100 };

static json_value *parse_value(json_document *document, const json_value *parent, int depth);

static void *allocate(size_t size)
{
    void *memory = calloc(1, size);
    if (!memory) abort();
    return memory;
}

/* Returns NULL, for a short way out. */
static void *fail(json_document *document, const char *what)
{
    if (document->error) return NULL;
    int line = 1, column = 1;
    for (const char *at = document->text; at < document->at; at++) {
        column = *at == '\n' ? 1 : column + 1;
        line += *at == '\n';
    }
    document->error = json_format("%s at line %d column %d", what, line, column);
    return NULL;
}

static void skip_space(json_document *document) { document->at += strspn(document->at, " \t\r\n"); }

static bool accept(json_document *document, const char *token)
{
    size_t length = strlen(token);
    if (strncmp(document->at, token, length) != 0) return false;
    document->at += length;
    return true;
}

static bool accept_digits(json_document *document)
{
    const char *begin = document->at;
    while (isdigit((unsigned char)*document->at)) document->at++;
    return document->at > begin;
}

static bool accept_hexadecimal(json_document *document, uint32_t *unit)
{
    char digits[5] = {0};
    for (int count = 0; count < 4; count++) {
        if (!isxdigit((unsigned char)document->at[count])) return false;
        digits[count] = document->at[count];
    }
    document->at += 4;
    *unit = (uint32_t)strtoul(digits, NULL, 16);
    return true;
}

/* Reads a character behind its backslash and 'u'; zero is none. */
static uint32_t parse_unicode_escape(json_document *document)
{
    uint32_t character, low = 0;
    if (!accept_hexadecimal(document, &character)) {
        fail(document, "an unknown escape");
    } else if (character == 0) {
        fail(document, "a zero, which a string of C can't hold,");
    } else if (character >= 0xd800 && character < 0xe000) {
        bool is_pair = character < 0xdc00 && accept(document, "\\u") && accept_hexadecimal(document, &low) &&
                       low >= 0xdc00 && low < 0xe000;
        if (is_pair) return 0x10000 + ((character - 0xd800) << 10) + (low - 0xdc00);
        fail(document, "half of a surrogate pair");
    }
    return document->error ? 0 : character;
}

/* Returns the end of what was written. */
static char *write_utf8(char *to, uint32_t character)
{
    if (character < 0x80) {
        *to++ = (char)character;
        return to;
    }
    static const unsigned char prefixes[] = {0, 0xc0, 0xe0, 0xf0};
    int followers = character < 0x800 ? 1 : character < 0x10000 ? 2 : 3;
    *to++ = (char)(prefixes[followers] | character >> 6 * followers);
    while (followers-- > 0) *to++ = (char)(0x80 | (character >> 6 * followers & 0x3f));
    return to;
}

/* Reads what a backslash begins; zero is no character. */
static uint32_t parse_escape(json_document *document)
{
    static const char escapes[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
    if (accept(document, "u")) return parse_unicode_escape(document);
    const char *escape = *document->at ? strchr(escapes, *document->at) : NULL;
    if (!escape) {
        fail(document, "an unknown escape");
        return 0;
    }
    document->at++;
    return (unsigned char)meanings[escape - escapes];
}

/* Reads a string behind its first quote. */
static const char *parse_string(json_document *document)
{
    const char *end = document->at;
    while (*end && *end != '"') end += *end == '\\' && end[1] ? 2 : 1;
    /* No escape is shorter than the character that it stands for. */
    char *string = allocate((size_t)(end - document->at) + 1);
    char *to = string;
    while (!accept(document, "\"")) {
        if (*document->at == 0) return fail(document, "a string without an end");
        if ((unsigned char)*document->at < 0x20) return fail(document, "a control character in a string");
        if (accept(document, "\\")) {
            uint32_t character = parse_escape(document);
            if (!character) return NULL;
            to = write_utf8(to, character);
        } else {
            *to++ = *document->at++;
        }
    }
    return string;
}

static json_value *parse_number(json_document *document, json_value *value)
{
    value->kind = JSON_NUMBER;
    accept(document, "-");
    bool is_number = accept(document, "0") || accept_digits(document);
    if (accept(document, ".")) is_number = is_number && accept_digits(document);
    if (accept(document, "e") || accept(document, "E")) {
        if (!accept(document, "+")) accept(document, "-");
        is_number = is_number && accept_digits(document);
    }
    if (!is_number) return fail(document, "no value");
    value->number = strtod(value->text, NULL);
    return isfinite(value->number) ? value : fail(document, "a number out of range");
}

/* Reads elements or members behind the first bracket. */
static json_value *parse_parts(json_document *document, json_value *whole, int depth)
{
    const char *end = whole->kind == JSON_OBJECT ? "}" : "]";
    json_value **place = &whole->first;
    skip_space(document);
    if (accept(document, end)) return whole;
    do {
        const char *name = NULL;
        skip_space(document);
        if (whole->kind == JSON_OBJECT) {
            if (!accept(document, "\"")) return fail(document, "no name");
            name = parse_string(document);
            if (!name) return NULL;
            skip_space(document);
            if (!accept(document, ":")) return fail(document, "no colon behind a name");
        }
        *place = parse_value(document, whole, depth + 1);
        if (!*place) return NULL;
        (*place)->name = name;
        place = &(*place)->next;
        skip_space(document);
    } while (accept(document, ","));
    return accept(document, end) ? whole : fail(document, "neither a comma nor an end");
}

static json_value *parse_value(json_document *document, const json_value *parent, int depth)
{
    if (depth > DEPTH_MAX) return fail(document, "too many levels");
    skip_space(document);
    json_value *value = allocate(sizeof *value);
    *value = (json_value){.text = document->at, .parent = parent, .document = document};
    json_value *parsed = value;
    if (accept(document, "{")) {
        value->kind = JSON_OBJECT;
        parsed = parse_parts(document, value, depth);
    } else if (accept(document, "[")) {
        value->kind = JSON_ARRAY;
        parsed = parse_parts(document, value, depth);
    } else if (accept(document, "\"")) {
        value->kind = JSON_STRING;
        value->string = parse_string(document);
        parsed = value->string ? value : NULL;
    } else if (accept(document, "true")) {
        value->kind = JSON_BOOLEAN;
        value->boolean = true;
    } else if (accept(document, "false")) {
        value->kind = JSON_BOOLEAN;
    } else if (accept(document, "null")) {
        value->kind = JSON_NULL;
    } else {
        parsed = parse_number(document, value);
    }
    value->length = (size_t)(document->at - value->text);
    return parsed;
}

const json_value *json_open(json_document *document, const char *text)
{
    *document = (json_document){.text = *text ? text : "null"};
    document->at = document->text;
    const json_value *value = parse_value(document, NULL, 0);
    skip_space(document);
    if (value && *document->at) value = fail(document, "more than one value");
    if (value) return value;
    json_value *nothing = allocate(sizeof *nothing);
    *nothing = (json_value){.kind = JSON_ABSENT, .document = document};
    return nothing;
}
