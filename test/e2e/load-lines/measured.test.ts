// Every kind of limit on the way of a request: what enforce refuses, measure reports, and refuses none of it.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { z } from "zod";
import type { LimitMode } from "../../../src/core/load-line/load-line.ts";
import { action } from "../../../src/operation/online/action.ts";
import { query } from "../../../src/operation/online/query.ts";
import { TestClock } from "../../../src/testing/clock.ts";
import { MemoryDatabase } from "../../../src/testing/conformance/memory-database.ts";
import { type Served, type ServeSpec, serve } from "../http/app.ts";
import { requestText } from "../http/client.ts";

const turn = () => new Promise<void>((resolve) => void setImmediate(resolve));

/** What one run of a kind is offered to. */
class Offered {
  readonly served: Served;
  readonly waiting: (() => void)[];
  readonly statuses: number[] = [];
  readonly #limit: string;
  readonly #pending: Promise<unknown>[] = [];

  constructor(served: Served, waiting: (() => void)[], limit: string) {
    this.served = served;
    this.waiting = waiting;
    this.#limit = limit;
  }

  get line() {
    const line = this.served.app.loadLines.find(this.#limit);
    assert.ok(line, `${this.#limit} is listed`);
    return this.served.app.loadLines.read(line);
  }

  /** Everything that any limit has decided. */
  get decisions(): number {
    const sum = (counts: Readonly<Record<string, number>>) => Object.values(counts).reduce((total, count) => total + count, 0);
    const lines = this.served.app.loadLines.list().filter(({ name }) => name === this.#limit || /^t\.\w+ (concurrency|queue)$/.test(name));
    return lines.reduce((total, { admitted, refused, wouldRefuse }) => total + admitted + sum(refused) + sum(wouldRefuse), 0);
  }

  /** Sends one more, and waits until it has been decided on. */
  async send(what: () => Promise<{ readonly status: number } | undefined>): Promise<void> {
    const before = this.decisions;
    let answered = false;
    this.#pending.push(
      what().then((response) => {
        answered = true;
        this.statuses.push(response?.status ?? 0);
      }),
    );
    while (!answered && this.decisions === before) await turn();
  }

  /** Lets the one that has run longest end, so that there is room for one more. */
  async endOne(): Promise<void> {
    const { now } = this.line;
    const answered = this.statuses.length;
    this.waiting.shift()?.();
    while (this.statuses.length === answered || (now !== undefined && this.line.now === now)) await turn();
  }

  async finish(): Promise<void> {
    let over = false;
    const all = Promise.all(this.#pending).then(() => {
      over = true;
    });
    while (!over) {
      for (const resume of this.waiting.splice(0)) resume();
      await turn();
    }
    await all;
  }
}

interface Kind {
  readonly limit: string;
  readonly reason: string;
  readonly spec?: ServeSpec;
  /** How many of those that are offered enforce refuses. */
  readonly refuses: number;
  offer(offered: Offered): Promise<void>;
}

const slow = (offered: Offered) => offered.send(() => offered.served.ask("POST", "/slow"));
const times = async (count: number, work: () => Promise<void>) => {
  for (let i = 0; i < count; i++) await work();
};

