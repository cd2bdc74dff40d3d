// What a client sends again, when, and how often: the contract allows it, Retry-After says when, the budget bounds it, and the deadline ends it.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { CallFault } from "plimsoll/client";
import { type Anything, faultOf, ok, refused, type Script, scripted } from "./steered.ts";

const routes = {
  operations: {
    "shop.read": { route: "GET /v1/read", repeat: "safe" },
    "shop.place": { route: "POST /v1/place", repeat: "key" },
    "shop.act": { route: "POST /v1/act" },
  },
} as const;
const overloaded = (headers: Record<string, string> = {}) => refused(503, { type: "overloaded", code: "unavailable", headers });
const busy: Script[number] = () => overloaded();
const open = (script: Script, options: Parameters<typeof scripted>[1] = {}) => scripted(script, { routes, ...options });

describe("a call is sent again", () => {
  const cases: readonly { readonly name: string; readonly operation: string; readonly reply: Script[number]; readonly attempts: number }[] =
    [
      { name: "a query that lacks capacity", operation: "read", reply: busy, attempts: 3 },
      { name: "a command with a key", operation: "place", reply: busy, attempts: 3 },
      { name: "a conflict", operation: "place", reply: () => refused(409, { type: "conflict", code: "aborted" }), attempts: 3 },
      {
        name: "a quota that is used up",
        operation: "read",
        reply: () => refused(429, { type: "rate_limited", code: "resource_exhausted" }),
        attempts: 3,
      },
      {
        name: "a service that cannot be reached",
        operation: "place",
        reply: () => Promise.reject(new TypeError("fetch failed")),
        attempts: 3,
      },
      { name: "a proxy without a backend", operation: "read", reply: () => new Response("<html>", { status: 502 }), attempts: 3 },
      { name: "never: an action that may not run twice", operation: "act", reply: busy, attempts: 1 },
      {
        name: "never: a bug of the service",
        operation: "read",
        reply: () => refused(500, { type: "internal", code: "internal" }),
        attempts: 1,
      },
      {
        name: "never: what the caller did wrong",
        operation: "read",
        reply: () => refused(400, { type: "invalid_input", code: "invalid_argument" }),
        attempts: 1,
      },
      {
        name: "never: what the operation declares",
        operation: "place",
        reply: () => refused(400, { type: "out_of_stock", code: "failed_precondition" }),
        attempts: 1,
      },
      { name: "never: a reply that is not JSON", operation: "read", reply: () => new Response("hello"), attempts: 1 },
    ];
  for (const { name, operation, reply, attempts } of cases)
    it(`${name}: ${attempts}`, async () => {
      const { api, sent, clock } = open([reply]);
      assert.ok((await clock.until(faultOf(api.shop![operation]!({})))) instanceof CallFault);
      assert.equal(sent.length, attempts);
      assert.equal(clock.pending, 0, "a timer is left");
    });
});

it("each attempt of a call has its key, and the next call another", async () => {
  const { api, sent, clock } = open([busy, () => ok({ orderId: "1" })]);
  assert.deepEqual(await clock.until(api.shop!.place!({ lines: [] })), { orderId: "1" });
  await clock.until(api.shop!.place!({ lines: [] }));
  await clock.until(api.shop!.place!({ lines: [] }, { key: "mine" }));
  await clock.until(api.shop!.read!({}));
  assert.deepEqual(
    sent.map(({ headers }) => headers["idempotency-key"]),
    ["key-1", "key-1", "key-2", "mine", undefined],
  );
});

describe("the wait", () => {
  it("doubles", async () => {
    const { api, sent, clock } = open([busy], { retry: { attempts: 4, backoffMs: 100 } });
    await clock.until(faultOf(api.shop!.read!({})));
    assert.deepEqual(
      sent.map(({ atMs }) => atMs),
      [0, 100, 300, 700],
    );
  });

  it("is never shorter than Retry-After", async () => {
    const { api, sent, clock } = open([() => overloaded({ "retry-after": "7" }), () => ok({})]);
    await clock.until(api.shop!.read!({}));
    assert.deepEqual(
      sent.map(({ atMs }) => atMs),
      [0, 7_100],
    );
  });

  it("is not begun where the caller has no time for it", async () => {
    const { api, sent, clock } = open([() => overloaded({ "retry-after": "60" })], { deadlineMs: 10_000 });
    const fault = await clock.until(faultOf(api.shop!.read!({})));
    assert.deepEqual(
      [fault.type, fault.code, fault.retryAfterMs, fault.status, fault.requestId],
      ["overloaded", "unavailable", 60_000, 503, "r-1"],
    );
    assert.deepEqual([sent.length, clock.monotonic()], [1, 0]);
  });
});

