import { implement } from "plimsoll";
import * as orders from "../contract.ts";
import { placed } from "../metrics.ts";

export const recordOrder = implement(orders.recordOrder, async ({ orderId, customerId, lines, totalCents }, { sql, count }) => {
  await sql`
    insert into orders.orders (id, customer_id, status, total_cents) values (${orderId}, ${customerId}, 'paid', ${totalCents})`.run();
  await sql`
    insert into orders.order_lines (order_id, product_id, name, quantity, unit_cents)
    select ${orderId}, "productId", name, quantity, "unitCents"
    from json_to_recordset(${JSON.stringify(lines)}) as line ("productId" uuid, name text, quantity integer, "unitCents" integer)`.run();
  count(placed);
  return {};
});

export const withdrawOrder = implement(orders.withdrawOrder, async ({ orderId }, { sql }) => ({
  isWithdrawn: (await sql`update orders.orders set status = 'cancelled' where id = ${orderId} and status = 'paid'`.run()) === 1,
}));
