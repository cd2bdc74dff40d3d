import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { doAll, hasRoom } from "../../src/testing/room.ts";

describe("the runs of the crash lab", () => {
  /** Does ten jobs; each ends when as many have begun as can, or when all have begun. */
  const most = async (room: () => boolean) => {
    let [running, peak, begun] = [0, 0, 0];
    const jobs = Array.from({ length: 10 }, (_, nth) => nth);
    const results = await doAll(jobs, {
      parallel: 4,
      hasRoom: async () => room(),
      run: async (nth) => {
        running++;
        begun++;
        peak = Math.max(peak, running);
        while (room() && running < 4 && begun < 10) await new Promise(setImmediate);
        running--;
        return nth;
      },
    });
    assert.deepEqual(results, jobs);
    return peak;
  };

  it("go on one after the other where the server has no room for more, and all are done", async () => {
    assert.equal(await most(() => false), 1);
  });

  it("go on at the same time where it has", async () => {
    assert.equal(await most(() => true), 4);
  });

  it("leave others a part of the connections", () => {
    assert.equal(hasRoom({ allowed: 100, used: 63 }, 7), true);
    assert.equal(hasRoom({ allowed: 100, used: 64 }, 7), false);
  });
});
