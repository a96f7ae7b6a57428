/* A greeting that waits for an answer, for a day at most. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reweft.h"

enum { ONE_DAY_MS = 24 * 60 * 60 * 1000 };

/* Inputs and outputs are JSON. This puts a JSON string into a longer one, as it is. */
static const char *quoted(const char *before, const char *string, const char *after)
{
    size_t size = strlen(before) + strlen(string) + strlen(after) + 1;
    char *text = malloc(size);
    if (!text) abort();
    snprintf(text, size, "\"%s%.*s%s\"", before, (int)strlen(string) - 2, string + 1, after);
    return text;
}

/* An activity does the work. It may fail, and be tried again. */
static reweft_result say(const char *text)
{
    return (reweft_result){.output = quoted("said: ", text, "")};
}

/* A workflow says what is done when. Whatever happens to the host, each step is done once. */
static reweft_result hello(const char *name)
{
    reweft_activity_options twice = {.retry = {.max_attempts = 2, .first_interval_ms = 5000}};
    reweft_result greeted = reweft_run_activity("say", quoted("Hello, ", name, "!"), &twice);
    if (!greeted.output) return greeted;

    reweft_result answer;
    if (!reweft_event_within("Answer", ONE_DAY_MS, &answer)) {
        return (reweft_result){.output = "\"no answer\""};
    }
    return reweft_run_activity("say", quoted("Thanks for '", answer.output, "'."), NULL);
}

const reweft_definition reweft_workflows[] = {{"{{name}}", hello}, {0}};
const reweft_definition reweft_activities[] = {{"say", say}, {0}};
