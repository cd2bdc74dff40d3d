import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { z } from "zod";
import { runtimeOf } from "../../src/app/app.ts";
import type { Fault } from "../../src/core/fault.ts";
import { action } from "../../src/operation/online/action.ts";
import { gate, serve } from "./http/app.ts";
import { requestText } from "./http/client.ts";

const common = { input: z.object({}), access: "public", idempotent: "no" } as const;

describe("deadlines over HTTP", () => {
  const left = action("t.left", {
    ...common,
    output: z.object({ ms: z.number() }),
    budget: "40s",
    http: "POST /left",
    run: async (_, { remainingMs }) => ({ ms: remainingMs() }),
  });

  it("takes what the caller has left where that is less, and its own budget where it is not", async () => {
    await using served = await serve([left]);
    for (const [sent, budgetMs] of [
      [undefined, 40_000],
      ["10000", 10_000],
      ["39999", 39_999],
      ["40000", 40_000],
      ["40001", 40_000],
      ["999999999", 40_000],
      ["9999999999", 40_000],
      ["-1", 40_000],
      ["1e2", 40_000],
      ["10.5", 40_000],
      [" 10000 ", 10_000],
      ["0x10", 40_000],
      ["", 40_000],
      ["soon", 40_000],
      ["Infinity", 40_000],
    ] as const) {
      const executed = served.executed(left);
      const headers: Record<string, string> = sent === undefined ? {} : { "plimsoll-deadline-ms": sent };
      const { status, json } = await served.ask("POST", "/left", { headers });
      assert.equal(status, 200, `for ${sent}`);
      assert.ok(json.ms <= budgetMs && json.ms > 0, `${json.ms} for ${sent}`);
      assert.equal((await executed).deadlineMs, budgetMs, `for ${sent}`);
    }
  });

  it("believes both headers that say it, and of two the smaller one", async () => {
    await using served = await serve([left]);
    for (const [headers, budgetMs] of [
      [{ "request-timeout-ms": "10000" }, 10_000],
      [{ "Request-Timeout-Ms": "10000", "plimsoll-deadline-ms": "9000" }, 9_000],
      [{ "request-timeout-ms": "8000", "plimsoll-deadline-ms": "9000" }, 8_000],
      [{ "request-timeout-ms": "soon", "plimsoll-deadline-ms": "9000" }, 9_000],
    ] as const) {
      const executed = served.executed(left);
      await served.ask("POST", "/left", { headers: { ...headers } });
      assert.equal((await executed).deadlineMs, budgetMs, JSON.stringify(headers));
    }
  });

  it("refuses a caller who has nothing left, before anything runs, and keeps nothing", async () => {
    let ran = false;
    const never = action("t.never", {
      ...common,
      output: z.object({}),
      budget: { deadline: "5s", concurrency: 1, queue: 0 },
      http: "POST /never",
      run: async () => {
        ran = true;
        return {};
      },
    });
    await using served = await serve([never]);
    for (const body of [undefined, {}, undefined]) {
      const { status, json } = await served.ask("POST", "/never", { headers: { "plimsoll-deadline-ms": "0" }, ...(body && { body }) });
      assert.deepEqual([status, json.code], [504, "deadline_exceeded"]);
    }
    assert.equal(ran, false);
    assert.equal(runtimeOf(served.app).operation("t.never").slots.running, 0);
    assert.equal((await served.ask("POST", "/never")).status, 204);
  });

  it("aborts the signal with the fault, and answers before the handler has ended", async () => {
    const aborted = gate<Fault>();
    const waits = action("t.waits", {
      ...common,
      output: z.object({}),
      budget: "60ms",
      http: "POST /waits",
      run: (_, { signal }) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener("abort", () => {
            aborted.open(signal.reason);
            reject(signal.reason);
          });
        }),
    });
    await using served = await serve([waits]);
    const executed = served.executed(waits);
    const { status, headers, json } = await served.ask("POST", "/waits");
    assert.deepEqual([status, json.code, headers["retry-after"]], [504, "deadline_exceeded", "1"]);
    assert.deepEqual([json.details.limit, json.details.value], ["t.waits deadline", 60]);
    const reason = await aborted.opened;
    const { fault, outcome } = await executed;
    assert.equal(reason, fault);
    assert.equal(outcome, "deadline_exceeded");
  });

  it("gives an aborted signal to a handler that reads it only after the deadline", async () => {
    const passed = gate();
    const read = gate<AbortSignal>();
    const late = action("t.late", {
      ...common,
      output: z.object({}),
      budget: "40ms",
      http: "POST /late",
      run: async (_, scope) => {
        await passed.opened;
        read.open(scope.signal);
        return {};
      },
    });
    await using served = await serve([late]);
    assert.equal((await served.ask("POST", "/late")).status, 504);
    passed.open();
    const signal = await read.opened;
    assert.equal(signal.aborted, true);
    assert.equal((signal.reason as Fault).code, "deadline_exceeded");
  });

  it("lets a handler that ignores its signal keep its slot until it ends, though it was answered", async () => {
    const let_go = gate();
    const deaf = action("t.deaf", {
      ...common,
      output: z.object({}),
      budget: { deadline: "30s", concurrency: 1, queue: 0 },
      http: "POST /deaf",
      run: async () => {
        await let_go.opened;
        return {};
      },
    });
    await using served = await serve([deaf]);
    assert.equal((await served.ask("POST", "/deaf", { headers: { "plimsoll-deadline-ms": "40" } })).status, 504);
    const { slots } = runtimeOf(served.app).operation("t.deaf");
    assert.deepEqual([slots.running, runtimeOf(served.app).inFlight], [1, 1]);
    const refused = await served.ask("POST", "/deaf");
    assert.deepEqual([refused.status, refused.json.details.limit], [503, "t.deaf concurrency"]);
    let_go.open();
    await served.idle();
    assert.equal(slots.running, 0);
    assert.equal((await served.ask("POST", "/deaf")).status, 204);
  });

  it("ignores what a handler answers after its deadline", async () => {
    const let_go = gate();
    const slow = action("t.slow", {
      ...common,
      output: z.object({ ok: z.boolean() }),
      budget: "40ms",
      http: "POST /slow",
      run: async () => {
        await let_go.opened;
        return { ok: true };
      },
    });
    await using served = await serve([slow]);
    const wire = await served.wire();
    let events = 0;
    served.app.signals.executed.on(() => events++);
    assert.equal((await wire.ask(requestText("POST", "/slow").toString())).status, 504);
    let_go.open();
    await served.idle();
    // Had a second answer been written, this one would not be the next.
    assert.equal((await wire.ask(requestText("GET", "/nowhere").toString())).status, 404);
    assert.equal(events, 1);
    wire.close();
  });
});

