import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { systemClock } from "../../../src/core/clock.ts";
import type { ClaimedSaga } from "../../../src/sagas/ports/store.ts";
import { sagaSignals } from "../../../src/sagas/signals.ts";
import type { SagaRun } from "../../../src/sagas/worker/run.ts";
import { SagaRunner, type SagaRunnerOptions } from "../../../src/sagas/worker/runner.ts";
import { Batch } from "../../../src/sagas/worker/settler.ts";

const claimed = (id: string, generation = 1): ClaimedSaga => ({
  ...{ id, name: "trips.travel", version: 1, input: "null", context: null, code: "", undoing: false, remainingMs: 1000 },
  ...{ generation, fault: null, lagMs: 0, journal: [] },
});

/** A runner whose pipeline and whose writes are ended by the test. */
function runnerOf(concurrency: number, token: () => number | undefined = () => 1) {
  const [begun, writes]: [SagaRun[], Batch[]] = [[], []];
  const compiled = { limits: { concurrency } };
  const settler = {
    end() {
      const batch = new Batch();
      writes.push(batch);
      return batch;
    },
  };
  const options = {
    ...{ concurrency, signals: sagaSignals(), settler, definitions: new Map([["trips.travel", { compiled }]]) },
    ...{ runtime: { clock: systemClock, start: (_: unknown, run: SagaRun) => void begun.push(run) } },
    ...{ store: {}, token, isOpen: () => true, startChild: async () => undefined, codeOf: async () => undefined },
    ...{ hasRoom: () => undefined, due: () => undefined, failed: () => undefined },
  };
  const runner = new SagaRunner(options as unknown as SagaRunnerOptions);
  /** Ends the run of a saga that waits for something. */
  const park = (run: SagaRun) => {
    run.end = { state: "waiting" };
    run.reply({} as never);
  };
  return { runner, begun, writes, park };
}

describe("what runs sagas", () => {
  it("runs one that it claims again before the response to the write of its end has come", async () => {
    const { runner, begun, writes, park } = runnerOf(2);
    runner.run(claimed("one"), 1);
    park(begun[0]!);
    // It is durable, and what it waited for has come: the claim overtakes the response.
    runner.run(claimed("one", 2), 1);
    assert.equal(begun.length, 1, "no two runs of it at once");
    assert.deepEqual(runner.known, ["one"]);
    writes[0]!.written.resolve(new Set(["one"]));
    await writes[0]!.written.promise;
    await Promise.resolve();
    assert.deepEqual(
      begun.map(({ saga }) => saga.generation),
      [1, 2],
    );
    assert.deepEqual(runner.known, ["one"]);
    park(begun[1]!);
    writes[1]!.written.resolve(new Set(["one"]));
    await runner.idle();
    assert.deepEqual([runner.size, runner.room, runner.roomOf("trips.travel")], [0, 2, 2]);
  });

  it("keeps the places of those that are claimed again", async () => {
    const { runner, begun, writes, park } = runnerOf(2);
    runner.run(claimed("one"), 1);
    runner.run(claimed("two"), 1);
    for (const run of [...begun]) park(run);
    runner.run(claimed("two", 2), 1);
    for (const write of writes) write.written.resolve(new Set(["one", "two"]));
    await Promise.all(writes.map((write) => write.written.promise));
    await Promise.resolve();
    assert.deepEqual([runner.known, runner.room, runner.roomOf("trips.travel")], [["two"], 1, 1]);
  });

  for (const now of [undefined, 2])
    it(`runs nothing that was claimed or started under a lease that was lost: now ${now}`, () => {
      let token: number | undefined = 1;
      const { runner, begun } = runnerOf(4, () => token);
      assert.equal(runner.reserve("trips.travel", "started"), true);
      token = now;
      runner.run(claimed("claimed"), 1);
      runner.begin("trips.travel", "started", { saga: claimed("started"), token: 1 });
      assert.deepEqual([begun, runner.known, runner.roomOf("trips.travel")], [[], [], 4]);
    });

  it("runs one again that was claimed under the lease of now, where its last run was under an earlier one", async () => {
    let token = 1;
    const { runner, begun, writes, park } = runnerOf(4, () => token);
    runner.run(claimed("one"), 1);
    park(begun[0]!);
    token = 2;
    runner.run(claimed("one", 2), 2);
    assert.equal(begun.length, 1);
    writes[0]!.written.reject(new TypeError("the lease is lost"));
    await writes[0]!.written.promise.catch(() => undefined);
    await Promise.resolve();
    assert.deepEqual(
      begun.map(({ saga, token: under }) => [saga.generation, under]),
      [
        [1, 1],
        [2, 2],
      ],
    );
  });
});