describe("the budget of all calls of a client", () => {
  it("ends the retries of a service that stays down", async () => {
    const { api, sent, clock } = open([busy], { retry: { attempts: 3, budget: { retries: 5, perSuccess: 1 } } });
    for (let call = 0; call < 10; call++) await clock.until(faultOf(api.shop!.read!({})));
    assert.equal(sent.length, 10 + 5);
  });

  it("comes back with successes", async () => {
    let isUp = false;
    const { api, sent, clock } = open([() => (isUp ? ok({}) : overloaded())], {
      retry: { attempts: 2, budget: { retries: 1, perSuccess: 0.5 } },
    });
    for (let call = 0; call < 2; call++) await clock.until(faultOf(api.shop!.read!({})));
    assert.equal(sent.length, 3);
    isUp = true;
    await clock.until(api.shop!.read!({}));
    await clock.until(api.shop!.read!({}));
    isUp = false;
    await clock.until(faultOf(api.shop!.read!({})));
    assert.equal(sent.length, 7);
  });
});

describe("the deadline", () => {
  /** A service that replies to no request, and lets go where its client leaves. */
  const silent: Script[number] = (_, signal) =>
    new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason as Error)));

  it("is sent to the service, less with each attempt", async () => {
    const { api, sent, clock } = open([busy], { deadlineMs: 1_000 });
    await clock.until(faultOf(api.shop!.read!({})));
    assert.deepEqual(
      sent.map(({ headers }) => headers["plimsoll-deadline-ms"]),
      ["1000", "900", "700"],
    );
  });

  it("is that of the caller where it has less left", async () => {
    const { api, sent } = open([() => ok({})]);
    await api.shop!.read!({}, { deadlineMs: 500, headers: { "plimsoll-deadline-ms": "40", traceparent: "00-a" } });
    assert.deepEqual([sent[0]!.headers["plimsoll-deadline-ms"], sent[0]!.headers.traceparent], ["40", "00-a"]);
  });

  it("ends an attempt", async () => {
    const { api, clock } = open([silent], { deadlineMs: 300 });
    const fault = await clock.until(faultOf(api.shop!.read!({})));
    assert.deepEqual([fault.code, fault.type, clock.monotonic(), clock.pending], ["deadline_exceeded", "deadline_exceeded", 300, 0]);
  });

  it("says what the attempt before ended with", async () => {
    const { api, clock } = open([busy, silent], { deadlineMs: 300 });
    const fault = await clock.until(faultOf(api.shop!.read!({})));
    assert.equal((fault.cause as CallFault).type, "overloaded");
  });

  it("also counts for routes that do not come", async () => {
    const { api, clock } = scripted([silent], { deadlineMs: 300 });
    assert.equal((await clock.until(faultOf(api.shop!.read!({})))).code, "deadline_exceeded");
  });

  it("gives way to the caller who leaves", async () => {
    const leaving = new AbortController();
    const { api, clock } = open([silent]);
    const call = faultOf(api.shop!.read!({}, { signal: leaving.signal }));
    leaving.abort("enough");
    const fault = await clock.until(call);
    assert.deepEqual([fault.code, fault.cause, clock.monotonic()], ["cancelled", "enough", 0]);
    const later = await clock.until(faultOf(api.shop!.read!({}, { signal: leaving.signal })));
    assert.equal(later.code, "cancelled");
  });
});

it("routes are fetched once, and again where that failed", async () => {
  const { api, sent, clock } = scripted([() => new Response("", { status: 503 }), () => ok(routes), () => ok({ n: 1 })], {
    retry: { attempts: 1 },
  });
  assert.equal((await clock.until(faultOf(api.shop!.read!({})))).code, "unavailable");
  assert.deepEqual(await Promise.all([api.shop!.read!({}), api.shop!.read!({})]), [{ n: 1 }, { n: 1 }]);
  assert.deepEqual(
    sent.map(({ url }) => new URL(url).pathname),
    ["/client.json", "/client.json", "/v1/read", "/v1/read"],
  );
});

it("an operation that the routes do not have is named", async () => {
  const { api } = open([() => ok({})]);
  for (const path of ["gone", "constructor", "__proto__"]) {
    const fault = await faultOf((api as Anything).shop![path]!({}));
    assert.deepEqual([fault.code, fault.type], ["unimplemented", "client_route_unknown"]);
    assert.match(fault.message, new RegExp(`no operation shop.${path}`));
  }
});

it("a token and headers are asked for with each attempt", async () => {
  let asked = 0;
  const { api, sent, clock } = open([busy, () => ok({})], {
    token: async () => `t-${++asked}`,
    headers: () => ({ traceparent: `p-${asked}` }),
  });
  await clock.until(api.shop!.read!({}));
  assert.deepEqual(
    sent.map(({ headers }) => [headers.authorization, headers.traceparent]),
    [
      ["Bearer t-1", "p-1"],
      ["Bearer t-2", "p-2"],
    ],
  );
});
