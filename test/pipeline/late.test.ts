import assert from "node:assert/strict";
import { test } from "node:test";
import { action, module } from "plimsoll";
import { http } from "plimsoll/http";
import { logs } from "plimsoll/telemetry";
import { testApp } from "plimsoll/testing";
import { z } from "zod";
import { runtimeOf } from "../../src/app/app.ts";

const cell = new Int32Array(new SharedArrayBuffer(4));
const common = { input: z.object({}), output: z.object({}), access: "public", idempotent: "no" } as const;
/** Longer than its deadline, and than the loop may be blocked. */
const blocks = action("late.blocks", {
  ...{ ...common, budget: "100ms", http: "POST /blocks" },
  async run() {
    Atomics.wait(cell, 0, 0, 400);
    return {};
  },
});
const quick = action("late.quick", { ...common, budget: "60s", http: "POST /quick", run: async () => ({}) });
const modules = [module("late", { operations: [blocks, quick] })];

test("what succeeds after its deadline still answers, and its wide event and its line say that it was late", async () => {
  const lines: string[] = [];
  await using app = await testApp({
    ...{ modules, surfaces: [http({ port: false })] },
    telemetry: [logs({ destination: { write: (line) => lines.push(line) } })],
  });
  const executed = app.executed(blocks);
  const answer = await app.app.fetch(new Request("http://test/blocks", { method: "POST" }));
  assert.equal(answer.status, 204);
  const { failed, good } = runtimeOf(app.app).operation("late.blocks").objective;
  assert.deepEqual([failed.slow, good], [1, 0]);
  const { outcome, late } = await executed;
  assert.deepEqual({ outcome, late }, { outcome: "ok", late: true });
  assert.equal(JSON.parse(lines.at(-1)!).late, true);
});

test("what succeeds in time is not late", async () => {
  const lines: string[] = [];
  await using app = await testApp({ modules, telemetry: [logs({ destination: { write: (line) => lines.push(line) } })] });
  const executed = app.executed(quick);
  await app.call(quick, {});
  assert.equal((await executed).late, false);
  assert.ok(!("late" in JSON.parse(lines.at(-1)!)));
});

test("the signal of a blocked loop names who blocked it, also where others entered in the same turn", async () => {
  await using app = await testApp({ modules });
  const blocked = app.signals.loopBlocked.next();
  await Promise.all([app.call(quick, {}), app.call(blocks, {}), app.call(quick, {}), app.call(quick, {})]);
  assert.equal((await blocked).operation, "late.blocks");
  const counted = (name: string) => {
    const metric = [...app.app.metrics.all()].find((one) => one.name === name);
    assert.ok(metric?.type === "counter");
    return [...metric.all()].reduce((sum, { value }) => sum + value, 0);
  };
  assert.ok(counted("plimsoll_loop_blocked_total") >= 1 && counted("plimsoll_loop_blocked_seconds_total") >= 0.2);
});
