import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { openTestShop, subjectOf, type TestShop } from "../shop/open-shop.ts";

// OWASP API Security Top 10 (2023), item 5.
describe("API5: broken function level authorization", () => {
  let shop: TestShop;
  before(async () => {
    shop = await openTestShop();
  });
  after(() => shop?.[Symbol.asyncDispose]());

  it("what administrators do is refused to customers and to callers who have not signed in, before the body is read", async () => {
    const ids = subjectOf(shop.token("Ben"));
    const lines = [
      "POST /v1/products",
      "POST /v1/users",
      "GET /v1/users",
      `DELETE /v1/users/${ids}`,
      `PUT /v1/users/${ids}/roles`,
      `PATCH /v1/users/${ids}`,
    ];
    for (const line of lines) {
      const more = line.startsWith("GET") ? {} : { body: { not: "valid" } };
      assert.equal((await shop.ask(line, { token: shop.token("Ben"), ...more })).status, 403, line);
      assert.equal((await shop.ask(line, more)).status, 401, line);
    }
    assert.equal((await shop.ask("GET /v1/users", { token: shop.token("Ada") })).status, 200);
  });
});
