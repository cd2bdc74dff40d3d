import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createApp, override } from "plimsoll";
import { type CrashOutcome, type CrashScope, type CrashSpec, type CrashWorld, crashTest, testActor } from "plimsoll/testing";
import { explore } from "../../src/testing/crash/crash-test.ts";
import { bell, jarModule, type PutCoin } from "./jar/jar.ts";
import { answersEarly, believesLost, effectApart, lookThenPut, readsNoTag } from "./jar/planted.ts";

const actor = testActor({ tenant: "acme" });
// The short form looks for each planted bug where it must show; CRASH=all npm test -- test/crash/lab.test.ts looks everywhere.
const all = process.env.CRASH === "all";
const { put, ringAndPut } = jarModule();

interface Variant {
  readonly putCoin?: (world: CrashWorld) => PutCoin;
  readonly idempotent?: "key" | "natural";
  readonly database?: (world: CrashWorld) => CrashWorld["database"];
}

const makeJar =
  ({ putCoin, idempotent = "key", database = (world) => world.database }: Variant = {}) =>
  (world: CrashWorld) =>
    createApp({
      modules: [jarModule({ idempotent, ...(putCoin && { putCoin: putCoin(world) }) }).jar],
      ...{ database: database(world), clock: world.clock },
      tenancy: { description: "of the actor", tenantOf: ({ tenant }) => tenant },
      provide: [override(bell, world.outside("bell", { ring: async () => undefined }))],
      // No tasks, no worker: nothing but the requests.
      roles: ["serve"],
      development: true,
    });

const putTwo = async ({ call }: CrashScope<void>) => {
  await call(put, { coin: "gold" }, { actor });
  await call(put, { coin: "silver" }, { actor });
};

/** Each coin that was acknowledged is there, once. */
const eachOnce = async ({ database, ledger }: CrashOutcome<void>) => {
  const rows = await database.admin<{ coin: string }>("select coin from jar.coins order by coin");
  const acknowledged = ledger.of(put).map(({ input }) => input.coin);
  assert.deepEqual(
    rows.map(({ coin }) => coin),
    acknowledged.toSorted(),
  );
};

const spec: CrashSpec<void> = { scenario: putTwo, invariants: eachOnce };

describe("the crash lab", () => {
  it("finds nothing wrong with a command under its key, at any boundary", async (t) => {
    const report = await crashTest(makeJar(), { ...spec, ...(all ? {} : { most: 10 }) });
    t.diagnostic(report.summary);
    assert.deepEqual(report.missed, []);
    // Two commands: begin, settings, claim, savepoint, two statements, record, commit; a request and a reply.
    assert.equal(report.boundaries, 20);
  });

  it("finds nothing wrong with an action that rings with a key, and rings at least once", async (t) => {
    const report = await crashTest(makeJar(), {
      ...spec,
      scenario: ({ call }) => call(ringAndPut, { coin: "gold", key: "one" }, { actor }),
      async invariants({ database, ledger }) {
        assert.equal((await database.admin("select from jar.coins")).length, 1);
        assert.ok(ledger.calls("bell.ring").length >= ledger.of(ringAndPut).length);
        assert.ok(ledger.calls("bell.ring").every(({ args }) => args[1] === "one"));
      },
    });
    t.diagnostic(report.summary);
    assert.deepEqual(report.missed, []);
  });

  const planted: Record<string, { variant: Variant; found: string }> = {
    "an effect that is committed apart from its key": {
      variant: { putCoin: ({ url: address }) => effectApart(address) },
      found: "jar.put#1 commit 1 / gone-before",
    },
    "an answer that comes before the commit": {
      variant: { database: ({ database }) => answersEarly(database) },
      found: "jar.put#1 commit 1 / gone-before",
    },
    "a commit whose tag is not read": {
      variant: { database: ({ database }) => readsNoTag(database) },
      found: "jar.put#1 commit 1 / refused",
    },
    "a lost commit that is believed": {
      variant: { database: ({ database }) => believesLost(database) },
      found: "jar.put#1 commit 1 / cut-before",
    },
    "a command that is called harmless to repeat, and is not": {
      variant: { idempotent: "natural" },
      found: "jar.put#1 reply 1 / lost",
    },
    "a look before the deed, between which another comes": {
      variant: { idempotent: "natural", putCoin: () => lookThenPut },
      found: "jar.put#1 commit 1 / twice",
    },
  };
  for (const [bug, { variant, found }] of Object.entries(planted))
    it(`finds ${bug}`, async (t) => {
      const { failures, summary } = await explore(makeJar(variant), { ...spec, ...(all ? {} : { only: found }) });
      t.diagnostic(summary);
      const points = failures.map(({ point }) => point);
      assert.ok(points.includes(found), `found at ${points.join(", ") || "no boundary"}`);
    });

  it("tells where, what happened, and how to run that again; and runs it again", async () => {
    const wrong = makeJar({ idempotent: "natural" });
    const only = "jar.put#2 reply 1 / lost";
    await assert.rejects(crashTest(wrong, { ...spec, only, seed: 7 }), ({ message }: Error) => {
      assert.match(message, /1 runs, 1 failures, 0 not reached, seed 7/);
      assert.match(message, /at jar\.put#2 reply 1 \/ lost\n/);
      assert.match(message, /PLIMSOLL_CRASH='jar\.put#2 reply 1 \/ lost'/);
      assert.match(message, /jar\.put#2 commit 1: COMMIT/);
      return true;
    });
    const { runs } = await explore(wrong, { ...spec, only: "jar.put#1 commit 1", parallel: 2 });
    assert.equal(runs, 8, "a boundary alone stands for all that can go wrong there");
  });

  it("runs as many as it is asked to, chosen by the seed", async () => {
    const chosen = async (seed: number) => {
      const { runs, points } = await explore(makeJar(), { ...spec, most: 5, seed, parallel: 1 });
      assert.equal(runs, 5);
      return points;
    };
    assert.deepEqual(await chosen(3), await chosen(3));
    assert.notDeepEqual(await chosen(3), await chosen(4));
  });

  for (const { detours, missed } of [
    { detours: 2, missed: 0 },
    { detours: 3, missed: 1 },
  ])
    it(`runs a point again that was not reached, ${detours} times: ${missed} missed`, async () => {
      let runs = 0;
      // The first run makes the plan; of those after it, so many go another way.
      const scenario = async ({ call }: CrashScope<void>) => {
        runs++;
        if (runs === 1 || runs > 1 + detours) await call(put, { coin: "gold" }, { actor });
      };
      const report = await explore(makeJar(), { ...spec, scenario, only: "jar.put#1 commit 1 / gone-after" });
      assert.deepEqual([report.runs, report.missed.length, report.failures], [1, missed, []]);
    });

  it("fails where a scenario fails without any fault", () =>
    assert.rejects(crashTest(makeJar(), { ...spec, invariants: () => assert.fail("never right") }), /never right/));
});
