import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { command, createApp, exponential, fault, module, saga, signedIn } from "plimsoll";
import { type CrashDatabase, type CrashOutcome, type CrashSpec, type CrashWorld, crashTest, testActor } from "plimsoll/testing";
import { z } from "zod";

// A saga of recorded calls and a sleep, at the boundaries of what becomes durable.

const actor = testActor({ tenant: "acme" });
const most = process.env.CRASH === "all" ? {} : { most: 6 };

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
const take = command("jar.take", {
  ...{ input: Coin, output: Coin, access: signedIn(), idempotent: "natural", budget: "2s" },
  async run({ coin }, { sql }) {
    await sql`insert into jar.coins (id, coin) values (gen_random_uuid(), ${`${coin} taken`})`.run();
    return { coin };
  },
});
const Full = fault("jar_full", { code: "failed_precondition", message: "The jar is full." });
const spoil = saga("jar.spoil", {
  ...{ input: Coin, budget: "1h", retry: { backoff: exponential("1ms", { max: "1ms" }) } },
  async run({ coin }, { call, step }) {
    await call("put", {
      ...{ operation: put, input: { coin } },
      undo: ({ commit }) => commit((inside) => inside.call(take, { coin })),
    });
    await step("fill", () => Promise.reject(new Full({})));
  },
});
const Ask = z.object({ coin: z.string(), spoils: z.boolean() });
const ask = command("jar.ask", {
  ...{ input: Ask, output: Coin, access: signedIn(), idempotent: "key", budget: "2s" },
  async run({ coin, spoils }, { start }) {
    await start(spoils ? spoil : save, { coin });
    return { coin };
  },
});
const jar = module("jar", {
  schema: "jar",
  migrations: new URL("./jar/migrations/", import.meta.url),
  operations: [put, take, save, spoil, ask],
});

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
  const asked = ledger.of(ask).map(({ input }) => input);
  assert.deepEqual(coins, asked.flatMap(({ coin, spoils }) => [coin, `${coin} ${spoils ? "taken" : "more"}`]).toSorted());
  assert.deepEqual(await waiting(database), []);
}

const spec: CrashSpec<void> = {
  async scenario({ call, quiet }) {
    await call(ask, { coin: "gold", spoils: false }, { actor });
    await quiet();
    await call(ask, { coin: "copper", spoils: false }, { actor });
  },
  // A sleep ends by the clock of the database: where that is set back, it takes longer by as much.
  clockJump: "5s",
  settled: async ({ database }) => (await waiting(database)).length === 0,
  invariants: eachOnce,
};

describe("sagas in the crash lab", () => {
  it("do each step once in the database, and end, whatever breaks", async (t) => {
    const report = await crashTest(makeJar, { ...spec, ...most });
    t.diagnostic(report.summary);
    assert.deepEqual(report.missed, []);
  });

  for (const commit of [1, 2])
    it(`go on at once where only the response to their commit ${commit} was lost, the second of which is that of an undo`, async () => {
      await crashTest(makeJar, {
        ...spec,
        scenario: ({ call }) => call(ask, { coin: "gold", spoils: true }, { actor }),
        ...{ only: `jar.spoil#1 commit ${commit} / cut-after`, within: "15s" },
      });
    });
});
