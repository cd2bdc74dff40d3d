import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { password } from "../../../../examples/shop/seed.ts";
import { requestText } from "../../http/client.ts";
import { H2Client } from "../../http2/client.ts";
import { secureWire, server } from "../../tls/secure.ts";
import { openTestShop, type TestShop } from "../open-shop.ts";
import { codeOf } from "./codes.ts";

const own = "/v1/browser-sessions/own";
const ada = { tenant: "acme", email: "ada@acme.example", password };

describe("a sign-in over HTTP/2", () => {
  let shop: TestShop;
  let port: number;
  let client: H2Client;
  before(async () => {
    shop = await openTestShop({ tls: { cert: server.cert, key: server.key, http2: true }, origin: "https://shop.test" });
    port = Number(new URL(shop.url).port);
    client = await H2Client.open(port);
  });
  after(async () => {
    await client?.[Symbol.asyncDispose]();
    await shop?.[Symbol.asyncDispose]();
  });

  /** Sends the form of the page, as a browser does; returns the status, or the type of the problem, and the cookie of the session. */
  const enter = async (more = {}, from: Record<string, string> = { origin: "https://shop.test" }, by = client) => {
    const reply = await by.ask("POST", "/v1/browser-sessions", { body: { ...ada, ...more }, headers: from });
    const [set, ...others] = reply.headers["set-cookie"] ?? [];
    assert.equal(others.length, 0);
    if (reply.status >= 400) assert.equal(set, undefined, "what is refused opens no session");
    else assert.match(set ?? "", /^__Host-[\w-]+=[\w.~-]+; Path=\/; Max-Age=\d+; Secure; HttpOnly; SameSite=\w+$/);
    return { outcome: reply.status < 400 ? reply.status : reply.json.type, cookie: set?.split(";", 1)[0] ?? "" };
  };
  const whoAmI = async (cookie: string | string[], by = client) => {
    const { status, json } = await by.ask("GET", own, { headers: { cookie } });
    return status === 200 ? json.email : json.type;
  };
  /** A process accepts what it has looked up for a second: asks until it does no more, and not for longer. */
  const ended = async (cookie: string, by = client) => {
    const since = performance.now();
    for (;;) {
      const askedAt = performance.now();
      const known = await whoAmI(cookie, by);
      if (known === "urn:plimsoll:token_missing") return;
      assert.ok(askedAt - since < 2_000, `the session has ended, and is still that of ${known}`);
    }
  };

  it("takes password and second factor, keeps the session in a cookie, and signs out on every connection", async () => {
    assert.equal((await enter({ password: "a wrong password" })).outcome, "urn:plimsoll:wrong_credentials");
    const first = await enter();
    assert.equal(first.outcome, 204);
    const signedIn = { cookie: first.cookie, origin: "https://shop.test" };
    const { json: begun } = await client.ask("POST", "/v1/second-factor", { body: {}, headers: signedIn });
    // Half a minute may pass until it is sent again: then the app shows another one.
    const used = codeOf(begun.secret);
    const confirmed = await client.ask("POST", "/v1/second-factor/confirm", { body: { code: used }, headers: signedIn });
    assert.equal(confirmed.json.recoveryCodes.length, 10);
    assert.equal((await client.ask("DELETE", own, { headers: signedIn })).status, 204);
    await ended(first.cookie);

    assert.equal((await enter()).outcome, "urn:plimsoll:second_factor_needed");
    assert.equal((await enter({ code: "000000" })).outcome, "urn:plimsoll:wrong_credentials");
    assert.equal((await enter({ code: used })).outcome, "urn:plimsoll:wrong_credentials", "a code is good once");
    const code = codeOf(begun.secret, 1);
    const { outcome, cookie } = await enter({ code });
    assert.equal(outcome, 204);
    assert.notEqual(cookie, first.cookie);
    assert.equal((await enter({ code })).outcome, "urn:plimsoll:wrong_credentials");
    assert.equal((await enter({ code: confirmed.json.recoveryCodes[0] })).outcome, 204);

    // A browser may send each cookie in a line of its own, and open other connections, of either version.
    assert.equal(await whoAmI(["theme=dark", cookie]), ada.email);
    await using other = await H2Client.open(port);
    assert.equal(await whoAmI(cookie, other), ada.email);
    const wire = await secureWire(port);
    const get = requestText("GET", own, { headers: { cookie } }).toString();
    assert.equal((await wire.ask(get)).json.email, ada.email);

    assert.equal((await client.ask("DELETE", own, { headers: { cookie, origin: "https://shop.test" } })).status, 204);
    for (const by of [client, other]) await ended(cookie, by);
    assert.equal((await wire.ask(get)).status, 401);
    wire.close();
  });

  it("is refused to a page of another origin, and so is what it writes with the cookie", async () => {
    const user = { email: "ben@acme.example" };
    const pages = [
      { origin: "https://shop.test.evil.example" },
      { origin: "http://shop.test" },
      { origin: "null" },
      { "sec-fetch-site": "cross-site", origin: "https://evil.example" },
    ];
    for (const from of pages) assert.equal((await enter(user, from)).outcome, "urn:plimsoll:cross_site_request", JSON.stringify(from));
    const { cookie } = await enter(user);
    for (const from of pages) {
      const { json } = await client.ask("POST", "/v1/second-factor", { body: {}, headers: { ...from, cookie } });
      assert.equal(json.type, "urn:plimsoll:cross_site_request", JSON.stringify(from));
    }
    assert.equal(await whoAmI(cookie), user.email);
  });
});
