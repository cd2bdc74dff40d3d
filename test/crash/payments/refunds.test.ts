import { it } from "node:test";
import { crashTest } from "plimsoll/testing";
import { makeShop, refunds } from "./world.ts";

it("the shop's payments return the money and the stock once, whatever breaks", async (t) => {
  const { summary, missed } = await crashTest(makeShop(), refunds);
  t.diagnostic(summary);
  if (missed.length > 0) t.diagnostic(`not reached: ${missed.join(", ")}`);
});
