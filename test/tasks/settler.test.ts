import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { HeldTask, type TaskOwner } from "../../src/tasks/claims/held-task.ts";
import type { ClaimedTask } from "../../src/tasks/ports/claim-store.ts";
import { Settler } from "../../src/tasks/worker/settler.ts";

const claimed: ClaimedTask = {
  ...{ partition: 0, place: "(0,1)", id: "a", name: "t", fairnessKey: "", rank: 0 },
  ...{ attempt: 1, rescues: 0, input: "null", context: null, lag: 0 },
};

describe("a worker that had a task gets the very task that it gave", () => {
  const ways: Record<string, (settler: Settler, task: HeldTask) => void> = {
    completed: (settler, task) => settler.complete(task, false),
    kept: (settler, task) => settler.complete(task, true),
    retried: (settler, task) => settler.retry(task, { delayMs: 10, spent: true, context: null }),
    deadLettered: (settler, task) => settler.deadLetter(task, { code: "internal", reason: "why", context: null }),
  };
  for (const [what, settle] of Object.entries(ways))
    it(`once it is ${what}`, async () => {
      const settled: HeldTask[] = [];
      const owner: TaskOwner = { queue: "q", ended: () => undefined, settled: (done) => settled.push(done) };
      const task = new HeldTask(claimed, owner);
      const settler = new Settler({
        store: { settle: async () => 1, held: async () => new Set<string>() },
        ...{ token: () => 1, pause: async () => {}, lost: () => {}, refused: () => {}, due: () => {} },
      });
      settle(settler, task);
      await settler.idle();
      assert.equal(settled.length, 1);
      assert.equal(settled[0], task);
    });
});
