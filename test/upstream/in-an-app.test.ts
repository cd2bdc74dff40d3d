// What an operation's deadline, trace and criticality do to the requests that it makes, and what these leave on its event.
import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { z } from "zod";
import { createApp } from "../../src/app/app.ts";
import { http } from "../../src/http/http.ts";
import { module } from "../../src/operation/module.ts";
import { action } from "../../src/operation/online/action.ts";
import { override, resource } from "../../src/operation/resource.ts";
import { constant } from "../../src/resilience/backoff.ts";
import { compose } from "../../src/resilience/policies/compose.ts";
import { fallback } from "../../src/resilience/policies/fallback.ts";
import { fanOut } from "../../src/resilience/policies/fan-out.ts";
import { retry } from "../../src/resilience/policies/retry/retry.ts";
import { testApp } from "../../src/testing/test-app.ts";
import { type HttpClient, httpClient, httpClients } from "../../src/upstream/http-client.ts";
import { faultOf, serve } from "./open-upstream.ts";

const Nothing = z.object({});
const common = { input: Nothing, output: z.object({ text: z.string() }), access: "public", idempotent: "natural" } as const;
const get = { method: "GET", path: "/{of}", params: { of: "a" }, output: "text" } as const;

async function opened(t: TestContext, url: string, budget: "5s" | "2s" = "5s") {
  const prices = httpClient("prices", {
    baseUrl: url,
    timeout: "4s",
    allow: ["127.0.0.1"],
    policy: compose(fallback({ staleFor: "1m" }), retry({ attempts: 2, backoff: constant(1) })),
  });
  const ask = action("shop.ask", {
    ...common,
    criticality: "critical",
    budget,
    uses: { prices },
    run: async (_, { prices }) => ({ text: (await prices.request(get)).body }),
  });
  const app = await testApp({ modules: [module("shop", { operations: [ask] })] });
  t.after(() => app.stop());
  return { app, ask };
}

const header = (rawHeaders: readonly string[], name: string) => rawHeaders[rawHeaders.indexOf(name) + 1]!;

