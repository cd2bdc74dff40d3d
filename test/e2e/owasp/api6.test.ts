import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, describe, it } from "node:test";
import { openTestShop, type TestShop } from "../shop/open-shop.ts";

// OWASP API Security Top 10 (2023), item 6.
describe("API6: unrestricted access to sensitive business flows", () => {
  let shop: TestShop;
  before(async () => {
    shop = await openTestShop();
  });
  after(() => shop?.[Symbol.asyncDispose]());

  it("a repeated order buys once, and many at a time buy no more than there is", async () => {
    const { body: product } = await shop.ask("POST /v1/products", {
      token: shop.token("Ada"),
      body: { name: "Kite", priceCents: 250, stock: 3 },
    });
    const place = (key: string) =>
      shop.ask("POST /v1/orders", {
        ...{ token: shop.token("Ben"), body: { lines: [{ productId: product.id, quantity: 1 }] }, headers: { "idempotency-key": key } },
      });
    const key = randomUUID();
    const [first, again] = [await place(key), await place(key)];
    assert.deepEqual([first.status, again.body.orderId], [201, first.body.orderId]);
    const bought = await Promise.all(Array.from({ length: 6 }, () => place(randomUUID())));
    assert.equal(bought.filter(({ status }) => status === 201).length, 2);
    const { body } = await shop.ask(`GET /v1/products/${product.id}`, { token: shop.token("Ben") });
    assert.equal(body.stock, 0);
  });

  it("passwords cannot be tried on and on", async () => {
    let refused = 0;
    for (let tries = 0; tries < 200 && refused === 0; tries++) {
      const body = { tenant: "acme", email: "ben@acme.example", password: `guess ${tries}` };
      if ((await shop.ask("POST /v1/sessions", { body })).status === 429) refused = tries;
    }
    assert.ok(refused > 0, "guesses are refused after a while");
  });
});
