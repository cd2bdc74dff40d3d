import { implement } from "plimsoll";
import * as orders from "../contract.ts";
import { Order } from "../domain.ts";

export const getOrder = implement(orders.getOrder, ({ orderId }, { sql }) =>
  sql(Order)`
    select id, status, total_cents, placed_at, (
      select json_agg(json_build_object('productId', product_id, 'name', name, 'quantity', quantity, 'unitCents', unit_cents) order by name)
      from orders.order_lines where order_id = id
    ) as lines
    from orders.orders where id = ${orderId}`.one(),
);
