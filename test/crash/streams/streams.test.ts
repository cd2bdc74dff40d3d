import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createApp } from "plimsoll";
import { type CrashOutcome, type CrashSpec, type CrashWorld, crashTest, testActor } from "plimsoll/testing";
import { begin, feeds } from "../../streams/feed/feed.ts";

// What a task writes to a durable stream, at every boundary of the task and of its writes.

const actor = testActor({ tenant: "acme" });
const most = process.env.CRASH === "all" ? {} : { most: 8 };

const makeFeeds = ({ database, clock }: CrashWorld) =>
  createApp({
    modules: [feeds],
    ...{ database, clock },
    tenancy: { description: "of the actor", tenantOf: ({ tenant }) => tenant },
    development: true,
  });

/** Each line once, in their order, and nothing behind the last one. */
async function eachLineOnce({ database, ledger }: CrashOutcome<void>): Promise<void> {
  for (const { input } of ledger.of(begin)) {
    const rows = await database.admin<{ at: number; item: string }>(
      "select at::int, item from plimsoll.durable_stream_items where id = $1 order by at",
      [input.id],
    );
    assert.deepEqual(
      rows.map(({ at, item }) => `${at} ${(JSON.parse(item) as { text: string }).text}`),
      Array.from({ length: input.lines }, (_, n) => `${n + 1} line ${n + 1}`),
    );
    const [stream] = await database.admin("select ended, next::int from plimsoll.durable_streams where id = $1", [input.id]);
    assert.deepEqual(stream, { ended: true, next: input.lines + 1 });
  }
}

const spec: CrashSpec<void> = {
  async scenario({ call, quiet }) {
    await call(begin, { id: "one", lines: 2 }, { actor });
    await quiet();
    await call(begin, { id: "two", lines: 1 }, { actor });
  },
  invariants: eachLineOnce,
};

describe("a durable stream, in the crash lab", () => {
  it("has each item once, whatever breaks", async (t) => {
    const report = await crashTest(makeFeeds, { ...spec, ...most });
    t.diagnostic(report.summary);
    assert.deepEqual(report.missed, []);
  });
});
