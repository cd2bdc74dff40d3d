import { implement } from "plimsoll";
import { OutOfStock, ProductNotFound } from "../../catalog/contract.ts";
import { sendReceipt } from "../../notifications/contract.ts";
import * as payments from "../contract.ts";
import { PaymentDeclined, PaymentsOff } from "../gateway.ts";

/** What a customer may be shown of why a checkout failed. */
const shown = [PaymentDeclined, PaymentsOff, OutOfStock, ProductNotFound];

export const checkout = implement(payments.checkout, async ({ checkoutId }, { call, step, tenant = "" }) => {
  // The first step is the last that is undone, whatever has failed behind it.
  await step("open", { run: async () => null, undo: ({ call }) => call(payments.giveUp, { checkoutId }) });
  try {
    const { lines, money } = await call("reserve", {
      ...{ operation: payments.reserve, input: { checkoutId } },
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
        undo: async ({ gateway, key, commit }) => {
          const { cents } = await gateway.takeBack({ tenant, checkoutId, key });
          const taken = { ...entry, money: { ...money, cents } };
          const entries = [taken, { ...taken, kind: "take-back" as const }];
          await commit(async ({ call }) => (cents > 0 ? call(payments.post, { entries }) : undefined));
        },
      });
    await call("confirm", {
      ...{ operation: payments.confirm, input: { checkoutId } },
      undo: ({ call }) => call(payments.unconfirm, { checkoutId }),
    });
    await step("receipt", ({ start, key }) => start(sendReceipt, { orderId: checkoutId, lines, totalCents: money.cents }, { key }));
  } catch (error) {
    const { type } = error as { type?: string };
    const why = shown.find((one) => one.type === type);
    if (why !== undefined) await call("give-up", payments.giveUp, { checkoutId, problem: why.type });
    throw error;
  }
});
