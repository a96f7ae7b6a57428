/** The work itself. */
#ifndef ACTIVITIES_H
#define ACTIVITIES_H

#include <reweft.h>

/** Tells the customer something. */
reweft_result notify(const char *input);

/** Puts the items of an order aside, if there are enough of them. */
reweft_result reserve_inventory(const char *input);

/** Asks the managers to approve an order. They answer with the event `ManagerApproval`. */
reweft_result request_approval(const char *input);

/** Takes the customer's money. */
reweft_result process_payment(const char *input);

/** Ships what was reserved, or gives it back. */
reweft_result update_inventory(const char *input);

/** Asks one supplier for a price. */
reweft_result quote(const char *input);

#endif
