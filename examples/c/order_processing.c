/* How an order is processed, from the customer's click to the end. */
#include "model.h"
#include "workflows.h"

/* In dollars: what costs more needs a manager's approval. */
static const double APPROVAL_THRESHOLD = 5000;

static const uint64_t ONE_HOUR_MS = 60 * 60 * 1000;

/* Tries after 2, 4 and 8 seconds again. */
static const reweft_activity_options PATIENTLY = {
    .retry = {.max_attempts = 4, .first_interval_ms = 2000, .backoff_coefficient = 2},
};

static const reweft_result DONE = {.output = "null"};

static reweft_result notify_customer(const char *message)
{
    return reweft_run_activity("NotifyActivity", json_quote(message), NULL);
}

static reweft_result turn_down(const char *reason)
{
    const char *id = reweft_info().instance_id;
    reweft_result notified = notify_customer(json_format("Order %s was not processed: %s", id, reason));
    if (!notified.output) return notified;
    return (reweft_result){.output = json_format("{\"processed\":false,\"reason\":%s}", json_quote(reason))};
}

/* Asks a manager, and waits for the answer; but not for ever. */
static reweft_result approve(const struct order *order)
{
    reweft_result asked = reweft_run_activity("RequestApprovalActivity", write_order(order), NULL);
    if (!asked.output) return asked;
    reweft_set_custom_status("waiting for approval");

    uint64_t limit_ms = order->has_approval_timeout ? order->approval_timeout_ms : ONE_HOUR_MS;
    reweft_result answer;
    if (!reweft_event_within("ManagerApproval", limit_ms, &answer)) {
        reweft_set_custom_status("approval timed out");
        return reweft_failed("approval-timeout", "no manager has answered in time");
    }
    if (!answer.output) return answer;
    json_document document;
    bool is_approved = read_approval(json_open(&document, answer.output));
    if (document.error) return reweft_failed("invalid-event", "that is no approval: %s", document.error);
    if (!is_approved) {
        reweft_set_custom_status("rejected");
        return reweft_failed("rejected", "a manager has rejected the order");
    }
    reweft_set_custom_status("approved");
    return DONE;
}

static reweft_result approve_and_pay(const struct order *order)
{
    if (order->total_cost > APPROVAL_THRESHOLD) {
        reweft_result approved = approve(order);
        if (!approved.output) return approved;
    }
    struct payment payment = {.order_id = reweft_info().instance_id, .amount = order->total_cost};
    return reweft_run_activity("ProcessPaymentActivity", write_payment(payment), &PATIENTLY);
}

static reweft_result update_inventory(struct inventory_update update)
{
    return reweft_run_activity("UpdateInventoryActivity", write_inventory_update(update), NULL);
}

reweft_result order_processing(const char *input)
{
    json_document document;
    struct order order = read_order(json_open(&document, input));
    if (document.error) return invalid_input(&document);
    struct items items = {.name = order.name, .quantity = order.quantity};

    const char *id = reweft_info().instance_id;
    const char *cost = json_decimal(order.total_cost);
    reweft_result notified = notify_customer(
        json_format("Received order %s for %u %s at $%s", id, order.quantity, order.name, cost));
    if (!notified.output) return notified;

    reweft_result reserved = reweft_run_activity("ReserveInventoryActivity", write_items(items), NULL);
    if (!reserved.output) return reserved;
    struct reservation reservation = read_reservation(json_open(&document, reserved.output));
    if (document.error) return reweft_failed("invalid-output", "that is no reservation: %s", document.error);
    if (!reservation.reserved) {
        return turn_down(json_format("there are only %u %s in stock", reservation.in_stock, order.name));
    }

    /* From here on, whatever goes wrong gives the reserved items back. */
    reweft_result paid = approve_and_pay(&order);
    if (!paid.output) {
        reweft_result released = update_inventory((struct inventory_update){RELEASE, items});
        return released.output ? turn_down(paid.failure.message) : released;
    }

    reweft_result shipped = update_inventory((struct inventory_update){SHIP, items});
    if (!shipped.output) return shipped;
    notified = notify_customer(json_format("Order %s has completed!", id));
    if (!notified.output) return notified;
    return (reweft_result){.output = "{\"processed\":true}"};
}
