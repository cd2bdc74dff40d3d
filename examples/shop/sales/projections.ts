import { projection } from "plimsoll";
import { z } from "zod";
import { orderCancelled, orderPlaced } from "../orders/events.ts";
import { lineReturned, lineSold, visited } from "./events.ts";

/** What was sold of a product on a day, less what was returned on that day. */
export const revenue = projection("sales.revenue-by-day", {
  summary: "Revenue for each product and day",
  on: [lineSold, lineReturned],
  table: "sales.revenue",
  row: z.object({ dayProduct: z.string(), day: z.iso.date(), productId: z.uuid(), name: z.string(), quantity: z.int(), cents: z.int() }),
  key: "dayProduct",
  of: ({ data: { day, productId } }) => `${day} ${productId}`,
  apply(row, { name: event, data: { day, productId, name, quantity, cents } }) {
    const sign = event === "sales.line-sold" ? 1 : -1;
    return {
      ...{ dayProduct: `${day} ${productId}`, day, productId, name },
      quantity: (row?.quantity ?? 0) + sign * quantity,
      cents: (row?.cents ?? 0) + sign * cents,
    };
  },
});

/** The second of the day of a time, and the time itself, to the second. */
function secondOf(at: Date): { readonly slot: string; readonly second: string } {
  const second = `${at.toISOString().slice(0, 19)}Z`;
  return { slot: second.slice(11, 19), second };
}

/**
 * What happened in each second, by the clock of the database. A row is for one second of the day, and begins at nothing when that second comes again on another day:
 * so there are at most 86,400 of each tenant.
 */
export const perSecond = projection("sales.per-second", {
  summary: "Requests of each second of the last day",
  on: [visited, orderPlaced, orderCancelled],
  table: "sales.seconds",
  row: z.object({
    slot: z.string(),
    second: z.iso.datetime({ offset: true }),
    visits: z.int(),
    orders: z.int(),
    cancellations: z.int(),
    orderedCents: z.int(),
  }),
  key: "slot",
  of: ({ recordedAt }) => secondOf(recordedAt).slot,
  apply(row, { name, data, recordedAt }) {
    const { slot, second } = secondOf(recordedAt);
    const at = row === undefined ? 0 : Date.parse(row.second);
    // Of the same second of an earlier day, when a later one is counted already.
    if (row !== undefined && at > Date.parse(second)) return row;
    const known = at === Date.parse(second) ? row : undefined;
    return {
      ...{ slot, second },
      visits: (known?.visits ?? 0) + (name === "sales.visited" ? 1 : 0),
      orders: (known?.orders ?? 0) + (name === "orders.placed" ? 1 : 0),
      cancellations: (known?.cancellations ?? 0) + (name === "orders.cancelled" ? 1 : 0),
      orderedCents: (known?.orderedCents ?? 0) + ("totalCents" in data ? data.totalCents : 0),
    };
  },
});
