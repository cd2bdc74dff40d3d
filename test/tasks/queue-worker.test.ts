import assert from "node:assert/strict";
import { describe, it, mock } from "node:test";
import { Fault } from "../../src/core/fault.ts";
import type { HeldTask } from "../../src/tasks/claims/held-task.ts";
import { QueueWorker } from "../../src/tasks/claims/queue-worker.ts";
import type { ClaimedTask } from "../../src/tasks/ports/claim-store.ts";
import { TestClock } from "../../src/testing/clock.ts";
import { MemoryTaskStore } from "../conformance/memory-task-store.ts";

describe("a claim that fails", () => {
  const cases = [
    // Rows were moved to another partition under it: the server said no, so nothing was taken.
    { code: "aborted", type: "conflict", asked: ["claim", "claim"], failures: 0 },
    // It is not known what it took: that is looked for before the next claim, and once more when the statement cannot run any longer.
    { code: "unavailable", type: "database_unavailable", asked: ["claim", "reconcile", "claim", "reconcile", "claim"], failures: 1 },
  ] as const;
  for (const { code, type, asked: expected, failures } of cases)
    it(`with ${code} is followed by ${expected.slice(1).join(", ")}`, async () => {
      const clock = new TestClock();
      const asked: string[] = [];
      const failed: unknown[] = [];
      const store = new MemoryTaskStore(clock);
      mock.method(store, "claim", async () => {
        asked.push("claim");
        if (asked.length === 1) throw new Fault({ code, type, message: "It fails once." });
        return [];
      });
      mock.method(store, "reconcile", async () => void asked.push("reconcile"));
      const worker = new QueueWorker({
        ...{ queue: "q", spec: {}, definitions: new Map(), store, clock },
        ...{ token: () => 1, isShut: () => false, run: () => undefined, failed: (error) => failed.push(error) },
      });
      worker.wake();
      await clock.advanceAsync(20_000);
      assert.deepEqual([asked, failed.length], [expected, failures]);
    });
});

describe("a queue", () => {
  it("has one claim in flight, however often it is woken, and claims again for what came meanwhile", async () => {
    const clock = new TestClock();
    const store = new MemoryTaskStore(clock);
    const claims: PromiseWithResolvers<[]>[] = [];
    mock.method(store, "claim", () => {
      const claim = Promise.withResolvers<[]>();
      claims.push(claim);
      return claim.promise;
    });
    const worker = new QueueWorker({
      ...{ queue: "q", spec: {}, definitions: new Map(), store, clock },
      ...{ token: () => 1, isShut: () => false, run: () => undefined, failed: (error) => assert.fail(String(error)) },
    });
    for (let i = 0; i < 3; i++) worker.wake();
    await clock.advanceAsync(100);
    worker.wake();
    await clock.advanceAsync(100);
    assert.equal(claims.length, 1);
    claims[0]!.resolve([]);
    await clock.advanceAsync(100);
    assert.equal(claims.length, 2, "one more for all that woke it meanwhile");
    claims[1]!.resolve([]);
    await clock.advanceAsync(20_000);
    assert.equal(claims.length, 2);
  });
});

describe("a task that is cancelled", () => {
  const task = (id: string): ClaimedTask => ({
    ...{
      partition: 1,
      place: "(0,1)",
      id,
      name: "t",
      fairnessKey: "",
      rank: 0,
      attempt: 1,
      rescues: 0,
      input: "{}",
      context: null,
      lag: 0,
    },
  });
  const queueWorker = (run: (held: HeldTask) => void, replies: PromiseWithResolvers<ClaimedTask[]>[]) => {
    const clock = new TestClock();
    const store = new MemoryTaskStore(clock);
    mock.method(store, "claim", () => {
      const reply = Promise.withResolvers<ClaimedTask[]>();
      replies.push(reply);
      return reply.promise;
    });
    const worker = new QueueWorker({
      ...{ queue: "q", spec: { concurrency: 1 }, definitions: new Map(), store, clock },
      ...{ token: () => 1, isShut: () => false, run, failed: (error) => assert.fail(String(error)) },
    });
    return { clock, worker };
  };

  it("does not begin where the claim that took it has not been responded to, and where it waits", async () => {
    const began: HeldTask[] = [];
    const replies: PromiseWithResolvers<ClaimedTask[]>[] = [];
    const { clock, worker } = queueWorker((held) => began.push(held), replies);
    worker.cancel("elsewhere");
    worker.wake();
    await clock.advanceAsync(0);
    worker.cancel("in-flight");
    replies[0]!.resolve([task("in-flight"), task("waits"), task("elsewhere")]);
    await clock.advanceAsync(0);
    worker.cancel("waits");
    while (began.length < 3) worker.ended(began.at(-1)!);
    assert.deepEqual(
      began.map(({ id, isCancelled }) => [id, isCancelled]),
      [
        ["in-flight", true],
        ["waits", true],
        ["elsewhere", false],
      ],
      "what was cancelled before the claim was sent is not of this claim",
    );
  });
});
