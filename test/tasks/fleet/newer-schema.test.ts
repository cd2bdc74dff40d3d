import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { type TestApp, type TestDatabase, testApp } from "plimsoll/testing";
import { systemClock } from "../../../src/core/clock.ts";
import { migrate } from "../../../src/postgres/migrate.ts";
import { books, booksDatabase, kept, moveTime, post, twice } from "../books/books.ts";
import { allDone } from "../books/task-tables.ts";

// What a newer release may do to the schema while this one still runs on it: columns and functions more, other bodies under the same signatures.
const newerSchema = `
  alter table plimsoll.tasks add column note text not null default 'of the newer release';
  alter table plimsoll.task_later add column note text;
  create table plimsoll.task_notes (id uuid primary key);
  create function plimsoll.note_task(p_id uuid) returns void language sql as 'insert into plimsoll.task_notes values (p_id) on conflict do nothing';
  do $newer$
  declare
    changed record;
  begin
    for changed in
      select p.oid, pg_get_functiondef(p.oid) as text from pg_proc p
      where p.pronamespace = 'plimsoll'::regnamespace and p.proname in ('claim_tasks', 'complete_tasks', 'start_tasks', 'worker_heartbeat')
    loop
      execute regexp_replace(changed.text, '\\mbegin\\M', 'begin perform plimsoll.note_task(gen_random_uuid());');
    end loop;
  end $newer$;
  insert into plimsoll.migrations values ('plimsoll', '0099_notes', 'x', now(), 0, '99.0.0'), ('plimsoll', 'functions/note_task', 'x', now(), 0, '99.0.0');
  update plimsoll.migrations set checksum = 'x', release = '99.0.0'
    where name in ('functions/claim_tasks', 'functions/complete_tasks', 'functions/start_tasks', 'functions/worker_heartbeat')`;

describe("a worker on the schema of the next release", () => {
  let database: TestDatabase;
  let app: TestApp;
  before(async () => {
    database = await booksDatabase();
    await database.admin(newerSchema);
  });
  after(async () => {
    await app?.stop();
    await database.drop();
  });

  it("is let start, also with the owner's address, and leaves the functions as they are", async () => {
    const before = await database.admin("select proname, prosrc from pg_proc where pronamespace = 'plimsoll'::regnamespace order by 1");
    for (const adminUrl of [database.adminUrl, undefined]) {
      const { applied, pending, ahead } = await migrate({ modules: [books], adminUrl, url: database.url, clock: systemClock });
      assert.deepEqual({ applied, pending }, { applied: [], pending: [] });
      assert.ok(ahead.includes("plimsoll/0099_notes") && ahead.includes("plimsoll/functions/claim_tasks"), ahead.join());
    }
    assert.deepEqual(
      await database.admin("select proname, prosrc from pg_proc where pronamespace = 'plimsoll'::regnamespace order by 1"),
      before,
    );
  });

  it("starts, runs, retries, delays and keeps tasks as on its own", { timeout: 60_000 }, async () => {
    app = await testApp({ modules: [books], database });
    const { tasks } = app.app;
    await tasks.start(post, { name: "alone" });
    await tasks.startMany(
      twice,
      Array.from({ length: 30 }, (_, n) => ({ name: `many ${n}` })),
    );
    await tasks.start(kept, { name: "later" }, { delay: "1h" });
    await tasks.start(post, { name: "by key" }, { key: "one" });
    await moveTime(database, "2 hours");
    await allDone(database);
    const [counted] = await database.admin<{ letters: number; done: number; notes: number }>(
      `select (select count(*)::integer from plimsoll.task_dead_letters) as letters, (select count(*)::integer from plimsoll.task_done) as done,
         (select count(*)::integer from plimsoll.task_notes) as notes`,
    );
    assert.deepEqual({ letters: counted?.letters, done: counted?.done }, { letters: 0, done: 1 });
    assert.ok(counted!.notes > 0, "the functions of the newer release ran");
  });
});
