// Sends 10,000 visits in a minute to a shop that is killed three times, and compares what it counts with its log.
// Run it with: node --conditions=source test/campaigns/counts/counts.ts [--visits 10000] [--seconds 60] [--kills 3] [--seed 1]
import assert from "node:assert/strict";
import { parseArgs } from "node:util";
import { countVisits } from "./campaign.ts";

const { values } = parseArgs({
  options: {
    visits: { type: "string", default: "10000" },
    seconds: { type: "string", default: "60" },
    kills: { type: "string", default: "3" },
    seed: { type: "string", default: "1" },
  },
});
const spec = { visits: Number(values.visits), seconds: Number(values.seconds), kills: Number(values.kills), seed: Number(values.seed) };
const report = await countVisits(spec);
const sum = (counts: Readonly<Record<string, number>>) => Object.values(counts).reduce((all, count) => all + count, 0);
const shown = report.shownAfterMs.toSorted((a, b) => a - b);
console.log(
  `${report.acknowledged} visits were acknowledged in ${report.attempts} attempts and ${report.kills} kills; the log has ${sum(report.logged)}, the live view ${sum(report.counted)}.`,
);
console.log(
  `A second was shown whole ${shown[shown.length >> 1]} ms after its end at the median, at the latest ${shown.at(-1)} ms (${shown.length} seconds).`,
);
assert.deepEqual(report.counted, report.logged);
assert.equal(sum(report.logged), report.acknowledged);
