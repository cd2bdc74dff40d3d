import { implement } from "plimsoll";
import * as catalog from "../../catalog/contract.ts";
import * as orders from "../contract.ts";

export const cancelOrder = implement(orders.cancelOrder, async ({ orderId }, { sql, call, fail }) => {
  // Of two who cancel at once, the second waits here and finds it done: the stock goes back once.
  const cancelled = await sql`update orders.orders set status = 'cancelled' where id = ${orderId} and status = 'placed'`.run();
  const order = await call(orders.getOrder, { orderId });
  if (order.status === "paid") fail(orders.OrderPaid, {});
  if (cancelled === 1) await call(catalog.returnStock, { lines: order.lines });
  return order;
});
