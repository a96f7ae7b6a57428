#include "model.h"

#include <stdlib.h>

/* Reads a whole number that may be missing. */
static bool read_optional(const json_value *value, uint64_t *number)
{
    if (json_is_missing(value)) return false;
    *number = json_unsigned(value, UINT64_MAX);
    return true;
}

struct order read_order(const json_value *value)
{
    struct order order = {
        .name = json_string(json_member(value, "name")),
        .quantity = (uint32_t)json_unsigned(json_member(value, "quantity"), UINT32_MAX),
        .total_cost = json_number(json_member(value, "totalCost")),
    };
    const json_value *timeout = json_member(value, "approvalTimeoutMs");
    order.has_approval_timeout = read_optional(timeout, &order.approval_timeout_ms);
    return order;
}

const char *write_order(const struct order *order)
{
    const char *timeout = order->has_approval_timeout
        ? json_format(",\"approvalTimeoutMs\":%llu", (unsigned long long)order->approval_timeout_ms)
        : "";
    return json_format(
        "{\"name\":%s,\"quantity\":%u,\"totalCost\":%s%s}", json_quote(order->name), order->quantity,
        json_decimal(order->total_cost), timeout);
}

struct items read_items(const json_value *value)
{
    return (struct items){
        .name = json_string(json_member(value, "name")),
        .quantity = (uint32_t)json_unsigned(json_member(value, "quantity"), UINT32_MAX),
    };
}

const char *write_items(struct items items)
{
    return json_format("{\"name\":%s,\"quantity\":%u}", json_quote(items.name), items.quantity);
}

struct reservation read_reservation(const json_value *value)
{
    return (struct reservation){
        .reserved = json_boolean(json_member(value, "reserved")),
        .in_stock = (uint32_t)json_unsigned(json_member(value, "inStock"), UINT32_MAX),
    };
}

const char *write_reservation(struct reservation reservation)
{
    const char *reserved = reservation.reserved ? "true" : "false";
    return json_format("{\"reserved\":%s,\"inStock\":%u}", reserved, reservation.in_stock);
}

struct inventory_update read_inventory_update(const json_value *value)
{
    const json_value *ship = json_member(value, "ship");
    if (!json_is_missing(ship)) return (struct inventory_update){SHIP, read_items(ship)};
    return (struct inventory_update){RELEASE, read_items(json_member(value, "release"))};
}

const char *write_inventory_update(struct inventory_update update)
{
    const char *what = update.what == SHIP ? "ship" : "release";
    return json_format("{\"%s\":%s}", what, write_items(update.items));
}

struct payment read_payment(const json_value *value)
{
    return (struct payment){
        .order_id = json_string(json_member(value, "orderId")),
        .amount = json_number(json_member(value, "amount")),
    };
}

const char *write_payment(struct payment payment)
{
    const char *order_id = json_quote(payment.order_id);
    return json_format("{\"orderId\":%s,\"amount\":%s}", order_id, json_decimal(payment.amount));
}

bool read_approval(const json_value *value)
{
    return json_boolean(value->kind == JSON_OBJECT ? json_member(value, "approved") : value);
}

struct inquiry read_inquiry(const json_value *value)
{
    struct inquiry inquiry = {.item = json_string(json_member(value, "item"))};
    const json_value *first = json_first(json_member(value, "suppliers"));
    for (const json_value *supplier = first; supplier; supplier = supplier->next) inquiry.supplier_count++;
    inquiry.suppliers = calloc(inquiry.supplier_count, sizeof *inquiry.suppliers);
    const char **next = inquiry.suppliers;
    for (const json_value *supplier = first; supplier; supplier = supplier->next) {
        *next++ = json_string(supplier);
    }
    inquiry.has_timeout = read_optional(json_member(value, "timeoutMs"), &inquiry.timeout_ms);
    return inquiry;
}

struct quote_request read_quote_request(const json_value *value)
{
    return (struct quote_request){
        .item = json_string(json_member(value, "item")),
        .supplier = json_string(json_member(value, "supplier")),
    };
}

const char *write_quote_request(struct quote_request request)
{
    const char *item = json_quote(request.item);
    return json_format("{\"item\":%s,\"supplier\":%s}", item, json_quote(request.supplier));
}

struct offer read_offer(const json_value *value)
{
    return (struct offer){
        .supplier = json_string(json_member(value, "supplier")),
        .price = json_unsigned(json_member(value, "price"), UINT64_MAX),
    };
}

const char *write_offer(struct offer offer)
{
    const char *supplier = json_quote(offer.supplier);
    return json_format("{\"supplier\":%s,\"price\":%llu}", supplier, (unsigned long long)offer.price);
}

reweft_result invalid_input(const json_document *document)
{
    reweft_result result = reweft_failed("invalid-input", "the input can't be used: %s", document->error);
    result.failure.non_retriable = true;
    return result;
}
