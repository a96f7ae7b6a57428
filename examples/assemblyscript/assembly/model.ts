/** What goes in and out, as JSON in camel case. */

import { Box, JsonFields, JsonKind } from "reweft-assemblyscript";

/** What a customer wants. */
export class Order {
  constructor(
    /** What is ordered. */
    public name: string = "",
    /** How many. */
    public quantity: u32 = 0,
    /** In dollars. */
    public totalCost: f64 = 0,
    /** How long a manager may take to approve; an hour, if absent. */
    public approvalTimeoutMs: Box<u64> | null = null,
  ) {}

  fields(json: JsonFields): void {
    this.name = json.required("name", this.name);
    this.quantity = json.required("quantity", this.quantity);
    this.totalCost = json.required("totalCost", this.totalCost);
    this.approvalTimeoutMs = json.optional("approvalTimeoutMs", this.approvalTimeoutMs);
  }

  /** What has to be put aside for it. */
  get items(): Items {
    return new Items(this.name, this.quantity);
  }
}

/** What becomes of an order. */
export class OrderResult {
  constructor(
    /** Whether it was carried out. */
    public processed: bool = false,
    /** Why it was not. */
    public reason: string | null = null,
  ) {}

  fields(json: JsonFields): void {
    this.processed = json.required("processed", this.processed);
    this.reason = json.optional("reason", this.reason);
  }
}

/** The payload of the event `ManagerApproval`: `{"approved":true}`, or just `true`. */
export class Approval {
  constructor(
    public isGranted: bool = false,
  ) {}

  fields(json: JsonFields): void {
    const given = json.given;
    const isBare = given !== null && given.kind == JsonKind.Boolean;
    this.isGranted = isBare
      ? json.itself(this.isGranted)
      : json.required("approved", this.isGranted);
  }
}

/** A number of pieces of something. */
export class Items {
  constructor(
    public name: string = "",
    public quantity: u32 = 0,
  ) {}

  fields(json: JsonFields): void {
    this.name = json.required("name", this.name);
    this.quantity = json.required("quantity", this.quantity);
  }
}

/** The answer to a reservation. */
export class Reservation {
  constructor(
    public reserved: bool = false,
    /** How many pieces there were. */
    public inStock: u32 = 0,
  ) {}

  fields(json: JsonFields): void {
    this.reserved = json.required("reserved", this.reserved);
    this.inStock = json.required("inStock", this.inStock);
  }
}

/** What to do with items that are reserved: one of both. */
export class InventoryUpdate {
  constructor(
    /** They leave the stock. */
    public ship: Items | null = null,
    /** They are there for others again. */
    public release: Items | null = null,
  ) {}

  fields(json: JsonFields): void {
    this.ship = json.optional("ship", this.ship);
    this.release = json.optional("release", this.release);
  }
}

/** What a customer has to pay. */
export class Payment {
  constructor(
    public orderId: string = "",
    /** In dollars. */
    public amount: f64 = 0,
  ) {}

  fields(json: JsonFields): void {
    this.orderId = json.required("orderId", this.orderId);
    this.amount = json.required("amount", this.amount);
  }
}

/** What is looked for, and whom to ask. */
export class Inquiry {
  constructor(
    public item: string = "",
    public suppliers: string[] = [],
    /** How long the suppliers may take to answer; half a minute, if absent. */
    public timeoutMs: Box<u64> | null = null,
  ) {}

  fields(json: JsonFields): void {
    this.item = json.required("item", this.item);
    this.suppliers = json.required("suppliers", this.suppliers);
    this.timeoutMs = json.optional("timeoutMs", this.timeoutMs);
  }
}

/** What one supplier is asked. */
export class QuoteRequest {
  constructor(
    public item: string = "",
    public supplier: string = "",
  ) {}

  fields(json: JsonFields): void {
    this.item = json.required("item", this.item);
    this.supplier = json.required("supplier", this.supplier);
  }
}

/** What a supplier wants for an item. */
export class Offer {
  constructor(
    public supplier: string = "",
    /** In whole dollars. */
    public price: u64 = 0,
  ) {}

  fields(json: JsonFields): void {
    this.supplier = json.required("supplier", this.supplier);
    this.price = json.required("price", this.price);
  }
}

/** What comes of an inquiry. */
export class BestOffer {
  constructor(
    /** The lowest offer, if there was one. */
    public best: Offer | null = null,
    /** Who doesn't sell to us. */
    public declined: string[] = [],
    /** Who did not answer in time. */
    public late: string[] = [],
  ) {}

  fields(json: JsonFields): void {
    this.best = json.required("best", this.best);
    this.declined = json.required("declined", this.declined);
    this.late = json.required("late", this.late);
  }
}

/** Returns an amount of money as people write it: `$7500`, `$20.5`. */
export function dollars(amount: f64): string {
  const text = amount.toString();
  return "$" + (text.endsWith(".0") ? text.slice(0, -2) : text);
}
