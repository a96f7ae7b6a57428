// What goes in and out, as JSON; and what comes in from outside, checked.

/** What a customer wants. */
export interface Order {
  /** What is ordered. */
  name: string;
  /** How many. */
  quantity: number;
  /** In dollars. */
  totalCost: number;
  /** How long a manager may take to approve; an hour, if absent. */
  approvalTimeoutMs?: number;
}

/** What becomes of an order. */
export type OrderResult = { processed: true } | { processed: false; reason: string };

/** A number of pieces of something. */
export interface Items {
  name: string;
  quantity: number;
}

/** The answer to a reservation. */
export interface Reservation {
  reserved: boolean;
  /** How many pieces there were. */
  inStock: number;
}

/** What to do with items that are reserved: they leave the stock, or are there for others again. */
export type InventoryUpdate = { ship: Items } | { release: Items };

/** What a customer has to pay, in dollars. */
export interface Payment {
  orderId: string;
  amount: number;
}

/** What is looked for, and whom to ask. */
export interface Inquiry {
  item: string;
  suppliers: string[];
  /** How long the suppliers may take to answer; half a minute, if absent. */
  timeoutMs?: number;
}

/** What one supplier is asked. */
export interface QuoteRequest {
  item: string;
  supplier: string;
}

/** What a supplier wants for an item, in whole dollars. */
export interface Offer {
  supplier: string;
  price: number;
}

/** What comes of an inquiry. */
export interface BestOffer {
  /** The lowest offer, if there was one. */
  best: Offer | null;
  /** Who doesn't sell to us. */
  declined: string[];
  /** Who did not answer in time. */
  late: string[];
}

export function toOrder(value: unknown): Order {
  const { name, quantity, totalCost, approvalTimeoutMs } = toObject(value, "an order");
  check(typeof name === "string", "an order has a name");
  check(isWhole(quantity), "an order has a quantity");
  check(typeof totalCost === "number", "an order has a total cost");
  return { name, quantity, totalCost, approvalTimeoutMs: toTimeout(approvalTimeoutMs) };
}

export function toInquiry(value: unknown): Inquiry {
  const { item, suppliers, timeoutMs } = toObject(value, "an inquiry");
  check(typeof item === "string", "an inquiry has an item");
  check(Array.isArray(suppliers), "an inquiry has suppliers");
  check(suppliers.every((supplier) => typeof supplier === "string"), "suppliers are named");
  return { item, suppliers, timeoutMs: toTimeout(timeoutMs) };
}

/** The payload of the event `ManagerApproval`: `{"approved":true}`, or just `true`. */
export function toApproval(value: unknown): boolean {
  const approved = typeof value === "object" ? toObject(value, "an approval").approved : value;
  check(typeof approved === "boolean", "an approval is true or false");
  return approved;
}

function toObject(value: unknown, what: string): Record<string, unknown> {
  check(value !== null && typeof value === "object", `${what} is an object`);
  return value as Record<string, unknown>;
}

function toTimeout(value: unknown): number | undefined {
  if (value === undefined || value === null) return undefined;
  check(isWhole(value), "a timeout is a number of milliseconds");
  return value;
}

function isWhole(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0;
}

function check(condition: boolean, message: string): asserts condition {
  if (!condition) throw new TypeError(message);
}
