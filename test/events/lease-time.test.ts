import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { TestClock } from "plimsoll/testing";
import { limits } from "../../src/core/limits.ts";
import type { HeartbeatState } from "../../src/events/ports/subscription-store.ts";
import { eventSignals } from "../../src/events/signals.ts";
import { EventWorker, type EventWorkerOptions } from "../../src/events/worker/worker.ts";

describe("the lease of a worker of subscriptions whose statement hangs", () => {
  const found: HeartbeatState = { owned: [], shares: new Map(), paused: new Set() };
  /** A worker one of whose statements in the second look ends when the test says so. */
  const started = async (hangs: "heartbeat" | "duePark" = "heartbeat") => {
    const clock = new TestClock();
    const calls: string[] = [];
    const { promise: late, resolve: arrive } = Promise.withResolvers<void>();
    const asked = { heartbeat: 0, duePark: 0 };
    const hanging = async (what: keyof typeof asked) => {
      if (++asked[what] === 2 && what === hangs) await late;
    };
    let tokens = 0;
    const subscriptions = {
      declare: async () => 1,
      join: async () => ++tokens,
      leave: async (token: number) => void calls.push(`leave ${token}`),
      heartbeat: async (token: number) => {
        calls.push(`heartbeat ${token}`);
        await hanging("heartbeat");
        return found;
      },
      duePark: async () => {
        await hanging("duePark");
        return { events: [], nextMs: undefined };
      },
    };
    const log = { listen: () => ({ start: async () => undefined, stop: async () => undefined }), head: async () => undefined };
    const reader = {
      ...{ definition: { name: "a", names: [], partitions: 1, from: "now" }, partitions: 0, readTo: undefined, handlesParked: false },
      ...{ describe: async () => undefined, declare: async () => undefined, idle: async () => undefined },
      ...{ adopt: async () => void calls.push("adopt"), abandon: () => void calls.push("abandon") },
      ...{
        dueTakers: () => [],
        takeDue: () => void calls.push("take"),
        announced: () => undefined,
        wake: () => undefined,
        close: () => undefined,
      },
    };
    const worker = new EventWorker({
      ...{ name: "w", runtime: { clock }, store: { subscriptions, log }, definitions: [], projectors: [reader] },
      ...{ signals: eventSignals(), onHeartbeat: () => undefined },
    } as unknown as EventWorkerOptions);
    await worker.start();
    assert.deepEqual(calls.splice(0), ["heartbeat 1", "adopt", "take"]);
    clock.advance(limits.eventPollMs);
    await turn();
    assert.deepEqual(calls.splice(0), hangs === "heartbeat" ? ["heartbeat 1"] : ["heartbeat 1", "adopt"]);
    return { clock, calls, arrive, worker };
  };

  it("is given up a lease after its last renewal", async () => {
    const { clock, calls } = await started();
    clock.advance(limits.eventLeaseMs - limits.eventPollMs - 1);
    assert.deepEqual(calls, []);
    clock.advance(1);
    assert.deepEqual(calls, ["abandon"]);
  });

  it("is not taken up again by what comes late: the worker leaves, and joins again", async () => {
    const { clock, calls, arrive } = await started();
    clock.advance(limits.eventLeaseMs);
    arrive();
    await turn();
    assert.deepEqual(calls.splice(0), ["abandon", "leave 1"]);
    clock.advance(limits.eventPollMs);
    await turn();
    assert.deepEqual(calls, ["heartbeat 2", "adopt", "take"]);
  });

  it("has nothing handled that was read before it was given up", async () => {
    const { clock, calls, arrive } = await started("duePark");
    clock.advance(limits.eventLeaseMs);
    arrive();
    await turn();
    assert.deepEqual(calls, ["abandon", "leave 1"]);
  });
});
