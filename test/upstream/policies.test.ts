// A client with policies: what they do shows in the reply, in the metrics and in the fault.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { z } from "zod";
import { loadLines } from "../../src/core/load-line/load-lines.ts";
import { Metrics } from "../../src/core/metrics.ts";
import { constant } from "../../src/resilience/backoff.ts";
import { leasedRates } from "../../src/resilience/leases/leased-rates.ts";
import { MemoryLeases, memoryLeases } from "../../src/resilience/leases/memory-leases.ts";
import { breaker } from "../../src/resilience/policies/breaker/breaker.ts";
import { compose } from "../../src/resilience/policies/compose.ts";
import { fallback } from "../../src/resilience/policies/fallback.ts";
import { quota } from "../../src/resilience/policies/quota/quota.ts";
import { retryBudget } from "../../src/resilience/policies/retry/budget.ts";
import { retry } from "../../src/resilience/policies/retry/retry.ts";
import { singleFlight } from "../../src/resilience/policies/single-flight.ts";
import { TestClock } from "../../src/testing/clock.ts";
import { type HttpClient, httpClient } from "../../src/upstream/http-client.ts";
import { faultOf, open, serve } from "./open-upstream.ts";

const get = { method: "GET", path: "/", output: "text" } as const;
const soon = { backoff: constant(1), budget: retryBudget({ reserve: 100 }) };

describe("a client with a retry", () => {
  it("sends again what may pass, and says how often", async (t) => {
    let failures = 2;
    const upstream = await serve(t, (_, response) => (failures-- > 0 ? response.writeHead(503).end() : response.end("ok")));
    const { client, value } = open(t, upstream.url, { timeout: "5s", policy: retry({ attempts: 3, ...soon }) });
    const reply = await client.request(get);
    assert.deepEqual([reply.body, reply.attempts, upstream.requests.length], ["ok", 3, 3]);
    assert.deepEqual(
      [value("plimsoll_upstream_attempts_total", "upstream_failed"), value("plimsoll_upstream_attempts_total", "ok")],
      [2, 1],
    );
    assert.deepEqual([value("plimsoll_upstream_requests_total", "ok"), value("plimsoll_upstream_retries_total", "retry")], [1, 2]);
  });

  it("sends once what the upstream refuses, or what it answers in another form", async (t) => {
    const upstream = await serve(t, (request, response) =>
      request.url === "/form" ? response.end('"text"') : response.writeHead(404).end(),
    );
    const { client } = open(t, upstream.url, { timeout: "5s", policy: retry({ attempts: 3, ...soon }) });
    assert.equal((await faultOf(client.request(get))).type, "upstream_refused");
    assert.equal((await faultOf(client.request({ method: "GET", path: "/form", output: z.int() }))).type, "upstream_reply_invalid");
    assert.equal(upstream.requests.length, 2);
  });

  it("sends the same key each time", async (t) => {
    const upstream = await serve(t, (_, response) => response.writeHead(503).end());
    const { client } = open(t, upstream.url, { timeout: "5s", policy: retry({ attempts: 2, ...soon }) });
    await faultOf(client.request({ method: "POST", path: "/", body: {}, idempotencyKey: "key-1" }));
    const keys = upstream.requests.map(({ rawHeaders }) => rawHeaders[rawHeaders.indexOf("idempotency-key") + 1]);
    assert.deepEqual(keys, ["key-1", "key-1"]);
  });

  it("gives each attempt its own time", async (t) => {
    let requests = 0;
    const upstream = await serve(t, (_, response) => void (++requests > 1 && response.end("ok")));
    const { client, value } = open(t, upstream.url, { timeout: "200ms", policy: retry({ attempts: 2, ...soon }) });
    assert.equal((await client.request(get)).attempts, 2);
    assert.equal(value("plimsoll_upstream_attempts_total", "upstream_timeout"), 1);
  });
});

it("a breaker that is open shows, and sends nothing", async (t) => {
  const upstream = await serve(t, (_, response) => response.writeHead(500).end());
  const { client, value } = open(t, upstream.url, {
    timeout: "5s",
    policy: breaker({ consecutive: 2, openFor: "1m", longestOpenFor: "1m" }),
  });
  const phases = () => ["closed", "open", "half-open"].map((phase) => value("plimsoll_upstream_breaker", phase));
  assert.deepEqual(phases(), [1, 0, 0]);
  for (let i = 0; i < 2; i++) assert.equal((await faultOf(client.request(get))).type, "upstream_failed");
  assert.equal((await faultOf(client.request(get))).type, "breaker_open");
  assert.deepEqual(phases(), [0, 1, 0]);
  assert.equal(upstream.requests.length, 2);
  assert.equal(value("plimsoll_upstream_requests_total", "breaker_open"), 1);
});

