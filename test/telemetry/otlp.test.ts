import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import fc from "fast-check";
import { Fault } from "../../src/core/fault.ts";
import { limits } from "../../src/core/limits.ts";
import type { Execution } from "../../src/operation/execution.ts";
import { exposition } from "../../src/telemetry/exposition.ts";
import { type OtlpOptions, otlp } from "../../src/telemetry/otlp.ts";
import { TestClock } from "../../src/testing/clock.ts";
import { Collector, type Json } from "./collector.ts";
import { execution, sources } from "./sources.ts";

async function start(t: TestContext, options: Partial<OtlpOptions> = {}) {
  const collector = new Collector();
  const url = await collector.start();
  const clock = new TestClock();
  const from = sources(clock);
  const sink = otlp({ url, ...options });
  await sink.attach(from);
  t.after(async () => {
    collector.stop();
    await sink.stop();
  });
  const tell = (...changes: Partial<Execution>[]) => {
    for (const change of changes) from.executed.publish(execution(change));
  };
  const count = (name: string) => Number(new RegExp(`^plimsoll_spans_${name} (\\d+)`, "m").exec(exposition(from.metrics))?.[1]);
  return { collector, clock, from, sink, tell, count };
}

function attributes(span: Json): Record<string, unknown> {
  return Object.fromEntries(span.attributes.map(({ key, value }: Json) => [key, Object.values(value)[0]]));
}

test("a sampled execution arrives as a server span with its children", async (t) => {
  const { collector, tell, sink } = await start(t, {
    headers: { "x-key": "k" },
    resource: { "deployment.environment.name": "test" },
    tenant: "plain",
  });
  const child = {
    name: "SELECT",
    spanId: "b9c7c989f97918e1",
    parentSpanId: "00f067aa0ba902b7",
    startMs: 1.5,
    durationMs: 2,
    kind: "client",
    failed: true,
  } as const;
  tell({
    sampled: true,
    parentSpanId: "b7ad6b7169203331",
    spans: [{ ...child, attributes: { "db.system.name": "postgresql", rows: 2, share: 0.5, cached: false } }],
  });
  await sink.stop();
  assert.equal(collector.batches.length, 1);
  const { path, headers, body } = collector.batches[0]!;
  assert.equal(path, "/v1/traces");
  assert.equal(headers["content-type"], "application/json");
  assert.equal(headers["x-key"], "k");
  const resource = attributes(body.resourceSpans[0].resource);
  assert.equal(resource["service.name"], "shop");
  assert.equal(resource["service.instance.id"], "i-1");
  assert.equal(resource["deployment.environment.name"], "test");
  const [span, inner] = collector.spans;
  const { attributes: _, ...fixed } = span;
  assert.deepEqual(fixed, {
    traceId: "4bf92f3577b34da6a3ce929d0e0e4736",
    spanId: "00f067aa0ba902b7",
    parentSpanId: "b7ad6b7169203331",
    flags: 0x301,
    name: "POST /v1/orders",
    kind: 2,
    startTimeUnixNano: "1795262400250000000",
    endTimeUnixNano: "1795262400262346000",
  });
  const kept = attributes(span);
  assert.equal(kept["http.request.method"], "POST");
  assert.equal(kept["http.route"], "/v1/orders");
  assert.equal(kept["http.response.status_code"], "201");
  assert.equal(kept["plimsoll.operation"], "orders.place");
  assert.equal(kept["plimsoll.tenant"], "acme");
  assert.equal(kept["plimsoll.running_ms"], 2.3456);
  assert.equal(kept["plimsoll.upstream_ms.payments"], "6");
  assert.equal(kept["error.type"], undefined);
  assert.equal(inner.kind, 3);
  assert.equal(inner.parentSpanId, span.spanId);
  assert.equal(inner.startTimeUnixNano, "1795262400251500000");
  assert.equal(inner.endTimeUnixNano, "1795262400253500000");
  assert.deepEqual(inner.status, { code: 2 });
  assert.deepEqual(attributes(inner), { "db.system.name": "postgresql", rows: "2", share: 0.5, cached: false });
});

