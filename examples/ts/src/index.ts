// Order processing, as users of Dapr know it. Read orders.ts first: it is the whole story. inquiry.ts is
// another: a fan-out with a limit.

import "./activities.ts";
import "./inquiry.ts";
import "./orders.ts";
