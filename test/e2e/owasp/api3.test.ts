import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { password } from "../../../examples/shop/seed.ts";
import { claimsOf, openTestShop, subjectOf, type TestShop } from "../shop/open-shop.ts";

// OWASP API Security Top 10 (2023), item 3.
describe("API3: broken object property level authorization", () => {
  let shop: TestShop;
  before(async () => {
    shop = await openTestShop();
  });
  after(() => shop?.[Symbol.asyncDispose]());

  it("a user is changed only in the properties that the operation takes, and shows no others", async () => {
    const token = shop.token("Ada");
    const ben = subjectOf(shop.token("Ben"));
    const read = async () => (await shop.ask(`GET /v1/users/${ben}`, { token })).body;
    const before = await read();
    for (const more of [{ roles: ["administrator"] }, { passwordHash: "none" }, { tenantId: "globex" }, { id: subjectOf(token) }]) {
      const { version } = await read();
      const headers = { "if-match": `"${version}"` };
      const { status } = await shop.ask(`PATCH /v1/users/${ben}`, { token, body: { name: "Benjamin", ...more }, headers });
      assert.equal(status, 200, JSON.stringify(more));
    }
    const after = await read();
    assert.deepEqual({ ...after, name: before.name, version: before.version }, before);
    const { body: session } = await shop.ask("POST /v1/sessions", { body: { tenant: "acme", email: before.email, password } });
    assert.deepEqual(claimsOf(session.token).roles, ["customer"]);
    assert.ok(!/hash|argon/i.test(JSON.stringify(after)), "the hash of a password is shown to no caller");
  });
});
