import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, it } from "node:test";
import { action, createApp, fault, module } from "plimsoll";
import { prometheus } from "plimsoll/telemetry";
import { z } from "zod";
import { budgetsOf } from "../../src/monitor/report/budget.ts";
import { runCommand } from "../cli/run-command.ts";

describe("the budget for errors", () => {
  const cases = [
    { success: 0.999, total: 1_000, failed: 0, good: 1, left: 1 },
    { success: 0.999, total: 1_000, failed: 1, good: 0.999, left: 0 },
    { success: 0.99, total: 1_000, failed: 5, good: 0.995, left: 0.5 },
    { success: 0.99, total: 100, failed: 3, good: 0.97, left: -2 },
    { success: 0.99, total: 0, failed: 0, good: undefined, left: 1 },
  ];
  for (const { success, total, failed, good, left } of cases)
    it(`of ${success} with ${failed} failures of ${total}`, () => {
      const [budget] = budgetsOf([{ operation: "a.b", success, total, failed }]);
      assert.ok(budget !== undefined && Math.abs(budget.left - left) < 1e-9);
      assert.equal(budget.good, good);
    });

  it("lists the least first", () => {
    const budgets = budgetsOf([
      { operation: "a.fine", success: 0.9, total: 10, failed: 0 },
      { operation: "a.worst", success: 0.9, total: 10, failed: 5 },
      { operation: "a.bad", success: 0.9, total: 10, failed: 1 },
    ]);
    assert.deepEqual(
      budgets.map(({ operation }) => operation),
      ["a.worst", "a.bad", "a.fine"],
    );
  });
});

/** A Prometheus that knows these values of `plimsoll_slo_…` by metric and operation. */
async function fakePrometheus(values: Readonly<Record<string, Readonly<Record<string, number>>>>) {
  const asked: string[] = [];
  const server = createServer(({ url = "" }, response) => {
    const { pathname, searchParams } = new URL(url, "http://test");
    const query = searchParams.get("query") ?? "";
    asked.push(query);
    const [metric = ""] = /plimsoll_slo_\w+/.exec(query) ?? [];
    const result = Object.entries(values[metric] ?? {}).map(([operation, value]) => ({ metric: { operation }, value: [1, String(value)] }));
    const data = pathname.endsWith("/flags") ? { "storage.tsdb.retention.time": "15d" } : { resultType: "vector", result };
    response.end(JSON.stringify({ status: "success", data }));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked, close: () => void server.close() };
}

describe("plimsoll slo", () => {
  it("reports from Prometheus, says that it keeps too little, and finds a budget that is used up", async () => {
    const fake = await fakePrometheus({
      plimsoll_slo_total: { "a.place": 1_000, "a.get": 500 },
      plimsoll_slo_failed_total: { "a.place": 20, "a.get": 0 },
      plimsoll_slo_success_ratio: { "a.place": 0.99, "a.get": 0.999 },
    });
    const { code, out } = await runCommand(["slo", "--prometheus", fake.url, "--job", "shop"]);
    assert.equal(code, 1);
    assert.match(out, /a\.place +99% +1000 +20 +98% +-100%/);
    assert.match(out, /a\.get +99\.9% +500 +0 +100% +100%/);
    assert.match(out, /One operation has used up the budget/);
    assert.match(out, /keeps 15d, which is less than 30d/);
    assert.ok(fake.asked.includes('sum by (operation) (increase(plimsoll_slo_total{job="shop"}[30d]))'), fake.asked.join("\n"));
    const chinese = await runCommand(["目标", "--prometheus", fake.url, "--window", "7d", "--lang", "zh"]);
    assert.match(chinese.out, /1 个操作的错误预算已用完/);
    assert.doesNotMatch(chinese.out, /只保留/);
    const { result } = JSON.parse((await runCommand(["slo", "--prometheus", fake.url, "--json"])).out);
    assert.deepEqual(
      result.operations.map(({ operation, failed }: { operation: string; failed: number }) => [operation, failed]),
      [
        ["a.place", 20],
        ["a.get", 0],
      ],
    );
    fake.close();
  });

  const wrong = [
    [["slo", "--window", "a month"], 64, /--window a month is not a length of time/],
    [["slo", "--prometheus", "ftp://a"], 64, /--prometheus ftp:\/\/a is not an http or https address/],
    [["slo", "--prometheus", "http://127.0.0.1:1"], 69, /does not respond: bad port\. Give the address of Prometheus/],
  ] as const;
  for (const [args, code, message] of wrong)
    it(`refuses ${args.join(" ")}`, async () => {
      const ran = await runCommand(args);
      assert.equal(ran.code, code);
      assert.match(ran.err, message);
    });

  it("says so where there are no objectives", async () => {
    const fake = await fakePrometheus({});
    const { code, err } = await runCommand(["slo", "--prometheus", fake.url]);
    fake.close();
    assert.equal(code, 66);
    assert.match(err, /has no objectives/);
  });

  describe("from the ops port of a process", () => {
    const Down = fault("down", { code: "unavailable", message: "The bank does not respond." });
    const pay = action("shop.pay", {
      ...{
        input: z.object({ fails: z.boolean() }),
        output: z.object({}),
        access: "public",
        idempotent: "no",
        budget: "1s",
        faults: [Down],
      },
      slo: { success: 0.9 },
      run: async ({ fails }, { fail }) => (fails ? fail(Down, {}) : {}),
    });
    const app = createApp({ modules: [module("shop", { operations: [pay] })], telemetry: [prometheus()], ops: { port: 0 } });
    before(() => app.start());
    after(() => app.stop());

    it("counts since its start", async () => {
      for (let i = 0; i < 20; i++) await app.call(pay, { fails: i === 0 }).catch(() => undefined);
      const { code, out } = await runCommand(["slo", "--ops", app.urls.ops!]);
      assert.equal(code, 0);
      assert.match(out, /shop\.pay +90% +20 +1 +95% +50%/);
    });
  });
});
