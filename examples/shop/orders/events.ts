import { event } from "plimsoll";
import { z } from "zod";
import { TakenLine } from "../catalog/contract.ts";

/** An order is there: placed, to be paid later, or paid at its checkout. */
export const orderPlaced = event("orders.placed", {
  summary: "An order was placed",
  data: z.object({ orderId: z.uuid(), customerId: z.uuid(), isPaid: z.boolean(), lines: z.array(TakenLine).min(1), totalCents: z.int() }),
  key: ({ orderId }) => orderId,
});

/** An order that was placed is cancelled: by its customer, or because its checkout was undone. */
export const orderCancelled = event("orders.cancelled", {
  summary: "An order was cancelled",
  data: z.object({ orderId: z.uuid() }),
  key: ({ orderId }) => orderId,
});
