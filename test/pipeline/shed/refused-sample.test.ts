import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { seededRandom } from "../../../src/core/clock.ts";
import { RefusedSample } from "../../../src/pipeline/shed/refused-sample.ts";

describe("RefusedSample", () => {
  it("takes about eight of a turn and an eighth of its refusals, and no more than sixteen", () => {
    fc.assert(
      fc.property(fc.nat(5_000), fc.integer(), (refused, seed) => {
        const [sample, random] = [new RefusedSample(), seededRandom(seed)];
        let [taken, late] = [0, 0];
        for (let turn = 0; turn < 41; turn++) {
          let ofTurn = 0;
          for (let n = 0; n < refused; n++) {
            if (!sample.takes(turn, random())) continue;
            ofTurn++;
            if (turn > 0 && n >= refused / 2) late++;
          }
          assert.ok(ofTurn <= 16);
          if (turn > 0) taken += ofTurn;
        }
        const expected = 40 * Math.min(8, refused / 8);
        assert.ok(Math.abs(taken - expected) <= 6 * Math.sqrt(expected + 1), `${taken} of ${refused} in each turn`);
        // Also of those that come last in it.
        assert.ok(late >= taken / 2 - 6 * Math.sqrt(expected + 1), `${late} of ${taken}`);
      }),
    );
  });
});
