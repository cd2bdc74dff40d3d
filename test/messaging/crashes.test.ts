import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import fc from "fast-check";
import { MemoryBroker, type TestApp, type TestDatabase } from "plimsoll/testing";
import { seen } from "../integration/scratch.ts";
import { emptyShop, salesWith, sell, shipped, shippingWith, shopApp, shopDatabase } from "./shop.ts";

// What may happen, in any order: sales, an outage, confirmations and acknowledgements that are lost, messages that come again out of their order, and an end of a
// process in the middle of what it does, while another begins.
const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      does: fc.constant("sell" as const),
      customer: fc.constantFrom("a", "b", "c"),
      count: fc.integer({ min: 1, max: 6 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ does: fc.constantFrom("down" as const, "up" as const, "replace" as const, "add" as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      does: fc.constantFrom("unconfirmed" as const, "unacknowledged" as const, "again" as const),
      count: fc.integer({ min: 1, max: 4 }),
    }),
  },
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

describe("messages, whatever crashes", () => {
  let database: TestDatabase;
  before(async () => {
    database = await shopDatabase();
  });
  after(() => database.drop());

  async function play(form: "log" | "queue", steps: readonly Step[]): Promise<void> {
    const broker = new MemoryBroker({ form, shards: form === "log" ? 2 : 1 });
    const start = () => shopApp(database, { modules: [salesWith(broker), shippingWith(broker)] });
    const seller = await shopApp(database, { modules: [salesWith(broker)], roles: ["serve"] });
    const apps: TestApp[] = [await start()];
    const sold: Record<string, number[]> = {};
    try {
      for (const one of steps) {
        if (one.does === "sell") {
          sold[one.customer] ??= [];
          const own = sold[one.customer] as number[];
          const numbers = Array.from({ length: one.count }, (_, n) => own.length + n);
          await seller.call(sell, { customer: one.customer, numbers });
          own.push(...numbers);
        } else if (one.does === "down" || one.does === "up") broker.isDown = one.does === "down";
        else if (one.does === "unconfirmed") broker.losesConfirmations += one.count;
        else if (one.does === "unacknowledged") broker.losesAcknowledgements += one.count;
        else if (one.does === "again") {
          // Behind the first of each, in the same shard.
          for (const { place, ...message } of broker.messages.slice(-one.count).toReversed())
            broker.put(message, Number(place.split("/")[0]));
        } else {
          if (one.does === "replace") await apps.shift()?.app.stop({ withinMs: 0 });
          if (apps.length < 2) apps.push(await start());
        }
      }
      broker.isDown = false;
      const total = Object.values(sold).flat().length;
      await seen(database.adminUrl, `select from shipping.shipped having count(*) >= ${total}`);
      assert.deepEqual(await shipped(database), sold);
    } finally {
      await Promise.all([seller, ...apps].map((app) => app.app.stop({ withinMs: 100 })));
      await emptyShop(database);
    }
  }

  for (const form of ["log", "queue"] as const)
    it(`are handled once and in the order of their key, over a ${form}`, () =>
      fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 14 }), (steps) => play(form, steps)),
        { numRuns: 5, endOnFailure: true },
      ));
});
