import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { action, authenticator, badCredential, memoryRates, type RateStore, role } from "plimsoll";
import { rateStoreConformance, TestClock } from "plimsoll/testing";
import { z } from "zod";
import { serve } from "../../e2e/http/app.ts";
import { sharedRates, ToyServer, type ToyState } from "./shared-rates.ts";

const quick = action("t.quick", {
  ...{ input: z.object({}), output: z.object({ ok: z.boolean() }), access: "public", budget: "5s", idempotent: "no" },
  http: "POST /quick",
  run: async () => ({ ok: true }),
});
const closed = action("t.closed", {
  ...{ input: z.object({}), output: z.object({ ok: z.boolean() }), access: role("clerk"), budget: "5s", idempotent: "no" },
  http: "POST /closed",
  run: async () => ({ ok: true }),
});
const clerks = authenticator({
  authenticate: (token) =>
    token === "good" ? { id: "ann", kind: "user", roles: ["clerk"], tenant: undefined, claims: {} } : badCredential("It is unknown."),
});

function suite(create: (clock: TestClock) => RateStore) {
  const clock = new TestClock();
  return rateStoreConformance({ create: () => create(clock), clock, pass: (ms) => clock.advance(Math.ceil(ms)) });
}

describe("the store of rates in memory", () => {
  for (const { name, run } of suite(memoryRates)) it(name, run);
});

describe("a toy store of rates", () => {
  for (const { name, run } of suite((clock) => sharedRates(new ToyServer(clock)))) it(name, run);

  it("fails its conformance suite where it counts what it refuses, or counts all keys as one", async () => {
    const failed = async (change: (store: RateStore) => RateStore) => {
      const names: string[] = [];
      for (const { name, run } of suite(() => change(memoryRates()))) await run().catch(() => names.push(name));
      return names;
    };
    const oneKey: RateStore = {
      name: "one key",
      open: (host) => {
        const rates = memoryRates().open(host);
        return {
          limiter: (spec) => {
            const limiter = rates.limiter(spec);
            return { take: (_key, now) => limiter.take("", now), refund: () => limiter.refund("") };
          },
        };
      },
    };
    assert.deepEqual(await failed((store) => store), []);
    assert.deepEqual(await failed(() => oneKey), ["counts each key for itself", "takes any text for a key"]);
    const deaf: RateStore = {
      name: "deaf",
      open: (host) => ({
        limiter: (spec) => ({ take: (key, now) => memoryRates().open(host).limiter(spec).take(key, now), refund: () => undefined }),
      }),
    };
    assert.ok((await failed(() => deaf)).includes("allows the burst of a key that was idle, and no more"));
  });
});

describe("an app whose rates are in a shared store", () => {
  const app = async (server: ToyServer, rateLimit: object = {}) =>
    serve([quick, closed], {
      ...{ clock: server.clock, authentication: clerks },
      rateLimit: { perSecond: 1, burst: 2, store: sharedRates(server), ...rateLimit },
    });
  const statuses = async (served: Awaited<ReturnType<typeof app>>, count: number) => {
    const seen: number[] = [];
    for (let i = 0; i < count; i++) seen.push((await served.ask("POST", "/quick")).status);
    return seen;
  };

  it("counts a caller once for all processes, and lets connections go", async () => {
    const server = new ToyServer(new TestClock());
    {
      await using one = await app(server);
      await using other = await app(server);
      assert.equal(server.connected, 2);
      assert.deepEqual([...(await statuses(one, 1)), ...(await statuses(other, 1))], [200, 200]);
      const { status, json, headers } = await one.ask("POST", "/quick");
      assert.deepEqual([status, json.type], [429, "urn:plimsoll:rate_limited"]);
      assert.match(headers["retry-after"] ?? "", /^[12]$/);
      assert.deepEqual(await statuses(other, 1), [429]);
    }
    assert.equal(server.connected, 0);
  });

  it("limits what reaches no operation, and responds in order", async () => {
    await using served = await app(new ToyServer(new TestClock()));
    const seen: number[] = [];
    for (let i = 0; i < 3; i++) seen.push((await served.ask("POST", "/nothing")).status);
    assert.deepEqual(seen, [404, 404, 429]);
  });

  it("limits guesses of credentials by address, and returns what good ones took", async () => {
    const server = new ToyServer(new TestClock());
    await using served = await app(server);
    const send = async (token: string) => (await served.ask("POST", "/closed", { headers: { authorization: `Bearer ${token}` } })).status;
    assert.deepEqual([await send("good"), await send("bad"), await send("bad"), await send("bad")], [200, 401, 401, 429]);
  });

  it("reports and refuses nothing in measure mode", async () => {
    await using served = await app(new ToyServer(new TestClock()), { mode: "measure", burst: 1 });
    assert.deepEqual(await statuses(served, 1), [200]);
    const executed = served.executed();
    assert.deepEqual(await statuses(served, 1), [200]);
    assert.deepEqual((await executed).refusal?.mode, "measure");
  });

  const policies = { local: [200, 200, 429], allow: [200, 200, 200], refuse: [503, 503, 503] } as const;
  for (const [withoutStore, expected] of Object.entries(policies)) {
    for (const state of ["fails", "throws", "lies"] satisfies ToyState[]) {
      it(`decides by "${withoutStore}" while the store ${state}, asks it no more for a second, and then again`, async () => {
        const server = new ToyServer(new TestClock());
        await using served = await app(server, { withoutStore });
        server.state = state;
        assert.deepEqual(await statuses(served, 3), expected);
        assert.equal(server.asked, state === "throws" ? 0 : 1);
        server.state = "answers";
        (server.clock as TestClock).advance(1_000);
        assert.deepEqual(await statuses(served, 3), [200, 200, 429]);
      });
    }
  }

  it("says in the fault whose failure it is", async () => {
    const server = new ToyServer(new TestClock());
    server.state = "fails";
    await using served = await app(server, { withoutStore: "refuse" });
    for (const path of ["/quick", "/nothing"]) {
      const { status, json, headers } = await served.ask("POST", path);
      assert.deepEqual([status, json.code, json.type], [503, "unavailable", "urn:plimsoll:rate_store_unavailable"]);
      assert.equal(headers["retry-after"], "1");
    }
  });

  it("waits for a store that hangs no longer than it is allowed to, and once a second", async () => {
    const clock = new TestClock();
    const server = new ToyServer(clock);
    server.state = "hangs";
    await using served = await app(server, { answerWithin: "20ms" });
    const [before, asking] = [clock.pending, served.ask("POST", "/quick")];
    while (server.asked === 0 || clock.pending === before) await new Promise((resolve) => void setImmediate(resolve));
    clock.advance(19);
    let settled = false;
    void asking.then(() => {
      settled = true;
    });
    for (let i = 0; i < 20; i++) await new Promise((resolve) => void setImmediate(resolve));
    assert.equal(settled, false);
    clock.advance(1);
    assert.equal((await asking).status, 200);
    assert.deepEqual([await statuses(served, 2), server.asked], [[200, 429], 1]);
  });
});
