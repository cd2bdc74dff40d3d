// What crosses between payments, catalog and orders happens once, in whatever order an attempt and its undo arrive.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, describe, it } from "node:test";
import { holdStock, releaseHold } from "../../../../examples/shop/catalog/contract.ts";
import { recordOrder, withdrawOrder } from "../../../../examples/shop/orders/contract.ts";
import { openTestShop, subjectOf, type TestShop } from "../open-shop.ts";

describe("steps of a checkout in other modules", () => {
  let shop: TestShop;
  let productId = "";
  before(async () => {
    shop = await openTestShop();
    productId = shop.opened.productId ?? "";
  });
  after(() => shop?.[Symbol.asyncDispose]());

  const by = { actor: { id: "test", kind: "system", roles: [], tenant: "acme", claims: { tid: "acme" } } } as const;
  const stock = async () =>
    (await shop.database.admin<{ stock: number }>(`select stock::integer from catalog.products where id = '${productId}'`))[0]?.stock ?? 0;
  const hold = (holdId: string, quantity = 2) => shop.call(holdStock, { holdId, lines: [{ productId, quantity }] }, by);
  const release = (holdId: string) => shop.call(releaseHold, { holdId }, by);
  const withdraw = (orderId: string) => shop.call(withdrawOrder, { orderId }, by);
  const record = async (orderId: string) => {
    const { lines, totalCents } = await hold(orderId);
    return shop.call(recordOrder, { orderId, customerId: subjectOf(shop.token("Ben")), lines, totalCents }, by);
  };
  const statusOf = async (orderId: string) =>
    (await shop.database.admin<{ status: string }>(`select status from orders.orders where id = '${orderId}'`))[0]?.status;

  it("a hold takes the stock once, and returns the same to each attempt", async () => {
    const [id, before] = [randomUUID(), await stock()];
    const [one, other] = await Promise.all([hold(id), hold(id)]);
    assert.deepEqual(one, other);
    assert.deepEqual(await hold(id), one);
    assert.equal(await stock(), before - 2);
    assert.deepEqual([await release(id), await release(id)], [{ isReleased: true }, { isReleased: false }]);
    assert.equal(await stock(), before);
  });

  it("a hold that takes nothing leaves none behind", async () => {
    const id = randomUUID();
    await assert.rejects(hold(id, 1_000), { type: "out_of_stock" });
    await hold(id);
    await release(id);
  });

  it("a hold that comes behind its release takes nothing", async () => {
    const [id, before] = [randomUUID(), await stock()];
    await release(id);
    await assert.rejects(hold(id), { type: "hold_released", details: { holdId: id } });
    assert.equal(await stock(), before);
  });

  it("a hold and its release at the same moment leave the stock as it was", async () => {
    const before = await stock();
    for (const id of Array.from({ length: 20 }, () => randomUUID())) {
      await Promise.allSettled([hold(id), release(id)]);
      await release(id);
    }
    assert.equal(await stock(), before);
  });

  it("an order is recorded once, and withdrawn once", async () => {
    const id = randomUUID();
    await Promise.all([record(id), record(id)]);
    await record(id);
    assert.equal(await statusOf(id), "paid");
    assert.deepEqual([await withdraw(id), await withdraw(id)], [{ isWithdrawn: true }, { isWithdrawn: false }]);
    assert.equal(await statusOf(id), "cancelled");
    await release(id);
  });

  it("an order that is withdrawn first is not recorded any more", async () => {
    const id = randomUUID();
    await withdraw(id);
    await assert.rejects(record(id), { type: "order_withdrawn", details: { orderId: id } });
    assert.equal(await statusOf(id), undefined);
    await release(id);
  });

  it("an order that is recorded and withdrawn at the same moment does not stay", async () => {
    for (const id of Array.from({ length: 20 }, () => randomUUID())) {
      await Promise.allSettled([record(id), withdraw(id)]);
      assert.notEqual(await statusOf(id), "paid");
      await release(id);
    }
  });

  it("the stock of a paid order that its customer cancels is back once, whatever is undone behind it", async () => {
    const [id, before] = [randomUUID(), await stock()];
    await record(id);
    await shop.ask(`POST /v1/orders/${id}/cancel`, { token: shop.token("Ben") });
    assert.equal(await stock(), before);
    assert.deepEqual([await withdraw(id), await release(id)], [{ isWithdrawn: false }, { isReleased: false }]);
    assert.equal(await stock(), before);
  });
});
