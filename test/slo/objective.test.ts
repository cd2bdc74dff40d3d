import assert from "node:assert/strict";
import { it } from "node:test";
import fc from "fast-check";
import { action, fault, module, query, task } from "plimsoll";
import { prometheus } from "plimsoll/telemetry";
import { testApp } from "plimsoll/testing";
import { z } from "zod";
import { createApp, runtimeOf } from "../../src/app/app.ts";
import { type Code, codes } from "../../src/core/code.ts";
import { Objective } from "../../src/pipeline/slo/objective.ts";
import { isGoodEnd } from "../../src/sagas/objective.ts";

const empty = { input: z.object({}), output: z.object({}), access: "public" } as const;
const Down = fault("down", { code: "unavailable", message: "The bank does not respond." });
const Missing = fault("missing", { code: "not_found", message: "There is none." });

const objective = () => new Objective({ success: 0.999, withinMs: 300, isDeclared: true });
const tables: readonly [outcome: Code | "ok", tookMs: number, deadlineMs: number, counts: readonly [good: number, total: number]][] = [
  ["ok", 10, 500, [1, 1]],
  ["ok", 300, 500, [1, 1]],
  ["ok", 301, 500, [0, 1]],
  ["not_found", 10, 500, [1, 1]],
  ["not_found", 400, 500, [0, 1]],
  ["already_exists", 10, 500, [1, 1]],
  ["failed_precondition", 10, 500, [1, 1]],
  ["invalid_argument", 10, 500, [0, 0]],
  ["unauthenticated", 10, 500, [0, 0]],
  ["permission_denied", 10, 500, [0, 0]],
  ["aborted", 10, 500, [0, 0]],
  ["resource_exhausted", 10, 500, [0, 0]],
  // A caller who leaves sooner than was promised, and one who waited longer.
  ["cancelled", 300, 500, [0, 0]],
  ["cancelled", 301, 500, [0, 1]],
  ["deadline_exceeded", 500, 500, [0, 1]],
  // A caller gave less than half of the time that was promised, and one gave half.
  ["deadline_exceeded", 149, 149, [0, 0]],
  ["deadline_exceeded", 150, 150, [0, 1]],
  ["unavailable", 1, 500, [0, 1]],
  ["unimplemented", 1, 500, [0, 1]],
  ["internal", 1, 500, [0, 1]],
];

for (const [outcome, tookMs, deadlineMs, counts] of tables)
  it(`${outcome} after ${tookMs} ms of ${deadlineMs} counts as ${counts[0]} good of ${counts[1]}`, () => {
    const counted = objective();
    counted.count(outcome, tookMs, deadlineMs);
    assert.deepEqual([counted.good, counted.total], counts);
  });

it("every code has a place in that table", () => {
  assert.deepEqual(new Set(tables.map(([outcome]) => outcome)), new Set(["ok", ...Object.keys(codes)]));
});

it("good is never above total, and neither falls", () =>
  fc.assert(
    fc.property(
      fc.array(
        fc.tuple(fc.constantFrom<Code | "ok">("ok", ...(Object.keys(codes) as Code[])), fc.double({ min: 0, max: 1e6, noNaN: true })),
      ),
      (ends) => {
        const counted = objective();
        for (const [outcome, tookMs] of ends) {
          const { good, total } = counted;
          counted.count(outcome, tookMs, tookMs);
          assert.ok(counted.good >= good && counted.total >= total && counted.good <= counted.total);
          assert.equal(counted.total, counted.good + Object.values(counted.failed).reduce((sum, n) => sum + n, 0));
          assert.ok(counted.total - total <= 1 && counted.good - good <= counted.total - total);
        }
      },
    ),
  ));

it("a saga that was undone counts only where the service failed", () => {
  const ends = [
    isGoodEnd("completed", undefined),
    isGoodEnd("failed", '{"code":"not_found"}'),
    isGoodEnd("undone", '{"code":"failed_precondition"}'),
    isGoodEnd("undone", '{"code":"unavailable"}'),
    isGoodEnd("undone", "not JSON"),
    isGoodEnd("sleeping", undefined),
    isGoodEnd("suspended", '{"code":"internal"}'),
  ];
  assert.deepEqual(ends, [true, false, undefined, false, false, undefined, undefined]);
});

it("by default an objective is that of the criticality and the deadline", () => {
  const of = (criticality?: "critical" | "sheddable", slo?: { success?: number; within?: "40ms" }) =>
    query(`shop.${criticality ?? "default"}${slo === undefined ? "" : "-own"}`, {
      ...{ ...empty, budget: "90ms", run: async () => ({}) },
      ...(criticality !== undefined && { criticality }),
      ...(slo !== undefined && { slo }),
    });
  const work = task("shop.work", { input: z.object({}), budget: "30s", run: async () => undefined });
  const operations = [of("critical"), of(), of("sheddable"), of("critical", { within: "40ms" }), of("sheddable", { success: 0.9 }), work];
  const { registry } = runtimeOf(createApp({ modules: [module("shop", { operations })] }));
  const found = operations.map(({ name }) => {
    const { success, withinMs, isDeclared } = registry.operations.get(name)!.objective;
    return [success, withinMs, isDeclared];
  });
  assert.deepEqual(found, [
    [0.999, 90, false],
    [0.995, 90, false],
    [0.99, 90, false],
    [0.999, 40, true],
    [0.9, 90, true],
    [0.995, Number.POSITIVE_INFINITY, false],
  ]);
});

