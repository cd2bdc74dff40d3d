import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { openTestShop, type TestShop } from "../shop/open-shop.ts";

// OWASP API Security Top 10 (2023), item 8.
describe("API8: security misconfiguration", () => {
  let shop: TestShop;
  before(async () => {
    shop = await openTestShop();
  });
  after(() => shop?.[Symbol.asyncDispose]());

  it("every reply has the headers that browsers obey, and none opens the API to other pages", async () => {
    const asked = [
      await shop.ask("GET /v1/products", { token: shop.token("Ben"), headers: { origin: "https://evil.example" } }),
      await shop.ask("GET /v1/products", { headers: { origin: "https://evil.example" } }),
      await shop.ask("GET /v1/none", { headers: { origin: "https://evil.example" } }),
      await shop.ask("OPTIONS /v1/products", { headers: { origin: "https://evil.example", "access-control-request-method": "GET" } }),
    ];
    for (const { status, headers } of asked) {
      assert.equal(headers.get("x-content-type-options"), "nosniff", `${status}`);
      assert.match(headers.get("content-security-policy") ?? "", /default-src 'none'/);
      assert.equal(headers.get("cache-control"), "no-store");
      for (const name of ["access-control-allow-origin", "server", "x-powered-by"]) assert.equal(headers.get(name), null, name);
    }
    assert.deepEqual(asked.map(({ status }) => status).slice(0, 3), [200, 401, 404]);
  });
});
