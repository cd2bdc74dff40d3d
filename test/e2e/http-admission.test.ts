import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { z } from "zod";
import { runtimeOf } from "../../src/app/app.ts";
import { Fault } from "../../src/core/fault.ts";
import type { Budget } from "../../src/operation/contract.ts";
import { action } from "../../src/operation/online/action.ts";
import { TestClock } from "../../src/testing/clock.ts";
import { gate, type Served, serve } from "./http/app.ts";
import { requestText, type WireResponse } from "./http/client.ts";

/** An operation that runs until the test lets it go on. */
function held(name: string, budget: Budget) {
  const waiting: (() => void)[] = [];
  let entered: (() => void) | undefined;
  const operation = action(`t.${name}`, {
    input: z.object({}),
    output: z.object({ ok: z.boolean() }),
    access: "public",
    budget,
    idempotent: "no",
    http: `POST /${name}`,
    run: async () => {
      await new Promise<void>((resolve) => {
        waiting.push(resolve);
        entered?.();
      });
      return { ok: true };
    },
  });
  return {
    operation,
    /** Resolves when as many are inside. */
    inside: async (count: number) => {
      while (waiting.length < count) {
        await new Promise<void>((resolve) => {
          entered = resolve;
        });
      }
    },
    release: (count = waiting.length) => {
      for (const resume of waiting.splice(0, count)) resume();
    },
  };
}

const loadOf = (served: Served, name: string) => {
  const { slots } = runtimeOf(served.app).operation(name);
  return { running: slots.running, waiting: slots.waiting };
};

function assertRefusal(response: WireResponse, details: Record<string, unknown>): void {
  assert.equal(response.status, 503, response.body);
  assert.deepEqual([response.json.code, response.json.type], ["unavailable", "urn:plimsoll:overloaded"]);
  assert.deepEqual(response.json.details, details);
  assert.match(response.json.detail, new RegExp(`${details.limit}.* ${details.value} .*${details.load}`));
  assert.match(String(response.headers["retry-after"]), /^[123]$/, "from 1 to 3 s, in whole seconds");
}

