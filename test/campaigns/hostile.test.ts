// A short flood of hostile connections: the campaign in small, without its measure of time.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { flood, isAlive, politely } from "./hostile/flood.ts";
import { startShop } from "./hostile/shop.ts";

describe("the shop among hostile clients", () => {
  it("goes on, and every polite caller gets a response (as before)", { timeout: 120_000 }, async () => {
    await using shop = await startShop();
    const strangers = flood(shop, { connections: 240, atOnce: 200, perSecond: 40, fatEvery: 12 });
    const waits = await politely(shop, { until: strangers, perSecond: 10 });
    const { opened, fat } = await strangers;
    // Strangers have what the others leave of the processors, so that not every connection comes about.
    assert.ok(opened > 40 && fat > 3, `${opened} connections, ${fat} fat bodies`);
    assert.ok(waits.length > 20, `${waits.length} polite requests`);
    assert.equal(waits.filter((ms) => !Number.isFinite(ms)).length, 0, "without a response");
    assert.ok(await isAlive(shop), "the shop does not respond");
  });
});
