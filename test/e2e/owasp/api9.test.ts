import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { runtimeOf } from "../../../src/app/app.ts";
import { httpOf } from "../../../src/operation/route.ts";
import { openTestShop, type TestShop } from "../shop/open-shop.ts";

// OWASP API Security Top 10 (2023), item 9.
describe("API9: improper inventory management", () => {
  let shop: TestShop;
  before(async () => {
    shop = await openTestShop();
  });
  after(() => shop?.[Symbol.asyncDispose]());

  it("the document lists every route that is served, and the pages of the ops port are not on the public one", async () => {
    const { body } = await shop.ask("GET /openapi.json");
    const listed = Object.entries(body.paths as Record<string, object>).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    const declared = [...runtimeOf(shop.app).registry.operations.values()].flatMap(({ operation }) => httpOf(operation.spec)?.route ?? []);
    assert.ok(declared.length > 10);
    assert.deepEqual(listed.toSorted(), declared.toSorted());
    for (const path of ["/metrics", "/access", "/loadlines", "/tasks", "/readyz", "/v0/products", "/v2/products", "/admin", "/.env"])
      assert.equal((await shop.ask(`GET ${path}`, { token: shop.token("Ada") })).status, 404, path);
  });
});
