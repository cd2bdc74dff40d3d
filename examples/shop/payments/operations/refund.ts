import { implement, subscription } from "plimsoll";
import { orderCancelled } from "../../orders/events.ts";
import * as payments from "../contract.ts";
import { Money } from "../domain.ts";

export const refund = implement(payments.refund, async ({ checkoutId }, { sql, start }) => {
  const cancelled = await sql<{ state: string }>`
    update payments.checkouts set is_cancelled = true, state = case state when 'paid' then 'refunding' else state end
    where id = ${checkoutId} and state in ('reserved', 'paid') returning state`.maybe();
  if (cancelled?.state === "refunding") await start(payments.refundSaga, { checkoutId }, { key: checkoutId });
  return {};
});

/** The order's own transaction says that it is cancelled, and this follows it, wherever orders run. */
export const onCancelled = subscription("payments.on-cancelled", {
  summary: "Return what was paid for a cancelled order",
  on: [orderCancelled],
  from: "beginning",
  budget: "10s",
  async run({ orderId: checkoutId }, { commit }) {
    await commit(({ call }) => call(payments.refund, { checkoutId }));
  },
});

export const findRefund = implement(payments.findRefund, ({ checkoutId }, { sql }) =>
  sql(Money)`select amount_cents as cents, currency from payments.checkouts where id = ${checkoutId}`.one(),
);

export const closeRefund = implement(payments.closeRefund, async ({ checkoutId }, { sql }) => {
  await sql`update payments.checkouts set state = 'refunded' where id = ${checkoutId} and state = 'refunding'`.run();
  return {};
});

export const refundSaga = implement(payments.refundSaga, async ({ checkoutId }, { call, step, tenant = "" }) => {
  const money = await call("find", payments.findRefund, { checkoutId });
  if (money.cents > 0)
    await step("refund", async ({ gateway, key, call, commit }) => {
      const { isReturned } = await call(payments.findCharge, { checkoutId });
      if (!isReturned) await gateway.refund({ tenant, checkoutId, money, key });
      await commit(({ call }) => call(payments.post, { entries: [{ kind: "refund", checkoutId, money }] }));
    });
  await call("close", payments.closeRefund, { checkoutId });
});
