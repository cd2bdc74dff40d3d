import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Ajv2020 } from "ajv/dist/2020.js";
import fc from "fast-check";
import { inputOf, type MeasuredDemands } from "../../src/capacity/planning/input.ts";
import { makePlan } from "../../src/capacity/planning/make-plan.ts";
import { type FigureName, figureNames, figureOf, type Plan } from "../../src/capacity/planning/plan.ts";
import { explain } from "../../src/capacity/writing/explain.ts";
import { planSchema } from "../../src/capacity/writing/schema.ts";
import { writePlan } from "../../src/capacity/writing/write-plan.ts";
import { designOf, marketplace, payments } from "./designs.ts";

const planOf = (text: string, settings: Parameters<typeof inputOf>[1]["settings"] = {}, measured?: MeasuredDemands): Plan =>
  makePlan(inputOf(designOf(text, /\p{Script=Han}/u.test(text) ? "zh" : "en"), { measured, settings }));
const value = (plan: Plan, name: FigureName, at = 0): number => plan.scales[at]!.figures.find((one) => one.name === name)!.value;

const operation = {
  share: 0.5,
  loopMs: 0.8,
  heldLoopMs: 0.2,
  databaseMs: 0.5,
  heldMs: 1,
  upstreams: {},
  slots: 64,
  queue: 128,
  deadlineMs: 300,
  variation: 0.5,
};
const measured: MeasuredDemands = {
  ...{ format: 1, from: "load/shop.ts at 40/s", upstreams: { pay: 8 }, pool: 12 },
  operations: [
    { ...operation, name: "shop.list" },
    { ...operation, name: "shop.order", upstreams: { pay: 30 } },
  ],
  points: [1, 2, 3, 4, 5].map((inFlight) => ({ inFlight, throughput: (90 * inFlight) / (1 + 0.05 * (inFlight - 1)) })),
};

describe("a plan", () => {
  const plan = planOf(marketplace);

  it("has every figure at 1, 10 and 100 times, with a formula and what it comes from", () => {
    assert.deepEqual(
      plan.scales.map(({ times }) => times),
      [1, 10, 100],
    );
    for (const { figures } of plan.scales) {
      assert.deepEqual(
        figures.map(({ name }) => name),
        figureNames,
      );
      for (const { name, formula, value: is, from, source } of figures)
        assert.ok(Number.isFinite(is) && /\d/.test(formula) && source.length > 0 && (from.length > 0 || name === "events"), name);
    }
    assert.match(figureOf(plan, "peak")!.from.join(), /^PRD\.md:6:3 “200 requests per second”$/);
  });

  it("computes what can be checked by hand", () => {
    assert.equal(value(plan, "peak"), 200);
    // 20,000/s × 2 ms are 40 loops; at 60% busy 67.
    assert.equal(value(plan, "replicas", 2), 67);
    // 20,000/s × 1 ms / 0.6.
    assert.equal(value(plan, "postgres-cores", 2), 34);
    assert.equal(value(plan, "connections"), (value(plan, "replicas") + 1) * (value(plan, "pool") + 2) + 2);
    assert.ok(Math.abs(value(plan, "concurrency") - (200 * value(plan, "response")) / 1_000) < 0.01);
    assert.ok(value(plan, "line") >= 200 && value(plan, "p99") <= 300);
  });

  it("names what gives out first, and every name that a figure comes from is stated or assumed", () => {
    assert.deepEqual(
      plan.breaks.map(({ times }) => times),
      plan.breaks.map(({ times }) => times).toSorted((a, b) => a - b),
    );
    const known = new Set(plan.assumed.map(({ name }) => name));
    for (const { from } of plan.scales[0]!.figures) for (const one of from) assert.ok(known.has(one) || one.startsWith("PRD.md:"), one);
  });

  it("needs more of everything for more load", () =>
    fc.assert(
      fc.property(fc.integer({ min: 5, max: 20_000 }), fc.integer({ min: 2, max: 9 }), (peak, times) => {
        const [less, more] = [planOf(marketplace, { peak }), planOf(marketplace, { peak: peak * times })];
        for (const name of ["replicas", "postgres-cores", "storage", "task-slots", "concurrency"] as const)
          assert.ok(
            value(more, name) >= value(less, name) * 0.999,
            `${name}: ${value(less, name)} at ${peak}, ${value(more, name)} at ${peak * times}`,
          );
        assert.ok(value(less, "line") >= peak);
      }),
      { numRuns: 5 },
    ));

  it("is written by its schema, and twice the same", () => {
    for (const one of [plan, planOf(payments), planOf(marketplace, { peak: 50 }, measured)]) {
      const files = writePlan(one);
      const validate = new Ajv2020({ strict: true, allowUnionTypes: true }).compile(planSchema);
      assert.ok(validate(JSON.parse(files.get("plan.json")!)), JSON.stringify(validate.errors));
      assert.deepEqual(writePlan(structuredClone(one)), files);
    }
    assert.deepEqual(writePlan(planOf(marketplace)), writePlan(plan));
  });

  it("is written in the language of its document, and explains each figure in both", () => {
    assert.match(writePlan(plan).get("PLAN.md")!, /^# Capacity plan: Marketplace\n[\s\S]*\| Processes \| `replicas` \| 2 \|/);
    assert.match(writePlan(planOf(payments)).get("PLAN.md")!, /^# 容量规划：|^# 容量规划: 支付服务\n[\s\S]*\| 进程数 \| `replicas` \|/);
    for (const name of figureNames)
      for (const language of ["en", "zh"] as const) {
        const text = explain(plan, name, language).join("\n");
        assert.ok(text.includes(figureOf(plan, name)!.formula) && !text.includes("undefined"), text);
      }
  });

  it("keeps what a document says as text", () => {
    const page = writePlan(planOf(marketplace.replace("# Marketplace", "# A | <script>alert(1)</script>"))).get("PLAN.md")!;
    assert.ok(!page.includes("<script>"));
  });

  it("takes what was measured in place of what is assumed", () => {
    const one = planOf(marketplace, {}, measured);
    assert.equal(one.basis, "measured");
    assert.equal(value(one, "pool"), 12);
    assert.ok(figureOf(one, "replicas")!.from.includes("load/shop.ts at 40/s"));
    assert.ok(Math.abs(one.models.usl!.contention - 0.05) < 1e-6);
    assert.equal(
      one.assumed.find(({ name }) => name === "loop-ms"),
      undefined,
    );
    // Eight connections of 30 ms that half of the requests use carry 533/s in each process.
    assert.equal(one.scales[0]!.stations[0]!.station, "upstream");
  });
});
