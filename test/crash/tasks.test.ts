import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createApp, override } from "plimsoll";
import { type CrashOutcome, type CrashSpec, type CrashWorld, crashTest, testActor } from "plimsoll/testing";
import { explore } from "../../src/testing/crash/crash-test.ts";
import { postgresUrl } from "../services.ts";
import { carrier, post, sendLetter, writeLetter } from "./post/post.ts";

const actor = testActor({ tenant: "acme" });
const url = postgresUrl();
const server = url === undefined ? {} : { server: { name: "local", adminUrl: url, stop: async () => undefined } };

const makePost = ({ database, clock, outside }: CrashWorld) =>
  createApp({
    modules: [post],
    ...{ database, clock },
    tenancy: { description: "of the actor", tenantOf: (asks) => asks.tenant },
    provide: [override(carrier, outside("carrier", { carry: async () => undefined }))],
    development: true,
  });

/** What was promised is sent, once in the books and at least once outside, always by the same key; and nobody gave up. */
async function promisesKept({ database, ledger }: CrashOutcome<void>): Promise<void> {
  const names = async (from: string) =>
    (await database.admin<{ name: string }>(`select name from ${from} order by name`)).map(({ name }) => name);
  const told = [...ledger.of(writeLetter), ...ledger.of(sendLetter)].map(({ input }) => (input as { name: string }).name).toSorted();
  const perhaps = new Set(ledger.unknown.map(({ input }) => (input as { name: string }).name));
  const sent = await names("post.sent");
  assert.deepEqual(
    sent.filter((name) => !perhaps.has(name)),
    told,
    "each letter is in the books once",
  );
  assert.equal(new Set(sent).size, sent.length, "none is there twice");
  const carried = Map.groupBy(ledger.calls("carrier.carry"), ({ args }) => args[0]);
  for (const name of sent) assert.equal(new Set(carried.get(name)?.map(({ args }) => args[1])).size, 1, `${name} went out, by one key`);
  assert.deepEqual(await names("plimsoll.task_dead"), []);
}

const spec: CrashSpec<void> = {
  ...server,
  async scenario({ call, start, quiet }) {
    await call(writeLetter, { name: "first" }, { actor });
    await quiet();
    await start(sendLetter, { name: "second" }, { tenant: "acme" });
    await quiet();
    await start(sendLetter, { name: "third" }, { tenant: "acme", keyless: true });
  },
  invariants: promisesKept,
};

/** What is known to be wrong; a test of its own says so. */
const known = /plimsoll\.claim_tasks.* \/ cut-after$/;

describe("tasks in the crash lab", () => {
  it("are done, once in the database, whatever breaks", async (t) => {
    const { failures, missed, summary } = await explore(makePost, spec);
    t.diagnostic(summary);
    if (missed.length > 0) t.diagnostic(`not reached: ${missed.join(", ")}`);
    const others = failures.filter(({ point }) => !known.test(point));
    assert.deepEqual(
      others.map(({ point, error, journal }) => [point, String(error), ...journal].join("\n")),
      [],
    );
  });

  it("are not held by a worker that never heard of its claim", {
    todo: "the worker renews a lease on tasks that it does not know",
  }, async () => {
    await crashTest(makePost, { ...spec, only: "app select * from plimsoll.claim_tasks($1, $2, $3, $4, $5, $… 29b6 1 / cut-after" });
  });
});
