// Order processing, as users of Dapr know it. Read orders.js first: it is the whole story. inquiry.js is
// another: a fan-out with a limit.

import "./activities.js";
import "./inquiry.js";
import "./orders.js";
