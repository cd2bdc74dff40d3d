import assert from "node:assert/strict";
import { describe, it, mock } from "node:test";
import { LoadLines } from "../../src/core/load-line/load-lines.ts";
import { Signal } from "../../src/core/signals.ts";
import type { Runtime } from "../../src/pipeline/runtime.ts";
import { taskSignals } from "../../src/tasks/signals.ts";
import { TaskWorker } from "../../src/tasks/worker/worker.ts";
import { TestClock } from "../../src/testing/clock.ts";
import { MemoryTaskStore } from "../conformance/memory-task-store.ts";

describe("a worker that is notified again and again that something is due", () => {
  // Faster than it looks, and slower.
  for (const everyMs of [1, 7, 19, 20, 21, 150, 700])
    it(`every ${everyMs} ms, looks within 20 ms of each, and renews its lease every 3 s`, async () => {
      const clock = new TestClock();
      const [looks, renewals]: number[][] = [[], []];
      const store = new MemoryTaskStore(clock);
      const { heartbeat } = store;
      mock.method(store, "heartbeat", (token: number, renew: boolean, queues: readonly string[]) => {
        looks!.push(clock.monotonic());
        if (renew) renewals!.push(clock.monotonic());
        return heartbeat.call(store, token, renew, queues);
      });
      const worker = new TaskWorker({
        ...{
          name: "w",
          runtime: { clock, loadLines: new LoadLines(clock) } as unknown as Runtime,
          store,
          definitions: new Map(),
          queues: { q: {} },
        },
        ...{ signals: taskSignals(), stopping: new Signal("stopping"), onHeartbeat: async () => undefined },
      });
      await worker.start();
      const notifiedAt: number[] = [];
      for (let ms = 0; ms < 12_000; ms += everyMs) {
        await clock.advanceAsync(everyMs);
        notifiedAt.push(clock.monotonic());
        store.notify({ due: true });
      }
      await clock.advanceAsync(20);
      for (const at of notifiedAt)
        assert.ok(
          looks!.some((look) => look >= at && look <= at + 20),
          `no worker looked within 20 ms of ${at} ms`,
        );
      const gaps = renewals!.map((at, n) => at - (renewals![n - 1] ?? 0));
      assert.ok(Math.max(...gaps, clock.monotonic() - renewals!.at(-1)!) <= 3_000, `renewed after ${gaps} ms`);
    });
});
