import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setTimeout } from "node:timers/promises";
import fc from "fast-check";
import { z } from "zod";
import { runtimeOf } from "../../../src/app/app.ts";
import { jwt } from "../../../src/auth/jwt.ts";
import { jwtIssuer } from "../../../src/auth/jwt-issuer.ts";
import { type HttpSpec, http } from "../../../src/http/http.ts";
import { signedIn } from "../../../src/operation/access.ts";
import { action } from "../../../src/operation/online/action.ts";
import { TestClock } from "../../../src/testing/clock.ts";
import { type Served, serve } from "./app.ts";
import { requestText } from "./client.ts";

const common = { input: z.object({}), output: z.object({ ok: z.boolean() }), budget: "5s", idempotent: "no" } as const;
const open = action("t.open", { ...common, access: "public", http: "POST /open", run: async () => ({ ok: true }) });
const own = action("t.own", { ...common, access: signedIn(), http: "POST /own", run: async () => ({ ok: true }) });
const key = { algorithm: "HS256", secret: "Zk3vP9qLw7RtY2nB5sXc8mJd4hGf6aTe" } as const;
const names = { issuer: "t", audience: "t" };
const burst = 5;

function limited(httpSpec: Partial<HttpSpec> & Record<string, unknown> = {}, mode: "enforce" | "measure" = "enforce"): Promise<Served> {
  const clock = new TestClock();
  return serve([open, own], {
    clock,
    rateLimit: { perSecond: 1, burst, mode },
    authentication: jwt({ keys: [key], ...names, clock }),
    http: { documents: true, ...httpSpec },
  });
}

const forged = (i: number) =>
  `Bearer eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.${Buffer.from(`{"sub":"${i}"}`).toString("base64url")}.${"A".repeat(43)}`;

/** The statuses of as many requests as are sent, one after the other. */
async function statuses(count: number, ask: (i: number) => Promise<number>): Promise<readonly number[]> {
  const all: number[] = [];
  for (let i = 0; i < count; i++) all.push(await ask(i));
  return all;
}

const over = (first: number) => [...Array<number>(burst).fill(first), 429, 429];

describe("strangers", () => {
  for (const [why, method, path, headers, first] of [
    ["forged tokens", "POST", "/own", (i: number) => ({ authorization: forged(i) }), 401],
    ["tokens that are none", "POST", "/own", (i: number) => ({ authorization: `Bearer x${i}` }), 401],
    ["another scheme", "POST", "/own", () => ({ authorization: "Basic YTpi" }), 401],
    ["bad tokens where none is needed", "POST", "/open", (i: number) => ({ authorization: `Bearer x${i}` }), 401],
    ["no token where one is needed (as before)", "POST", "/own", () => ({}), 401],
    ["unknown paths", "GET", "/nowhere", () => ({}), 404],
    ["unknown verbs", "PUT", "/open", () => ({}), 405],
    ["OPTIONS", "OPTIONS", "/open", () => ({}), 204],
    ["the document", "GET", "/openapi.json", () => ({}), 200],
    ["the page", "GET", "/docs", () => ({}), 200],
    ["targets that are too long", "GET", `/${"a".repeat(9_000)}`, () => ({}), 414],
  ] as const)
    it(`are limited by their address in ${why}`, async () => {
      await using served = await limited();
      const asked = (i: number) => served.ask(method, path, { headers: headers(i) }).then(({ status }) => status);
      assert.deepEqual(await statuses(burst + 2, asked), over(first));
    });

  it("are limited in all of that together", async () => {
    await using served = await limited();
    const ways = [
      () => served.ask("POST", "/own", { headers: { authorization: forged(1) } }),
      () => served.ask("GET", "/nowhere"),
      () => served.ask("POST", "/open"),
      () => served.ask("GET", "/openapi.json"),
      () => served.ask("POST", "/own"),
    ];
    for (const way of ways) assert.notEqual((await way()).status, 429);
    for (const way of ways) assert.equal((await way()).status, 429);
  });

  it("are limited where they send everything at once, before anything is verified", async () => {
    await using served = await limited();
    const all = await Promise.all(
      Array.from({ length: 20 }, (_, i) => served.ask("POST", "/own", { headers: { authorization: forged(i) } })),
    );
    assert.equal(all.filter(({ status }) => status === 401).length, burst);
    assert.equal(all.filter(({ status }) => status === 429).length, 20 - burst);
  });

  it("do not use up the rate of who signed in at the same address, nor the other way round", async () => {
    await using served = await limited();
    const clock = runtimeOf(served.app).clock;
    const sessions = jwtIssuer({ key, ...names, ttl: "1h", clock });
    const tokenOf = async (subject: string) => ({ authorization: `Bearer ${(await sessions.sign({ subject })).token}` });
    const ask = (headers: Record<string, string>) => served.ask("POST", "/own", { headers }).then(({ status }) => status);
    // More people than strangers may send requests: each with a token of his own that is verified for the first time.
    for (let i = 0; i < burst * 3; i++) assert.equal(await ask(await tokenOf(`user ${i}`)), 200);
    const ada = await tokenOf("ada");
    assert.equal(await ask(ada), 200);
    assert.deepEqual(await statuses(burst + 2, (i) => ask({ authorization: forged(i) })), over(401));
    assert.equal(await ask(ada), 200, "her token is known");
  });

  it("are let through and reported in measure mode (as before)", async () => {
    await using served = await limited({}, "measure");
    const ask = (i: number) => served.ask("POST", "/own", { headers: { authorization: forged(i) } }).then(({ status }) => status);
    assert.deepEqual(await statuses(8, ask), Array(8).fill(401));
    assert.equal((await served.ask("GET", "/nowhere")).status, 404);
  });

  it("of app.fetch are limited, by the address that is given", async () => {
    await using served = await limited();
    const fetch = served.app.fetch as (request: Request, caller?: { readonly address?: string }) => Promise<Response>;
    const ask = (address?: string) =>
      fetch.call(served.app, new Request("http://test/open", { method: "POST" }), address === undefined ? {} : { address });
    const from = (address?: string) => statuses(burst + 2, () => ask(address).then(({ status }) => status));
    assert.deepEqual(await from("192.0.2.1"), over(200));
    assert.deepEqual(await from("192.0.2.2"), over(200));
    assert.deepEqual(await from("::ffff:192.0.2.2"), Array(burst + 2).fill(429));
    assert.deepEqual(await from(), over(200));
    const nowhere = await fetch.call(served.app, new Request("http://test/nowhere"));
    assert.equal(nowhere.status, 429);
  });
});

