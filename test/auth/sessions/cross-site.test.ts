import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { action, command, query, signedIn } from "plimsoll";
import { apiKeys, issueApiKey, sessions } from "plimsoll/auth";
import { postgres } from "plimsoll/postgres";
import { type TestDatabase, testDatabase } from "plimsoll/testing";
import { z } from "zod";
import { crossSite, type Sender } from "../../../src/http/credentials/cross-site.ts";
import { type Served, serve } from "../../e2e/http/app.ts";

const app = "https://app.example.com";

describe("a request that writes with a cookie", () => {
  const own: Sender = { site: undefined, origin: undefined, host: "shop.example.com", custom: false };
  const good: readonly Partial<Sender>[] = [
    { site: "same-origin" },
    { site: "none" },
    { site: "same-origin", origin: "https://shop.example.com" },
    { site: "cross-site", origin: app },
    { site: "same-site", origin: app },
    { origin: "https://shop.example.com" },
    { origin: "https://shop.example.com:8443", host: "shop.example.com:8443" },
    { origin: "https://shop.example.com", host: "Shop.Example.COM" },
    { origin: "https://shop.example.com", host: "shop.example.com:443" },
    { custom: true },
  ];
  const bad: readonly Partial<Sender>[] = [
    {},
    { site: "cross-site" },
    { site: "same-site" },
    { site: "same-site", origin: "https://other.example.com" },
    { site: "cross-site", origin: "null" },
    { site: "cross-site", origin: "https://shop.example.com" },
    { site: "cross-site", custom: true },
    { site: "same-origin, cross-site" },
    { site: "" },
    { origin: "null" },
    { origin: "http://shop.example.com" },
    { origin: "https://shop.example.com:8443" },
    { origin: "https://shop.example.com", host: "shop.example.com:8443" },
    { origin: "https://shop.example.com", host: "shop.example.com:4430" },
    { origin: "https://shop.example.com", host: "shop.example.com:443:443" },
    { origin: "https://shop.example.com.evil.test" },
    { origin: "https://evil.test", custom: true },
    { origin: "https://undefined", host: undefined },
  ];
  for (const sender of good)
    it(`counts if it says ${JSON.stringify(sender)}`, () =>
      assert.equal(crossSite({ ...own, ...sender }, { origins: [app], known: true }), undefined));
  for (const sender of bad)
    it(`is refused if it says ${JSON.stringify(sender)}`, () => {
      const fault = crossSite({ ...own, ...sender }, { origins: [app], known: true });
      assert.deepEqual([fault?.code, fault?.type], ["permission_denied", "cross_site_request"]);
    });

  it("may say nothing of its page if it has no cookie: then it is none of a browser", () => {
    assert.equal(crossSite(own, { origins: [], known: false }), undefined);
    assert.ok(crossSite({ ...own, site: "cross-site" }, { origins: [], known: false }));
    assert.ok(crossSite({ ...own, origin: "https://evil.test" }, { origins: [], known: false }));
  });
});