const wrong: readonly [name: string, slo: object, problem: RegExp][] = [
  ["a share above the highest", { success: 1 }, /shop\.q: slo\.success: 1 is not a share from 0\.5 to 0\.99999/],
  ["a percentage", { success: 99.9 }, /99\.9 is not a share/],
  ["a share that is no number", { success: Number.NaN }, /NaN is not a share/],
  ["a time beyond the deadline", { within: "101ms" }, /slo\.within: "101ms" is not a duration from 1ms to the deadline of 100ms/],
  ["a time that is none", { within: "soon" }, /"soon" is not a duration/],
];
for (const [name, slo, problem] of wrong)
  it(`refuses ${name} at the start`, () => {
    const q = query("shop.q", { ...empty, budget: "100ms", run: async () => ({}), slo: slo as { success: number } });
    assert.throws(() => createApp({ modules: [module("shop", { operations: [q] })] }), problem);
  });

it("refuses a time for durable work, whose caller does not wait", () => {
  const slo = { success: 0.9, within: "1s" } as { success: number };
  const work = task("shop.work", { input: z.object({}), budget: "30s", slo, run: async () => undefined });
  assert.throws(() => createApp({ modules: [module("shop", { operations: [work] })] }), /slo\.within: No caller waits for a task/);
});

it("every operation has its series at zero from the start, and executions are counted where they end", async () => {
  const pay = action("shop.pay", {
    ...{
      ...empty,
      input: z.object({ how: z.string() }),
      idempotent: "no",
      budget: "1s",
      faults: [Down, Missing],
      slo: { success: 0.9, within: "1s" },
    },
    run: async ({ how }, { fail }) => {
      if (how === "down") fail(Down, {});
      if (how === "missing") fail(Missing, {});
      if (how === "bug") return JSON.parse("{");
      return {};
    },
  });
  const never = query("shop.never", { ...empty, budget: "100ms", run: async () => ({}) });
  const sink = prometheus();
  await using app = await testApp({ modules: [module("shop", { operations: [pay, never] })], telemetry: [sink] });
  const series = () => sink.expose!().body.match(/^plimsoll_slo_.*$/gm);
  const zero = series();
  assert.deepEqual(zero, [
    'plimsoll_slo_good_total{operation="shop.pay"} 0',
    'plimsoll_slo_good_total{operation="shop.never"} 0',
    'plimsoll_slo_total{operation="shop.pay"} 0',
    'plimsoll_slo_total{operation="shop.never"} 0',
    'plimsoll_slo_failed_total{operation="shop.pay",reason="slow"} 0',
    'plimsoll_slo_failed_total{operation="shop.pay",reason="deadline_exceeded"} 0',
    'plimsoll_slo_failed_total{operation="shop.pay",reason="unavailable"} 0',
    'plimsoll_slo_failed_total{operation="shop.pay",reason="unimplemented"} 0',
    'plimsoll_slo_failed_total{operation="shop.pay",reason="internal"} 0',
    'plimsoll_slo_failed_total{operation="shop.never",reason="slow"} 0',
    'plimsoll_slo_failed_total{operation="shop.never",reason="deadline_exceeded"} 0',
    'plimsoll_slo_failed_total{operation="shop.never",reason="unavailable"} 0',
    'plimsoll_slo_failed_total{operation="shop.never",reason="unimplemented"} 0',
    'plimsoll_slo_failed_total{operation="shop.never",reason="internal"} 0',
    'plimsoll_slo_success_ratio{operation="shop.pay"} 0.9',
    'plimsoll_slo_success_ratio{operation="shop.never"} 0.995',
    'plimsoll_slo_within_seconds{operation="shop.pay"} 1',
    'plimsoll_slo_within_seconds{operation="shop.never"} 0.1',
  ]);
  for (const how of ["", "down", "missing", "bug"]) await app.call(pay, { how }).catch(() => undefined);
  await app.call(pay, { how: 7 as never }).catch(() => undefined);
  assert.deepEqual(series()?.slice(0, 4), [
    'plimsoll_slo_good_total{operation="shop.pay"} 2',
    'plimsoll_slo_good_total{operation="shop.never"} 0',
    'plimsoll_slo_total{operation="shop.pay"} 4',
    'plimsoll_slo_total{operation="shop.never"} 0',
  ]);
  const failed = series()?.filter((line) => line.startsWith("plimsoll_slo_failed_total") && !line.endsWith(" 0"));
  assert.deepEqual(failed, [
    'plimsoll_slo_failed_total{operation="shop.pay",reason="unavailable"} 1',
    'plimsoll_slo_failed_total{operation="shop.pay",reason="internal"} 1',
  ]);
});
