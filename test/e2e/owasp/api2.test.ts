import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { after, before, describe, it } from "node:test";
import { openTestShop, type TestShop, testSpec } from "../shop/open-shop.ts";

// OWASP API Security Top 10 (2023), item 2.
describe("API2: broken authentication", () => {
  let shop: TestShop;
  before(async () => {
    shop = await openTestShop();
  });
  after(() => shop?.[Symbol.asyncDispose]());

  it("a token is good only as it was signed", async () => {
    const token = shop.token("Ben");
    const [header = "", claims = "", signature = ""] = token.split(".");
    const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString("base64url");
    const read = (part: string) => JSON.parse(Buffer.from(part, "base64url").toString());
    const admin = encode({ ...read(claims), roles: ["administrator"] });
    const signed = (text: string, secret: string) => `${text}.${createHmac("sha256", secret).update(text).digest("base64url")}`;
    const forged = {
      "other claims": `${header}.${admin}.${signature}`,
      "no signature": `${encode({ alg: "none" })}.${admin}.`,
      "an empty one": `${header}.${admin}.`,
      "another secret": signed(`${header}.${admin}`, "a secret that the shop does not have"),
      "the empty secret": signed(`${header}.${admin}`, ""),
    };
    for (const [what, given] of Object.entries(forged)) {
      const { status, body } = await shop.ask("GET /v1/users", { token: given });
      assert.deepEqual([status, body.type], [401, "urn:plimsoll:token_invalid"], what);
    }
    const past = encode({ ...read(claims), exp: 1 });
    assert.equal(
      (await shop.ask("GET /v1/products", { token: signed(`${header}.${past}`, testSpec.secret) })).status,
      401,
      "it has expired",
    );
    assert.equal((await shop.ask("GET /v1/products", { token })).status, 200);
  });

  it("a sign-in does not say whether the user or the password is wrong", async () => {
    const signIn = async (email: string) => {
      const { status, body } = await shop.ask("POST /v1/sessions", { body: { tenant: "acme", email, password: "a wrong password" } });
      return { status, body: { ...body, requestId: "", instance: "" } };
    };
    assert.deepEqual(await signIn("ben@acme.example"), await signIn("unknown@acme.example"));
  });
});
