import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { command, createApp, event, exponential, module, signedIn, subscription } from "plimsoll";
import { type CrashDatabase, type CrashOutcome, type CrashSpec, type CrashWorld, crashTest, testActor } from "plimsoll/testing";
import { z } from "zod";

// A subscription that completes with commit, at every boundary.

const actor = testActor({ tenant: "acme" });
const most = process.env.CRASH === "all" ? {} : { most: 10 };

const Coin = z.object({ coin: z.string() });
const given = event("jar.given", { data: Coin, key: ({ coin }) => coin });
const give = command("jar.give", {
  ...{ input: Coin, output: Coin, access: signedIn(), idempotent: "key", budget: "2s", emits: [given] },
  async run({ coin }, { emit }) {
    emit(given, { coin });
    return { coin };
  },
});
const put = subscription("jar.put", {
  ...{ on: [given], from: "beginning", budget: "5s", partitions: 4 },
  retry: { attempts: 100, backoff: exponential("5ms", { max: "50ms" }) },
  async run({ coin }, { commit }) {
    await commit(({ sql }) => sql`insert into jar.coins (id, coin) values (gen_random_uuid(), ${coin})`.run());
  },
});
const jar = module("jar", {
  schema: "jar",
  migrations: new URL("./jar/migrations/", import.meta.url),
  operations: [give, put],
  events: [given],
});

const makeJar = ({ database, clock }: CrashWorld) =>
  createApp({
    modules: [jar],
    ...{ database, clock },
    tenancy: { description: "of the actor", tenantOf: ({ tenant }) => tenant },
    development: true,
  });

/** Events that are parked, or that lie behind a position of their subscription. */
const waiting = (database: CrashDatabase) =>
  database.admin(`select from plimsoll.parked_events
    union all select from plimsoll.events e where not exists (select from plimsoll.subscription_partitions)
      or exists (select from plimsoll.subscription_partitions t where (t.epoch, t.xid, t.seq) < (e.epoch, e.xid, e.seq))`);

/** Each coin that was given is in the jar, once. */
async function eachOnce({ database, ledger }: CrashOutcome<void>): Promise<void> {
  const coins = (await database.admin<{ coin: string }>("select coin from jar.coins order by coin")).map(({ coin }) => coin);
  assert.deepEqual(
    coins,
    ledger
      .of(give)
      .map(({ input }) => input.coin)
      .toSorted(),
  );
  assert.deepEqual(await database.admin("select from plimsoll.event_dead_letters"), []);
}

const spec: CrashSpec<void> = {
  async scenario({ call, quiet }) {
    await call(give, { coin: "gold" }, { actor });
    await quiet();
    await call(give, { coin: "silver" }, { actor });
  },
  settled: async ({ database }) => (await waiting(database)).length === 0,
  invariants: eachOnce,
};

describe("events in the crash lab", () => {
  it("are handled, once in the database, whatever breaks", async (t) => {
    const report = await crashTest(makeJar, { ...spec, ...most });
    t.diagnostic(report.summary);
  });
});