describe("over HTTP", () => {
  const session = sessions({ origins: [app] });
  const { key, id, hash } = issueApiKey("desk");
  const keys = apiKeys({
    ...{ prefix: "desk", header: "X-Api-Key" },
    find: (known) =>
      known === id ? { hashes: [hash], actor: { id: "robot", kind: "service", roles: [], tenant: undefined, claims: {} } } : undefined,
  });
  const signIn = command("t.sign-in", {
    ...{ input: z.object({}), output: z.object({}), access: "public", idempotent: "no", budget: "5s", http: "POST /v1/sign-in" },
    async run(_, scope) {
      await session.start(scope, { id: "ann" });
      return {};
    },
  });
  const write = command("t.write", {
    ...{ input: z.object({}), output: z.object({ by: z.string() }), access: signedIn(), idempotent: "natural", budget: "5s" },
    ...{ http: "DELETE /v1/notes" },
    run: async (_, { actor }) => ({ by: actor.id }),
  });
  const read = query("t.read", {
    ...{ input: z.object({}), output: z.object({ by: z.string() }), access: signedIn(), budget: "5s", http: "GET /v1/notes" },
    run: async (_, { actor }) => ({ by: actor.id }),
  });

  const talk = action("t.talk", {
    ...{ input: z.object({}), stream: z.object({ by: z.string() }), receives: z.object({}), access: signedIn(), idempotent: "no" },
    ...{ budget: "5s", http: "GET /v1/talk" },
    async *run(_, { actor }) {
      yield { by: actor.id };
    },
  });

  let database: TestDatabase;
  let served: Served;
  let cookie = "";
  before(async () => {
    database = await testDatabase({ modules: [] });
    served = await serve([signIn, write, read, talk], { database: postgres({ url: database.url }), authentication: [keys, session] });
    const { headers } = await served.ask("POST", "/v1/sign-in", { headers: {}, body: {} });
    cookie = String(headers["set-cookie"]).split(";")[0]!;
  });
  after(async () => {
    await served?.[Symbol.asyncDispose]();
    await database?.drop();
  });

  /** Both ways: over a connection and by `app.fetch`. */
  async function both(line: string, headers: Readonly<Record<string, string>>) {
    const [method = "", path = ""] = line.split(" ");
    const wire = await served.ask(method, path, { headers });
    const direct = await served.app.fetch(new Request(`http://127.0.0.1${path}`, { method, headers: { ...headers, host: "127.0.0.1" } }));
    assert.equal(direct.status, wire.status);
    const body = (await direct.json()) as { readonly by?: string; readonly type?: string };
    return [direct.status, body.by ?? body.type] as const;
  }
  const refused = [403, "urn:plimsoll:cross_site_request"];

  it("reads need nothing, and writes must come from the own pages or a listed one", async () => {
    assert.deepEqual(await both("GET /v1/notes", { cookie, "sec-fetch-site": "cross-site", origin: "https://evil.test" }), [200, "ann"]);
    assert.deepEqual(await both("DELETE /v1/notes", { cookie, "sec-fetch-site": "same-origin" }), [200, "ann"]);
    assert.deepEqual(await both("DELETE /v1/notes", { cookie, origin: app, "sec-fetch-site": "cross-site" }), [200, "ann"]);
    assert.deepEqual(await both("DELETE /v1/notes", { cookie, "x-requested-with": "a program" }), [200, "ann"]);
    assert.deepEqual(await both("DELETE /v1/notes", { cookie }), refused);
    assert.deepEqual(await both("DELETE /v1/notes", { cookie, "sec-fetch-site": "same-site" }), refused);
    assert.deepEqual(await both("DELETE /v1/notes", { cookie, "sec-fetch-site": "cross-site", origin: "https://evil.test" }), refused);
  });

  it("a WebSocket is opened with the cookie by the own pages and listed ones alone, since its messages may write", async () => {
    const handshake = {
      upgrade: "websocket",
      connection: "Upgrade",
      "sec-websocket-version": "13",
      "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
    };
    const statusFor = async (headers: Readonly<Record<string, string>>) => {
      const wire = await served.wire();
      const lines = Object.entries({ host: "t", ...handshake, ...headers }).map((pair) => `${pair.join(": ")}\r\n`);
      const { status } = await wire.ask(`GET /v1/talk HTTP/1.1\r\n${lines.join("")}\r\n`, { head: true });
      wire.close();
      return status;
    };
    assert.equal(await statusFor({ cookie, origin: app, "sec-fetch-site": "cross-site" }), 101);
    assert.equal(await statusFor({ cookie, origin: "https://t" }), 101);
    assert.equal(await statusFor({ cookie, origin: "https://evil.test" }), 403);
    assert.equal(await statusFor({ cookie, origin: "https://evil.test", "sec-fetch-site": "cross-site" }), 403);
    assert.equal(await statusFor({ origin: app }), 401);
    assert.equal(await statusFor({ "x-api-key": key, origin: "https://evil.test" }), 101);
  });

  it("a cookie that is made up is refused in the same way", async () => {
    const made = `__Host-session=${"A".repeat(43)}`;
    assert.deepEqual(await both("DELETE /v1/notes", { cookie: made, "sec-fetch-site": "cross-site" }), refused);
  });

  it("a key in a header is no cookie: no page can send it, and it goes before the cookie", async () => {
    const foreign = { "sec-fetch-site": "cross-site", origin: "https://evil.test" };
    assert.deepEqual(await both("DELETE /v1/notes", { "x-api-key": key, ...foreign }), [200, "robot"]);
    assert.deepEqual(await both("DELETE /v1/notes", { "x-api-key": key, cookie, ...foreign }), [200, "robot"]);
    assert.deepEqual(await both("DELETE /v1/notes", { "x-api-key": "desk_wrong", cookie }), [401, "urn:plimsoll:token_invalid"]);
    assert.deepEqual(await both("DELETE /v1/notes", { "x-api-key": "another", cookie }), [401, "urn:plimsoll:token_invalid"]);
    assert.deepEqual(await both("DELETE /v1/notes", { authorization: `Bearer ${key}` }), [401, "urn:plimsoll:token_missing"]);
    assert.deepEqual(await both("GET /v1/notes", { authorization: "Basic YTpi", cookie }), [200, "ann"]);
  });

  it("a page of another origin can sign no caller in, so that a user does not write into the account of an attacker", async () => {
    const sent = (headers: Record<string, string>) => served.ask("POST", "/v1/sign-in", { headers, body: {} });
    const attacked = await sent({ "sec-fetch-site": "cross-site", origin: "https://evil.test" });
    assert.deepEqual([attacked.status, attacked.headers["set-cookie"]], [403, undefined]);
    for (const headers of [{ "sec-fetch-site": "same-origin" }, { origin: app, "sec-fetch-site": "cross-site" }, {}])
      assert.match(String((await sent(headers as Record<string, string>)).headers["set-cookie"]), /^__Host-session=[\w-]{43};/);
  });

  it("more cookies than a request may have, and a key that stands twice, are refused", async () => {
    const many = Array.from({ length: 181 }, (_, n) => `c${n}=1`).join("; ");
    assert.equal((await served.ask("GET", "/v1/notes", { headers: { cookie: many } })).status, 431);
    const wire = await served.wire();
    const response = await wire.ask(`GET /v1/notes HTTP/1.1\r\nhost: x\r\nx-api-key: ${key}\r\nx-api-key: ${key}\r\n\r\n`);
    assert.equal(response.status, 401);
  });
});