test("a trace that is not sampled is exported when it failed or was slow, and only then", async (t) => {
  const { collector, tell, sink } = await start(t);
  tell(
    { operation: "fine", facts: undefined },
    { operation: "not-found", facts: undefined, outcome: "not_found" },
    { operation: "quota", facts: undefined, outcome: "resource_exhausted" },
    { operation: "in-time", facts: undefined, durationMs: 150, deadlineMs: 300 },
    { operation: "slow", facts: undefined, durationMs: 150.1, deadlineMs: 300 },
    {
      operation: "bug",
      facts: undefined,
      outcome: "internal",
      fault: new Fault({ code: "internal", message: "", cause: new RangeError("deep") }),
    },
    { operation: "late", facts: undefined, outcome: "deadline_exceeded" },
    {
      operation: "down",
      facts: undefined,
      outcome: "unavailable",
      fault: new Fault({ code: "unavailable", type: "database_lost", message: "" }),
    },
  );
  await sink.stop();
  assert.deepEqual(
    collector.spans.map((span) => [span.name, span.status?.code, attributes(span)["error.type"], span.flags]),
    [
      ["slow", undefined, undefined, 0x100],
      ["bug", 2, "internal", 0x100],
      ["late", 2, "deadline_exceeded", 0x100],
      ["down", 2, "database_lost", 0x100],
    ],
  );
  const event = collector.spans[1].events[0];
  assert.equal(event.name, "exception");
  assert.equal(attributes(event)["exception.type"], "RangeError");
  assert.match(String(attributes(event)["exception.stacktrace"]), /deep/);
});

test("spans go out when a batch is full, and a second after the first", async (t) => {
  const { collector, clock, tell, sink } = await start(t);
  const full = sink.sent.next();
  tell(...Array.from({ length: 128 }, () => ({ sampled: true })));
  assert.equal((await full).spans, 128);
  await new Promise((resolve) => setImmediate(resolve));
  tell({ sampled: true });
  await waitForTimer(clock, 999);
  for (let i = 0; i < 50; i++) await new Promise((resolve) => setImmediate(resolve));
  assert.equal(collector.batches.length, 1);
  const late = sink.sent.next();
  clock.advance(1);
  assert.equal((await late).spans, 1);
});

test("a collector that is busy is asked again, not before it says", async (t) => {
  const { collector, clock, tell, sink, count } = await start(t);
  collector.answer = (response) => response.writeHead(503, { "retry-after": "7" }).end();
  tell({ sampled: true });
  const first = sink.sent.next();
  clock.advance(1_000);
  assert.deepEqual(await first, {
    outcome: "retry",
    reason: "503",
    retryAfterMs: 7_000,
    rejected: 0,
    spans: 1,
    attempt: 1,
    dropped: false,
  });
  collector.answer = (response) => response.end("{}");
  const second = sink.sent.next();
  await waitForTimer(clock, 6_999);
  for (let i = 0; i < 50; i++) await new Promise((resolve) => setImmediate(resolve));
  assert.equal(collector.batches.length, 1, "came back too early");
  clock.advance(1);
  assert.equal((await second).outcome, "ok");
  assert.equal(collector.spans.length, 2);
  assert.equal(count("exported_total"), 1);
  assert.equal(count("dropped_total"), 0);
});

/** The queue asks for its timer one turn after it published: moves on only when the timer is there. */
async function waitForTimer(clock: TestClock, advanceMs: number): Promise<void> {
  while (clock.pending === 0) await new Promise((resolve) => setImmediate(resolve));
  clock.advance(advanceMs);
}

test("a collector that is down is tried six times; then the batch is dropped and the next one gets its turn", async (t) => {
  const { collector, clock, tell, sink, count } = await start(t);
  collector.stop();
  tell({ sampled: true });
  let sent = sink.sent.next();
  clock.advance(1_000);
  for (let attempt = 1; attempt <= 6; attempt++) {
    const fact = await sent;
    assert.equal(fact.attempt, attempt);
    assert.equal(fact.reason, "ECONNREFUSED");
    assert.equal(fact.dropped, attempt === 6);
    sent = sink.sent.next();
    if (attempt < 6) await waitForTimer(clock, 10_000);
  }
  assert.equal(count("dropped_total"), 1);
  await new Promise((resolve) => setImmediate(resolve));
  tell({ sampled: true });
  await waitForTimer(clock, 1_000);
  assert.equal((await sent).attempt, 1);
});

