import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  type CrashDatabase,
  type CrashOutcome,
  type CrashScope,
  type CrashSpec,
  type CrashWorld,
  crashTest,
  testActor,
} from "plimsoll/testing";
import { type Chaos, failFirstAttempts } from "../../examples/shop/crunch/chaos.ts";
import { readStats, submitBatch } from "../../examples/shop/crunch/contract.ts";
import { createShop } from "../../examples/shop/shop.ts";
import { stored } from "../tasks/books/task-tables.ts";
import { answersEarly } from "./jar/planted.ts";
import { shopSettings } from "./shop/customer.ts";

const actor = testActor({ tenant: "acme", roles: ["customer"], claims: { tid: "acme" } });

// The short form is a part of all, chosen by the seed; all of it: CRASH=all npm test -- test/crash/crunch.test.ts
const all = process.env.CRASH === "all";

/** What the texts come to, as published with FNV-1a: nothing of the shop says so. */
const checksums: Readonly<Record<string, number>> = { a: 0xe40c292c, b: 0xe70c2de5, c: 0xe60c2c52, foobar: 0xbf9cf968 };

interface Variant {
  readonly chaos?: Chaos;
  readonly database?: (world: CrashWorld) => CrashWorld["database"];
}

const makeShop =
  ({ chaos, database = (world) => world.database }: Variant = {}) =>
  (world: CrashWorld) =>
    createShop({
      ...{ database: database(world), clock: world.clock, ...(chaos && { chaos }) },
      ...shopSettings,
    });

const submitting =
  (items: readonly string[]) =>
  async ({ call, quiet }: CrashScope<void>) => {
    await call(submitBatch, { items: [...items] }, { actor, key: "one" });
    await quiet();
    // Refused, which the ledger tells.
    await call(submitBatch, { items: ["other"] }, { actor, key: "one" }).catch(() => undefined);
  };

/** Each item of each batch that was acknowledged has its one result, and nothing else has; nothing waits, there is no dead letter, and the shop says the same. */
const eachOnce =
  (outcome: "done" | "failed") =>
  async ({ app, database, ledger }: CrashOutcome<void>) => {
    const promised = ledger
      .of(submitBatch)
      .flatMap(({ input, output }) =>
        input.items.map((text, item) => ({ batch: output.batchId, item, outcome, checksum: outcome === "done" ? checksums[text] : null })),
      );
    const results = await database.admin(
      "select batch_id as batch, item, outcome, checksum::float8 as checksum from crunch.results order by batch_id, item",
    );
    assert.deepEqual(results, promised, "each item that was accepted has one result, and it is right");
    assert.deepEqual(
      ledger.refused.map(({ fault }) => fault.type),
      ["idempotency_key_reused"],
      "another batch under the same key is refused",
    );
    assert.deepEqual(
      (await database.admin<{ id: string }>("select id from crunch.batches")).map(({ id }) => id),
      ledger.of(submitBatch).map(({ output }) => output.batchId),
      "the batches are those that were acknowledged",
    );
    assert.deepEqual(await stored(database, "deadLetters", { columns: ["name", "code", "reason"] }), [], "no dead letter");
    const counted = { done: 0, failed: 0, waiting: 0, lagMs: 0, [outcome]: promised.length };
    assert.deepEqual(await app.call(readStats, {}, { actor }), counted, "the shop counts the same");
  };

const spec: CrashSpec<void> = { scenario: submitting(["a", "b", "foobar"]), invariants: eachOnce("done") };

describe("what the shop crunches", () => {
  it("has one result for each item, whatever breaks", async (t) => {
    const report = await crashTest(makeShop(), { ...spec, ...(all ? {} : { most: 4 }) });
    t.diagnostic(report.summary);
    if (report.missed.length > 0) t.diagnostic(`not reached: ${report.missed.join(", ")}`);
  });

  it("has one result for each item, where all first attempts fail besides", async (t) => {
    const report = await crashTest(makeShop({ chaos: failFirstAttempts(1) }), { ...spec, ...(all ? {} : { most: 4 }) });
    t.diagnostic(report.summary);
    if (report.missed.length > 0) t.diagnostic(`not reached: ${report.missed.join(", ")}`);
  });

  it("is said to have failed once, where the last attempt fails too", async (t) => {
    const report = await crashTest(makeShop({ chaos: { fails: () => true } }), {
      ...{ ...spec, scenario: submitting(["a"]), invariants: eachOnce("failed") },
      ...(all ? {} : { most: 4 }),
    });
    t.diagnostic(report.summary);
    if (report.missed.length > 0) t.diagnostic(`not reached: ${report.missed.join(", ")}`);
  });

  // Each breaks one promise, and must show where one crash is enough.
  const planted: Record<string, { variant?: Variant; sql?: string; only: string; found: RegExp }> = {
    "a batch that is acknowledged before its commit": {
      variant: { database: ({ database }) => answersEarly(database) },
      only: "crunch.submit#1 commit 1 / gone-before",
      found: /each item that was accepted has one result/,
    },
    "results that are taken for stored before their commit": {
      variant: { database: ({ database }) => answersEarly(database) },
      only: "crunch.item#1 commit 1 / refused",
      found: /each item that was accepted has one result/,
    },
    "results without their unique key": {
      sql: "alter table crunch.results drop constraint results_pkey",
      only: "crunch.item#1 commit 1 / gone-after",
      found: /each item that was accepted has one result/,
    },
  };
  for (const [bug, { variant, sql, only, found }] of Object.entries(planted))
    it(`shows ${bug}`, async () => {
      const prepare = async ({ database }: { database: CrashDatabase }) => {
        if (sql !== undefined) await database.admin(sql);
      };
      await assert.rejects(crashTest(makeShop(variant), { ...spec, prepare, only, within: "8s" }), found);
    });
});
