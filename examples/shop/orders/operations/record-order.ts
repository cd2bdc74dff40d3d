import { implement } from "plimsoll";
import * as orders from "../contract.ts";
import { orderCancelled, orderPlaced } from "../events.ts";
import { placed } from "../metrics.ts";

export const recordOrder = implement(orders.recordOrder, async ({ orderId, customerId, lines, totalCents }, { sql, emit, count, fail }) => {
  const isFirst = (await sql`insert into orders.recorded (order_id) values (${orderId}) on conflict do nothing`.run()) === 1;
  if (!isFirst) {
    const isWithdrawn = await sql`select from orders.recorded where order_id = ${orderId} and is_withdrawn`.exists();
    return isWithdrawn ? fail(orders.OrderWithdrawn, { orderId }) : {};
  }
  await sql`
    insert into orders.orders (id, customer_id, status, total_cents) values (${orderId}, ${customerId}, 'paid', ${totalCents})`.run();
  await sql`
    insert into orders.order_lines (order_id, product_id, name, quantity, unit_cents)
    select ${orderId}, "productId", name, quantity, "unitCents"
    from json_to_recordset(${JSON.stringify(lines)}) as line ("productId" uuid, name text, quantity integer, "unitCents" integer)`.run();
  emit(orderPlaced, { orderId, customerId, isPaid: true, lines, totalCents });
  count(placed);
  return {};
});

export const withdrawOrder = implement(orders.withdrawOrder, async ({ orderId }, { sql, emit }) => {
  await sql`
    insert into orders.recorded (order_id, is_withdrawn) values (${orderId}, true)
    on conflict (tenant_id, order_id) do update set is_withdrawn = true`.run();
  const isWithdrawn = (await sql`update orders.orders set status = 'cancelled' where id = ${orderId} and status = 'paid'`.run()) === 1;
  if (isWithdrawn) emit(orderCancelled, { orderId });
  return { isWithdrawn };
});
