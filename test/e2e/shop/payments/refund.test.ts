import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { releaseHold } from "../../../../examples/shop/catalog/contract.ts";
import { withdrawOrder } from "../../../../examples/shop/orders/contract.ts";
import { checkout, confirm, findCharge, giveUp, refundSaga, release, unconfirm } from "../../../../examples/shop/payments/contract.ts";
import { type Gateway, PaymentRefused } from "../../../../examples/shop/payments/gateway.ts";
import { onCancelled } from "../../../../examples/shop/payments/operations/refund.ts";
import type { Temper } from "../../../../examples/shop/provider.ts";
import { openInProcess } from "../open-shop.ts";
import { openPaidShop, type PaidShop } from "./paid-shop.ts";

describe("a refund", () => {
  let paid: PaidShop;
  before(async () => {
    paid = await openPaidShop();
  });
  after(() => paid?.[Symbol.asyncDispose]());

  const admin = (sql: string) => paid.shop.database.admin(sql);
  const cancel = (id: string) => paid.shop.ask(`POST /v1/orders/${id}/cancel`, { token: paid.shop.token("Ben") });
  const stateOf = async (id: string) => (await paid.shop.ask(`GET /v1/checkouts/${id}`, { token: paid.shop.token("Ben") })).body.state;
  const sagaOf = async (checkoutId: string) =>
    (await paid.shop.app.sagas.list({ name: refundSaga.name })).filter(({ input }) => JSON.stringify(input).includes(checkoutId));
  /** Resolves when payments has read of all cancellations. */
  const noticed = async () => {
    while ((await paid.shop.app.events.subscriptions()).some(({ name, lag }) => name === onCancelled.name && lag > 0));
  };
  const refunded = async (checkoutId: string) => {
    await noticed();
    const [saga, ...more] = await sagaOf(checkoutId);
    assert.ok(saga && more.length === 0, "a cancelled order has one refund");
    await paid.shop.app.sagas.result(refundSaga, saga.id, { within: "20s" });
  };
  const isBalanced = async () =>
    assert.deepEqual(await admin("select coalesce(sum(amount_cents), 0)::integer as sum from payments.postings"), [{ sum: 0 }]);

  const tempers: readonly (readonly [string, Partial<Temper>])[] = [
    ["does as it is asked", {}],
    ["stalls", { stalls: 1, patience: 1 }],
    ["returns the money, and does not say so", { timesOutAfter: 1, patience: 2 }],
    ["fails", { fails: 1, patience: 4 }],
    ["returns the money, and sends garbage", { garbles: 1, patience: 1 }],
    ["returns the money, and sends something else", { answersOther: 1, patience: 2 }],
    ["returns the money, and a proxy refuses", { refusesAfter: 1, patience: 2 }],
  ];
  for (const [what, temper] of tempers)
    it(`follows when a paid order is cancelled, once, where the provider ${what}`, async () => {
      await paid.becomes({});
      const stock = await paid.stock();
      const { id, amountCents } = await paid.buy(2);
      await paid.becomes(temper);
      const [one, other] = await Promise.all([cancel(id), cancel(id)]);
      assert.deepEqual([one.status, one.body.status, other.status, other.body.status], [200, "cancelled", 200, "cancelled"]);
      assert.equal(await paid.stock(), stock, "the stock is back at once, and once");
      await refunded(id);
      assert.equal(await stateOf(id), "refunded");
      assert.deepEqual(paid.booked(id), [`capture ${amountCents}`, `repayment ${amountCents}`]);
      assert.deepEqual(await paid.entries(id), [`charge ${amountCents}`, `sale ${amountCents}`, `refund ${amountCents}`]);
      await cancel(id);
      assert.deepEqual([await paid.stock(), (await sagaOf(id)).length], [stock, 1]);
      await isBalanced();
    });

  it("is for its customer alone to ask for", async () => {
    await paid.becomes({});
    const { id } = await paid.buy();
    const { status } = await paid.shop.ask(`POST /v1/orders/${id}/cancel`, { token: paid.shop.token("Cleo") });
    assert.deepEqual([status, await stateOf(id), await sagaOf(id)], [404, "paid", []]);
  });

  const actor = { id: "test", kind: "system", roles: [], tenant: "acme", claims: { tid: "acme" } } as const;
  /** What the saga of a checkout undoes, in its order; the money apart. */
  const undo = async (checkoutId: string) => {
    const { call } = paid.shop;
    await call(unconfirm, { checkoutId }, { actor });
    await call(withdrawOrder, { orderId: checkoutId }, { actor });
    const { isRefunded } = await call(findCharge, { checkoutId }, { actor });
    await call(release, { checkoutId }, { actor });
    await call(releaseHold, { holdId: checkoutId }, { actor });
    await call(giveUp, { checkoutId }, { actor });
    return { isRefunded };
  };

  it("keeps what it returns from a checkout that is undone behind it", async () => {
    await paid.becomes({});
    const stock = await paid.stock();
    const { id: checkoutId } = await paid.buy(2);
    await cancel(checkoutId);
    await noticed();
    const { isRefunded } = await undo(checkoutId);
    await refunded(checkoutId);
    assert.deepEqual([isRefunded, await stateOf(checkoutId), await paid.stock()], [true, "refunded", stock]);
    await isBalanced();
  });

  it("is none where the checkout is undone before payments has read of the cancellation: its money goes back with the undo", async () => {
    await paid.becomes({});
    const stock = await paid.stock();
    const { id: checkoutId } = await paid.buy(2);
    await admin(`update payments.checkouts set state = 'reserved' where id = '${checkoutId}'`);
    await cancel(checkoutId);
    await noticed();
    const { isRefunded } = await undo(checkoutId);
    assert.deepEqual([isRefunded, await stateOf(checkoutId), await paid.stock(), await sagaOf(checkoutId)], [false, "undone", stock, []]);
  });

  it("follows where the order is cancelled before its checkout has ended as paid", async () => {
    await paid.becomes({});
    const stock = await paid.stock();
    const { id: checkoutId, amountCents } = await paid.buy(2);
    await admin(`update payments.checkouts set state = 'reserved' where id = '${checkoutId}'`);
    await cancel(checkoutId);
    await noticed();
    assert.equal(await stateOf(checkoutId), "reserved");
    await paid.shop.call(confirm, { checkoutId }, { actor });
    await refunded(checkoutId);
    assert.deepEqual([await stateOf(checkoutId), await paid.stock()], ["refunded", stock]);
    assert.deepEqual(paid.booked(checkoutId), [`capture ${amountCents}`, `repayment ${amountCents}`]);
    await isBalanced();
  });
});

