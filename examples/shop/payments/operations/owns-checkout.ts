import type { ReadScope } from "plimsoll";

/** Whether the checkout is the actor's own. */
export const ownsCheckout = ({ checkoutId }: { readonly checkoutId: string }, { sql, actor }: ReadScope) =>
  sql`select from payments.checkouts where id = ${checkoutId} and customer_id = ${actor.id}`.exists();