/** Resolves once the condition holds; asked after every turn of the loop. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise<void>((resolve) => void setImmediate(resolve));
}

describe("admission", () => {
  it("runs as many as the operation allows, lets as many wait, and refuses the next with the limit, its value and the load", async () => {
    const slow = held("slow", { deadline: "10s", concurrency: 2, queue: 1 });
    await using served = await serve([slow.operation]);
    const first = [served.ask("POST", "/slow"), served.ask("POST", "/slow")];
    await slow.inside(2);
    const third = served.ask("POST", "/slow");
    await until(() => loadOf(served, "t.slow").waiting === 1);
    const executed = served.executed();
    assertRefusal(await served.ask("POST", "/slow"), { limit: "t.slow queue", value: 1, load: 1 });
    const { outcome, refusal } = await executed;
    assert.deepEqual([outcome, refusal], ["unavailable", { limit: "t.slow queue", value: 1, load: 1, mode: "enforce" }]);
    slow.release(1);
    await slow.inside(2);
    slow.release();
    for (const response of await Promise.all([...first, third])) assert.equal(response.status, 200);
    await served.idle();
    assert.deepEqual(loadOf(served, "t.slow"), { running: 0, waiting: 0 });
  });

  it("refuses at once where no caller may wait", async () => {
    const slow = held("slow", { deadline: "10s", concurrency: 1, queue: 0 });
    await using served = await serve([slow.operation]);
    const first = served.ask("POST", "/slow");
    await slow.inside(1);
    assertRefusal(await served.ask("POST", "/slow"), { limit: "t.slow concurrency", value: 1, load: 1 });
    slow.release();
    assert.equal((await first).status, 200);
  });

  it("bounds the process across operations, and gives the operation's slot back to whom the process refuses", async () => {
    const [one, two] = [held("one", { deadline: "10s" }), held("two", { deadline: "10s" })];
    await using served = await serve([one.operation, two.operation], { limits: { concurrency: 1, queue: 0 } });
    const first = served.ask("POST", "/one");
    await one.inside(1);
    assertRefusal(await served.ask("POST", "/two"), { limit: "process concurrency", value: 1, load: 1 });
    assert.deepEqual(loadOf(served, "t.two"), { running: 0, waiting: 0 });
    one.release();
    assert.equal((await first).status, 200);
    await served.idle();
    const next = served.ask("POST", "/two");
    await two.inside(1);
    two.release();
    assert.equal((await next).status, 200);
  });

  it("ends the wait in a queue at the deadline, and gives the place to another", async () => {
    const slow = held("slow", { deadline: "10s", concurrency: 1, queue: 1 });
    await using served = await serve([slow.operation]);
    const first = served.ask("POST", "/slow");
    await slow.inside(1);
    const late = await served.ask("POST", "/slow", { headers: { "plimsoll-deadline-ms": "60" } });
    assert.deepEqual([late.status, late.json.code], [504, "deadline_exceeded"]);
    assert.deepEqual([late.json.details.limit, late.json.details.value], ["t.slow deadline", 60]);
    assert.ok(late.json.details.load >= 60);
    assert.deepEqual(loadOf(served, "t.slow"), { running: 1, waiting: 0 });
    const third = served.ask("POST", "/slow");
    await until(() => loadOf(served, "t.slow").waiting === 1);
    slow.release();
    await slow.inside(1);
    slow.release();
    for (const response of await Promise.all([first, third])) assert.equal(response.status, 200);
  });

  it("gives on a slot that was granted in the very moment in which the one who waited went away", async () => {
    const slow = held("slow", { deadline: "10s", concurrency: 1, queue: 1 });
    await using served = await serve([slow.operation]);
    const first = served.ask("POST", "/slow");
    await slow.inside(1);
    const client = new AbortController();
    const second = served.app.fetch(new Request("http://test/slow", { method: "POST", signal: client.signal }));
    await until(() => loadOf(served, "t.slow").waiting === 1);
    // The first has given its slot on by now; the second does not know yet.
    const off = served.app.signals.executed.on(() => {
      off();
      client.abort();
    });
    slow.release();
    assert.equal((await first).status, 200);
    assert.equal((await second).status, 499);
    await served.idle();
    await new Promise<void>((resolve) => void setImmediate(resolve));
    assert.deepEqual(loadOf(served, "t.slow"), { running: 0, waiting: 0 });
  });

  it("refuses nothing in measure mode, keeps no caller waiting, and reports what it would have refused", async () => {
    const slow = held("slow", { deadline: "10s", concurrency: 1, queue: 1, mode: "measure" });
    await using served = await serve([slow.operation]);
    const refusals: unknown[] = [];
    served.app.signals.executed.on(({ refusal }) => refusals.push(refusal));
    const all: Promise<WireResponse>[] = [];
    for (let i = 1; i <= 4; i++) {
      all.push(served.ask("POST", "/slow"));
      await slow.inside(i);
    }
    slow.release();
    for (const response of await Promise.all(all)) assert.equal(response.status, 200);
    const limit = { limit: "t.slow queue", value: 1, mode: "measure" };
    assert.deepEqual(
      refusals.filter((one) => one !== undefined),
      [
        { ...limit, load: 1 },
        { ...limit, load: 1 },
      ],
    );
    await served.idle();
    assert.deepEqual(loadOf(served, "t.slow"), { running: 0, waiting: 0 });
  });

  it("leaves nothing taken after a storm of every outcome", async () => {
    let next = 0;
    const mixed = action("t.mixed", {
      input: z.object({ n: z.number() }),
      output: z.object({ ok: z.boolean() }),
      access: "public",
      budget: { deadline: "40ms", concurrency: 3, queue: 4 },
      idempotent: "no",
      http: "POST /mixed",
      run: async (_, { signal }) => {
        const turn = next++ % 5;
        if (turn === 0) throw new TypeError("a bug");
        if (turn === 1) throw new Fault({ code: "aborted", message: "Again." });
        if (turn === 2)
          await new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason), { once: true }));
        if (turn === 3) await new Promise<void>((resolve) => void setImmediate(resolve));
        return { ok: true };
      },
    });
    await using served = await serve([mixed], { limits: { concurrency: 2, queue: 3 } });
    const outcomes = new Map<string, number>();
    served.app.signals.executed.on(({ outcome }) => outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1));
    const send = async (i: number): Promise<void> => {
      if (i % 7 === 0) {
        const wire = await served.wire();
        wire.send(requestText("POST", "/mixed", { body: { n: 1 } }));
        if (i % 2 === 0) await new Promise<void>((resolve) => void setImmediate(resolve));
        return wire.close();
      }
      const headers: Record<string, string> = i % 11 === 0 ? { "plimsoll-deadline-ms": String(i % 3) } : {};
      await served.ask("POST", "/mixed", { headers, body: i % 13 === 0 ? { n: "x" } : { n: 1 } });
    };
    const wanted = ["ok", "internal", "aborted", "deadline_exceeded", "unavailable", "invalid_argument"];
    const happened = () => wanted.every((outcome) => outcomes.has(outcome));
    // Longer where a busy machine sends too slowly for a queue to fill.
    for (let round = 0; round < 12 || (round < 100 && !happened()); round++)
      await Promise.all(Array.from({ length: 25 }, (_, i) => send(round * 25 + i)));
    await served.idle();
    assert.deepEqual(loadOf(served, "t.mixed"), { running: 0, waiting: 0 });
    assert.deepEqual([runtimeOf(served.app).slots.running, runtimeOf(served.app).slots.waiting], [0, 0]);
    assert.equal(runtimeOf(served.app).inFlight, 0);
    assert.equal(runtimeOf(served.app).wheel.size, 0);
    assert.ok(happened(), `${wanted} happened: ${JSON.stringify([...outcomes])}`);
  });
});

describe("quotas of a caller", () => {
  const quick = action("t.quick", {
    input: z.object({}),
    output: z.object({ ok: z.boolean() }),
    access: "public",
    budget: "5s",
    idempotent: "no",
    http: "POST /quick",
    run: async () => ({ ok: true }),
  });

  it("answers 429 above the rate, says when to come back and what the quota is, and lets in again then", async () => {
    const clock = new TestClock();
    await using served = await serve([quick], { clock, rateLimit: { perSecond: 2, burst: 4 } });
    for (let i = 0; i < 4; i++) assert.equal((await served.ask("POST", "/quick")).status, 200);
    const { status, headers, json } = await served.ask("POST", "/quick");
    assert.deepEqual([status, json.code, json.type], [429, "resource_exhausted", "urn:plimsoll:rate_limited"]);
    // Spread over a second, so that those who were refused at the same time do not come back at the same time.
    assert.match(headers["retry-after"] ?? "", /^[12]$/);
    assert.equal(headers["ratelimit-policy"], '"rate per actor";q=2;w=1');
    assert.equal(headers.ratelimit, '"rate per actor";r=0;t=1');
    assert.deepEqual([json.details.limit, json.details.value], ["rate per actor", 2]);
    clock.advance(499);
    assert.equal((await served.ask("POST", "/quick")).status, 429);
    clock.advance(2);
    assert.equal((await served.ask("POST", "/quick")).status, 200);
  });

  it("lets through and reports in measure mode", async () => {
    await using served = await serve([quick], { clock: new TestClock(), rateLimit: { perSecond: 1, burst: 1, mode: "measure" } });
    assert.equal((await served.ask("POST", "/quick")).status, 200);
    const executed = served.executed();
    assert.equal((await served.ask("POST", "/quick")).status, 200);
    const { refusal } = await executed;
    assert.deepEqual([refusal?.limit, refusal?.mode], ["rate per actor", "measure"]);
  });

  it("bounds what one address has under way, and counts down again", async () => {
    const slow = held("slow", { deadline: "10s" });
    await using served = await serve([slow.operation, quick], { http: { limits: { requestsPerAddress: 2 } } });
    const gone = await served.wire();
    gone.send(requestText("POST", "/slow"));
    const second = served.ask("POST", "/slow");
    await slow.inside(2);
    const { status, headers, json } = await served.ask("POST", "/quick");
    assert.deepEqual([status, json.code], [429, "resource_exhausted"]);
    assert.deepEqual(json.details, { limit: "requests in flight per address", value: 2, load: 2 });
    assert.match(String(headers["retry-after"]), /^[123]$/);
    const cancelled = served.executed(slow.operation);
    gone.close();
    await cancelled;
    assert.equal((await served.ask("POST", "/quick")).status, 200);
    slow.release();
    assert.equal((await second).status, 200);
  });

  it("bounds the connections of one server", async () => {
    await using served = await serve([quick], { http: { limits: { connections: 2 } } });
    const open = [await served.wire(), await served.wire()];
    for (const wire of open) assert.equal((await wire.ask(requestText("POST", "/quick").toString())).status, 200);
    const third = await served.wire();
    assert.equal((await third.ask(requestText("POST", "/quick").toString())).status, 200);
    // One of the two that were idle made room for it.
    const ended = await Promise.race(open.map(({ ended }) => ended));
    assert.equal(ended, "end");
    for (const wire of [...open, third]) wire.close();
    const opened = gate();
    const retry = async (): Promise<void> => {
      const wire = await served.wire();
      const answer = await wire.send(requestText("POST", "/quick")).next();
      wire.close();
      return answer === undefined ? retry() : opened.open();
    };
    await retry();
    await opened.opened;
  });

  it("answers one address among 400 requests of another that came before it", async () => {
    const slow = held("sign-in", { deadline: "30s", concurrency: 2, queue: 128 });
    await using served = await serve([slow.operation]);
    let refused = 0;
    served.app.signals.executed.on(({ outcome }) => {
      if (outcome === "unavailable") refused++;
    });
    const flood = await Promise.all(Array.from({ length: 400 }, () => served.wire("127.0.0.2")));
    const other = await served.wire("127.0.0.3");
    const request = requestText("POST", "/sign-in", { body: {} });
    for (const wire of flood) wire.send(request);
    await until(() => refused === 400 - 2 - 128);
    const answer = other.send(request).next();
    // It, or one of the flood whose place it has now.
    await until(() => refused === 400 - 2 - 128 + 1);
    // Two of the flood had begun, and one more has its turn first.
    for (let i = 0; i < 4; i++) {
      slow.release(1);
      await slow.inside(2);
    }
    assert.equal((await answer)?.status, 200);
    assert.deepEqual(loadOf(served, "t.sign-in"), { running: 2, waiting: 124 });
    for (const wire of [...flood, other]) wire.close();
    slow.release();
  });
});