describe("clients that go away", () => {
  function waits() {
    const begun = gate();
    const aborted = gate<Fault>();
    const operation = action("t.waits", {
      ...common,
      output: z.object({}),
      budget: { deadline: "10s", concurrency: 1, queue: 1 },
      http: "POST /waits",
      run: (_, { signal }) =>
        new Promise((_resolve, reject) => {
          begun.open();
          signal.addEventListener("abort", () => {
            aborted.open(signal.reason);
            reject(signal.reason);
          });
        }),
    });
    return { operation, begun: begun.opened, aborted: aborted.opened };
  }

  for (const [how, leave] of [
    ["closes", "destroy"],
    ["resets", "resetAndDestroy"],
    ["closes its half", "end"],
  ] as const) {
    it(`cancels the work of a client that ${how}`, async () => {
      const { operation, begun, aborted } = waits();
      await using served = await serve([operation]);
      const wire = await served.wire();
      const executed = served.executed(operation);
      wire.send(requestText("POST", "/waits"));
      await begun;
      wire.socket[leave]();
      const { outcome, fault, facts } = await executed;
      assert.deepEqual([outcome, fault?.type, facts?.labels.status], ["cancelled", "client_disconnected", 499]);
      assert.equal(await aborted, fault);
      await served.idle();
      assert.equal(runtimeOf(served.app).operation("t.waits").slots.running, 0);
      wire.close();
    });
  }

  it("gives up the place of a client that goes away while it waits for a slot", async () => {
    const { operation, begun } = waits();
    await using served = await serve([operation]);
    const first = await served.wire();
    first.send(requestText("POST", "/waits"));
    await begun;
    const second = await served.wire();
    second.send(requestText("POST", "/waits"));
    const { slots } = runtimeOf(served.app).operation("t.waits");
    while (slots.waiting === 0) await new Promise<void>((resolve) => void setImmediate(resolve));
    const executed = served.executed(operation);
    second.close();
    assert.equal((await executed).outcome, "cancelled");
    assert.deepEqual([slots.running, slots.waiting], [1, 0]);
    first.close();
    await served.idle();
  });

  it("runs nothing of a request whose body was cut", async () => {
    const { operation } = waits();
    await using served = await serve([operation]);
    const wire = await served.wire();
    wire.send("POST /waits HTTP/1.1\r\nhost: test\r\ncontent-type: application/json\r\ncontent-length: 10\r\n\r\n{");
    while (runtimeOf(served.app).inFlight === 0) await new Promise<void>((resolve) => void setImmediate(resolve));
    const executed = served.executed(operation);
    wire.close();
    const { outcome, runningMs } = await executed;
    assert.equal(outcome, "cancelled");
    assert.ok(runningMs >= 0);
    assert.equal(runtimeOf(served.app).inFlight, 0);
  });

  it("cancels everything that one connection has under way", async () => {
    const { operation, begun } = waits();
    await using served = await serve([operation]);
    const wire = await served.wire();
    const outcomes: string[] = [];
    served.app.signals.executed.on(({ outcome }) => outcomes.push(outcome));
    wire.send(requestText("POST", "/waits")).send(requestText("POST", "/waits"));
    await begun;
    while (runtimeOf(served.app).inFlight < 2) await new Promise<void>((resolve) => void setImmediate(resolve));
    wire.close();
    await served.idle();
    assert.deepEqual(outcomes, ["cancelled", "cancelled"]);
  });
});
