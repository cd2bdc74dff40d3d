// The short form of `node --conditions=source test/campaigns/fuzz.ts`: what the shop answers is what its document says.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { openTestShop, type TestShop } from "../e2e/shop/open-shop.ts";
import { type FuzzReport, fuzz, tableOf } from "./fuzz/campaign.ts";

describe("the shop, asked three thousand times", () => {
  let shop: TestShop;
  let report: FuzzReport;
  before(async () => {
    shop = await openTestShop();
    report = await fuzz(shop, { requests: 3_000, seed: 7 });
  });
  after(() => shop?.[Symbol.asyncDispose]());

  it("answers nothing that its document does not declare", () => assert.deepEqual(report.undeclared, []));
  it("has no bug that a caller meets (as before)", () => assert.deepEqual(report.internal, []));
  // The long run holds three of ten; how many of three thousand are refused before they get there depends on the machine too.
  it("runs the handler of each operation for one request of ten (as before)", () => {
    const idle = Object.entries(report.operations).filter(([, { requests, handled }]) => handled < 0.1 * requests);
    assert.deepEqual(
      idle.map(([name]) => name),
      [],
      tableOf(report),
    );
  });
});
