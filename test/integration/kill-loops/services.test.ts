import assert from "node:assert/strict";
import { it } from "node:test";
import { servicesCampaign } from "../../chaos/services/campaign.ts";

// The short form; more: node --conditions=source test/chaos/kill-loop.ts --services --kills 60. Kills are found through /proc.
const skip = process.platform === "linux" ? false : "needs Linux";

it("kill -9 of the shop's services under buyers who ask again: nothing is lost, and nothing is done or charged twice", {
  skip,
}, async () => {
  const report = await servicesCampaign({ kills: 4, seed: 11, buyers: 2 });
  assert.ok(report.acknowledged > 2, `only ${report.acknowledged} checkouts were acknowledged: nothing was put to the test`);
  const { lost, doneTwice, contradicted, unanswered, unbalanced, undone, changed, unexpected, ended, wronglyCharged } = report;
  const found = { lost, doneTwice, contradicted, unanswered, unbalanced, undone, changed, unexpected, ended, wronglyCharged };
  assert.deepEqual(found, Object.fromEntries(Object.keys(found).map((name) => [name, []])));
});
