// No server-side request forgery: whatever a name leads to, a client connects to the address that it has vetted, or to none.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import type { LookupAddress } from "node:dns";
import { describe, it } from "node:test";
import { systemClock } from "../../src/core/clock.ts";
import { Metrics } from "../../src/core/metrics.ts";
import { httpClient } from "../../src/upstream/http-client.ts";
import { faultOf, open, serve } from "./open-upstream.ts";

const get = { method: "GET", path: "/" } as const;
/** Those of `fetch`, before the first client was opened. */
const dispatchers = () =>
  [1, 2].map((version) => (globalThis as Readonly<Record<symbol, unknown>>)[Symbol.for(`undici.globalDispatcher.${version}`)]);
const before = dispatchers();
const host = { clock: systemClock, metrics: new Metrics() };

it("undici is loaded when the first client is made, and not by an app that only could make one", () => {
  const program = `
    import { registerHooks } from "node:module";
    const asked = [];
    registerHooks({ resolve: (specifier, context, next) => (asked.push(specifier), next(specifier, context)) });
    const isLoaded = () => asked.some((name) => name.startsWith("undici"));
    const { Metrics } = await import(${JSON.stringify(new URL("../../src/core/metrics.ts", import.meta.url).href)});
    const { systemClock } = await import(${JSON.stringify(new URL("../../src/core/clock.ts", import.meta.url).href)});
    const { httpClient } = await import("plimsoll/upstream");
    const declared = httpClient("prices", { baseUrl: "https://prices.example.com", timeout: "1s" });
    const before = isLoaded();
    declared.spec.create({ clock: systemClock, metrics: new Metrics() });
    console.log(before, isLoaded());`;
  const args = ["--conditions=source", "--input-type=module", "--eval", program];
  const cwd = new URL("../..", import.meta.url);
  assert.equal(execFileSync(process.execPath, args, { encoding: "utf8", cwd }), "false true\n");
});

describe("a name", () => {
  it("that leads to a private address is refused, and nothing connects", async (t) => {
    const upstream = await serve(t, (_, response) => response.end());
    const { client } = open(t, `http://localhost:${upstream.port}`, { timeout: "5s", allow: [] });
    const fault = await faultOf(client.request(get));
    assert.deepEqual([fault.type, fault.code, fault.status], ["upstream_address_refused", "failed_precondition", 502]);
    assert.ok(!fault.message.includes("127.0.0.1"), "the caller learns an address of the inside");
    assert.equal(upstream.connections, 0);
  });

  it("that leads to a public and to a private address connects to the public one alone", async (t) => {
    const upstream = await serve(t, (_, response) => response.end());
    const resolve = (_: string, callback: (error: null, found: LookupAddress[]) => void) =>
      callback(null, [
        { address: "127.0.0.2", family: 4 },
        { address: "127.0.0.1", family: 4 },
      ]);
    const { client } = open(t, `http://upstream.test:${upstream.port}`, { timeout: "5s", allow: ["127.0.0.1"], resolve });
    await client.request(get);
    assert.equal(upstream.connections, 1);
  });

  it("that leads elsewhere a moment later is vetted each time", async (t) => {
    const upstream = await serve(t, (_, response) => response.writeHead(200, { connection: "close" }).end());
    const answers = ["127.0.0.1", "127.0.0.2", "169.254.169.254", "::ffff:127.0.0.1", "::ffff:7f00:1", "0.0.0.0", "127.0.0.1"];
    let asked = 0;
    const resolve = (_: string, callback: (error: null, found: LookupAddress[]) => void) => {
      const address = answers[asked++]!;
      callback(null, [{ address, family: address.includes(":") ? 6 : 4 }]);
    };
    const { client } = open(t, `http://upstream.test:${upstream.port}`, { timeout: "5s", allow: ["127.0.0.1"], resolve });
    const outcomes: string[] = [];
    for (const _ of answers)
      outcomes.push(
        await client.request(get).then(
          () => "ok",
          ({ type }) => type,
        ),
      );
    assert.deepEqual(outcomes, ["ok", ...new Array(5).fill("upstream_address_refused"), "ok"]);
    assert.equal(asked, answers.length);
    assert.equal(upstream.connections, 2);
  });

  it("that leads nowhere is refused", async (t) => {
    const resolve = (_: string, callback: (error: null, found: LookupAddress[]) => void) => callback(null, []);
    const { client } = open(t, "http://upstream.test", { timeout: "5s", resolve });
    assert.equal((await faultOf(client.request(get))).type, "upstream_address_refused");
  });
});

describe("a base URL", () => {
  for (const address of [
    "127.0.0.1",
    "[::1]",
    "[::ffff:127.0.0.1]",
    "169.254.169.254",
    "2130706433",
    "0x7f.1",
    "10.0.0.1",
    "[fd00:ec2::254]",
    "0",
  ])
    it(`of http://${address} keeps the app from starting`, () => {
      const made = httpClient("prices", { baseUrl: `http://${address}/`, timeout: "1s" });
      assert.throws(() => made.spec!.create(host), { type: "upstream_address_refused", code: "failed_precondition" });
    });

  for (const [baseUrl, says] of [
    ["prices.example.com", /is no URL/],
    ["ftp://prices.example.com", /Write http or https/],
    ["https://user:secret@prices.example.com", /has credentials/],
    ["https://prices.example.com/?a=1", /has a query/],
  ] as const)
    it(`of ${baseUrl} keeps the app from starting`, () => {
      const made = httpClient("prices", { baseUrl, timeout: "1s" });
      assert.throws(() => made.spec!.create(host), { type: "upstream_options_invalid", message: says });
    });

  for (const options of [
    { timeout: 0 },
    { timeout: "11m" },
    { connections: 0 },
    { connections: 1.5 },
    { queue: -1 },
    { replyBytes: 0 },
    { headers: { host: "a" } },
  ] as const)
    it(`with ${JSON.stringify(options)} keeps the app from starting`, () => {
      const made = httpClient("prices", { baseUrl: "https://prices.example.com", timeout: "1s", ...options });
      assert.throws(() => made.spec!.create(host), { message: /prices/ });
    });
});

it("a redirect is not followed", async (t) => {
  const inside = await serve(t, (_, response) => response.end("secret"));
  const upstream = await serve(t, (_, response) => response.writeHead(302, { location: inside.url }).end());
  const { client } = open(t, upstream.url, { timeout: "5s" });
  assert.equal((await faultOf(client.request(get))).type, "upstream_redirected");
  assert.equal(inside.connections, 0);
});

it("the dispatcher of fetch stays that of Node.js", async (t) => {
  const upstream = await serve(t, (_, response) => response.end());
  const { client } = open(t, upstream.url, { timeout: "5s" });
  await client.request(get);
  for (const [at, dispatcher] of dispatchers().entries()) assert.equal(dispatcher, before[at]);
});
