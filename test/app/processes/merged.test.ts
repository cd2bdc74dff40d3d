import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { mergeLines } from "../../../src/app/processes/ops/merged-lines.ts";
import { MergedMetrics } from "../../../src/app/processes/ops/merged-metrics.ts";
import type { LoadLineReading } from "../../../src/core/load-line/load-lines.ts";
import { Metrics } from "../../../src/core/metrics.ts";
import { exposition } from "../../../src/telemetry/exposition.ts";

const text = fc.string({ unit: "binary", maxLength: 6 });
const counted = fc.array(fc.tuple(text, text, fc.integer({ min: 0, max: 1_000 })), { maxLength: 12 });

function metricsOf(counts: readonly (readonly [string, string, number])[]): Metrics {
  const metrics = new Metrics();
  const counter = metrics.counter({ name: "port_ships_total", help: "Ships, of\nall kinds.", labels: ["kind", "flag"] });
  const histogram = metrics.histogram({ name: "port_stay_seconds", help: "Stay.", labels: ["kind"], buckets: [1, 10] });
  metrics.gauge({ name: "port_berths", help: "Berths.", read: () => counts.length });
  for (const [kind, flag, amount] of counts) {
    counter.series(kind, flag).add(amount);
    histogram.series(kind).observe(amount);
  }
  return metrics;
}

const lines = (all: string) => all.split("\n").sort();

describe("metrics of several processes", () => {
  it("are what one process would show that had counted all", () => {
    fc.assert(
      fc.property(fc.array(counted, { minLength: 1, maxLength: 4 }), (processes) => {
        const merged = new MergedMetrics();
        for (const counts of processes) merged.add(exposition(metricsOf(counts)));
        const all = exposition(metricsOf(processes.flat()));
        assert.deepEqual(
          lines(merged.toString()),
          lines(all).filter((line) => !line.includes("port_berths")),
        );
      }),
    );
  });

  it("have every gauge of every process, and none of one that ended", () => {
    const merged = new MergedMetrics();
    merged.add(exposition(metricsOf([])), "1");
    merged.add(exposition(metricsOf([["a", "b", 1]])), "2");
    merged.add(exposition(metricsOf([["a", "b", 1]])));
    const shown = merged.toString();
    assert.match(shown, /^port_berths\{process="1"\} 0\nport_berths\{process="2"\} 1$/m);
    assert.match(shown, /^port_ships_total\{kind="a",flag="b"\} 2$/m);
  });

  it("keep what is no finite number", () => {
    const merged = new MergedMetrics();
    merged.add('# HELP a A.\n# TYPE a gauge\na +Inf\na{b="c d"} NaN\na{b="e"} -Inf\n', "1");
    assert.equal(
      merged.toString(),
      '# HELP a A.\n# TYPE a gauge\na{process="1"} +Inf\na{process="1",b="c d"} NaN\na{process="1",b="e"} -Inf\n',
    );
  });
});

describe("limits of several processes", () => {
  const reading: LoadLineReading = {
    ...{ name: "a", unit: "executions", mode: "enforce", since: 0, reason: "declared", phase: undefined },
    ...{ declared: 4, shares: undefined, learnt: undefined, now: 1, highWater: 3, admitted: 5, refused: { full: 1 }, wouldRefuse: {} },
    ...{ follows: undefined, fixed: undefined },
  };

  it("are added up", () => {
    const other = { ...reading, now: 2, refused: { full: 2, late: 1 }, learnt: 3 };
    assert.deepEqual(mergeLines([[reading], [other]]), [
      { ...reading, declared: 8, learnt: 3, now: 3, highWater: 6, admitted: 10, refused: { full: 3, late: 1 } },
    ]);
  });

  it("show every phase, and the oldest turn", () => {
    const breaker = { ...reading, name: "b", phase: "open" };
    const turn = { ...reading, name: "c", unit: "milliseconds", declared: 40, now: 7 };
    const [merged, merged2] = mergeLines([
      [breaker, turn],
      [
        { ...breaker, phase: "closed" },
        { ...turn, now: 3 },
      ],
    ]);
    assert.deepEqual([merged?.phase, merged2?.declared, merged2?.now], ["open, closed", 40, 7]);
  });
});
