import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { command, createApp, event, module, projection, signedIn } from "plimsoll";
import { type CrashDatabase, type CrashOutcome, type CrashSpec, type CrashWorld, crashTest, testActor } from "plimsoll/testing";
import { z } from "zod";

// A projection that is rebuilt while events come, at every boundary.

const actor = testActor({ tenant: "acme" });
// What is done and not known to be done is where an event could be applied twice.
const most = process.env.CRASH === "all" ? {} : ({ most: 8, faults: ["gone-after", "refused"] } as const);

const Coin = z.object({ coin: z.string() });
const given = event("purse.given", { data: Coin, key: ({ coin }) => coin });
const give = command("purse.give", {
  ...{ input: Coin, output: Coin, access: signedIn(), idempotent: "key", budget: "2s", emits: [given] },
  async run({ coin }, { emit }) {
    emit(given, { coin });
    return { coin };
  },
});
const sums = projection("purse.sums", {
  ...{ on: [given], table: "purse.sums", key: "coin", row: z.object({ coin: z.string(), coins: z.int() }) },
  apply: (row, { data: { coin } }) => ({ coin, coins: (row?.coins ?? 0) + 1 }),
});
const purse = module("purse", {
  schema: "purse",
  migrations: new URL("./purse/migrations/", import.meta.url),
  operations: [give],
  events: [given],
  projections: [sums],
});

const makePurse = ({ database, clock }: CrashWorld) =>
  createApp({
    modules: [purse],
    ...{ database, clock },
    tenancy: { description: "of the actor", tenantOf: ({ tenant }) => tenant },
    development: true,
  });

/** A rebuild, and events that the projection has not applied. */
const waiting = (database: CrashDatabase) =>
  database.admin(`select from plimsoll.projection_rebuilds union all select from plimsoll.events e
    where exists (select from plimsoll.subscription_partitions t where (t.epoch, t.xid, t.seq) < (e.epoch, e.xid, e.seq))`);

/** Each coin counts once, also those of before, whose rows were wrong; and nothing is left of the rebuild. */
async function eachOnce({ database, ledger }: CrashOutcome<void>): Promise<void> {
  const rows = await database.admin<{ coin: string; coins: number }>("select coin, coins from purse.sums order by coin");
  const coins = ["gold", "silver", ...ledger.of(give).map(({ input }) => input.coin)];
  const counted = Object.entries(Object.groupBy(coins, (coin) => coin)).map(([coin, all]) => ({ coin, coins: all!.length }));
  assert.deepEqual(
    rows,
    counted.toSorted((one, other) => one.coin.localeCompare(other.coin)),
  );
  assert.deepEqual(await database.admin("select to_regclass('purse.sums__rebuild') as beside"), [{ beside: null }]);
  assert.deepEqual(await database.admin("select from plimsoll.event_dead_letters"), []);
}

const spec: CrashSpec<void> = {
  /** The rows are wrong, and the rebuild that makes them right has begun and does not move. */
  async prepare({ app, database }) {
    for (const coin of ["gold", "silver"]) {
      const applied = app.events.signals.projected.next();
      await app.call(give, { coin }, { actor, key: coin });
      await applied;
    }
    await app.events.pause(sums.name);
    await database.admin("update purse.sums set coins = 100; insert into purse.sums values ('acme', 'lead', 1)");
    await app.events.projections.rebuild(sums.name);
  },
  async scenario({ call, database }) {
    await database.admin("update plimsoll.subscriptions set paused = false");
    await call(give, { coin: "gold" }, { actor });
    await call(give, { coin: "iron" }, { actor });
  },
  settled: async ({ database }) => (await waiting(database)).length === 0,
  invariants: eachOnce,
};

describe("a rebuild in the crash lab", () => {
  it("ends with each event applied once, whatever breaks", async (t) => {
    const report = await crashTest(makePurse, { ...spec, ...most });
    t.diagnostic(report.summary);
  });
});
