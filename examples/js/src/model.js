// What comes in from outside, checked.

/**
 * @typedef {{ name: string, quantity: number, totalCost: number, approvalTimeoutMs?: number }} Order
 *   What a customer wants; the cost in dollars. A manager may take an hour to approve unless it says
 *   otherwise.
 * @typedef {{ item: string, suppliers: string[], timeoutMs?: number }} Inquiry
 *   What is looked for, and whom to ask; they may take half a minute to answer unless it says otherwise.
 * @typedef {{ name: string, quantity: number }} Items
 * @typedef {{ supplier: string, price: number }} Offer
 */

/**
 * @param {any} value
 * @returns {Order}
 */
export function toOrder(value) {
  const { name, quantity, totalCost, approvalTimeoutMs } = toObject(value, "an order");
  check(typeof name === "string", "an order has a name");
  check(Number.isInteger(quantity) && quantity >= 0, "an order has a quantity");
  check(typeof totalCost === "number", "an order has a total cost");
  return { name, quantity, totalCost, approvalTimeoutMs: toTimeout(approvalTimeoutMs) };
}

/**
 * @param {any} value
 * @returns {Inquiry}
 */
export function toInquiry(value) {
  const { item, suppliers, timeoutMs } = toObject(value, "an inquiry");
  check(typeof item === "string", "an inquiry has an item");
  const areNames = Array.isArray(suppliers) && suppliers.every((supplier) => typeof supplier === "string");
  check(areNames, "an inquiry has suppliers");
  return { item, suppliers, timeoutMs: toTimeout(timeoutMs) };
}

/**
 * The payload of the event `ManagerApproval`: `{"approved":true}`, or just `true`.
 * @param {any} value
 * @returns {boolean}
 */
export function toApproval(value) {
  const approved = value?.approved ?? value;
  check(typeof approved === "boolean", "an approval is true or false");
  return approved;
}

/** @param {any} value @param {string} what */
function toObject(value, what) {
  check(value !== null && typeof value === "object", `${what} is an object`);
  return value;
}

/** @param {any} value @returns {number | undefined} */
function toTimeout(value) {
  check(value == null || (Number.isInteger(value) && value >= 0), "a timeout is a number of milliseconds");
  return value ?? undefined;
}

/** @param {boolean} condition @param {string} message */
function check(condition, message) {
  if (!condition) throw new TypeError(message);
}
