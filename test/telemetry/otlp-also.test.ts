import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { action, module } from "plimsoll";
import { testApp } from "plimsoll/testing";
import { z } from "zod";
import { Fault } from "../../src/core/fault.ts";
import { limits } from "../../src/core/limits.ts";
import { exposition } from "../../src/telemetry/exposition.ts";
import { type OtlpOptions, otlp } from "../../src/telemetry/otlp.ts";
import { TestClock } from "../../src/testing/clock.ts";
import { Collector, type Json } from "./collector.ts";
import { execution, record, sources } from "./sources.ts";

async function start(t: TestContext, options: Partial<OtlpOptions> = {}) {
  const collector = new Collector();
  const url = await collector.start();
  const clock = new TestClock();
  const from = sources(clock);
  const sink = otlp({ url, also: ["metrics", "logs"], ...options });
  await sink.attach(from);
  t.after(async () => {
    collector.stop();
    await sink.stop();
  });
  const bodies = (path: string) => collector.batches.filter((batch) => batch.path === path).map(({ body }) => body as Json);
  const logRecords = () => bodies("/v1/logs").flatMap((body) => body.resourceLogs[0].scopeLogs[0].logRecords as Json[]);
  const metrics = () => bodies("/v1/metrics").flatMap((body) => body.resourceMetrics[0].scopeMetrics[0].metrics as Json[]);
  const count = (name: string) => Number(new RegExp(`^plimsoll_${name} (\\d+)`, "m").exec(exposition(from.metrics))?.[1]);
  return { collector, clock, from, sink, url, bodies, logRecords, metrics, count };
}

const attributes = (one: Json) => Object.fromEntries(one.attributes.map(({ key, value }: Json) => [key, Object.values(value)[0]]));

test("log records arrive with their level, their ids and what the user gave, without secrets", async (t) => {
  const { from, sink, bodies, logRecords } = await start(t, { resource: { "deployment.environment.name": "test" } });
  from.logged.publish(record({ level: "warn", message: 'low on "rope"\n', fields: { left: 2, password: "hunter2" } }));
  await sink.stop();
  const [sent] = logRecords();
  const { traceId, spanId, startedAt } = execution();
  assert.deepEqual([sent.severityNumber, sent.severityText, sent.body.stringValue], [13, "WARN", 'low on "rope"\n']);
  assert.deepEqual([sent.traceId, sent.spanId, sent.timeUnixNano], [traceId, spanId, `${startedAt}000000`]);
  assert.deepEqual(JSON.parse(attributes(sent)["plimsoll.fields"]).left, 2);
  assert.doesNotMatch(JSON.stringify(bodies("/v1/logs")), /hunter2/);
  assert.match(JSON.stringify(bodies("/v1/logs")[0].resourceLogs[0].resource), /"deployment\.environment\.name"/);
});

test("a failure of the service is a log record with its cause, and what a caller did wrong is none", async (t) => {
  const { from, sink, logRecords } = await start(t);
  const cause = new TypeError("lines is undefined");
  const fault = (code: Fault["code"]) => new Fault({ code, type: code, message: "It failed.", cause });
  for (const outcome of ["internal", "unavailable", "not_found", "permission_denied"] as const)
    from.executed.publish(execution({ outcome, fault: fault(outcome) }));
  from.executed.publish(execution());
  await sink.stop();
  const found = logRecords().map((sent) => [sent.severityText, attributes(sent)["plimsoll.code"], attributes(sent)["exception.message"]]);
  assert.deepEqual(found, [
    ["ERROR", "internal", cause.message],
    ["WARN", "unavailable", cause.message],
  ]);
  assert.match(attributes(logRecords()[0])["exception.stacktrace"], /TypeError/);
});

test("metrics arrive at their time as cumulative sums, gauges and histograms", async (t) => {
  const { collector, clock, from, metrics } = await start(t, { metricsEveryMs: 5_000 });
  from.metrics
    .counter({ name: "made_total", help: "Things made.", labels: ["kind"] })
    .series("rope")
    .add(3);
  from.metrics.gauge({ name: "level", help: "The level.", read: () => [{ labels: [], value: 1.5 }] });
  from.metrics.gauge({ name: "nothing", help: "Never a number.", read: () => Number.NaN });
  from.metrics.gauge({
    ...{ name: "broken", help: "Throws." },
    read: () => {
      throw new TypeError("no");
    },
  });
  const times = from.metrics.histogram({ name: "took_seconds", help: "Times.", labels: [], buckets: [0.1, 1] });
  for (const seconds of [0.05, 0.5, 5]) times.series().observe(seconds);
  const received = collector.received.next(({ path }) => path === "/v1/metrics");
  clock.advance(5_000);
  await received;
  const byName = new Map(metrics().map((metric) => [metric.name, metric]));
  const { sum } = byName.get("made_total");
  assert.deepEqual([sum.aggregationTemporality, sum.isMonotonic, sum.dataPoints[0].asDouble], [2, true, 3]);
  assert.deepEqual(attributes(sum.dataPoints[0]), { kind: "rope" });
  assert.equal(byName.get("level").gauge.dataPoints[0].asDouble, 1.5);
  const [point] = byName.get("took_seconds").histogram.dataPoints;
  assert.deepEqual([point.count, point.sum, point.bucketCounts, point.explicitBounds], ["3", 5.55, ["1", "1", "1"], [0.1, 1]]);
  assert.ok(!byName.has("nothing") && !byName.has("broken"));
});

test("what a collector refuses is counted, and the next metrics are sent all the same", async (t) => {
  const { collector, clock, from, count, sink } = await start(t, { metricsEveryMs: 5_000 });
  collector.answer = (response) => response.writeHead(400).end();
  from.logged.publish(record());
  const [refused] = [collector.received.next(({ path }) => path === "/v1/metrics")];
  clock.advance(5_000);
  await refused;
  collector.answer = (response) => response.end("{}");
  await sink.stop();
  assert.equal(count("log_records_dropped_total"), 1);
  assert.ok(count("metric_points_exported_total") > 0);
});

test("log records are bounded, and what finds no room is counted", async (t) => {
  const { collector, from, count } = await start(t);
  collector.answer = () => undefined;
  for (let i = 0; i < limits.spanQueue + 10; i++) from.logged.publish(record({ level: "error" }));
  assert.equal(count("log_records_dropped_total"), 10);
});

test("nothing is sent beside spans unless it is asked for", async (t) => {
  const { collector, from, sink } = await start(t, { also: [] });
  from.logged.publish(record());
  from.executed.publish(execution({ sampled: true }));
  await sink.stop();
  assert.deepEqual(new Set(collector.batches.map(({ path }) => path)), new Set(["/v1/traces"]));
});

test("a collector that is gone fails no execution", async (t) => {
  const { collector, url } = await start(t);
  collector.stop();
  const run = action("t.run", {
    ...{ input: z.object({}), output: z.object({}), access: "public", idempotent: "no", budget: "1s" },
    run: async (_, { log }) => {
      log.info("ran");
      return {};
    },
  });
  await using app = await testApp({
    modules: [module("t", { operations: [run] })],
    telemetry: [otlp({ url, also: ["metrics", "logs"], metricsEveryMs: 1_000, timeoutMs: 100 })],
  });
  for (let i = 0; i < 50; i++) assert.deepEqual(await app.call(run, {}), {});
});

test("refuses a whole address where others follow from it", async () => {
  const sink = otlp({ url: "http://127.0.0.1:4318/v1/traces", also: ["logs"] });
  assert.throws(() => sink.attach(sources()), { type: "otlp_url_unusable" });
});