/** Whether requests with these headers share one rate with those of another set of headers, sent from 127.0.0.1. */
async function sharesRate(served: Served, one: Record<string, string>, two: Record<string, string>): Promise<boolean> {
  const ask = (headers: Record<string, string>) => served.ask("POST", "/open", { headers }).then(({ status }) => status);
  await statuses(burst, () => ask(one));
  assert.equal(await ask(one), 429);
  return (await ask(two)) === 429;
}

describe("trustProxy", () => {
  const byFor = { trustProxy: { from: ["127.0.0.0/8", "10.0.0.0/8", "fd00::/8"] } } as const;
  const byForwarded = { trustProxy: { from: ["127.0.0.0/8", "10.0.0.0/8", "fd00::/8"], header: "forwarded" } } as const;
  const xff = (text: string) => ({ "x-forwarded-for": text });
  const fwd = (text: string) => ({ forwarded: text });

  for (const [why, spec, one, two, shared] of [
    ["two callers of one proxy", byFor, xff("192.0.2.1"), xff("192.0.2.2"), false],
    ["one caller of one proxy (as before)", byFor, xff("192.0.2.1"), xff("192.0.2.1"), true],
    ["a caller who writes a list of his own (as before)", byFor, xff("198.51.100.1, 192.0.2.1"), xff("198.51.100.2, 192.0.2.1"), true],
    ["callers behind two proxies", byFor, xff("192.0.2.1, 10.0.0.1"), xff("192.0.2.2, 10.0.0.1"), false],
    ["a caller behind two proxies, and behind one (as before)", byFor, xff("192.0.2.1, 10.0.0.1"), xff("192.0.2.1"), true],
    ["a caller with a port, and without (as before)", byFor, xff("192.0.2.1:4711"), xff("192.0.2.1"), true],
    ["callers with ports", byFor, xff("192.0.2.1:4711"), xff("192.0.2.2:4711"), false],
    ["a caller of IPv6 in brackets with a port, and without (as before)", byFor, xff("[2001:db8::1]:80"), xff("2001:db8::2"), true],
    ["callers of IPv6 with ports", byFor, xff("[2001:db8::1]:80"), xff("[2001:db8:0:1::1]:80"), false],
    ["an IPv4 address that IPv6 carries (as before)", byFor, xff("::ffff:192.0.2.1"), xff("192.0.2.1"), true],
    ["IPv4 addresses that IPv6 carries", byFor, xff("::ffff:192.0.2.1"), xff("::ffff:192.0.2.2"), false],
    ["addresses with a zone", byFor, xff("fe80::1%eth0"), xff("2001:db8::1%eth0"), false],
    ["what is no address (as before)", byFor, xff("unknown"), xff("999.1.1.1"), true],
    ["what is no address, and one that is", byFor, xff("unknown"), xff("192.0.2.1"), false],
    ["what stands before what is no address (as before)", byFor, xff("192.0.2.1, unknown"), xff("192.0.2.2, nonsense"), true],
    ["nothing but proxies", byFor, xff("10.0.0.1"), xff("10.0.0.2"), false],
    ["a header that is not the declared one (as before)", byFor, fwd("for=192.0.2.1"), fwd("for=192.0.2.2"), true],
    ["a caller who writes the other header too (as before)", byFor, { ...xff("192.0.2.1"), ...fwd("192.0.2.2") }, xff("192.0.2.1"), true],
    ["callers by Forwarded", byForwarded, fwd("for=192.0.2.1"), fwd("for=192.0.2.2"), false],
    [
      "callers by Forwarded with more in it",
      byForwarded,
      fwd("proto=https;For=192.0.2.1;by=10.0.0.1"),
      fwd('for="192.0.2.2:80";host="a, b"'),
      false,
    ],
    ["callers by Forwarded of IPv6", byForwarded, fwd('for="[2001:db8::1]:80"'), fwd('for="[2001:db8:1::1]"'), false],
    [
      "one caller by Forwarded, with and without a port (as before)",
      byForwarded,
      fwd('for="[2001:db8::1]:80"'),
      fwd('for="[2001:db8::1]:_x"'),
      true,
    ],
    ["a caller who quotes what the proxy adds (as before)", byForwarded, fwd('for="a, for=192.0.2.1'), fwd('for="b, for=192.0.2.2'), true],
    ["a proxy that hides its callers (as before)", byForwarded, fwd("for=_hidden"), fwd("for=unknown"), true],
    ["a peer that is no proxy (as before)", { trustProxy: { from: ["10.0.0.0/8"] } }, xff("192.0.2.1"), xff("192.0.2.2"), true],
    ["no proxy at all (as before)", {}, xff("192.0.2.1"), xff("192.0.2.2"), true],
  ] as const)
    it(`tells apart or not: ${why}`, async () => {
      await using served = await limited(spec as Record<string, unknown>);
      assert.equal(await sharesRate(served, one, two), shared);
    });

  it("is asked of the declared networks by app.fetch too", async () => {
    type Module = typeof import("../../../src/http/peer/proxies.ts");
    const { Proxies } = (await import("../../../src/http/peer/proxies.ts").catch(() => ({}))) as Partial<Module>;
    assert.ok(Proxies, "proxies are a module of their own");
    const proxies = new Proxies(byFor.trustProxy);
    const headers = { forwardedFor: "192.0.2.1", forwarded: "for=192.0.2.2" };
    assert.equal(proxies.callerOf("127.0.0.1", headers), "192.0.2.1");
    assert.equal(proxies.callerOf("203.0.113.9", headers), "203.0.113.9");
    assert.equal(new Proxies(byForwarded.trustProxy).callerOf("127.0.0.1", headers), "192.0.2.2");
  });

  it("joins the lines of a list", async () => {
    await using served = await limited(byFor as Record<string, unknown>);
    const ask = async (last: string) => {
      const wire = await served.wire();
      const text = requestText("POST", "/open", { headers: xff("198.51.100.1") }).toString();
      const answer = await wire.ask(text.replace("\r\n\r\n", `\r\nX-Forwarded-For: ${last}\r\n\r\n`));
      wire.close();
      return answer.status;
    };
    assert.deepEqual(await statuses(burst + 1, () => ask("192.0.2.1")), [...Array(burst).fill(200), 429]);
    assert.equal(await ask("192.0.2.2"), 200);
  });

  it("bounds what one caller has under way, and not what its proxy has", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const slow = action("t.slow", {
      ...common,
      access: "public",
      http: "POST /slow",
      run: async () => {
        await promise;
        return { ok: true };
      },
    });
    await using served = await serve([slow], { http: { ...(byFor as Partial<HttpSpec>), limits: { requestsPerAddress: 1 } } });
    const first = served.ask("POST", "/slow", { headers: xff("192.0.2.1") });
    while (runtimeOf(served.app).inFlight < 1) await new Promise<void>((done) => void setImmediate(done));
    const again = served.ask("POST", "/slow", { headers: xff("192.0.2.1") });
    assert.equal((await again).status, 429);
    const second = served.ask("POST", "/slow", { headers: xff("192.0.2.2") });
    const turned = await Promise.race([second, setTimeout(200, undefined)]);
    resolve();
    assert.equal(turned, undefined, "the second caller's is under way");
    assert.deepEqual([(await first).status, (await second).status], [200, 200]);
  });

  for (const from of [
    [],
    ["10.0.0.0/33"],
    ["nonsense"],
    ["10.0.0.0/8/8"],
    ["fe80::1%eth0"],
    ["::ffff:10.0.0.0/104"],
    ["10.0.0.0/-1"],
    ["*"],
  ])
    it(`does not start with the networks ${JSON.stringify(from)}`, () => {
      const make = () => http({ port: 0, host: "127.0.0.1", trustProxy: { from } } as HttpSpec);
      assert.throws(make, { type: "trust_proxy_invalid" });
    });

  it("is declared as the guide says", async () => {
    const surface = () =>
      http({ port: 0, host: "127.0.0.1", trustProxy: { from: ["127.0.0.0/8", "fd00::/8"], header: "x-forwarded-for" } });
    assert.equal(surface().name, "http");
    assert.throws(() => http({ port: 0, trustProxy: { from: ["127.0.0.1"], header: "x-real-ip" } } as unknown as HttpSpec), {
      type: "trust_proxy_invalid",
    });
  });
});

