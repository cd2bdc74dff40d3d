import { event } from "plimsoll";
import { z } from "zod";

/** A line of an order, on the day on which it was sold, or returned. */
export const Line = z.object({
  orderId: z.uuid(),
  productId: z.uuid(),
  name: z.string(),
  quantity: z.int().min(1),
  cents: z.int().min(0),
  day: z.iso.date(),
});

export const lineSold = event("sales.line-sold", { summary: "A product was sold", data: Line, key: ({ orderId }) => orderId });
export const lineReturned = event("sales.line-returned", {
  summary: "A product was returned with its order",
  data: Line,
  key: ({ orderId }) => orderId,
});

/** A page is the key of its visits: no control character is in it. */
export const Visit = z.object({ page: z.string().regex(/^\/[!-~]{0,199}$/) });
/** Each request to record a visit leaves one, in the transaction whose commit its caller learns of. */
export const visited = event("sales.visited", { summary: "A page was looked at", data: Visit, key: ({ page }) => page });
