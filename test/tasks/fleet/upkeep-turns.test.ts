import assert from "node:assert/strict";
import { it } from "node:test";
import { limits } from "../../../src/core/limits.ts";
import { taskSignals } from "../../../src/tasks/signals.ts";
import { Upkeep } from "../../../src/tasks/upkeep/upkeep.ts";
import { TestClock } from "../../../src/testing/clock.ts";

it("upkeep runs one statement at a time, however many heartbeats pass, and looks again once that has ended", async () => {
  const clock = new TestClock();
  const asked: PromiseWithResolvers<number>[] = [];
  const store = {
    expire: () => {
      const statement = Promise.withResolvers<number>();
      asked.push(statement);
      return statement.promise;
    },
    unserved: async () => [],
    partitionsHeld: async () => undefined,
  };
  const upkeep = new Upkeep({ store, clock, signals: taskSignals() });
  for (let i = 0; i < 100; i++) upkeep.onHeartbeat();
  assert.equal(asked.length, 1);
  asked[0]!.resolve(limits.taskBatch);
  await clock.advanceAsync(1);
  assert.equal(asked.length, 2, "there is more to delete");
  asked[1]!.resolve(0);
  await clock.advanceAsync(1);
  for (let i = 0; i < 100; i++) upkeep.onHeartbeat();
  assert.equal(asked.length, 3);
  asked[2]!.resolve(0);
  await upkeep.stop();
});
