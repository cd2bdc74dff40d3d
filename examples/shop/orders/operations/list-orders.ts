import { implement } from "plimsoll";
import * as orders from "../contract.ts";
import { OrderSummary } from "../domain.ts";

// Ids are made in the order of time, so the latest have the greatest.
export const listOrders = implement(orders.listOrders, (input, { sql, page, actor }) =>
  page(input, {
    rows: (after: string | undefined, limit) => {
      const before = after ? sql`and id < ${after}` : sql``;
      return sql(OrderSummary)`
        select id, status, total_cents, placed_at from orders.orders
        where customer_id = ${actor.id} ${before} order by id desc limit ${limit}`.many();
    },
    position: ({ id }) => id,
  }),
);
