// The short form of `node --conditions=source test/campaigns/counts/counts.ts`: 10,000 visits in a minute, three kills.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { countVisits } from "./campaign.ts";

describe("visits of a shop that is killed", () => {
  it("are counted exactly, second by second", async () => {
    const { acknowledged, attempts, logged, counted } = await countVisits({ visits: 300, seconds: 4, kills: 1, seed: 5 });
    assert.equal(acknowledged, 300);
    assert.ok(attempts > 300, "the kill hit nothing");
    assert.equal(
      Object.values(logged).reduce((sum, count) => sum + count, 0),
      300,
    );
    assert.deepEqual(counted, logged);
  });
});
