import { implement } from "plimsoll";
import { holdStock, OutOfStock, ProductNotFound, releaseHold } from "../../catalog/contract.ts";
import { getUser, UserNotFound } from "../../identity/contract.ts";
import { recordOrder, withdrawOrder } from "../../orders/contract.ts";
import * as payments from "../contract.ts";
import { PaymentDeclined, PaymentsOff } from "../gateway.ts";

/** What a customer may be shown of why a checkout failed. */
const shown = [PaymentDeclined, PaymentsOff, OutOfStock, ProductNotFound, UserNotFound];

export const checkout = implement(payments.checkout, async ({ checkoutId }, { call, step, tenant = "" }) => {
  // The first step is the last that is undone, whatever has failed behind it.
  await step("open", { run: async () => null, undo: ({ call }) => call(payments.giveUp, { checkoutId }) });
  try {
    const wanted = await call("find-wanted", payments.findWanted, { checkoutId });
    // Whose account is gone is not charged. What identity says of a person is not kept in the journal.
    await step("customer", async ({ call }) => void (await call(getUser, { userId: wanted.customerId })));
    // Catalog and orders may run in another process: what crosses to them is a step of its own, which again changes nothing.
    const { lines, totalCents } = await call("hold", {
      ...{ operation: holdStock, input: { holdId: checkoutId, lines: wanted.lines } },
      undo: ({ call }) => call(releaseHold, { holdId: checkoutId }),
    });
    const money = await call("reserve", {
      ...{ operation: payments.reserve, input: { checkoutId, lines, totalCents } },
      undo: ({ call }) => call(payments.release, { checkoutId }),
    });
    const entry = { kind: "charge", checkoutId, money } as const;
    if (money.cents > 0)
      await step("charge", {
        run: async ({ gateway, key, call, commit }) => {
          const { isCharged } = await call(payments.findCharge, { checkoutId });
          if (!isCharged) await gateway.charge({ tenant, checkoutId, money, key });
          await commit(({ call }) => call(payments.post, { entries: [entry] }));
        },
        // By key: a charge that timed out may have happened, and may still.
        undo: async ({ gateway, key, call, commit }) => {
          // Its customer was faster: what a refund returns is not taken back as well.
          if ((await call(payments.findCharge, { checkoutId })).isRefunded) return;
          const { cents } = await gateway.takeBack({ tenant, checkoutId, key });
          const taken = { ...entry, money: { ...money, cents } };
          const entries = [taken, { ...taken, kind: "take-back" as const }];
          await commit(async ({ call }) => (cents > 0 ? call(payments.post, { entries }) : undefined));
        },
      });
    await call("record", {
      ...{ operation: recordOrder, input: { orderId: checkoutId, customerId: wanted.customerId, lines, totalCents } },
      undo: ({ call }) => call(withdrawOrder, { orderId: checkoutId }),
    });
    await call("confirm", {
      ...{ operation: payments.confirm, input: { checkoutId } },
      undo: ({ call }) => call(payments.unconfirm, { checkoutId }),
    });
  } catch (error) {
    const { type } = error as { type?: string };
    const why = shown.find((one) => one.type === type);
    if (why !== undefined) await call("give-up", payments.giveUp, { checkoutId, problem: why.type });
    throw error;
  }
});
