/*
 * Order processing, as users of Dapr know it: an order is reserved, approved by a manager if it is dear, paid,
 * and given back step by step if something goes wrong.
 *
 * Read order_processing.c first: it is the whole story. best_offer.c is another: a fan-out with a limit.
 */
#include "activities.h"
#include "workflows.h"

const reweft_definition reweft_workflows[] = {
    {"OrderProcessingWorkflow", order_processing},
    {"BestOfferWorkflow", best_offer},
    {0},
};

const reweft_definition reweft_activities[] = {
    {"NotifyActivity", notify},
    {"ReserveInventoryActivity", reserve_inventory},
    {"RequestApprovalActivity", request_approval},
    {"ProcessPaymentActivity", process_payment},
    {"UpdateInventoryActivity", update_inventory},
    {"QuoteActivity", quote},
    {0},
};
