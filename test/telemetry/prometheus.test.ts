import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import fc from "fast-check";
import { limits } from "../../src/core/limits.ts";
import { Metrics } from "../../src/core/metrics.ts";
import type { TelemetrySources } from "../../src/operation/telemetry.ts";
import { exposition, expositionType } from "../../src/telemetry/exposition.ts";
import { logs } from "../../src/telemetry/logs.ts";
import { otlp } from "../../src/telemetry/otlp.ts";
import { prometheus } from "../../src/telemetry/prometheus.ts";
import { execution, sources } from "./sources.ts";

async function scrape(tell: (from: TelemetrySources) => void): Promise<string> {
  const from = sources();
  const sink = prometheus();
  await sink.attach(from);
  tell(from);
  const { contentType, body } = sink.expose!();
  assert.equal(contentType, expositionType);
  await sink.stop();
  return body;
}

/** The value of one sample, by its name and labels as they are written. */
function value(body: string, sample: string): number {
  const line = body.split("\n").find((each) => each.startsWith(`${sample} `));
  assert.ok(line, `${sample} is not in\n${body}`);
  return Number(line.slice(sample.length + 1));
}

test("one metric tells where the time of an operation went", async () => {
  const body = await scrape(({ executed }) => {
    executed.publish(execution({ durationMs: 100, queuedMs: 10, runningMs: 20, databaseMs: 30, upstreamMs: { payments: 40 } }));
    executed.publish(execution({ durationMs: 3, queuedMs: 0, runningMs: 1, databaseMs: 2, upstreamMs: undefined }));
    executed.publish(execution({ outcome: "unavailable", durationMs: 5, queuedMs: 5, runningMs: 0, databaseMs: 0, upstreamMs: undefined }));
  });
  const at = (where: string, code = "ok") => `{operation="orders.place",code="${code}",where="${where}"}`;
  const sums: [string, number][] = [
    ["total", 0.103],
    ["queued", 0.01],
    ["running", 0.021],
    ["database", 0.032],
    ["upstream:payments", 0.04],
  ];
  for (const [where, seconds] of sums) {
    assert.ok(Math.abs(value(body, `plimsoll_operation_seconds_sum${at(where)}`) - seconds) < 1e-9, where);
    assert.equal(value(body, `plimsoll_operation_seconds_count${at(where)}`), where.startsWith("upstream") ? 1 : 2);
  }
  assert.equal(value(body, `plimsoll_operation_seconds_count${at("total", "unavailable")}`), 1);
  assert.equal(value(body, 'plimsoll_operation_seconds_bucket{operation="orders.place",code="ok",where="total",le="0.005"}'), 1);
  assert.equal(value(body, 'plimsoll_operation_seconds_bucket{operation="orders.place",code="ok",where="total",le="0.1"}'), 2);
  assert.equal(value(body, 'plimsoll_statements_total{operation="orders.place"}'), 9);
});

/** What separates values in some encoding or other, in any order. */
const text = fc.string({ unit: fc.constantFrom("\u0000", "0", "1", "2", ",", "a"), maxLength: 8 });

test("refusals are counted by limit and mode", async () => {
  const refusal = { limit: "process concurrency", value: 1, load: 2, mode: "measure" } as const;
  const body = await scrape(({ executed }) => {
    for (let i = 0; i < 3; i++) executed.publish(execution({ refusal }));
    executed.publish(execution({ refusal: { ...refusal, mode: "enforce" } }));
  });
  assert.equal(value(body, 'plimsoll_refusals_total{operation="orders.place",limit="process concurrency",mode="measure"}'), 3);
  assert.equal(value(body, 'plimsoll_refusals_total{operation="orders.place",limit="process concurrency",mode="enforce"}'), 1);
});

test("no value of a label can stand for another combination, whatever characters it has", () =>
  fc.assert(
    fc.property(text, (whole) => {
      // One text in every three parts that it can be cut into.
      const cuts = Array.from({ length: whole.length + 1 }, (_, at) => at);
      const combinations = cuts.flatMap((i) =>
        cuts.filter((j) => j >= i).map((j) => [whole.slice(0, i), whole.slice(i, j), whole.slice(j)]),
      );
      const counter = new Metrics().counter({ name: "test_total", help: "Counts.", labels: ["a", "b", "c"] });
      for (const labels of combinations) counter.series(...labels).add();
      for (const labels of combinations) assert.equal(counter.series(...labels).value, 1, JSON.stringify(labels));
      assert.equal([...counter.all()].length, combinations.length);
    }),
  ));

