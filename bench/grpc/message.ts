import { z } from "zod";

/** The path of the method that every server has. */
export const path = "/orders.Orders/Echo";

const line = z.object({ sku: z.string().max(32), quantity: z.int().min(1).max(1_000), unitCents: z.int().min(0).max(10_000_000) });

/** What is sent and returned. */
export const order = z.object({
  reference: z.uuid(),
  currency: z.enum(["EUR", "GBP", "USD"]),
  lines: z.array(line).min(1).max(100),
  note: z.string().max(500).optional(),
  giftWrap: z.boolean(),
});

/** The message of each call: about 136 bytes. */
export const sample = {
  reference: "0198c2f4-7f3a-7c1e-9d55-3b1f0a6e2c44",
  currency: "EUR",
  lines: [
    { sku: "TEA-ASSAM", quantity: 2, unitCents: 1_290 },
    { sku: "CUP-BLUE", quantity: 6, unitCents: 450 },
  ],
  note: "Ring twice, please.",
  giftWrap: true,
} as const;
