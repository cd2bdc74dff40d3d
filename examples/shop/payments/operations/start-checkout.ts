import { implement } from "plimsoll";
import * as payments from "../contract.ts";
import { currency } from "../domain.ts";

export const startCheckout = implement(payments.startCheckout, async ({ lines }, { sql, start, actor, newId }) => {
  const checkoutId = newId();
  await sql`
    insert into payments.checkouts (id, customer_id, lines, currency)
    values (${checkoutId}, ${actor.id}, ${JSON.stringify(lines)}::jsonb, ${currency})`.run();
  // In this transaction: a checkout that was accepted is worked on to its end, or to its undoing.
  const { id: sagaId } = await start(payments.checkout, { checkoutId }, { key: checkoutId });
  return { checkoutId, sagaId };
});
