import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Signal } from "../../src/core/signals.ts";
import type { Runtime } from "../../src/pipeline/runtime.ts";
import { taskSignals } from "../../src/tasks/signals.ts";
import type { TaskNews, TaskStore } from "../../src/tasks/store.ts";
import { TaskWorker } from "../../src/tasks/worker.ts";
import { TestClock } from "../../src/testing/clock.ts";

describe("a worker that is told again and again that something is due", () => {
  // Faster than it looks, and slower.
  for (const everyMs of [1, 7, 19, 20, 21, 150, 700])
    it(`every ${everyMs} ms, looks within 20 ms of each, and renews its lease every 3 s`, async () => {
      const clock = new TestClock();
      const [looks, renewals]: number[][] = [[], []];
      let tell: (news: TaskNews) => void = () => {};
      const store = {
        join: async () => 1,
        listen: async (heard: typeof tell) => {
          tell = heard;
          return { channel: "c", stop: () => {} };
        },
        announce: async () => {},
        claim: async () => [],
        tick: async (_token: number, renew: boolean) => {
          looks!.push(clock.monotonic());
          if (renew) renewals!.push(clock.monotonic());
          return { alive: true, rescued: 0, promoted: 0, waiting: [], nextDueMs: undefined };
        },
      } as unknown as TaskStore;
      const worker = new TaskWorker({
        ...{ name: "w", runtime: { clock } as unknown as Runtime, store, definitions: new Map(), queues: { q: {} } },
        ...{ signals: taskSignals(), stopping: new Signal("stopping"), onTick: async () => undefined },
      });
      await worker.start();
      const toldAt: number[] = [];
      for (let ms = 0; ms < 12_000; ms += everyMs) {
        await clock.advanceAsync(everyMs);
        toldAt.push(clock.monotonic());
        tell({ due: true });
      }
      await clock.advanceAsync(20);
      for (const at of toldAt)
        assert.ok(
          looks!.some((look) => look >= at && look <= at + 20),
          `nobody looked within 20 ms of ${at} ms`,
        );
      const gaps = renewals!.map((at, n) => at - (renewals![n - 1] ?? 0));
      assert.ok(Math.max(...gaps, clock.monotonic() - renewals!.at(-1)!) <= 3_000, `renewed after ${gaps} ms`);
    });
});