describe("a refund that the provider refuses", () => {
  it("asks a person, who tries again", async () => {
    let isRefused = true;
    const refunds: string[] = [];
    const pays: Gateway = {
      charge: async () => undefined,
      takeBack: async () => ({ cents: 0 }),
      statement: async () => ({ lines: [], next: undefined }),
      refund: async ({ key }) => {
        refunds.push(key);
        if (isRefused) throw new PaymentRefused({});
      },
    };
    await using shop = await openInProcess({ gateway: pays });
    const token = shop.token("Ben");
    const body = { lines: [{ productId: shop.opened.productId, quantity: 1 }] };
    const { body: begun } = await shop.ask("POST /v1/checkouts", { token, headers: { "idempotency-key": "one" }, body });
    await shop.app.sagas.result(checkout, begun.sagaId);
    const stopped = shop.app.sagas.signals.ended.next(({ state }) => state === "suspended");
    await shop.ask(`POST /v1/orders/${begun.checkoutId}/cancel`, { token });
    const { id } = await stopped;
    const [saga] = await shop.app.sagas.list({ state: "suspended" });
    assert.deepEqual([saga?.id, JSON.parse(saga?.fault ?? "{}").type], [id, "payment_refused"]);
    assert.equal((await shop.ask(`GET /v1/checkouts/${begun.checkoutId}`, { token })).body.state, "refunding");
    isRefused = false;
    await shop.app.sagas.retry(id, "the provider has lifted its limit");
    await shop.app.sagas.result(refundSaga, id);
    assert.equal((await shop.ask(`GET /v1/checkouts/${begun.checkoutId}`, { token })).body.state, "refunded");
    assert.deepEqual([refunds.length, new Set(refunds).size], [2, 1]);
  });
});
