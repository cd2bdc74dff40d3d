import { implement } from "plimsoll";
import * as payments from "../contract.ts";
import { accounts } from "../domain.ts";

export const post = implement(payments.post, async ({ entries }, { sql }) => {
  for (const { kind, checkoutId, money } of entries) {
    const [debit, credit] = accounts[kind];
    await sql`
      insert into payments.entries (kind, checkout_id, debit, credit, amount_cents, currency)
      values (${kind}, ${checkoutId}, ${debit}, ${credit}, ${money.cents}, ${money.currency})
      on conflict do nothing`.run();
  }
  return {};
});

export const findCharge = implement(payments.findCharge, async ({ checkoutId }, { sql }) => ({
  isCharged: await sql`select from payments.entries where checkout_id = ${checkoutId} and kind = 'charge'`.exists(),
  isRefunded: await sql`select from payments.checkouts where id = ${checkoutId} and state in ('refunding', 'refunded')`.exists(),
  isReturned: await sql`
    select from payments.checkouts c join payments.entries e on e.checkout_id = c.id and e.amount_cents = c.amount_cents
    where c.id = ${checkoutId} and e.kind = 'refund'`.exists(),
}));

export const settle = implement(payments.settle, async ({ kind, checkoutId, money }, { commit }) => {
  // A reversal of nothing moves nothing.
  if (money.cents === 0) return;
  await commit(({ call }) => call(payments.post, { entries: [{ kind, checkoutId, money }] }));
});
