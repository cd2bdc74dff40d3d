import { implement } from "plimsoll";
import { z } from "zod";
import * as catalog from "../../catalog/contract.ts";
import { Lines } from "../../catalog/contract.ts";
import { TakenLine } from "../../catalog/domain.ts";
import * as orders from "../../orders/contract.ts";
import * as payments from "../contract.ts";
import { currency } from "../domain.ts";

const Kept = z.object({ customerId: z.uuid(), lines: Lines });
const Taken = z.object({ customerId: z.uuid(), lines: z.array(TakenLine), amountCents: z.int(), currency: z.string() });

export const reserve = implement(payments.reserve, async ({ checkoutId }, { sql, call }) => {
  const kept = await sql(Kept)`select customer_id, lines from payments.checkouts where id = ${checkoutId}`.one();
  const { lines, totalCents } = await call(catalog.takeStock, { lines: kept.lines });
  await sql`
    update payments.checkouts set state = 'reserved', lines = ${JSON.stringify(lines)}::jsonb, amount_cents = ${totalCents}
    where id = ${checkoutId}`.run();
  return { lines, money: { cents: totalCents, currency } };
});

export const release = implement(payments.release, async ({ checkoutId }, { sql, call }) => {
  const released = await sql(Taken)`
    update payments.checkouts set state = 'undone' where id = ${checkoutId} and state = 'reserved'
    returning customer_id, lines, amount_cents, currency`.maybe();
  if (released !== undefined) await call(catalog.returnStock, { lines: released.lines });
  return {};
});

export const giveUp = implement(payments.giveUp, async ({ checkoutId, problem }, { sql }) => {
  await sql`
    update payments.checkouts
    set problem = coalesce(problem, ${problem ?? null}), state = case state when 'started' then 'undone' else state end
    where id = ${checkoutId}`.run();
  return {};
});

export const confirm = implement(payments.confirm, async ({ checkoutId }, { sql, call }) => {
  const { customerId, lines, amountCents, currency } = await sql(Taken)`
    update payments.checkouts set state = 'paid' where id = ${checkoutId}
    returning customer_id, lines, amount_cents, currency`.one();
  await call(orders.recordOrder, { orderId: checkoutId, customerId, lines, totalCents: amountCents });
  const entry = { kind: "sale" as const, checkoutId, money: { cents: amountCents, currency } };
  if (amountCents > 0) await call(payments.post, { entries: [entry] });
  return {};
});

export const unconfirm = implement(payments.unconfirm, async ({ checkoutId }, { sql, call }) => {
  // One that the customer has cancelled is refunded, and its stock is back.
  const { isWithdrawn } = await call(orders.withdrawOrder, { orderId: checkoutId });
  if (!isWithdrawn) return {};
  const { amountCents, currency } = await sql(Taken)`
    update payments.checkouts set state = 'reserved' where id = ${checkoutId}
    returning customer_id, lines, amount_cents, currency`.one();
  const entry = { kind: "sale-undone" as const, checkoutId, money: { cents: amountCents, currency } };
  if (amountCents > 0) await call(payments.post, { entries: [entry] });
  return {};
});
