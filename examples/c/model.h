/** What goes in and out, as JSON in camel case. */
#ifndef MODEL_H
#define MODEL_H

#include <reweft.h>

#include "json.h"

/** What a customer wants. */
struct order {
    const char *name;
    uint32_t quantity;
    /** In dollars. */
    double total_cost;
    /** How long a manager may take to approve; an hour, if there is none. */
    bool has_approval_timeout;
    uint64_t approval_timeout_ms;
};

struct order read_order(const json_value *value);
const char *write_order(const struct order *order);

/** A number of pieces of something. */
struct items {
    const char *name;
    uint32_t quantity;
};

struct items read_items(const json_value *value);
const char *write_items(struct items items);

/** The answer to a reservation. */
struct reservation {
    bool reserved;
    /** How many pieces there were. */
    uint32_t in_stock;
};

struct reservation read_reservation(const json_value *value);
const char *write_reservation(struct reservation reservation);

/** What to do with items that are reserved. */
struct inventory_update {
    enum {
        /** They leave the stock. */
        SHIP,
        /** They are there for others again. */
        RELEASE,
    } what;
    struct items items;
};

struct inventory_update read_inventory_update(const json_value *value);
const char *write_inventory_update(struct inventory_update update);

/** What a customer has to pay. */
struct payment {
    const char *order_id;
    /** In dollars. */
    double amount;
};

struct payment read_payment(const json_value *value);
const char *write_payment(struct payment payment);

/** Reads the payload of the event `ManagerApproval`: {"approved":true}, or just true. */
bool read_approval(const json_value *value);

/** What is looked for, and whom to ask. */
struct inquiry {
    const char *item;
    const char **suppliers;
    size_t supplier_count;
    /** How long the suppliers may take to answer; half a minute, if there is none. */
    bool has_timeout;
    uint64_t timeout_ms;
};

struct inquiry read_inquiry(const json_value *value);

/** What one supplier is asked. */
struct quote_request {
    const char *item;
    const char *supplier;
};

struct quote_request read_quote_request(const json_value *value);
const char *write_quote_request(struct quote_request request);

/** What a supplier wants for an item. */
struct offer {
    const char *supplier;
    /** In whole dollars. */
    uint64_t price;
};

struct offer read_offer(const json_value *value);
const char *write_offer(struct offer offer);

/** Returns the failure of an activity or workflow whose input can't be read. */
reweft_result invalid_input(const json_document *document);

#endif
