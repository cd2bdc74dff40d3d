import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { command, createApp, exponential, module, saga, signedIn } from "plimsoll";
import { type CrashDatabase, type CrashOutcome, type CrashSpec, type CrashWorld, crashTest, testActor } from "plimsoll/testing";
import { z } from "zod";

// A saga of recorded calls and a sleep, at the boundaries of what becomes durable.

const actor = testActor({ tenant: "acme" });
const most = process.env.CRASH === "all" ? {} : { most: 8 };

const Coin = z.object({ coin: z.string() });
const put = command("jar.put", {
  ...{ input: Coin, output: Coin, access: signedIn(), idempotent: "natural", budget: "2s" },
  async run({ coin }, { sql }) {
    await sql`insert into jar.coins (id, coin) values (gen_random_uuid(), ${coin})`.run();
    return { coin };
  },
});
const save = saga("jar.save", {
  ...{ input: Coin, budget: "1h", retry: { backoff: exponential("1ms", { max: "1ms" }) } },
  async run({ coin }, { call, step, sleep }) {
    await call("put", put, { coin });
    await step("look", async () => "seen");
    await sleep("rest", "1ms");
    await call("more", put, { coin: `${coin} more` });
  },
});
const ask = command("jar.ask", {
  ...{ input: Coin, output: Coin, access: signedIn(), idempotent: "key", budget: "2s" },
  async run({ coin }, { start }) {
    await start(save, { coin });
    return { coin };
  },
});
const jar = module("jar", { schema: "jar", migrations: new URL("./jar/migrations/", import.meta.url), operations: [put, save, ask] });

const makeJar = ({ database, clock }: CrashWorld) =>
  createApp({
    modules: [jar],
    ...{ database, clock },
    tenancy: { description: "of the actor", tenantOf: ({ tenant }) => tenant },
    development: false,
  });

const waiting = (database: CrashDatabase) => database.admin("select from plimsoll.sagas where ended is null");

/** What each saga puts is in the jar once. */
async function eachOnce({ database, ledger }: CrashOutcome<void>): Promise<void> {
  const coins = (await database.admin<{ coin: string }>("select coin from jar.coins order by coin")).map(({ coin }) => coin);
  const asked = ledger.of(ask).map(({ input }) => input.coin);
  assert.deepEqual(coins, asked.flatMap((coin) => [coin, `${coin} more`]).toSorted());
  assert.deepEqual(await waiting(database), []);
}

const spec: CrashSpec<void> = {
  async scenario({ call, quiet }) {
    await call(ask, { coin: "gold" }, { actor });
    await quiet();
    await call(ask, { coin: "copper" }, { actor });
  },
  settled: async ({ database }) => (await waiting(database)).length === 0,
  invariants: eachOnce,
};

describe("sagas in the crash lab", () => {
  it("do each step once in the database, and end, whatever breaks", async (t) => {
    const report = await crashTest(makeJar, { ...spec, ...most });
    t.diagnostic(report.summary);
    assert.deepEqual(report.missed, []);
  });
});
