import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { command, createApp, module, signedIn } from "plimsoll";
import { type CrashDatabase, type CrashOutcome, type CrashSpec, type CrashWorld, crashTest, testActor } from "plimsoll/testing";
import { z } from "zod";
import { relayEngine } from "../durable/toy/engine.ts";
import { relay, relays } from "../durable/toy/relay.ts";

// Durable work of a kind that the platform does not have, at every boundary.

const actor = testActor({ tenant: "acme" });
const most = process.env.CRASH === "all" ? {} : { most: 10 };

const Coin = z.object({ coin: z.string() });
const putLater = relay("jar.put-later", {
  input: Coin,
  async run({ coin }, { commit }) {
    await commit(({ sql }) => sql`insert into jar.coins (id, coin) values (gen_random_uuid(), ${coin})`.run());
  },
});
const ask = command("jar.ask", {
  ...{ input: Coin, output: Coin, access: signedIn(), idempotent: "key", budget: "2s" },
  async run({ coin }, { start }) {
    await start(putLater, { coin });
    return { coin };
  },
});
const jar = module("jar", { schema: "jar", migrations: new URL("./jar/migrations/", import.meta.url), operations: [putLater, ask] });

const makeJar = ({ database, clock }: CrashWorld) =>
  createApp({
    modules: [relays, jar],
    ...{ database, clock },
    tenancy: { description: "of the actor", tenantOf: ({ tenant }) => tenant },
    engines: [relayEngine],
    development: true,
  });

const waiting = (database: CrashDatabase) => database.admin("select from relays.work where due < 'infinity'");

/** Each coin that was asked for is in the jar, once. */
async function eachOnce({ database, ledger }: CrashOutcome<void>): Promise<void> {
  const coins = (await database.admin<{ coin: string }>("select coin from jar.coins order by coin")).map(({ coin }) => coin);
  assert.deepEqual(
    coins,
    ledger
      .of(ask)
      .map(({ input }) => input.coin)
      .toSorted(),
  );
  assert.deepEqual(await waiting(database), []);
}

const spec: CrashSpec<void> = {
  async scenario({ call, quiet }) {
    await call(ask, { coin: "gold" }, { actor });
    await quiet();
    await call(ask, { coin: "silver" }, { actor });
  },
  settled: async ({ database }) => (await waiting(database)).length === 0,
  invariants: eachOnce,
};

describe("relays in the crash lab", () => {
  it("are done, once in the database, whatever breaks", async (t) => {
    const report = await crashTest(makeJar, { ...spec, ...most });
    t.diagnostic(report.summary);
    assert.deepEqual(report.missed, []);
  });

  it("are found to be done twice where a completion has no fence", async () => {
    const prepare = async ({ database }: { readonly database: CrashDatabase }) => {
      const [before] = await database.admin<{ text: string }>(
        "select pg_get_functiondef('relays.complete(uuid, integer)'::regprocedure) as text",
      );
      const after = before!.text.replace("if not found", "if false");
      assert.notEqual(after, before!.text);
      await database.admin(after);
    };
    await assert.rejects(crashTest(makeJar, { ...spec, prepare, faults: ["stalled"] }), /gold|silver/);
  });
});
