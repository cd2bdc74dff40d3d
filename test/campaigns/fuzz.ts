// Fuzzes the shop from its own OpenAPI document: `node --conditions=source test/campaigns/fuzz.ts --requests 50000 --seed 1`.
// Exits with 1 where a reply is not as the document declares it, or is 500, or an operation's handler was reached by less than 30% of its requests.
import { parseArgs } from "node:util";
import { openTestShop } from "../e2e/shop/open-shop.ts";
import { fuzz, tableOf } from "./fuzz/campaign.ts";

const { values } = parseArgs({
  options: {
    requests: { type: "string", default: "50000" },
    seed: { type: "string", default: "1" },
    concurrency: { type: "string", default: "8" },
  },
});
const spec = { requests: Number(values.requests), seed: Number(values.seed), concurrency: Number(values.concurrency) };
await using shop = await openTestShop();
const report = await fuzz(shop, spec);
console.log(tableOf(report));
for (const line of [...report.undeclared, ...report.internal]) console.log(`\n${line}`);
const idle = Object.entries(report.operations).filter(([, { requests, handled }]) => handled < 0.3 * requests);
console.log(
  `\n${report.requests} requests of seed ${spec.seed}: ${report.undeclaredCount} undeclared replies, ${report.internalCount} of status 500; ${
    idle.length === 0 ? "each handler was reached by 30% or more" : `too few reached ${idle.map(([name]) => name).join(", ")}`
  }`,
);
process.exitCode = report.undeclaredCount + report.internalCount + idle.length > 0 ? 1 : 0;
