import assert from "node:assert/strict";
import { it } from "node:test";
import { queryObjects } from "node:v8";
import { ReadyFaults } from "../../../src/pipeline/shed/ready-faults.ts";

/** Stands for a request: what makes a fault is on its stack. */
class Caller {
  refuse(faults: ReadyFaults, load: number) {
    return faults.of({ limit: "turn age", value: 40, load }, 0.5);
  }
}

it("faults that are made once keep nothing of the requests for which they were made", () => {
  const faults = new ReadyFaults();
  for (let load = 0; load < 100; load++) new Caller().refuse(faults, load);
  // One collection of garbage first.
  assert.equal(queryObjects(Caller, { format: "count" }), 0);
  const made = new Caller().refuse(faults, 7);
  assert.equal(made, faults.of({ limit: "turn age", value: 40, load: 7 }, 0.5));
});