describe("a request of an operation", () => {
  it("is part of its trace, attempt by attempt", async (t) => {
    let failures = 1;
    const upstream = await serve(t, (_, response) => (failures-- > 0 ? response.writeHead(500).end() : response.end("ok")));
    const { app, ask } = await opened(t, upstream.url);
    const [event] = await Promise.all([app.executed(ask), app.call(ask, {})]);
    const spans = event.spans!;
    const whole = spans.find(({ name }) => name === "upstream prices")!;
    const attempts = spans.filter(({ kind }) => kind === "client");
    assert.deepEqual([whole.parentSpanId, whole.kind, whole.failed], [event.spanId, "internal", false]);
    assert.deepEqual(whole.attributes, { "plimsoll.upstream": "prices", "plimsoll.upstream.attempts": 2 });
    assert.deepEqual(
      attempts.map(({ name, parentSpanId, failed }) => [name, parentSpanId, failed]),
      [
        ["GET /{of}", whole.spanId, true],
        ["GET /{of}", whole.spanId, false],
      ],
    );
    const place = {
      "plimsoll.upstream": "prices",
      "http.request.method": "GET",
      "url.template": "/{of}",
      "server.address": "127.0.0.1",
      "server.port": upstream.port,
    };
    assert.deepEqual(attempts[0]!.attributes, { ...place, "http.response.status_code": 500, "error.type": "upstream_failed" });
    assert.deepEqual(attempts[1]!.attributes, { ...place, "http.response.status_code": 200, "http.request.resend_count": 1 });
    assert.deepEqual(
      upstream.requests.map(({ rawHeaders }) => header(rawHeaders, "traceparent")),
      attempts.map(({ spanId }) => `00-${event.traceId}-${spanId}-01`),
    );
    assert.equal(header(upstream.requests[0]!.rawHeaders, "plimsoll-criticality"), "critical");
    const left = Number(header(upstream.requests[0]!.rawHeaders, "request-timeout-ms"));
    assert.ok(left > 1_000 && left <= 4_000, `${left} ms`);
  });

  it("has what the operation has left, and ends with it", async (t) => {
    const upstream = await serve(t, () => undefined);
    const { app, ask } = await opened(t, upstream.url, "2s");
    const [event, fault] = await Promise.all([app.executed(ask), faultOf(app.call(ask, {}))]);
    assert.equal(fault.code, "deadline_exceeded");
    assert.ok(Number(header(upstream.requests[0]!.rawHeaders, "request-timeout-ms")) <= 2_000);
    // All of it was waiting for the upstream, although the request never ended.
    assert.ok(event.upstreamMs!.prices! >= 1_000, JSON.stringify(event.upstreamMs));
    assert.ok(event.runningMs < event.upstreamMs!.prices!, `${event.runningMs} ms of its own`);
  });

  it("counts its time as that of the upstream, once for requests at once", async (t) => {
    const arrived: (() => void)[] = [];
    const upstream = await serve(t, (_, response) => {
      arrived.push(() => response.end("ok"));
      if (arrived.length === 3) setTimeout(() => arrived.forEach((answer) => void answer()), 150);
    });
    const prices = httpClient("prices", { baseUrl: upstream.url, timeout: "4s", allow: ["127.0.0.1"] });
    const ask = action("shop.ask", {
      ...common,
      budget: "5s",
      uses: { prices },
      run: async (_, { prices }) => ({
        text: (await fanOut([1, 2, 3], { concurrency: 3 }, async () => (await prices.request(get)).body)).join(),
      }),
    });
    await using app = await testApp({ modules: [module("shop", { operations: [ask] })] });
    const [event] = await Promise.all([app.executed(ask), app.call(ask, {})]);
    const { durationMs, queuedMs, runningMs, databaseMs, upstreamMs } = event;
    assert.ok(upstreamMs!.prices! >= 140 && upstreamMs!.prices! <= durationMs, `${upstreamMs!.prices} of ${durationMs} ms`);
    assert.ok(Math.abs(durationMs - (queuedMs + runningMs + databaseMs + upstreamMs!.prices!)) < 1);
  });

  it("notes on the event, the trace and the list of limits that its reply stands in for another", async (t) => {
    let fails = false;
    const upstream = await serve(t, (_, response) => (fails ? response.writeHead(500).end() : response.end("ok")));
    const { app, ask } = await opened(t, upstream.url);
    await app.call(ask, {});
    const phase = () => app.app.loadLines.list().find(({ name }) => name === "upstream prices fallback")?.phase;
    assert.equal(phase(), "normal");
    fails = true;
    const [event, reply] = await Promise.all([app.executed(ask), app.call(ask, {})]);
    assert.deepEqual([reply.text, { ...event.notes }], ["ok", { "degraded.prices": "stale" }]);
    assert.equal(event.spans!.find(({ name }) => name === "upstream prices")!.attributes["plimsoll.degraded"], "stale");
    assert.equal(phase(), "degraded");
  });

  it("whose fault is not caught is answered with it, and none of what the upstream sent", async (t) => {
    const upstream = await serve(t, (_, response) => response.writeHead(403).end("SECRET"));
    const prices = httpClient("prices", { baseUrl: upstream.url, timeout: "4s", allow: ["127.0.0.1"] });
    const ask = action("shop.ask", {
      ...common,
      budget: "5s",
      uses: { prices },
      http: "POST /ask",
      run: async (_, { prices }) => ({ text: (await prices.request(get)).body }),
    });
    const app = createApp({ modules: [module("shop", { operations: [ask] })], surfaces: [http({ port: false, documents: true })] });
    await app.start();
    t.after(() => app.stop());
    const response = await app.fetch(
      new Request("http://shop/ask", { method: "POST", body: "{}", headers: { "content-type": "application/json" } }),
    );
    const text = await response.text();
    assert.deepEqual([response.status, (JSON.parse(text) as { type: string; code: string }).code], [502, "failed_precondition"]);
    assert.match(text, /upstream_refused/);
    assert.doesNotMatch(text, /SECRET/);
    const { paths } = (await (await app.fetch(new Request("http://shop/openapi.json"))).json()) as {
      paths: Record<string, { post: { responses: Record<string, unknown> } }>;
    };
    assert.ok("502" in paths["/ask"]!.post.responses, "the document does not have it");
  });
});

it("a resource may stand in the place of another, and is made, bound and closed as that", async (t) => {
  const upstream = await serve(t, (_, response) => response.end("ok"));
  const upstreams = resource<{ readonly [name: string]: HttpClient<"once" | "repeats"> }>("shop.upstreams");
  const ask = action("shop.ask", {
    ...common,
    budget: "5s",
    uses: { upstreams },
    run: async (_, { upstreams }) => ({ text: (await upstreams.a!.request(get)).body }),
  });
  const made = httpClients("shop.upstreams", { a: { baseUrl: upstream.url, timeout: "1s", allow: ["127.0.0.1"], policy: retry() } });
  const app = await testApp({
    modules: [module("shop", { operations: [ask] })],
    provide: [override(upstreams, made as unknown as typeof upstreams)],
  });
  const [event] = await Promise.all([app.executed(ask), app.call(ask, {})]);
  assert.match(header(upstream.requests[0]!.rawHeaders, "traceparent"), new RegExp(event.traceId));
  const lines = app.app.loadLines.list().filter(({ name }) => name.startsWith("upstream"));
  assert.deepEqual(
    lines.map(({ name, declared, now, highWater, admitted, refused }) => ({ name, declared, now, highWater, admitted, refused })),
    [
      { name: "upstream a connections", declared: 64, now: 0, highWater: 1, admitted: 1, refused: { late: 0 } },
      { name: "upstream a queue", declared: 128, now: 0, highWater: 0, admitted: 0, refused: { full: 0 } },
      { name: "upstream a retry budget", declared: 10, now: 0, highWater: 0, admitted: 0, refused: { spent: 0 } },
    ],
  );
  await app.stop();
});
