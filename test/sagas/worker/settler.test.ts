import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Fault } from "../../../src/core/fault.ts";
import type { SagaEnd, SagaStore, StepRecord } from "../../../src/sagas/ports/store.ts";
import { leaseLost, SagaSettler } from "../../../src/sagas/worker/settler.ts";

const step = (name: string): StepRecord => ({ ...{ saga: "one", name, kind: "step", state: "done", attempt: 1, undoable: false } });
const end: SagaEnd = { saga: "one", state: "ready" };

/** A settler with what it wrote, each time under which lease, and with what failed. */
function settlerOf(settle: SagaStore["settle"] = async () => new Set(["one"])) {
  const written: unknown[] = [];
  const failures: unknown[] = [];
  const lease: { token: number | undefined } = { token: 1 };
  const settler = new SagaSettler({
    store: {
      settle: (token, steps, ends) => {
        written.push([token, ...steps.map(({ name }) => name), ...ends.map(({ state }) => state)]);
        return settle(token, steps, ends);
      },
    },
    ...{ token: () => lease.token, pause: async () => undefined, failed: (error) => failures.push(error) },
  });
  return { settler, lease, written, failures };
}

describe("what writes steps and ends of sagas", () => {
  it("writes together what comes together under one lease", async () => {
    const { settler, written } = settlerOf();
    const batches = [settler.step(1, step("a")), settler.step(1, step("b")), settler.end(1, end)];
    await settler.idle();
    assert.deepEqual([written, new Set(batches).size], [[[1, "a", "b", "ready"]], 1]);
  });

  it("writes nothing of a run whose lease is lost, also where the worker has another, and keeps that one", async () => {
    const { settler, lease, written, failures } = settlerOf();
    const before = settler.step(1, step("before"));
    lease.token = 2;
    const late = settler.step(1, step("late"));
    const now = settler.step(2, step("now"));
    const later = settler.end(1, end);
    await settler.idle();
    for (const lost of [before, late, later]) await assert.rejects(lost.written.promise, { type: "lease_lost" });
    assert.deepEqual([written, await now.written.promise], [[[2, "now"]], new Set(["one"])]);
    assert.deepEqual(failures, [], "the lease of now is not lost");
  });

  it("says that the lease of now is lost where the store does", async () => {
    const { settler, failures } = settlerOf(() => Promise.reject(leaseLost()));
    const batch = settler.step(1, step("a"));
    await assert.rejects(batch.written.promise, { type: "lease_lost" });
    assert.deepEqual(
      failures.map((error) => (error as Fault).type),
      ["lease_lost"],
    );
  });

  it("tries again what may have been written, until the lease is lost", async () => {
    const away = new Fault({ code: "unavailable", message: "away" });
    const { settler, lease, written } = settlerOf(async () => {
      if (written.length === 3) lease.token = 2;
      throw away;
    });
    await assert.rejects(settler.step(1, step("a")).written.promise, { type: "lease_lost" });
    assert.equal(written.length, 3);
  });
});