describe("the network of an address", () => {
  // By the rate of app.fetch: whether two addresses share one.
  const group = fc.integer({ min: 0, max: 0xffff });
  const spelled = (groups: readonly number[], how: "long" | "short" | "upper"): string => {
    const texts = groups.map((one) => one.toString(16));
    if (how === "long") return texts.map((one) => one.padStart(4, "0")).join(":");
    const plain = texts.join(":").replace(/(?:^|:)0(?::0)+(?::|$)/, "::");
    return how === "upper" ? plain.toUpperCase() : plain;
  };
  const spelling = fc.constantFrom("long" as const, "short" as const, "upper" as const);
  // Zeros are where spellings differ.
  const groups = fc.array(fc.oneof({ weight: 2, arbitrary: fc.constant(0) }, group), { minLength: 8, maxLength: 8 });

  it("is one for two addresses of IPv6 if and only if their first 64 bits are the same, however they are written", async () => {
    const { networkOf } = (await import("../../../src/core/node/address.ts").catch(() => ({}))) as { networkOf?: (text: string) => string };
    assert.ok(networkOf, "networkOf is a module of its own");
    const carriesIpv4 = (all: readonly number[]) => all.slice(0, 5).every((one) => one === 0) && all[5] === 0xffff;
    fc.assert(
      fc.property(groups, groups, fc.boolean(), spelling, spelling, (one, other, same, how, howElse) => {
        const two = same ? [...one.slice(0, 4), ...other.slice(4)] : other;
        fc.pre(!carriesIpv4(one) && !carriesIpv4(two));
        const shared = one.slice(0, 4).join() === two.slice(0, 4).join();
        assert.equal(networkOf(spelled(one, how)) === networkOf(spelled(two, howElse)), shared);
      }),
      { numRuns: 2_000 },
    );
  });

  it("of IPv4 is the address itself, also where IPv6 carries it", async () => {
    const { networkOf } = (await import("../../../src/core/node/address.ts").catch(() => ({}))) as { networkOf?: (text: string) => string };
    assert.ok(networkOf, "networkOf is a module of its own");
    fc.assert(
      fc.property(fc.ipV4(), (address) => {
        const [a = 0, b = 0, c = 0, d = 0] = address.split(".").map(Number);
        const carried = `::ffff:${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
        for (const text of [address, `::ffff:${address}`, `::FFFF:${address}`, carried, `0:0:0:0:0:ffff:${address}`])
          assert.equal(networkOf(text), address);
      }),
    );
  });
});