test("each part of the app registers what it shows, and stops showing it", () => {
  const metrics = new Metrics();
  const depth = { name: "plimsoll_queue_depth", help: "Executions that wait.", labels: ["operation"] };
  metrics.gauge({ ...depth, read: () => [{ labels: ["a"], value: 1 }] });
  const off = metrics.gauge({ ...depth, read: () => [{ labels: ["b"], value: Number.POSITIVE_INFINITY }] });
  assert.equal(
    exposition(metrics),
    `# HELP plimsoll_queue_depth Executions that wait.\n# TYPE plimsoll_queue_depth gauge\nplimsoll_queue_depth{operation="a"} 1\nplimsoll_queue_depth{operation="b"} +Inf\n`,
  );
  off();
  assert.doesNotMatch(exposition(metrics), /"b"/);
  assert.throws(() => metrics.counter(depth), /registered already/);
  assert.throws(() => metrics.gauge({ ...depth, help: "Other.", read: () => 1 }), /registered already/);
  assert.throws(() => metrics.counter({ name: "Bad-Name", help: "" }), /snake_case/);
});

test("a metric whose reading throws is left out, and the others are written", () => {
  const metrics = new Metrics();
  metrics.gauge({
    name: "broken",
    help: "B.",
    read() {
      throw new Error("no");
    },
  });
  metrics.counter({ name: "whole_total", help: "W." }).series().add(2);
  assert.equal(exposition(metrics), "# HELP whole_total W.\n# TYPE whole_total counter\nwhole_total 2\n");
});

test("combinations of labels have a bound; what comes after is counted as other", () => {
  const metrics = new Metrics();
  const counter = metrics.counter({ name: "c_total", help: "C.", labels: ["key"] });
  for (let i = 0; i < limits.metricSeries + 50; i++) counter.series(`k${i}`).add();
  assert.equal([...counter.all()].length, limits.metricSeries);
  assert.equal(counter.series("other").value, 51);
  counter.series("k0").add();
  assert.equal(counter.series("k0").value, 2);
});

test("a histogram counts each value once, whatever it is", () => {
  const buckets = [0.001, 0.1, 1, 10];
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0, max: 100, noNaN: true })), (values) => {
      const metrics = new Metrics();
      const series = metrics.histogram({ name: "h_seconds", help: "H.", buckets }).series();
      for (const each of values) series.observe(each);
      const body = exposition(metrics);
      for (const bound of buckets) {
        assert.equal(value(body, `h_seconds_bucket{le="${bound}"}`), values.filter((each) => each <= bound).length);
      }
      assert.equal(value(body, "h_seconds_count"), values.length);
      assert.equal(value(body, 'h_seconds_bucket{le="+Inf"}'), values.length);
    }),
  );
  assert.throws(() => new Metrics().histogram({ name: "h", help: "", buckets: [2, 1] }), /ascending/);
});

test("promtool finds nothing to say", {
  skip: spawnSync("promtool", ["--version"]).error !== undefined && "promtool is not installed",
}, async () => {
  const from = sources();
  const sinks = [prometheus(), logs({ destination: { write: () => undefined } }), otlp({ url: "http://127.0.0.1:9" })];
  for (const sink of sinks) await sink.attach(from);
  from.executed.publish(execution({ refusal: { limit: 'a "limit"\n\\', value: 1, load: 2, mode: "enforce" }, operation: "\ud800" }));
  from.metrics.gauge({
    name: "plimsoll_in_flight",
    help: "Executions that run.",
    labels: ["operation"],
    read: () => [{ labels: ["é"], value: 1 }],
  });
  const body = sinks[0]!.expose!().body;
  for (const sink of sinks) await sink.stop();
  for (const name of [
    "process_resident_memory_bytes",
    "process_cpu_seconds_total",
    "process_start_time_seconds",
    "nodejs_heap_used_bytes",
  ]) {
    assert.ok(value(body, name) > 0, name);
  }
  assert.ok(value(body, "nodejs_eventloop_delay_p99_seconds") >= 0);
  const { status, stdout, stderr } = spawnSync("promtool", ["check", "metrics"], { input: body, encoding: "utf8" });
  assert.equal(`${stdout}${stderr}`, "");
  assert.equal(status, 0);
});