test("a batch that the collector does not want is not sent again", async (t) => {
  const { collector, clock, tell, sink, count } = await start(t);
  collector.answer = (response) => response.writeHead(400).end();
  tell({ sampled: true });
  const sent = sink.sent.next();
  clock.advance(1_000);
  assert.equal((await sent).dropped, true);
  await sink.stop();
  assert.equal(collector.batches.length, 1);
  assert.equal(count("dropped_total"), 1);
});

test("spans that the collector rejects out of a batch are counted as dropped", async (t) => {
  const { collector, tell, sink, count } = await start(t);
  collector.answer = (response) => response.end('{"partialSuccess":{"rejectedSpans":"2"}}');
  tell({ sampled: true }, { sampled: true }, { sampled: true });
  await sink.stop();
  assert.equal(count("exported_total"), 1);
  assert.equal(count("dropped_total"), 2);
});

test("a collector that hangs blocks no execution: the queue fills, the rest is counted, the attempt times out", async (t) => {
  const { collector, clock, tell, sink, count } = await start(t, { timeoutMs: 2_000 });
  collector.answer = () => undefined;
  const failures = { outcome: "unavailable" } as const;
  for (let i = 0; i < limits.spanQueue; i++) tell(failures);
  const room = limits.spanQueue * 0.75;
  assert.equal(count("waiting"), room);
  assert.equal(count("dropped_total"), limits.spanQueue - room);
  for (let i = 0; i < limits.spanQueue; i++) tell({ sampled: true });
  assert.equal(count("waiting"), limits.spanQueue);
  assert.equal(count("dropped_total"), limits.spanQueue);
  if (collector.batches.length === 0) await collector.received.next();
  const sent = sink.sent.next();
  clock.advance(2_000);
  assert.deepEqual((await sent).reason, "deadline_exceeded");
  const stopped = sink.stop();
  await waitForTimer(clock, 0);
  // What the second attempt waits for and the bound of the stop are both on the clock.
  const moving = setInterval(() => clock.advance(1_000), 5);
  await stopped;
  clearInterval(moving);
  assert.equal(count("exported_total") + count("dropped_total"), limits.spanQueue * 2);
});

test("a stop sends what waits, and nothing is taken after it", async (t) => {
  const { collector, tell, sink, count, from } = await start(t);
  for (let i = 0; i < 600; i++) tell({ sampled: true });
  await sink.stop();
  assert.equal(collector.spans.length, 600);
  assert.equal(count("waiting"), 0);
  assert.equal(from.executed.hasListeners, false);
});

test("whatever callers put into it, a batch is JSON and gives it back", async (t) => {
  const { collector, from, sink } = await start(t, { tenant: "plain" });
  const kept: { text: string; number: number }[] = [];
  const text = fc.oneof(fc.string({ unit: "binary", maxLength: 100 }), fc.constantFrom("\ud800", '"\\\n', "\u2028"));
  fc.assert(
    fc.property(fc.record({ text, number: fc.double() }), ({ text, number }) => {
      kept.push({ text, number });
      const child = {
        name: text,
        spanId: "b9c7c989f97918e1",
        parentSpanId: "00f067aa0ba902b7",
        startMs: 0,
        durationMs: 1,
        kind: "internal",
        failed: false,
      } as const;
      from.executed.publish(
        execution({
          sampled: true,
          facts: undefined,
          operation: text,
          tenant: text,
          spans: [{ ...child, attributes: { [text]: number } }],
        }),
      );
    }),
  );
  await sink.stop();
  const spans = collector.spans;
  assert.equal(spans.length, kept.length * 2);
  for (const [i, { text, number }] of kept.entries()) {
    assert.equal(spans[i * 2].name, text);
    assert.equal(attributes(spans[i * 2])["plimsoll.tenant"], text);
    const kept = Number(Object.values(spans[i * 2 + 1].attributes[0].value)[0]);
    assert.ok(Object.is(kept, number) || kept === number, `${kept} ${number}`);
  }
});

test("an address that is none stops the start", () => {
  for (const url of ["127.0.0.1:4318", "ftp://127.0.0.1", "collector"]) {
    assert.throws(() => otlp({ url }).attach(sources()), { name: "Fault", type: "otlp_url_unusable" });
  }
  assert.throws(() => otlp({ url: "http://127.0.0.1", sample: 2 }), /from 0 to 1/);
});
