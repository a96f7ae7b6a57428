/**
 * Dapr's order-processing quickstart as a Reweft module: an order is reserved, approved by a
 * manager if it is dear, paid, and given back step by step if something goes wrong.
 *
 * Read `workflow.ts` first: it is the whole story. `inquiry.ts` is another: a fan-out with a limit.
 */

import "./workflow";
import "./inquiry";

export * from "reweft-assemblyscript/exports";
