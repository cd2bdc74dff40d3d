import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type RunTask, Settler } from "../../src/tasks/settler.ts";
import type { TaskStore } from "../../src/tasks/store.ts";

describe("whoever had a task is told of the very task that it gave", () => {
  const ways: Record<string, (settler: Settler, task: RunTask) => void> = {
    completed: (settler, task) => settler.complete(task, false),
    kept: (settler, task) => settler.complete(task, true),
    retried: (settler, task) => settler.retry(task, { delayMs: 10, spent: true, context: null }),
    buried: (settler, task) => settler.bury(task, { code: "internal", reason: "why", context: null }),
  };
  for (const [what, settle] of Object.entries(ways))
    it(`once it is ${what}`, async () => {
      const settled: RunTask[] = [];
      const task: RunTask = { slot: 0, place: "(0,1)", id: "a", owner: { settled: (done) => settled.push(done) } };
      const settler = new Settler({
        store: { settle: async () => 1 } as unknown as TaskStore,
        ...{ token: () => 1, pause: async () => {}, lost: () => {}, refused: () => {}, due: () => {} },
      });
      settle(settler, task);
      await settler.idle();
      assert.equal(settled.length, 1);
      assert.equal(settled[0], task);
    });
});
