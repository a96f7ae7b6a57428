/*
 * What the tests of all languages ask of a guest, in C. It leaves out what C has no words for: there are no
 * promises that nobody keeps, so nothing can be `stuck`, nor queues and groups of tasks, as in `idioms`. What
 * it has beyond others is a `trap`.
 */
#include <errno.h>
#include <reweft.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "json.h"

#define EVENT "Go"

static const reweft_result NOTHING = {.output = "null"};

static reweft_result invalid_input(const json_document *document)
{
    reweft_result result = reweft_failed("invalid-input", "the input can't be used: %s", document->error);
    result.failure.non_retriable = true;
    return result;
}

static reweft_result output(const char *text) { return (reweft_result){.output = text}; }

/* By the ordinary clock, in milliseconds since 1970. */
static double clock_ms(void)
{
    struct timespec time;
    clock_gettime(CLOCK_REALTIME, &time);
    return (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
}

static void sleep_ms(uint64_t ms)
{
    struct timespec left = {.tv_sec = (time_t)(ms / 1000), .tv_nsec = (long)(ms % 1000) * 1000000};
    while (nanosleep(&left, &left) < 0 && errno == EINTR) continue;
}

static reweft_result c_sleep(const char *input)
{
    json_document document;
    uint64_t ms = json_unsigned(json_open(&document, input), UINT32_MAX);
    if (document.error) return invalid_input(&document);
    double began = clock_ms();
    sleep_ms(ms);
    return output(json_decimal(clock_ms() - began));
}

static reweft_result c_clock(const char *input)
{
    (void)input;
    double first = clock_ms();
    for (volatile int steps = 0; steps < 1000000; steps = steps + 1) continue;
    return output(json_format("[%s,%s]", json_decimal(first), json_decimal(clock_ms())));
}

static reweft_result c_random(const char *input)
{
    (void)input;
    unsigned seed;
    uint32_t entropy;
    getentropy(&seed, sizeof seed);
    getentropy(&entropy, sizeof entropy);
    srand(seed);
    return output(json_format("[%d,%u,%s]", rand(), entropy, json_quote(reweft_new_uuid())));
}

static reweft_result c_wait(const char *input)
{
    (void)input;
    return reweft_await(reweft_wait_event(EVENT));
}

static reweft_result c_print(const char *input)
{
    printf("before\n");
    reweft_result payload = c_wait(input);
    puts("after");
    return payload;
}

/* What C has in the place of an exception. */
__attribute__((noinline)) static void explode(const char *why)
{
    reweft_fail(reweft_failed("panic", "boom: %s", why).failure);
}

static reweft_result c_throw(const char *input)
{
    json_document document;
    const char *why = json_string(json_open(&document, input));
    if (document.error) return invalid_input(&document);
    explode(why);
    return NOTHING;
}

static reweft_result c_throw_activity(const char *input)
{
    return reweft_run_activity("explode", input, NULL);
}

/* An ordinary crash: a trap, whose stack the host shows. */
__attribute__((noinline)) static void crash(const char *why)
{
    fprintf(stderr, "giving up: %s\n", why);
    abort();
}

static reweft_result c_trap(const char *input)
{
    crash(input);
    return NOTHING;
}

static reweft_result c_call(const char *input)
{
    json_document document;
    const json_value *wanted = json_open(&document, input);
    const char *activity_name = json_string(json_member(wanted, "activity"));
    const char *child_name = json_string(json_member(wanted, "child"));
    const char *passed = json_text(json_member(wanted, "input"));
    if (document.error) return invalid_input(&document);
    reweft_task activity_call = reweft_call_activity(activity_name, passed, NULL);
    reweft_task child_call = reweft_call_workflow(child_name, passed, NULL);
    reweft_result activity = reweft_await(activity_call);
    if (!activity.output) return activity;
    reweft_result child = reweft_await(child_call);
    if (!child.output) return child;
    return output(json_format("{\"activity\":%s,\"child\":%s}", activity.output, child.output));
}

static reweft_result echo(const char *input) { return output(input); }

static reweft_result c_gather(const char *input)
{
    json_document document;
    size_t count = (size_t)json_unsigned(json_open(&document, input), 10000);
    if (document.error) return invalid_input(&document);
    reweft_task *calls = calloc(count, sizeof *calls);
    for (size_t number = 0; number < count; number++) {
        calls[number] = reweft_call_activity("echo", json_format("%zu", number), NULL);
    }
    const char *numbers = "";
    for (size_t number = 0; number < count; number++) {
        reweft_result result = reweft_await(calls[number]);
        if (!result.output) return result;
        numbers = json_format("%s%s%s", numbers, number ? "," : "", result.output);
    }
    return output(json_format("[%s]", numbers));
}

static reweft_result environment(const char *input)
{
    json_document document;
    const char *name = json_string(json_open(&document, input));
    if (document.error) return invalid_input(&document);
    const char *value = getenv(name);
    return value ? output(json_quote(value)) : NOTHING;
}

static reweft_result slow(const char *input)
{
    reweft_result slept = c_sleep(input);
    return slept.output ? NOTHING : slept;
}

const reweft_definition reweft_workflows[] = {
    {"c.sleep", c_sleep},
    {"c.clock", c_clock},
    {"c.random", c_random},
    {"c.print", c_print},
    {"c.wait", c_wait},
    {"c.throw", c_throw},
    {"c.throw-activity", c_throw_activity},
    {"c.trap", c_trap},
    {"c.call", c_call},
    {"c.echo", echo},
    {"c.gather", c_gather},
    {0},
};

const reweft_definition reweft_activities[] = {
    {"echo", echo},
    {"explode", c_throw},
    {"environment", environment},
    {"slow", slow},
    {0},
};
