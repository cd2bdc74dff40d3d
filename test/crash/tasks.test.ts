import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { createApp, override } from "plimsoll";
import { type CrashDatabase, type CrashOutcome, type CrashSpec, type CrashWorld, crashTest, testActor } from "plimsoll/testing";
import { claimText } from "../../src/postgres/tasks/statements.ts";
import { fingerprint } from "../../src/testing/crash/boundary.ts";
import { explore } from "../../src/testing/crash/crash-test.ts";
import { stored, taskTables } from "../tasks/books/task-tables.ts";
import { carrier, post, sendLetter, writeLetter } from "./post/post.ts";

const actor = testActor({ tenant: "acme" });

// The short form is a part of all, chosen by the seed; all of it: CRASH=all npm test -- test/crash/tasks.test.ts
const most = process.env.CRASH === "all" ? {} : { most: 8 };
const claimed = `app ${fingerprint(claimText)} 1`;

const makePost = ({ database, clock, outside }: CrashWorld) =>
  createApp({
    modules: [post],
    ...{ database, clock },
    tenancy: { description: "of the actor", tenantOf: (asks) => asks.tenant },
    provide: [override(carrier, outside("carrier", { carry: async () => undefined }))],
    development: true,
  });

/** What was promised is sent, once in the books and at least once outside, always by the same key; and there is no dead letter. */
async function promisesKept({ database, ledger }: CrashOutcome<void>): Promise<void> {
  const names = async (from: string) =>
    (await database.admin<{ name: string }>(`select name from ${from} order by name`)).map(({ name }) => name);
  const acknowledged = [...ledger.of(writeLetter), ...ledger.of(sendLetter)].map(({ input }) => input.name).toSorted();
  const perhaps = new Set(ledger.unknown.map(({ input }) => (input as { name: string }).name));
  const sent = await names("post.sent");
  assert.deepEqual(
    sent.filter((name) => !perhaps.has(name)),
    acknowledged,
    "each letter is in the books once",
  );
  assert.equal(new Set(sent).size, sent.length, "none is there twice");
  const carried = Map.groupBy(ledger.calls("carrier.carry"), ({ args }) => args[0]);
  for (const name of sent) assert.equal(new Set(carried.get(name)?.map(({ args }) => args[1])).size, 1, `${name} went out, by one key`);
  assert.deepEqual(await names(taskTables.deadLetters), []);
}

const spec: CrashSpec<void> = {
  async scenario({ call, start, quiet }) {
    await call(writeLetter, { name: "first" }, { actor });
    await quiet();
    await start(sendLetter, { name: "second" }, { tenant: "acme" });
    await quiet();
    await start(sendLetter, { name: "third" }, { tenant: "acme", keyless: true });
  },
  invariants: promisesKept,
};

describe("tasks in the crash lab", () => {
  it("are done, once in the database, whatever breaks", async (t) => {
    const report = await crashTest(makePost, { ...spec, ...most });
    t.diagnostic(report.summary);
    assert.deepEqual(report.missed, []);
  });

  it("are not held by a worker that never heard of its claim", async () => {
    const report = await explore(makePost, { ...spec, faults: ["cut-after"], only: claimed });
    assert.deepEqual([report.runs, report.failures], [1, []]);
  });

  it("are put to the test at a heartbeat that the scenario is too short for", async () => {
    const tick = `app ${fingerprint("select * from plimsoll.worker_heartbeat($1, $2, $3, $4, $5, $6, $7)")} 2 / refused`;
    let runs = 0;
    const scenario: typeof spec.scenario = async (scope) => {
      await spec.scenario(scope);
      if (runs++ > 0) return;
      // The run that finds the boundaries lasts for two heartbeats more.
      const renewals = new Set<number>();
      while (renewals.size < 3) {
        const [worker] = await stored<{ expires_at: Date }>(scope.database, "workers", { columns: ["expires_at"] });
        if (worker !== undefined) renewals.add(worker.expires_at.getTime());
        await pause(50);
      }
    };
    const report = await explore(makePost, { ...spec, scenario, only: tick });
    assert.deepEqual([report.runs, report.missed, report.failures], [1, [], []]);
  });

  // Each is the platform's own function with one piece changed, and one crash at which that must show.
  const planted = [
    {
      bug: "a completion without a fence",
      change: ["plimsoll.complete_leased_task(bigint, smallint, tid, uuid, boolean)", "if not found then", "if false then"],
      only: "post.send#1 select plimsoll.complete_leased_task($1, $2, $3, $4, $5) 1 / stalled",
      found: /each letter is in the books once/,
    },
    {
      bug: "a lease that is compared with another clock than it was given by",
      change: ["plimsoll.rescue_tasks(integer)", "w.expires_at <= plimsoll.now()", "w.expires_at <= pg_catalog.clock_timestamp()"],
      only: "post.send#1 carrier.carry 1 / gone-before",
      found: /did not recover/,
    },
  ] as const;
  for (const { bug, change, only, found } of planted)
    it(`find ${bug}`, async () => {
      const prepare = async ({ database }: { database: CrashDatabase }) => {
        const [signature, piece, instead] = change;
        const [before] = await database.admin<{ text: string }>("select pg_get_functiondef($1::regprocedure) as text", [signature]);
        const after = before?.text.replace(piece, instead) ?? "";
        assert.notEqual(after, before?.text, `${signature} holds no "${piece}" any more: plant the bug again`);
        await database.admin(after);
      };
      const right = await explore(makePost, { ...spec, only });
      assert.deepEqual([right.runs, right.failures], [1, []]);
      await assert.rejects(crashTest(makePost, { ...spec, prepare, only, within: "4s" }), found);
    });
});
