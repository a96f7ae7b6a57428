/**
 * Reading and writing JSON.
 *
 * To read, open a document and ask its values for what they should be. The first thing that is not as asked
 * for is kept as the document's error, and from then on all values are zero, so it is enough to look at the
 * error once, at the end:
 *
 *     json_document document;
 *     const json_value *order = json_open(&document, input);
 *     const char *name = json_string(json_member(order, "name"));
 *     uint64_t quantity = json_unsigned(json_member(order, "quantity"), UINT32_MAX);
 *     if (document.error) return reweft_failed("invalid-input", "%s", document.error);
 *
 * To write, format: json_format("{\"name\":%s,\"quantity\":%d}", json_quote(name), quantity).
 *
 * All memory is made by malloc and left to the guest's end.
 */
#ifndef JSON_H
#define JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** What a value is. */
typedef enum {
    /** A member that is not there. */
    JSON_ABSENT,
    JSON_NULL,
    JSON_BOOLEAN,
    JSON_NUMBER,
    JSON_STRING,
    JSON_ARRAY,
    JSON_OBJECT,
} json_kind;

typedef struct json_value json_value;

/** What is being read. */
typedef struct {
    /** What is wrong, and where; NULL if nothing is. */
    const char *error;
    const char *text;
    /** Where the parser is. */
    const char *at;
} json_document;

/** A value, or a member that is not there. */
struct json_value {
    json_kind kind;
    /** Where it begins in the document, and how many bytes it takes. */
    const char *text;
    size_t length;
    union {
        bool boolean;
        double number;
        const char *string;
        /** The first of the elements or members. */
        json_value *first;
    };
    /** The next of the elements or members beside it. */
    json_value *next;
    /** What it is a part of; NULL for the whole. */
    const json_value *parent;
    /** Its name as a member of an object; NULL otherwise. */
    const char *name;
    json_document *document;
};

/** Reads a text, which must outlive the document. An empty one is read as null. */
const json_value *json_open(json_document *document, const char *text);

/** Returns a member of an object, which may be absent. */
const json_value *json_member(const json_value *object, const char *name);

/** Returns the first element of an array, or NULL. From there, follow `next`. */
const json_value *json_first(const json_value *array);

/** Returns whether a value is null or absent. */
bool json_is_missing(const json_value *value);

/** Returns what a boolean is. */
bool json_boolean(const json_value *value);

/** Returns what a number is. */
double json_number(const json_value *value);

/** Returns what a whole number from 0 to `largest` is. */
uint64_t json_unsigned(const json_value *value, uint64_t largest);

/** Returns what a string is. */
const char *json_string(const json_value *value);

/** Returns the JSON text of any value that is there. */
const char *json_text(const json_value *value);

/** Returns a text as JSON, with quotes around it. */
const char *json_quote(const char *text);

/** Returns the shortest decimal form of a number: 7500, 20.5. JSON has no words for what is not finite. */
const char *json_decimal(double number);

/** Returns a text that is formatted as by printf. */
__attribute__((format(printf, 1, 2))) const char *json_format(const char *format, ...);

#endif
