import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, describe, it } from "node:test";
import { openTestShop, type TestShop } from "../shop/open-shop.ts";

// OWASP API Security Top 10 (2023), item 1.
describe("API1: broken object level authorization", () => {
  let shop: TestShop;
  before(async () => {
    shop = await openTestShop();
  });
  after(() => shop?.[Symbol.asyncDispose]());

  it("an order of another customer is as one that does not exist", async () => {
    const { body: product } = await shop.ask("POST /v1/products", {
      token: shop.token("Ada"),
      body: { name: "Kite", priceCents: 250, stock: 9 },
    });
    const lines = [{ productId: product.id, quantity: 1 }];
    const headers = { "idempotency-key": randomUUID() };
    const { status, body: order } = await shop.ask("POST /v1/orders", { token: shop.token("Ben"), body: { lines }, headers });
    assert.equal(status, 201);
    for (const other of ["Cleo", "Hana"]) {
      const ask = (line: string) => shop.ask(line, { token: shop.token(other) });
      for (const [method, path] of [
        ["GET", ""],
        ["POST", "/cancel"],
      ] as const) {
        const [named, unknown] = [
          await ask(`${method} /v1/orders/${order.orderId}${path}`),
          await ask(`${method} /v1/orders/${randomUUID()}${path}`),
        ];
        assert.deepEqual([named.status, unknown.status], [404, 404], `${other} ${method}`);
        assert.deepEqual({ ...named.body, requestId: "", instance: "" }, { ...unknown.body, requestId: "", instance: "" });
      }
    }
    assert.equal((await shop.ask(`GET /v1/orders/${order.orderId}`, { token: shop.token("Ben") })).status, 200);
  });
});