describe("a client with a fallback", () => {
  it("says that a reply is stale, and that it is of the same request", async (t) => {
    let fails = false;
    const upstream = await serve(t, (request, response) => (fails ? response.writeHead(500).end() : response.end(request.url)));
    const { client, value } = open(t, upstream.url, { timeout: "5s", policy: fallback({ staleFor: "1m" }) });
    await client.request({ ...get, path: "/a" });
    await client.request({ ...get, path: "/a", headers: { "x-user": "1" } });
    assert.equal(value("plimsoll_upstream_degraded"), 0);
    fails = true;
    const stale = await client.request({ ...get, path: "/a" });
    assert.deepEqual([stale.body, stale.status, stale.attempts, stale.degraded?.source], ["/a", 200, 1, "stale"]);
    for (const other of [
      { ...get, path: "/b" },
      { ...get, path: "/a", headers: { "x-user": "2" } },
      { ...get, path: "/a", query: { b: 1 } },
    ])
      assert.equal((await faultOf(client.request(other))).type, "upstream_failed");
    assert.deepEqual([value("plimsoll_upstream_degraded"), value("plimsoll_upstream_degraded_total", "stale")], [1, 1]);
    assert.equal(value("plimsoll_upstream_requests_total", "degraded"), 1);
  });

  it("says that a body is declared", async (t) => {
    const upstream = await serve(t, (_, response) => response.writeHead(500).end());
    const { client } = open(t, upstream.url, { timeout: "5s", policy: fallback({ degraded: () => null }) });
    const { body, status, degraded } = await client.request(get);
    assert.deepEqual([body satisfies string | null, status, degraded], [null, 0, { source: "declared", ageMs: 0 }]);
  });
});

it("a client with one flight sends one request for all who ask the same", async (t) => {
  const upstream = await serve(t, (request, response) => void response.end(request.url));
  const { client } = open(t, upstream.url, { timeout: "5s", policy: compose(singleFlight(), retry()) });
  const bodies = await Promise.all(["/a", "/a", "/b", "/a"].map((path) => client.request({ ...get, path })));
  assert.deepEqual(
    bodies.map(({ body }) => body),
    ["/a", "/a", "/b", "/a"],
  );
  assert.equal(upstream.requests.length, 2);
});

it("a client with a quota learns it from refusals, for all of its paths", async (t) => {
  const upstream = await serve(t, (_, response) => response.writeHead(429, { "retry-after": "60", ratelimit: '"a";r=0;t=60' }).end());
  const policy = compose(singleFlight(), quota());
  const { client } = open(t, upstream.url, { timeout: "5s", policy });
  assert.equal((await faultOf(client.request({ ...get, path: "/a" }))).type, "upstream_rate_limited");
  const fault = await faultOf(client.request({ ...get, path: "/b" }));
  assert.deepEqual([fault.type, fault.code], ["upstream_quota", "resource_exhausted"]);
  assert.equal(upstream.requests.length, 1);
});

it("clients of processes that share their rates share what one has learnt of a quota", async (t) => {
  const clock = new TestClock();
  const leases = memoryLeases(new MemoryLeases(clock));
  let refuses = false;
  const upstream = await serve(t, (_, response) => (refuses ? response.writeHead(429, { "retry-after": "60" }).end() : response.end("ok")));
  const join = () => {
    const rates = leasedRates(leases).open({ app: "fleet", clock, answerWithinMs: 50, report: () => undefined });
    const declared = httpClient("prices", { allow: ["127.0.0.1"], baseUrl: upstream.url, timeout: "5s", policy: quota({ clock }) });
    const client = declared.spec!.create({ clock, metrics: new Metrics(), rates }) as HttpClient;
    t.after(() => client.close());
    return client;
  };
  const [one, other] = [join(), join()];
  await other.request(get);
  refuses = true;
  assert.equal((await faultOf(one.request(get))).type, "upstream_rate_limited");
  await clock.advanceAsync(300);
  assert.equal((await faultOf(other.request(get))).type, "upstream_quota");
  assert.equal(upstream.requests.length, 2);
  assert.equal(other[loadLines].find(({ name }) => name === "upstream prices quota")?.phase(), "shared");
});
