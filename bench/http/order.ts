/** The request that every server of the bench answers, and how it is answered: the work itself is the same few lines everywhere. */
export interface Order {
  readonly reference: string;
  readonly currency: "EUR" | "GBP" | "USD";
  readonly lines: readonly { readonly sku: string; readonly quantity: number; readonly unitCents: number }[];
  readonly note?: string | undefined;
  readonly giftWrap: boolean;
}

export interface Receipt {
  readonly orderId: string;
  readonly status: "accepted";
  readonly currency: Order["currency"];
  readonly lineCount: number;
  readonly totalCents: number;
}

export const path = "/v1/echo-order";

export const order: Order = {
  reference: "0198c2f4-7f3a-7c1e-9d55-3b1f0a6e2c44",
  currency: "EUR",
  lines: [
    { sku: "TEA-ASSAM", quantity: 2, unitCents: 1290 },
    { sku: "CUP-BLUE", quantity: 6, unitCents: 450 },
  ],
  note: "Ring twice, please.",
  giftWrap: false,
};

/** Computed here, not by the servers' own function: it is what their answers are compared with. */
export const receipt: Receipt = {
  orderId: "0198c2f4-7f3a-7c1e-9d55-3b1f0a6e2c44",
  status: "accepted",
  currency: "EUR",
  lineCount: 2,
  totalCents: 5280,
};

/** Bodies that a server which validates must refuse with a 4xx. */
export const badOrders: Readonly<Record<string, unknown>> = {
  "no lines": { ...order, lines: [] },
  "a quantity of zero": { ...order, lines: [{ ...order.lines[0], quantity: 0 }] },
  "half a quantity": { ...order, lines: [{ ...order.lines[0], quantity: 1.5 }] },
  "a reference that is no UUID": { ...order, reference: "yesterday's" },
  "an unknown currency": { ...order, currency: "XAU" },
  "a note of 501 characters": { ...order, note: "x".repeat(501) },
  "no gift wrap": { ...order, giftWrap: undefined },
};

export function accept(order: Order): Receipt {
  let totalCents = 0;
  for (const { quantity, unitCents } of order.lines) totalCents += quantity * unitCents;
  return { orderId: order.reference, status: "accepted", currency: order.currency, lineCount: order.lines.length, totalCents };
}

const sku = { type: "string", minLength: 1, maxLength: 32, pattern: "^[A-Z0-9-]+$" };

export const orderSchema = {
  type: "object",
  required: ["reference", "currency", "lines", "giftWrap"],
  additionalProperties: false,
  properties: {
    reference: { type: "string", format: "uuid" },
    currency: { type: "string", enum: ["EUR", "GBP", "USD"] },
    lines: {
      type: "array",
      minItems: 1,
      maxItems: 100,
      items: {
        type: "object",
        required: ["sku", "quantity", "unitCents"],
        additionalProperties: false,
        properties: {
          sku,
          quantity: { type: "integer", minimum: 1, maximum: 1_000 },
          unitCents: { type: "integer", minimum: 0, maximum: 10_000_000 },
        },
      },
    },
    note: { type: "string", maxLength: 500 },
    giftWrap: { type: "boolean" },
  },
} as const;

export const receiptSchema = {
  type: "object",
  required: ["orderId", "status", "currency", "lineCount", "totalCents"],
  additionalProperties: false,
  properties: {
    orderId: { type: "string", format: "uuid" },
    status: { type: "string", enum: ["accepted"] },
    currency: { type: "string", enum: ["EUR", "GBP", "USD"] },
    lineCount: { type: "integer" },
    totalCents: { type: "integer" },
  },
} as const;
