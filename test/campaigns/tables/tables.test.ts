// The short form of `node --conditions=source test/campaigns/tables/tables.ts`: 5,000,000 events and 500,000 sagas in ten days.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { passDays } from "./campaign.ts";

describe("the tables of an app that runs for days", () => {
  it("are bounded by retention", async () => {
    const { days, counted, ratio } = await passDays({ events: 30_000, sagas: 600, days: 6, keptDays: 1 });
    assert.equal(counted, 30_000);
    // Without retention they would take twice as much as half way.
    assert.ok(ratio <= 1.3, `${ratio}: ${JSON.stringify(days)}`);
  });
});
