import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { openTestShop, subjectOf, type TestShop } from "../shop/open-shop.ts";

// OWASP API Security Top 10 (2023), item 4.
describe("API4: unrestricted resource consumption", () => {
  let shop: TestShop;
  before(async () => {
    shop = await openTestShop();
  });
  after(() => shop?.[Symbol.asyncDispose]());

  it("pages, bodies and lists have bounds", async () => {
    const token = shop.token("Ben");
    for (const limit of [101, 1_000_000, -1])
      assert.equal((await shop.ask(`GET /v1/products?limit=${limit}`, { token })).status, 400, `${limit}`);
    const large = { lines: [{ productId: "x".repeat(2_000_000), quantity: 1 }] };
    const headers = { "idempotency-key": "large" };
    assert.equal((await shop.ask("POST /v1/orders", { token, body: large, headers })).status, 413);
    const many = { lines: Array.from({ length: 5_000 }, () => ({ productId: subjectOf(token), quantity: 1 })) };
    assert.equal((await shop.ask("POST /v1/orders", { token, body: many, headers })).status, 400);
    assert.equal((await shop.ask("GET /v1/products", { headers: { authorization: `Bearer ${"x".repeat(9_000)}` } })).status, 401);
  });
});
