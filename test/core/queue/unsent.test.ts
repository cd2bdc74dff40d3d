import assert from "node:assert/strict";
import { it } from "node:test";
import { limits } from "../../../src/core/limits.ts";
import { Unsent } from "../../../src/core/queue/unsent.ts";

it("a stream waits above the limit, and continues once when half of it is left", () => {
  let drained = 0;
  const takes: (() => void)[] = [];
  const unsent = new Unsent(() => drained++);
  const quarter = limits.streamBufferBytes / 4;
  const write = (bytes: number) => unsent.write(bytes, (taken) => takes.push(taken));
  const seen = Array.from({ length: 5 }, () => write(quarter));
  assert.deepEqual(seen, [true, true, true, true, false]);
  const after = takes.splice(0).map((taken) => {
    taken();
    return drained;
  });
  assert.deepEqual(after, [0, 0, 1, 1, 1], "with half of the limit left, and no more after");
  assert.equal(write(quarter), true);
});
