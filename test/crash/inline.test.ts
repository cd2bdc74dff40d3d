import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createApp } from "plimsoll";
import { type CrashOutcome, type CrashSpec, type CrashWorld, crashTest, testActor } from "plimsoll/testing";
import { seen } from "../integration/scratch.ts";
import { say, tally } from "../sourcing/tally/tally.ts";

// Projections that commands keep, at every boundary of the command, also where they go live meanwhile.

const actor = testActor({ tenant: "acme" });
const most = process.env.CRASH === "all" ? {} : { most: 5 };

const makeTally = ({ database, clock }: CrashWorld) =>
  createApp({
    modules: [tally],
    ...{ database, clock },
    tenancy: { description: "of the actor", tenantOf: ({ tenant }) => tenant },
    development: true,
  });

/** The rows are those of asynchronous projections, and have each event that was promised once. */
async function eachOnce({ database, ledger }: CrashOutcome<void>): Promise<void> {
  for (const table of ["words", "lengths"]) {
    const rowsOf = (name: string) => database.admin(`select * from tally.${name}_${table} t order by t::text`);
    assert.deepEqual(await rowsOf("inline"), await rowsOf("later"), table);
  }
  const [words] = await database.admin<{ words: string }>("select words from tally.inline_words where id = 'a'");
  assert.deepEqual(
    words?.words.split(" ").toSorted(),
    ledger
      .of(say)
      .map(({ input }) => input.word)
      .toSorted(),
  );
}

const spec: CrashSpec<void> = {
  async prepare({ database }) {
    await seen(database.adminUrl, "select where 2 = (select count(*) from plimsoll.inline_projections where state = 'live')");
  },
  async scenario({ call, quiet }) {
    await call(say, { id: "a", word: "one" }, { actor });
    await quiet();
    await call(say, { id: "a", word: "two" }, { actor });
  },
  invariants: eachOnce,
};

describe("a projection that commands keep, in the crash lab", () => {
  it("has each event once, whatever breaks", async (t) => {
    const report = await crashTest(makeTally, { ...spec, ...most });
    t.diagnostic(report.summary);
  });
});
