import { command, query, role, signedIn } from "plimsoll";
import { z } from "zod";
import { system } from "../access.ts";
import { Line, lineReturned, lineSold, Visit, visited } from "./events.ts";
import { perSecond, revenue } from "./projections.ts";
import { sales } from "./sale.ts";

export const recordVisit = command("sales.record-visit", {
  summary: "Record that a page was looked at",
  input: Visit,
  output: z.object({}),
  emits: [visited],
  access: signedIn(),
  budget: "2s",
  criticality: "sheddable",
  idempotent: "key",
  http: { route: "POST /v1/visits", status: 202 },
});

export const Second = z.object({
  second: z.iso.datetime({ offset: true }),
  requests: z.int(),
  visits: z.int(),
  orders: z.int(),
  cancellations: z.int(),
  orderedCents: z.int(),
});

export const readLive = query("sales.live", {
  summary: "Count the requests of each of the last seconds",
  input: z.object({ seconds: z.coerce.number().int().min(1).max(3_600).default(60) }),
  output: z.object({ requests: z.int(), seconds: z.array(Second) }),
  access: role("administrator"),
  reads: [perSecond],
  staleness: "5s",
  budget: "2s",
  http: "GET /v1/sales/live",
});

export const DayOfProduct = z.object({ productId: z.uuid(), name: z.string(), quantity: z.int(), cents: z.int() });

export const readRevenue = query("sales.revenue", {
  summary: "Read the revenue of a day, the products with the most of it first",
  input: z.object({ day: z.iso.date() }),
  output: z.object({ totalCents: z.int(), products: z.array(DayOfProduct) }),
  access: role("administrator"),
  reads: [revenue],
  staleness: "1m",
  // The products and the total are of one moment.
  isolation: "repeatable read",
  budget: "2s",
  http: "GET /v1/sales/revenue/{day}",
});

const internal = { output: z.object({}), access: system, idempotent: "natural", budget: "5s", streams: [sales] } as const;

/** Internal: an order was sold. It is said as often as the subscription needs, and counts once. */
export const recordSale = command("sales.record-sale", {
  ...internal,
  input: z.object({ orderId: z.uuid(), lines: z.array(Line).min(1).max(100) }),
});

/** Internal: an order was cancelled, and what it had is returned. */
export const recordReturn = command("sales.record-return", { ...internal, input: z.object({ orderId: z.uuid(), day: z.iso.date() }) });

export const events = [lineSold, lineReturned, visited];
