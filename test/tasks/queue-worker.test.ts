import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Fault } from "../../src/core/fault.ts";
import { QueueWorker } from "../../src/tasks/queue-worker.ts";
import type { TaskStore } from "../../src/tasks/store.ts";
import { TestClock } from "../../src/testing/clock.ts";

describe("a claim that fails", () => {
  const cases = [
    // Rows were moved to another slot under it: the server said no, so nothing was taken.
    { code: "aborted", type: "conflict", asked: ["claim", "claim"], failures: 0 },
    // Nobody knows what it took: that is looked for before the next claim, and once more when the statement cannot run any longer.
    { code: "unavailable", type: "database_unavailable", asked: ["claim", "reclaim", "claim", "reclaim", "claim"], failures: 1 },
  ] as const;
  for (const { code, type, asked: expected, failures } of cases)
    it(`with ${code} is followed by ${expected.slice(1).join(", ")}`, async () => {
      const clock = new TestClock();
      const asked: string[] = [];
      const failed: unknown[] = [];
      const store = {
        claim: async () => {
          asked.push("claim");
          if (asked.length === 1) throw new Fault({ code, type, message: "Told to fail." });
          return [];
        },
        reclaim: async () => void asked.push("reclaim"),
      } as unknown as TaskStore;
      const worker = new QueueWorker({
        ...{ queue: "q", spec: {}, definitions: new Map(), store, clock },
        ...{ token: () => 1, run: () => undefined, failed: (error) => failed.push(error) },
      });
      worker.wake();
      await clock.advanceAsync(20_000);
      assert.deepEqual([asked, failed.length], [expected, failures]);
    });
});