const kinds: readonly Kind[] = [
  { limit: "t.slow queue", reason: "full", refuses: 2, offer: (offered) => times(5, () => slow(offered)) },
  {
    ...{ limit: "process queue", reason: "full", refuses: 1, spec: { limits: { concurrency: 1, queue: 1 } } },
    offer: (offered) => times(3, () => slow(offered)),
  },
  {
    ...{ limit: "process concurrency", reason: "full", refuses: 2, spec: { limits: { concurrency: 1, queue: 0 } } },
    offer: (offered) => times(3, () => slow(offered)),
  },
  {
    ...{ limit: "requests in flight per address", reason: "full", refuses: 2, spec: { http: { limits: { requestsPerAddress: 2 } } } },
    offer: async (offered) => {
      await times(4, () => slow(offered));
      while (offered.waiting.length + offered.statuses.length < 4) await turn();
      await offered.endOne();
      await slow(offered);
    },
  },
  {
    ...{ limit: "rate per actor", reason: "rate", refuses: 3, spec: { rateLimit: { perSecond: 1, burst: 2 }, clock: new TestClock() } },
    offer: (offered) => times(5, () => offered.send(() => offered.served.ask("POST", "/quick"))),
  },
  {
    ...{ limit: "t.busy calls", reason: "over", refuses: 2 },
    offer: (offered) => times(2, () => offered.send(() => offered.served.ask("POST", "/busy"))),
  },
  {
    ...{ limit: "connections", reason: "full", refuses: 2, spec: { http: { limits: { connections: 2 } } } },
    offer: async (offered) => {
      for (let i = 1; i <= 5; i++) {
        if (i === 5) await offered.endOne();
        await offered.send(async () => {
          const wire = await offered.served.wire();
          try {
            return await wire.send(requestText("POST", "/slow")).next();
          } finally {
            wire.close();
          }
        });
        // A connection that is idle would make room for the next one.
        while (offered.waiting.length + offered.statuses.length < i) await turn();
      }
    },
  },
  {
    ...{ limit: "body bytes in flight", reason: "full", refuses: 2 },
    spec: { http: { limits: { bodyBytes: 100_000, anonymousBodyBytes: 100_000, bodyBytesInFlight: 100_000 } } },
    offer: async (offered) => {
      // Two whose ends are sent only once the third has been decided on; enforce then refuses the end of the first, too, and so makes room for the second.
      const head = "POST /quick HTTP/1.1\r\nhost: test\r\ncontent-type: application/json\r\ncontent-length: 90000\r\n\r\n";
      const wires = [await offered.served.wire(), await offered.served.wire()];
      const text = JSON.stringify({ text: "a".repeat(90_000 - 11) });
      const inFlight = () => offered.line.now ?? 0;
      for (const [i, wire] of wires.entries()) {
        wire.send(head + text.slice(0, 60_000));
        while (inFlight() < 60_000 * (i + 1)) await turn();
      }
      await offered.send(() => offered.served.ask("POST", "/quick", { body: {} }));
      const ends = wires.map((wire) => wire.send(text.slice(60_000)).next());
      for (const end of await Promise.all(ends)) offered.statuses.push(end?.status ?? 0);
      for (const wire of wires) wire.close();
    },
  },
];

async function run(kind: Kind, mode: LimitMode): Promise<Offered> {
  const waiting: (() => void)[] = [];
  const shared = { output: z.object({}), access: "public", idempotent: "no" } as const;
  const operations = [
    action("t.slow", {
      ...{ ...shared, input: z.object({}), budget: { deadline: "60s", concurrency: 2, queue: 1 }, http: "POST /slow" },
      run: async () => {
        await new Promise<void>((resolve) => void waiting.push(resolve));
        return {};
      },
    }),
    action("t.quick", {
      ...{ ...shared, input: z.object({ text: z.string().max(100_000).optional() }), budget: "60s", http: "POST /quick" },
      run: async () => ({}),
    }),
    action("t.busy", {
      ...{ ...shared, input: z.object({}), budget: { deadline: "60s", calls: 1 }, http: "POST /busy" },
      run: async (_, scope) => {
        await scope.call(inner, {});
        await scope.call(inner, {});
        await scope.call(inner, {});
        return {};
      },
    }),
  ];
  const inner = query("t.inner", { input: z.object({}), output: z.object({}), access: "public", budget: "1s", run: async () => ({}) });
  await using served = await serve([...operations, inner], { database: { open: () => new MemoryDatabase() }, ...kind.spec });
  const isBudget = kind.limit.startsWith("t.");
  served.app.loadLines.setMode(kind.limit, mode, "as the test says");
  const offered = new Offered(served, waiting, kind.limit);
  // A limit in front of the one in question does not hide it.
  if (!isBudget) served.app.loadLines.setMode("t.slow queue", "off", "another limit is in question");
  await kind.offer(offered);
  await offered.finish();
  const { refused, wouldRefuse, mode: after } = offered.line;
  assert.equal(after, mode);
  Object.assign(offered, { counts: { refused: refused[kind.reason], wouldRefuse: wouldRefuse[kind.reason] } });
  return offered;
}

describe("in measure mode a limit refuses nothing, and reports exactly what it would have refused", () => {
  for (const kind of kinds)
    it(kind.limit, async () => {
      const modes = ["enforce", "measure", "off"] as const;
      const runs = new Map<LimitMode, Offered>();
      for (const mode of modes) runs.set(mode, await run(kind, mode));
      const counts = modes.map((mode) => (runs.get(mode) as Offered & { counts: unknown }).counts);
      assert.deepEqual(counts, [
        { refused: kind.refuses, wouldRefuse: 0 },
        { refused: 0, wouldRefuse: kind.refuses },
        { refused: 0, wouldRefuse: 0 },
      ]);
      const failed = (mode: LimitMode) => runs.get(mode)?.statuses.filter((status) => !(status >= 200 && status < 300)).length;
      assert.deepEqual(modes.map(failed), [kind.refuses, 0, 0]);
    });
});
