/* A fan-out with a limit: all suppliers are asked at once, and the best offer that comes in time wins. */
#include <stdlib.h>

#include "model.h"
#include "workflows.h"

static const uint64_t HALF_A_MINUTE_MS = 30 * 1000;

/* A supplier who doesn't answer is asked again every minute. */
static const reweft_activity_options PERSISTENTLY = {
    .retry = {.max_attempts = 5, .first_interval_ms = 60 * 1000},
};

/* What comes of asking one supplier. */
struct call {
    reweft_task task;
    bool is_answered;
    reweft_result answer;
};

static struct call *ask_all(const struct inquiry *inquiry)
{
    struct call *calls = calloc(inquiry->supplier_count, sizeof *calls);
    for (size_t index = 0; index < inquiry->supplier_count; index++) {
        struct quote_request request = {.item = inquiry->item, .supplier = inquiry->suppliers[index]};
        calls[index].task =
            reweft_call_activity("QuoteActivity", write_quote_request(request), &PERSISTENTLY);
    }
    return calls;
}

/* Waits for all calls, but not longer than this. */
static void wait_for_all(struct call *calls, size_t count, uint64_t limit_ms)
{
    reweft_task deadline = reweft_start_timer(limit_ms);
    for (size_t answered = 0; answered < count; answered++) {
        uint32_t number = reweft_select_any();
        if (number == reweft_task_number(deadline)) {
            for (size_t index = 0; index < count; index++) {
                if (!calls[index].is_answered) reweft_task_cancel(calls[index].task);
            }
            return;
        }
        size_t index = 0;
        while (reweft_task_number(calls[index].task) != number) index++;
        calls[index].is_answered = reweft_task_outcome(calls[index].task, &calls[index].answer);
    }
    reweft_task_cancel(deadline);
}

/* Adds an element to an array whose text has no brackets yet. */
static void append(const char **elements, const char *element)
{
    *elements = json_format("%s%s%s", *elements, **elements ? "," : "", element);
}

reweft_result best_offer(const char *input)
{
    json_document document;
    struct inquiry inquiry = read_inquiry(json_open(&document, input));
    if (document.error) return invalid_input(&document);

    struct call *calls = ask_all(&inquiry);
    uint64_t limit_ms = inquiry.has_timeout ? inquiry.timeout_ms : HALF_A_MINUTE_MS;
    wait_for_all(calls, inquiry.supplier_count, limit_ms);

    struct offer best = {0};
    const char *declined = "", *late = "";
    for (size_t index = 0; index < inquiry.supplier_count; index++) {
        const char *supplier = json_quote(inquiry.suppliers[index]);
        if (!calls[index].is_answered) {
            append(&late, supplier);
        } else if (!calls[index].answer.output) {
            append(&declined, supplier);
        } else {
            struct offer offer = read_offer(json_open(&document, calls[index].answer.output));
            if (document.error) return reweft_failed("invalid-output", "no offer: %s", document.error);
            if (!best.supplier || offer.price < best.price) best = offer;
        }
    }
    const char *lowest = best.supplier ? write_offer(best) : "null";
    return (reweft_result){
        .output = json_format("{\"best\":%s,\"declined\":[%s],\"late\":[%s]}", lowest, declined, late)};
}
