// What executions use, counted on an app with PostgreSQL in a process of its own: each planted regression is found, and none where nothing was planted.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import fc from "fast-check";
import { type TestDatabase, testDatabase } from "plimsoll/testing";
import { seededRandom } from "../../../src/core/clock.ts";
import { countOf, countUses, type Uses } from "../../../src/load/lab/counts.ts";
import { compareLines, lockOf } from "../../../src/load/lab/lock.ts";
import { startApp } from "../../../src/load/paired/app-process.ts";
import { lab, type Plant } from "./fixtures/work.ts";
import { writes } from "./fixtures/work-scenario.ts";

describe("counts of executions", () => {
  let database: TestDatabase;
  let was: Uses;
  const urlBefore = process.env.DATABASE_URL;

  async function count(plant: Partial<Plant>): Promise<Uses> {
    const folder = mkdtempSync(join(tmpdir(), "plimsoll-counts-"));
    try {
      writeFileSync(join(folder, "plant.json"), JSON.stringify(plant));
      await using app = await startApp({ folder, command: writes.start! });
      const operations = [...writes.operations, { operation: "lab.rare", path: "/work", weight: 1e-9 }];
      const scenario = { ...writes, operations, url: app.url, ops: app.ops, database: database.adminUrl };
      return await countUses({ scenario, rate: 40, seconds: 0.4, runs: 4 });
    } finally {
      rmSync(folder, { recursive: true });
    }
  }
  const found = { line: 100, ratio: 1, trials: [], isExact: true };
  /** What of the counts fails. WAL is counted for the whole server, and other tests use it too: a share of one is not taken for one of the app. */
  const failing = (is: Uses) =>
    compareLines(lockOf({ scenario: writes, found, uses: was }, "first"), lockOf({ scenario: writes, found, uses: is }, "later"))
      .filter(({ fails, what }) => fails && what !== "wal" && what !== "cpu")
      .map(({ what }) => what);

  before(async () => {
    database = await testDatabase({ modules: [lab] });
    process.env.DATABASE_URL = database.url;
    was = await count({});
  });
  after(async () => {
    if (urlBefore === undefined) delete process.env.DATABASE_URL;
    else process.env.DATABASE_URL = urlBefore;
    await database.drop();
  });

  it("are of one execution, and the same for another start of the same version", async () => {
    assert.ok(was.counts.allocation!.each > 20_000, JSON.stringify(was.counts));
    assert.ok((was.counts.wal?.each ?? 1_000) > 400, JSON.stringify(was.counts));
    assert.deepEqual(Object.keys(was.statements), ["lab.work"], "what was not called has no count");
    assert.ok(was.run.memoryBytes! > 1e7 && was.run.cpuShare! > 0);
    assert.deepEqual(failing(await count({})), []);
  });

  it("find one more statement", async () => {
    const is = await count({ statements: 3 });
    assert.equal(is.statements["lab.work"]! - was.statements["lab.work"]!, 1);
    assert.ok(failing(is).includes("statements"));
  });

  it("find more that is allocated, written and computed", async () => {
    const is = await count({ objects: 1_500, row: 4_000, hashes: 1_000 });
    assert.deepEqual(failing(is), ["allocation"]);
    const wal = (uses: Uses) => uses.counts.wal?.each ?? 0;
    if (wal(was) > 0 && wal(is) > 0) assert.ok(wal(is) > wal(was) + 2_000, `${wal(was)}, ${wal(is)}`);
    if (was.counts.cpu && is.counts.cpu) assert.ok(is.counts.cpu.each > 1.4 * was.counts.cpu.each, JSON.stringify([was.counts, is.counts]));
  });
});

describe("one count", () => {
  it("is the middle of the runs, with a tolerance that grows with their noise, or nothing where it is too much", () => {
    assert.deepEqual(countOf("wal", [100, 101, 99, 100, 400]), { each: 100, tolerance: 0.1 });
    assert.equal(countOf("allocation", [100, 100, 100])!.tolerance, 0.05);
    const wide = countOf("wal", [100, 104, 96, 104, 96])!;
    assert.ok(wide.tolerance > 0.15 && wide.tolerance <= 0.3, `${wide.tolerance}`);
    assert.equal(countOf("wal", [100, 200, 50, 300, 20]), undefined);
    assert.equal(countOf("wal", [0, 0, 0]), undefined);
  });

  it("gives no alarm for the same noise in 98 of 100, and finds one and a half times as much", () =>
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100_000 }), fc.double({ min: 0.001, max: 0.05, noNaN: true }), (seed, noise) => {
        const random = seeded(seed);
        const runs = (of: number) => Array.from({ length: 7 }, () => of * Math.exp(noise * random()));
        const [one, same, more] = [countOf("cpu", runs(10)), countOf("cpu", runs(10)), countOf("cpu", runs(15))];
        if (!one || !same || !more) return;
        alarms += same.each > one.each * (1 + one.tolerance) ? 1 : 0;
        assert.ok(more.each > one.each * (1 + one.tolerance));
        assert.ok(++tries < 50 || alarms / tries <= 0.02, `${alarms} of ${tries}`);
      }),
      { numRuns: 400, seed: 3 },
    ));
  let [tries, alarms] = [0, 0];
});

function seeded(seed: number): () => number {
  const random = seededRandom(seed);
  return () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}
