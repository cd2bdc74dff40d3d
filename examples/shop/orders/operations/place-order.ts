import { implement } from "plimsoll";
import * as catalog from "../../catalog/contract.ts";
import * as orders from "../contract.ts";
import { orderPlaced } from "../events.ts";
import { placed } from "../metrics.ts";

export const placeOrder = implement(orders.placeOrder, async (input, { sql, call, emit, count, actor, newId }) => {
  const orderId = newId();
  // In this transaction: no stock is taken without an order, no order is placed without stock.
  const { lines, totalCents } = await call(catalog.takeStock, { lines: input.lines });
  await sql`insert into orders.orders (id, customer_id, total_cents) values (${orderId}, ${actor.id}, ${totalCents})`.run();
  await sql`
    insert into orders.order_lines (order_id, product_id, name, quantity, unit_cents)
    select ${orderId}, "productId", name, quantity, "unitCents"
    from json_to_recordset(${JSON.stringify(lines)}) as line ("productId" uuid, name text, quantity integer, "unitCents" integer)`.run();
  emit(orderPlaced, { orderId, customerId: actor.id, isPaid: false, lines, totalCents });
  count(placed);
  return { orderId, totalCents };
});
