import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { describe, it } from "node:test";
import { crashTest } from "plimsoll/testing";
import { type Gateway, PaymentDeclined } from "../../../examples/shop/payments/gateway.ts";
import { type Changed, makeShop, refunds, spec } from "./world.ts";

describe("the shop's payments in the crash lab", () => {
  // Each breaks one promise, and must show where one failure is enough.
  const planted: Record<string, { readonly changed: Changed; readonly only: string; readonly found: RegExp }> = {
    "a charge whose key is another for each attempt": {
      changed: (real) => replaced(real, { charge: (payment) => real.charge({ ...payment, key: randomUUID() }) }),
      only: "payments.checkout-saga#1 gateway.charge 1 / gone-after",
      found: /the provider's books/,
    },
    "a charge that is taken for done, and was not": {
      changed: (real) => replaced(real, { charge: (payment) => real.charge(payment).catch(keepDeclined) }),
      only: "payments.checkout-saga#1 gateway.charge 1 / fails-before",
      found: /the provider's books/,
    },
    "a refund that is taken for done, and was not": {
      changed: (real) => replaced(real, { refund: (payment) => real.refund(payment).catch(() => undefined) }),
      only: "payments.refund-saga#1 gateway.refund 1 / fails-before",
      found: /the provider's books/,
    },
    "an undo that is taken for done, and was not": {
      changed: (real) => replaced(real, { takeBack: (payment) => real.takeBack(payment).catch(() => ({ cents: 0 })) }),
      only: "payments.checkout-saga#3 gateway.takeBack 1 / fails-before",
      found: /the provider's books/,
    },
  };
  for (const [bug, { changed, only, found }] of Object.entries(planted))
    it(`show ${bug}`, () => {
      const scenario = only.includes("refund") ? refunds : spec;
      return assert.rejects(crashTest(makeShop(changed), { ...scenario, only }), found);
    });
});

const keepDeclined = (error: unknown) => {
  if (error instanceof PaymentDeclined) throw error;
};

const replaced = (gateway: Gateway, other: Partial<Gateway>): Gateway => ({
  charge: (payment) => gateway.charge(payment),
  takeBack: (payment) => gateway.takeBack(payment),
  refund: (payment) => gateway.refund(payment),
  statement: (of) => gateway.statement(of),
  ...other,
});
