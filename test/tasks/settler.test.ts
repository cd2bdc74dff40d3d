import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Fault } from "../../src/core/fault.ts";
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

describe("a worker that stops while the database is away", () => {
  it("gives up with its lease what came while it was writing", async () => {
    let token: number | undefined = 1;
    let lost = 0;
    let pauses = 0;
    const writing = Promise.withResolvers<void>();
    const endless = Promise.withResolvers<never>();
    const settled: HeldTask[] = [];
    const owner: TaskOwner = { queue: "q", ended: () => undefined, settled: (done) => settled.push(done) };
    const away = async () => {
      writing.resolve();
      throw new Fault({ code: "unavailable", message: "The database is away." });
    };
    const settler = new Settler({
      store: { settle: away, held: away },
      // A pause that gives other work of the process a turn.
      pause: async () => {
        if (++pauses <= 20) return await new Promise((resolve) => setImmediate(resolve));
        endless.reject(new assert.AssertionError({ message: "the worker still writes without a lease" }));
        await new Promise(() => undefined);
      },
      ...{ token: () => token, refused: () => {}, due: () => {} },
      lost: (tasks) => {
        lost += tasks;
      },
    });
    settler.complete(new HeldTask(claimed, owner), false);
    await writing.promise;
    settler.complete(new HeldTask(claimed, owner), false);
    token = undefined;
    await Promise.race([settler.idle(), endless.promise]);
    assert.deepEqual([settled.length, lost], [2, 2]);
  });
});
