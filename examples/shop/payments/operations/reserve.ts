import { implement } from "plimsoll";
import { z } from "zod";
import { Lines } from "../../catalog/contract.ts";
import * as payments from "../contract.ts";
import { currency, Money } from "../domain.ts";

const Wanted = z.object({ customerId: z.uuid(), lines: Lines });

export const findWanted = implement(payments.findWanted, ({ checkoutId }, { sql }) =>
  sql(Wanted)`select customer_id, lines from payments.checkouts where id = ${checkoutId}`.one(),
);

export const reserve = implement(payments.reserve, async ({ checkoutId, lines, totalCents: cents }, { sql }) => {
  await sql`
    update payments.checkouts set state = 'reserved', lines = ${JSON.stringify(lines)}::jsonb, amount_cents = ${cents}
    where id = ${checkoutId} and state = 'started'`.run();
  return { cents, currency };
});

export const release = implement(payments.release, async ({ checkoutId }, { sql }) => {
  await sql`update payments.checkouts set state = 'undone' where id = ${checkoutId} and state = 'reserved'`.run();
  return {};
});

export const giveUp = implement(payments.giveUp, async ({ checkoutId, problem }, { sql }) => {
  await sql`
    update payments.checkouts
    set problem = coalesce(problem, ${problem ?? null}), state = case state when 'started' then 'undone' else state end
    where id = ${checkoutId}`.run();
  return {};
});

const Booked = z.object({ state: z.string(), ...Money.shape });

export const confirm = implement(payments.confirm, async ({ checkoutId }, { sql, call, start }) => {
  const booked = await sql(Booked)`
    update payments.checkouts set state = case when is_cancelled then 'refunding' else 'paid' end
    where id = ${checkoutId} and state = 'reserved'
    returning state, amount_cents as cents, currency`.maybe();
  if (booked === undefined) return {};
  const { state, ...money } = booked;
  if (money.cents > 0) await call(payments.post, { entries: [{ kind: "sale", checkoutId, money }] });
  // Its customer was faster than this step.
  if (state === "refunding") await start(payments.refundSaga, { checkoutId }, { key: checkoutId });
  return {};
});

export const unconfirm = implement(payments.unconfirm, async ({ checkoutId }, { sql, call }) => {
  // One that is refunded stays so: its money is on its way back, and its stock is back.
  const money = await sql(Money)`
    update payments.checkouts set state = 'reserved' where id = ${checkoutId} and state = 'paid'
    returning amount_cents as cents, currency`.maybe();
  if (money !== undefined && money.cents > 0) await call(payments.post, { entries: [{ kind: "sale-undone", checkoutId, money }] });
  return {};
});
