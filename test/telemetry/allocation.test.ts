import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { TestClock } from "plimsoll/testing";
import { AllocationCounter } from "../../src/telemetry/process/allocation.ts";
import { prometheus } from "../../src/telemetry/prometheus.ts";
import { sources } from "./sources.ts";

/** Makes and drops objects; each takes 64 bytes at least. */
function allocate(count: number): number {
  let last: readonly number[] = [];
  for (let index = 0; index < count; index++) last = [index, index + 1, index + 2];
  return last.length;
}

describe("the counter of allocations", () => {
  it("counts what was dropped again, over many collections, and never falls", () => {
    const counter = new AllocationCounter(new TestClock());
    const start = counter.read();
    allocate(100_000);
    const few = counter.read() - start;
    allocate(1_000_000);
    const many = counter.read() - start - few;
    counter.stop();
    assert.ok(few > 0 && many > 8 * few && many < 12 * few, `${few}, ${many}`);
    assert.ok(many > 24e6, `${many}`);
  });

  it("empties the profiler by itself, and loses nothing by it", () => {
    const clock = new TestClock();
    const counter = new AllocationCounter(clock);
    const start = counter.read();
    for (let turn = 0; turn < 5; turn++) {
      allocate(200_000);
      clock.advance(5_000);
    }
    const all = counter.read() - start;
    counter.stop();
    assert.ok(all > 24e6, `${all}`);
    assert.equal(clock.pending, 0);
  });

  it("is a metric where prometheus() is asked for it, and else is not", async () => {
    for (const allocation of [true, false]) {
      const from = sources();
      const sink = prometheus({ allocation });
      await sink.attach(from);
      assert.equal(sink.expose!().body.includes("nodejs_allocated_bytes_total"), allocation);
      await sink.stop();
    }
  });
});
