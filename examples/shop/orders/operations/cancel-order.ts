import { implement } from "plimsoll";
import * as catalog from "../../catalog/contract.ts";
import * as orders from "../contract.ts";
import { orderCancelled } from "../events.ts";

export const cancelOrder = implement(orders.cancelOrder, async ({ orderId }, { sql, call, emit }) => {
  // Of two who cancel at once, the second waits here and finds it done: stock and money go back once.
  const before = await sql<{ status: string }>`
    with before as (select tenant_id, id, status from orders.orders where id = ${orderId} for update)
    update orders.orders o set status = 'cancelled' from before
    where o.tenant_id = before.tenant_id and o.id = before.id and before.status <> 'cancelled'
    returning before.status`.maybe();
  const order = await call(orders.getOrder, { orderId });
  if (before === undefined) return order;
  // Payments subscribes to it, and returns what was paid.
  emit(orderCancelled, { orderId });
  // What a checkout holds is released by its hold, which its undoing releases too: once.
  const isReleased = before.status === "paid" && (await call(catalog.releaseHold, { holdId: orderId })).isReleased;
  if (!isReleased) await call(catalog.returnStock, { lines: order.lines });
  return order;
});
