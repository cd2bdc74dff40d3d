import { it } from "node:test";
import { crashTest } from "plimsoll/testing";
import { makeShop, spec } from "./world.ts";

it("the shop's payments charge each checkout once and undo what fails, whatever breaks", async (t) => {
  const { summary, missed } = await crashTest(makeShop(), spec);
  t.diagnostic(summary);
  if (missed.length > 0) t.diagnostic(`not reached: ${missed.join(", ")}`);
});
