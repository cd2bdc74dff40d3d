import assert from "node:assert/strict";
import { runtimeOf } from "../../app/app.ts";
import { Fault } from "../../core/fault.ts";
import { isDurable } from "../../operation/kind.ts";
import type { ConformanceCase } from "./authentication.ts";
import { EngineBench, type EngineSample, type WorkHandler } from "./engine-bench.ts";

type Cases = Readonly<Record<string, { readonly handler?: WorkHandler; readonly run: (bench: EngineBench) => Promise<void> }>>;

const hasCode = (code: Fault["code"]) => (error: unknown) => error instanceof Fault && error.code === code;

const starts: Cases = {
  "runs durable kinds, and is the only engine of each": {
    run: async (bench) => {
      const app = await bench.app();
      const engine = bench.engineOf(app);
      assert.ok(engine.kinds.includes(bench.work.kind));
      assert.ok(isDurable(bench.work));
      assert.throws(() => runtimeOf(app).add(engine), { type: "app_invalid" });
    },
  },
  "runs what a command started, after its commit": {
    run: async (bench) => {
      const app = await bench.app();
      await bench.call(app, "one");
      await bench.until((seen) => seen.length === 1);
      const [first] = bench.seen;
      assert.deepEqual([first!.note, first!.attempt], ["one", 1]);
      assert.notEqual(first!.key, "");
    },
  },
  "runs nothing of a command that failed": {
    run: async (bench) => {
      const app = await bench.app();
      await assert.rejects(bench.call(app, "fails"), hasCode("internal"));
      await bench.passes(app);
      assert.ok(!bench.notes.includes("fails"));
    },
  },
  "keeps what was started until a process runs it": {
    run: async (bench) => {
      const first = await bench.app({ works: false });
      await bench.start(first, "one");
      await first.stop({ withinMs: 0 });
      assert.deepEqual(bench.notes, []);
      await bench.app();
      await bench.until((seen) => seen.length === 1);
    },
  },
  "starts one piece of work for a key of a tenant": {
    run: async (bench) => {
      const app = await bench.app();
      const first = await bench.start(app, "one", { key: "a" });
      const again = await bench.start(app, "one", { key: "a" });
      const others = await bench.start(app, "other", { key: "a", tenant: "acme" });
      assert.deepEqual([first.started, again, others.started], [true, { id: first.id, started: false }, true]);
      await bench.passes(app);
      assert.deepEqual(bench.notes.filter((note) => !note.startsWith("marker")).toSorted(), ["one", "other"]);
    },
  },
  "refuses an input that does not match, and keeps nothing of it": {
    run: async (bench) => {
      const app = await bench.app();
      await assert.rejects(bench.start(app, 7), hasCode("invalid_argument"));
      await bench.passes(app);
      assert.equal(bench.seen.length, 2);
    },
  },
  "starts work with the transaction of an occurrence, once for its key": {
    run: async (bench) => {
      const app = await bench.app();
      const occurrence = (note: string) =>
        bench.engineOf(app).starts.prepare(bench.work, { input: { note }, key: "schedule:a:1", tenant: "acme", priority: undefined });
      await bench.commit(app, occurrence("undone"), "rollback");
      await bench.commit(app, occurrence("one"), "commit");
      await bench.commit(app, occurrence("one"), "commit");
      await bench.passes(app);
      assert.deepEqual(
        bench.notes.filter((note) => !note.startsWith("marker")),
        ["one"],
      );
      assert.equal(bench.seen.find(({ note }) => note === "one")?.tenant, "acme");
    },
  },
};

const attempts: Cases = {
  "runs as system, for who started it": {
    run: async (bench) => {
      const app = await bench.app();
      await bench.call(app, "one", "acme");
      await bench.until((seen) => seen.length === 1);
      const { tenant, actor } = bench.seen[0]!;
      assert.deepEqual([tenant, actor], ["acme", { id: "ann", kind: "system" }]);
    },
  },
  "runs again what failed, by the same key": {
    handler: async (_input, { attempt }) => {
      if (attempt < 3) throw new RangeError(`attempt ${attempt}`);
    },
    run: async (bench) => {
      await bench.start(await bench.app(), "one");
      await bench.until((seen) => seen.length === 3);
      assert.deepEqual(
        bench.seen.map(({ attempt }) => attempt),
        [1, 2, 3],
      );
      assert.equal(new Set(bench.seen.map(({ key }) => key)).size, 1);
    },
  },
  "completes work with what it commits, whatever its handler does after that": {
    handler: async ({ note }, { commit }) => {
      if (note !== "one") return;
      await commit(async ({ sql }) => sql`select 1`.run());
      throw new RangeError("after the commit");
    },
    run: async (bench) => {
      const app = await bench.app();
      await bench.start(app, "one");
      await bench.passes(app);
      assert.equal(bench.notes.filter((note) => note === "one").length, 1);
    },
  },
  "starts what a commit started, and nothing of one that failed": {
    handler: async ({ note }, { attempt, commit }, work) => {
      if (note !== "starts two") return;
      const startAndFail: Parameters<typeof commit>[0] = async ({ start }) => {
        await start(work, { note: "undone" });
        throw new RangeError("asked to fail");
      };
      await commit(attempt === 1 ? startAndFail : ({ start }) => start(work, { note: "two" }));
    },
    run: async (bench) => {
      const app = await bench.app();
      await bench.start(app, "starts two");
      await bench.until(() => bench.notes.includes("two"));
      await bench.passes(app);
      assert.ok(!bench.notes.includes("undone"));
    },
  },
  "runs elsewhere what ran when its process stopped": {
    handler: (_input, { attempt, signal }) =>
      attempt > 1
        ? Promise.resolve()
        : new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason), { once: true })),
    run: async (bench) => {
      const first = await bench.app();
      await bench.start(first, "one");
      await bench.until((seen) => seen.length === 1);
      await first.stop({ withinMs: 0 });
      await bench.app();
      await bench.until((seen) => seen.length === 2);
      assert.equal(bench.seen[0]!.key, bench.seen[1]!.key);
    },
  },
  "answers under the paths of its pages, as JSON": {
    run: async (bench) => {
      const app = await bench.app();
      for (const { path, answer } of bench.engineOf(app).pages) {
        assert.match(path, /^\/[a-z-]+$/);
        const response = await answer({ method: "GET", url: path, headers: {} });
        assert.equal(response?.status, 200);
        assert.doesNotThrow(() => JSON.stringify(response?.body));
      }
    },
  },
};

/**
 * Lists what every engine of durable work must do; a test runs each. Each case throws an assertion where the engine does otherwise.
 * *Bounds*: a case wants a database that no other case uses at that time.
 * @example for (const { name, run } of engineConformance(sample)) it(name, run);
 */
export function engineConformance(sample: EngineSample): readonly ConformanceCase[] {
  return [starts, attempts].flatMap((group) =>
    Object.entries(group).map(([name, { handler, run }]) => ({
      name,
      run: async () => {
        const bench = new EngineBench(sample, handler);
        try {
          await run(bench);
        } finally {
          await bench.stop();
        }
      },
    })),
  );
}
