/** What is done when. */
#ifndef WORKFLOWS_H
#define WORKFLOWS_H

#include <reweft.h>

/**
 * Processes an order. Orders that a shop has to turn down are results, too: only what nobody planned for
 * makes the workflow fail.
 */
reweft_result order_processing(const char *input);

/** Asks all suppliers at once, and takes the lowest price of those who answer in time. */
reweft_result best_offer(const char *input);

#endif
