/* A real shop would talk to its systems here; this one has a fixed stock, so that the example needs nothing
   else. */
#include "activities.h"

#include <string.h>

#include "model.h"

/* A number that goes with a name. */
struct entry {
    const char *name;
    uint32_t number;
};

/* What is in stock. */
static const struct entry STOCK[] = {{"paperclips", 100}, {"cars", 10}, {"computers", 100}, {0}};

/* What suppliers ask for a car, in dollars. */
static const struct entry PRICES[] = {{"north", 9500}, {"south", 9000}, {"east", 9200}, {0}};

/* The supplier who never answers the phone. */
static const char SILENT[] = "west";

/* In dollars: what the bank doesn't pay out at once. */
static const double PAYMENT_LIMIT = 1000000;

static const reweft_result NOTHING = {.output = "null"};

/* Returns NULL if there is none. */
static const struct entry *find(const struct entry *entry, const char *name)
{
    while (entry->name && strcmp(entry->name, name) != 0) entry++;
    return entry->name ? entry : NULL;
}

reweft_result notify(const char *input)
{
    json_document document;
    const char *message = json_string(json_open(&document, input));
    if (document.error) return invalid_input(&document);
    reweft_log(REWEFT_INFO, message);
    return NOTHING;
}

reweft_result reserve_inventory(const char *input)
{
    json_document document;
    struct items wanted = read_items(json_open(&document, input));
    if (document.error) return invalid_input(&document);
    const struct entry *entry = find(STOCK, wanted.name);
    uint32_t in_stock = entry ? entry->number : 0;
    reweft_log(REWEFT_INFO, json_format("%u %s wanted, %u in stock", wanted.quantity, wanted.name, in_stock));
    struct reservation reservation = {.reserved = wanted.quantity <= in_stock, .in_stock = in_stock};
    return (reweft_result){.output = write_reservation(reservation)};
}

reweft_result request_approval(const char *input)
{
    json_document document;
    struct order order = read_order(json_open(&document, input));
    if (document.error) return invalid_input(&document);
    const char *id = reweft_activity_info().instance_id;
    const char *cost = json_decimal(order.total_cost);
    reweft_log(
        REWEFT_INFO,
        json_format("please approve order %s: %u %s at $%s", id, order.quantity, order.name, cost));
    return NOTHING;
}

/* A bank would be given the idempotency key, so that a second attempt doesn't take the money twice. */
reweft_result process_payment(const char *input)
{
    json_document document;
    struct payment payment = read_payment(json_open(&document, input));
    if (document.error) return invalid_input(&document);
    const char *amount = json_decimal(payment.amount);
    if (payment.amount > PAYMENT_LIMIT) {
        reweft_result declined =
            reweft_failed("payment-declined", "the bank declined a payment of $%s", amount);
        declined.failure.non_retriable = true;
        return declined;
    }
    const char *key = reweft_activity_info().idempotency_key;
    reweft_log(REWEFT_INFO, json_format("$%s paid for order %s, under key %s", amount, payment.order_id, key));
    return NOTHING;
}

reweft_result update_inventory(const char *input)
{
    json_document document;
    struct inventory_update update = read_inventory_update(json_open(&document, input));
    if (document.error) return invalid_input(&document);
    const char *what = update.what == SHIP ? "shipped" : "given back";
    reweft_log(REWEFT_INFO, json_format("%u %s %s", update.items.quantity, update.items.name, what));
    return NOTHING;
}

reweft_result quote(const char *input)
{
    json_document document;
    struct quote_request request = read_quote_request(json_open(&document, input));
    if (document.error) return invalid_input(&document);
    if (strcmp(request.supplier, SILENT) == 0) {
        return reweft_failed("unavailable", "%s does not answer", request.supplier);
    }
    const struct entry *entry = find(PRICES, request.supplier);
    if (!entry) {
        reweft_result unknown =
            reweft_failed("unknown-supplier", "there is no supplier named %s", request.supplier);
        unknown.failure.non_retriable = true;
        return unknown;
    }
    struct offer offer = {.supplier = request.supplier, .price = entry->number};
    return (reweft_result){.output = write_offer(offer)};
}
