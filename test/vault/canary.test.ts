import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, it } from "node:test";
import type { Execution } from "plimsoll";
import { logs } from "plimsoll/telemetry";
import { testActor, testApp, testDatabase } from "plimsoll/testing";
import { key as auditKey, ledger, move } from "../audit/ledger/ledger.ts";
import { seen } from "../integration/scratch.ts";
import { ann, close, failNext, open, show, wallet, walletVault } from "./wallet/wallet.ts";

// A value that no program writes by itself, looked for in every row of the database, in the log, and in what telemetry gets.

const folder = mkdtempSync(join(tmpdir(), "plimsoll-canary-"));
after(() => rmSync(folder, { recursive: true }));
const canary = "CANARY-4716-9031-7750-8824";
const person = "canary-6120@example.com";

it("finds no secret and no personal data in what the platform writes", async () => {
  const file = join(folder, "log.jsonl");
  const modules = [wallet, ledger];
  await using database = await testDatabase({ modules });
  const app = await testApp({
    ...{ modules, database, actor: ann, vault: walletVault(), audit: { key: auditKey } },
    ...{ telemetry: [logs({ destination: { file } })], development: false },
  });
  const executed: string[] = [];
  app.signals.executed.on((execution: Execution) => {
    const { operation, outcome, fault, notes, spans, refusal } = execution;
    executed.push(JSON.stringify([operation, outcome, fault?.message, fault?.details, notes, spans, refusal]));
  });
  const clerk = app.as(testActor({ id: "ann", tenant: "acme", roles: ["clerk"] }));
  await app.call(open, { id: "a", iban: canary, card: canary, person: "eve" }, { key: "same" });
  await app.call(open, { id: "a", iban: canary, card: canary, person: "eve" }, { key: "same" });
  assert.deepEqual(await app.call(show, { id: "a" }), { iban: canary, card: canary });
  await assert.rejects(app.call(open, { id: "a", iban: canary, card: canary }));
  await assert.rejects(app.call(open, { id: 7 as never, iban: canary, card: canary }));
  // This column is of the module, which stores the pin itself; what is looked for is the audit trail.
  await clerk.call(move, { id: "b", cents: 1, pin: canary });
  await assert.rejects(clerk.call(move, { id: "c", cents: 1, pin: canary, ends: "bug" }));
  failNext(5);
  await app.call(close, { owner: "eve", email: person, notes: [person] });
  await seen(database.adminUrl, "select from plimsoll.event_dead_letters where key = 'eve'");
  failNext(0);
  await app.app.audit.chainNow();
  await app.stop();
  await database.admin("delete from ledger.accounts; truncate wallet.seen");
  const tables = await database.admin<{ name: string }>(
    "select format('%I.%I', schemaname, tablename) as name from pg_tables where schemaname not in ('pg_catalog', 'information_schema')",
  );
  const rows = await Promise.all(
    tables.map(async ({ name }) =>
      (await database.admin<{ text: string }>(`select t::text as text from ${name} t`)).map(({ text }) => `${name} ${text}`),
    ),
  );
  const written = [...rows.flat(), ...readFileSync(file, "utf8").split("\n"), ...executed];
  assert.ok(written.some((line) => line.includes("pv1.")) && executed.length >= 6 && tables.length > 20);
  for (const clear of [canary, person, Buffer.from(canary).toString("hex"), Buffer.from(canary).toString("base64")])
    assert.deepEqual(
      written.filter((line) => line.includes(clear)).map((line) => line.slice(0, 200)),
      [],
      clear,
    );
});
