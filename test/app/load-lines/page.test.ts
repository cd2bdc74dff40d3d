// What an operator reads of every limit and changes at run time: the page, the metrics and the log say the same.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { type App, action, createApp, module } from "plimsoll";
import { prometheus } from "plimsoll/telemetry";
import { z } from "zod";
import { runtimeOf } from "../../../src/app/app.ts";
import { limits } from "../../../src/core/limits.ts";
import type { LogRecord } from "../../../src/operation/telemetry.ts";

const gates: (() => void)[] = [];
const sail = action("port.sail", {
  input: z.object({}),
  output: z.object({}),
  access: "public",
  budget: { deadline: "10s", concurrency: 1, queue: 1 },
  idempotent: "no",
  run: async () => {
    await new Promise<void>((resolve) => void gates.push(resolve));
    return {};
  },
});

describe("the page of load lines", () => {
  let app: App;
  before(async () => {
    app = createApp({ modules: [module("port", { operations: [sail] })], ops: { port: 0 }, telemetry: [prometheus()] });
    await app.start();
  });
  after(() => app.stop());

  const get = async (path: string, headers: Record<string, string> = {}) => {
    const response = await fetch(`${app.urls.ops}${path}`, { headers });
    return { status: response.status, text: await response.text() };
  };
  const post = async (path: string, body: string, headers: Record<string, string> = { "plimsoll-ops": "yes" }) => {
    const response = await fetch(`${app.urls.ops}${path}`, { method: "POST", headers, body });
    const text = await response.text();
    return { status: response.status, json: text.startsWith("{") ? JSON.parse(text) : undefined };
  };
  const path = "/loadlines/port.sail%20queue";
  const read = async () => JSON.parse((await get(path)).text);
  const metric = async (name: string) =>
    (await get("/metrics")).text
      .split("\n")
      .filter((line) => line.startsWith(`plimsoll_loadline_${name}{`))
      .find((line) => line.includes('limit="port.sail queue"'));

  it("shows of a limit what it let in and refused, and the metrics say the same", async () => {
    const calls = [1, 2].map(() => app.call(sail, {}));
    await assert.rejects(app.call(sail, {}), { type: "overloaded" });
    assert.deepEqual(
      { ...(await read()), since: undefined },
      {
        ...{ name: "port.sail queue", unit: "executions", mode: "enforce", reason: "declared", since: undefined },
        ...{ phase: null, declared: 1, shares: null, learnt: null, now: 1, highWater: 1, admitted: 1 },
        refused: { full: 1, displaced: 0, late: 0, waited_long: 0, hopeless: 0 },
        wouldRefuse: { full: 0, displaced: 0, late: 0, waited_long: 0, hopeless: 0 },
        ...{ follows: "port.sail concurrency", fixed: null },
      },
    );
    const shown = await Promise.all(["limit", "now", "high_water", "admitted_total", "refused_total", "mode", "learnt"].map(metric));
    assert.deepEqual(shown, [
      'plimsoll_loadline_limit{limit="port.sail queue"} 1',
      'plimsoll_loadline_now{limit="port.sail queue"} 1',
      'plimsoll_loadline_high_water{limit="port.sail queue"} 1',
      'plimsoll_loadline_admitted_total{limit="port.sail queue"} 1',
      'plimsoll_loadline_refused_total{limit="port.sail queue",reason="full"} 1',
      'plimsoll_loadline_mode{limit="port.sail queue",mode="enforce"} 1',
      undefined,
    ]);
    gates.shift()?.();
    while (gates.length === 0) await new Promise<void>((resolve) => void setImmediate(resolve));
    gates.shift()?.();
    await Promise.all(calls);
  });

  it("lists every limit, as JSON or as a table that people read", async () => {
    const { limits: listed } = JSON.parse((await get("/loadlines")).text);
    const names = listed.map(({ name }: { name: string }) => name);
    for (const name of ["port.sail concurrency", "port.sail queue", "process concurrency", "process queue"])
      assert.ok(names.includes(name));
    const table = (await get("/loadlines?format=text")).text;
    assert.match(
      table,
      /^limit +mode +phase +declared +shares +learnt +now +high water +unit +admitted +refused +would refuse +since +reason\n/,
    );
    assert.match(table, /^port\.sail queue +enforce +- +1 +- +- +0 +1 +executions +1 +1 full +0 +\d{4}-.+Z +declared$/m);
    assert.equal((await get("/loadlines", { accept: "text/html,*/*" })).text, table);
    assert.equal(table.split("\n").length, names.length + 2);
    assert.match((await get("/loadlines?format=json", { accept: "text/html" })).text, /^\{/);
  });

  it("changes a mode at once, and logs the change with its reason and the mode before", async () => {
    const logged: LogRecord[] = [];
    const off = runtimeOf(app).signals.logged.on((record) => void logged.push(record));
    const { status, json } = await post(path, JSON.stringify({ mode: "measure", reason: "a deploy\nrefuses too much" }));
    off();
    assert.deepEqual([status, json.previous, json.mode, json.reason], [200, "enforce", "measure", "a deploy\nrefuses too much"]);
    assert.deepEqual(
      logged.map(({ level, message, operation, fields }) => [level, message, operation, fields]),
      [
        [
          "warn",
          'The mode of the limit "port.sail concurrency" changed from enforce to measure.',
          "plimsoll.loadlines",
          { limit: "port.sail concurrency", mode: "measure", previous: "enforce", reason: "a deploy\nrefuses too much" },
        ],
      ],
    );
    const calls = [1, 2, 3].map(() => app.call(sail, {}));
    assert.equal(gates.length, 3, "all run at once");
    const { mode, wouldRefuse, since } = await read();
    assert.deepEqual([mode, wouldRefuse.full, new Date(since).toISOString()], ["measure", 1, since]);
    assert.equal(await metric("would_refuse_total"), 'plimsoll_loadline_would_refuse_total{limit="port.sail queue",reason="full"} 1');
    assert.match((await get("/loadlines?format=text")).text, /^port\.sail queue .* a deploy refuses too much$/m);
    for (const open of gates.splice(0)) open();
    await Promise.all(calls);
    await post(path, JSON.stringify({ mode: "enforce", reason: "the deploy is undone" }));
    assert.equal((await read()).mode, "enforce");
  });

  it("refuses a change that it does not understand, and changes nothing", async () => {
    const good = { mode: "off", reason: "why" };
    const cases: readonly [string, string, Record<string, string>, number, string | undefined][] = [
      ["/loadlines/port.sale%20queue", JSON.stringify(good), { "plimsoll-ops": "yes" }, 404, "load_line_unknown"],
      [path, JSON.stringify({ ...good, mode: "on" }), { "plimsoll-ops": "yes" }, 400, "mode_unknown"],
      [path, JSON.stringify({ mode: "off" }), { "plimsoll-ops": "yes" }, 400, "reason_missing"],
      [path, JSON.stringify({ ...good, reason: 5 }), { "plimsoll-ops": "yes" }, 400, "reason_missing"],
      [path, "mode=off", { "plimsoll-ops": "yes" }, 400, "load_line_change_invalid"],
      [path, "null", { "plimsoll-ops": "yes" }, 400, "load_line_change_invalid"],
      ["/loadlines/%ff", JSON.stringify(good), { "plimsoll-ops": "yes" }, 400, "load_line_change_invalid"],
      [path, JSON.stringify({ ...good, more: "x".repeat(limits.opsBodyBytes) }), { "plimsoll-ops": "yes" }, 413, "body_too_large"],
      [path, JSON.stringify(good), {}, 403, undefined],
      ["/loadlines", JSON.stringify(good), { "plimsoll-ops": "yes" }, 404, undefined],
    ];
    for (const [at, body, headers, status, type] of cases) {
      const answer = await post(at, body, headers);
      assert.deepEqual([answer.status, answer.json?.type], [status, type], body.slice(0, 80));
    }
    assert.equal((await read()).mode, "enforce");
    assert.equal((await get("/loadlines/nothing")).status, 404);
    assert.equal((await fetch(`${app.urls.ops}${path}`, { method: "DELETE" })).status, 405);
  });
});
