import type { ReadScope } from "plimsoll";

/** Whether the order is the actor's own. If not, it is answered as one that does not exist. */
export const ownsOrder = ({ orderId }: { readonly orderId: string }, { sql, actor }: ReadScope) =>
  sql`select from orders.orders where id = ${orderId} and customer_id = ${actor.id}`.exists();
