import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { it } from "node:test";
import { logs, otlp } from "plimsoll/telemetry";
import { type TestDatabase, testActor, testApp, testDatabase } from "plimsoll/testing";
import { EmbeddedPostgres } from "../../../src/embedded/launcher.ts";
import { withClient } from "../../../src/postgres/client.ts";
import { key as auditKey } from "../../audit/ledger/ledger.ts";
import { seen } from "../../integration/scratch.ts";
import { taskTables } from "../../tasks/books/task-tables.ts";
import { Collector } from "../../telemetry/collector.ts";
import { clinic, erase, follow, note, read, visit } from "../clinic/clinic.ts";
import { close, failNext, open, show, wallet, walletVault } from "../wallet/wallet.ts";
import { bytes, keep, kept, spill } from "./bytes.ts";
import { clusterFiles, placesOf } from "./places.ts";

// A value that no program writes by itself, searched for in every byte that a server of this test alone and an app write: the files of the database, the WAL, the
// log of PostgreSQL with each statement and its parameters, our log, what a collector gets, and each row. Another value is spilled on purpose, and found in each.

const canary = "CANARY-4716-9031-7750-8824";
const person = "canary-6120@example.com";
const spilled = "SPILLED-2295-1180-6643";
/** Its projections have the names in clear, as a module may. */
const charts = { ...clinic, projections: [] };

async function secrets(app: Awaited<ReturnType<typeof testApp>>, database: TestDatabase): Promise<void> {
  await app.call(open, { id: "a", iban: canary, card: canary, person: "eve" }, { key: "same" });
  await app.call(open, { id: "a", iban: canary, card: canary, person: "eve" }, { key: "same" });
  assert.deepEqual(await app.call(show, { id: "a" }), { iban: canary, card: canary });
  await assert.rejects(app.call(open, { id: "a", iban: canary, card: canary }));
  await assert.rejects(app.call(open, { id: 7 as never, iban: canary, card: canary }));
  failNext(100);
  await app.call(close, { owner: "eve", email: person, notes: [person] });
  await seen(database.adminUrl, "select from plimsoll.event_dead_letters where key = 'eve'");
  failNext(0);
  const { id } = await app.app.sagas.start(follow, { chart: "one" }, { tenant: "acme", actor: "ann" });
  for (let n = 0; n < 4; n++) await app.call(visit, { chart: "one", patient: "eve", name: canary });
  assert.deepEqual((await app.call(read, { chart: "one" })).names[3], canary);
  await seen(database.adminUrl, `select from plimsoll.saga_steps where saga = '${id}' and state = 'done'`);
  await app.call(note, { chart: "two", patient: "eve", name: canary });
  await app.call(erase, { patient: "none" });
}

async function spills(app: Awaited<ReturnType<typeof testApp>>, database: TestDatabase): Promise<void> {
  await app.call(spill, { note: spilled });
  await seen(database.adminUrl, "select from plimsoll.event_dead_letters where name = 'bytes.noted'");
  kept.note = spilled;
  await app.app.sagas.result(keep, (await app.app.sagas.start(keep, {})).id);
}

/** Every row of the database as text, by its table: the files may have large ones compressed. */
async function rowsOf(database: TestDatabase): Promise<readonly [string, readonly Uint8Array[]][]> {
  const tables = await database.admin<{ name: string }>(
    "select format('%s.%s', schemaname, tablename) as name from pg_tables where schemaname not in ('pg_catalog', 'information_schema')",
  );
  return Promise.all(
    tables.map(async ({ name }) => {
      const rows = await database.admin<{ text: string }>(`select t::text as text from ${name} t`);
      return [name, rows.map(({ text }) => Buffer.from(text))] as const;
    }),
  );
}

it("writes no secret and no personal data in any byte, and finds what is spilled in each place", async () => {
  const folder = mkdtempSync(join(tmpdir(), "plimsoll-bytes-"));
  const [directory, file] = [join(folder, "server"), join(folder, "log.jsonl")];
  const server = new EmbeddedPostgres({ directory, fsync: false });
  const collector = new Collector();
  try {
    await server.start();
    const { adminUrl } = server;
    const modules = [wallet, charts, bytes];
    const database = await testDatabase({ modules, server: { name: "own", adminUrl, stop: () => server.stop() } });
    // The log has each statement and its parameters, as where a person looks for a slow one.
    await withClient(adminUrl, async (client) => {
      for (const set of ["log_statement = 'all'", "log_min_duration_statement = 0", "wal_compression = off"])
        await client.query(`alter system set ${set}`);
      await client.query("select pg_reload_conf()");
    });
    const app = await testApp({
      ...{ modules, database, actor: testActor({ id: "ann", tenant: "acme" }), vault: walletVault(), audit: { key: auditKey } },
      ...{
        telemetry: [logs({ destination: { file } }), otlp({ url: await collector.start(), also: ["metrics", "logs"] })],
        development: false,
      },
    });
    await secrets(app, database);
    await spills(app, database);
    await app.app.audit.chainNow();
    await app.stop();
    const rows = await rowsOf(database);
    await database.admin("checkpoint");
    await server.stop();
    const sent = collector.batches.map(({ body }) => Buffer.from(JSON.stringify(body)));
    const places = new Map([...rows, ...clusterFiles(directory), ["our log", [readFileSync(file)]], ["OTLP", sent]] as [
      string,
      Uint8Array[],
    ][]);
    for (const value of [canary, person]) assert.deepEqual(placesOf(value, places), [], value);
    const found = placesOf(spilled, places);
    assert.deepEqual(
      [
        ...["the files of the database", "the WAL", "the log of PostgreSQL", "our log", "OTLP"],
        ...["plimsoll.events_", "plimsoll.event_dead_letters", taskTables.later, "plimsoll.saga_steps", "plimsoll.audit_records"],
      ].filter((place) => !found.some((name) => name.startsWith(place))),
      [],
      found.join(", "),
    );
  } finally {
    collector.stop();
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
});
