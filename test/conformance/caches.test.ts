import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { cacheStoreConformance, invalidationChannelConformance, TestClock } from "plimsoll/testing";
import type { CacheStore } from "../../src/operation/cache/port.ts";
import { ToyCache, ToyChannel, type ToyFaults } from "./toy-caches.ts";

const storeCases = (faults?: ToyFaults, change: (store: CacheStore) => CacheStore = (store) => store) => {
  const clock = new TestClock();
  const create = () => {
    const toy = new ToyCache(clock, faults);
    return { name: "toy", open: (host: Parameters<ToyCache["open"]>[0]) => change(toy.open(host)) };
  };
  return cacheStoreConformance({ create, clock, pass: (ms) => clock.advanceAsync(ms) });
};
const channelCases = (faults?: ToyFaults) => {
  const clock = new TestClock();
  const toy = new ToyChannel(clock, faults);
  return invalidationChannelConformance({
    ...{ create: () => toy, clock, pass: (ms: number) => clock.advanceAsync(ms) },
    run: async (statement, how) => toy.run(statement, how),
  });
};

async function failing(cases: readonly { readonly name: string; run(): Promise<void> }[]): Promise<readonly string[]> {
  const names: string[] = [];
  for (const { name, run } of cases) await run().catch(() => names.push(name));
  return names;
}

describe("a toy store of values", () => {
  for (const { name, run } of storeCases()) it(name, run);

  const faults: readonly (readonly [string, ToyFaults, RegExp])[] = [
    ["forgets when a load began", { ignoresMarks: true }, /^never reads a value whose load began before/],
    ["keeps what was written last", { lastWriteStays: true }, /^keeps the value of the load that began last/],
    ["does not know everything", { ignoresEverything: true }, /^ends a value with one of its tags/],
    ["ends every value with every tag", { endsAll: true }, /^ends a value with one of its tags/],
    ["keeps values for ever", { immortal: true }, /^keeps a value no longer/],
    ["has one value for all keys", { oneKey: true }, /^reads in every process what one wrote/],
    ["says no age", { ageless: true }, /^reads in every process what one wrote/],
    ["publishes everything that it invalidates", { alwaysPublishes: true }, /^notifies the other processes/],
    ["confirms before it delivers", { hasty: true }, /^confirms a moment/],
    ["cuts long values", { trims: true }, /^takes any text/],
  ];
  for (const [what, planted, claim] of faults)
    it(`fails where it ${what}`, async () => {
      const names = await failing(storeCases(planted));
      assert.ok(
        names.some((name) => claim.test(name)),
        names.join("; "),
      );
    });
});

describe("a toy channel of invalidations", () => {
  for (const { name, run } of channelCases()) it(name, run);

  const faults: readonly (readonly [string, ToyFaults, RegExp])[] = [
    ["passes on what was rolled back", { ignoresRollback: true }, /^passes on what a transaction invalidated/],
    ["does not notify without a transaction", { mute: true }, /^passes on what is notified/],
    ["confirms before it delivers", { hasty: true }, /^confirms a moment/],
    ["drops tags beyond a hundred", { most: 100 }, /^passes on every one of very many/],
    ["cuts long tags", { trims: true }, /^takes any text/],
    ["passes on after its stop", { unstoppable: true }, /^says of a process that begins/],
    ["says nothing of what was missed", { forgetful: true }, /^says of a process that begins/],
  ];
  for (const [what, planted, claim] of faults)
    it(`fails where it ${what}`, async () => {
      const names = await failing(channelCases(planted));
      assert.ok(
        names.some((name) => claim.test(name)),
        names.join("; "),
      );
    });
});
