import { z } from "zod";

const OrderLine = z.object({ productId: z.uuid(), name: z.string(), quantity: z.int(), unitCents: z.int() });

export const OrderSummary = z.object({
  id: z.uuid(),
  status: z.enum(["placed", "paid", "cancelled"]),
  totalCents: z.int(),
  placedAt: z.iso.datetime(),
});

export const Order = OrderSummary.extend({ lines: z.array(OrderLine) });
