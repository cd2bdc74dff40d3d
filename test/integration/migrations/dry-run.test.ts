import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { systemClock } from "../../../src/core/clock.ts";
import { Fault } from "../../../src/core/fault.ts";
import { type MigrateSpec, migrate } from "../../../src/postgres/migrate.ts";
import { type Scratch, type ScratchModule, scratch, scratchModule, session } from "../scratch.ts";
import { longTestServers } from "../servers.ts";

const alone = "-- plimsoll: no-transaction\n";
const items = "create table stock.items (id int primary key, name text);";
const mood = "create type stock.mood as enum ('calm'); create table stock.days (id int primary key, mood stock.mood);";
const parents =
  "create table stock.parents (id int primary key); create table stock.children (id int primary key, parent int references stock.parents deferrable initially deferred);";
const orderedLater = "insert into stock.children values (1, 1); insert into stock.parents values (1);";

/** What a run came to: the fault's message, or what was not tried. */
async function outcome(database: Scratch, module: ScratchModule, mode: NonNullable<MigrateSpec["mode"]>) {
  const { adminUrl, url } = database;
  try {
    const report = await migrate({ adminUrl, url, modules: [module], clock: systemClock, mode });
    const untried = "notTried" in report ? (report.notTried as readonly { file: string; reason: string }[]) : [];
    return { refused: undefined, untried };
  } catch (error) {
    assert.ok(error instanceof Fault, `not a fault that names the file: ${error}`);
    return { refused: error.message, untried: [] };
  }
}

/** Files of `stock`, from 0001 on; those of `done` ran before. */
interface Case {
  readonly files: readonly string[];
  readonly done?: number;
  /** The reason by file, counted from 1. */
  readonly untried?: Readonly<Record<number, RegExp>>;
}

const named = (files: readonly string[]) => Object.fromEntries(files.map((sql, index) => [`000${index + 1}_f.sql`, sql]));

const taken: Record<string, Case> = {
  "a value that an earlier file adds to an enum": {
    files: [mood, "alter type stock.mood add value 'glad';", "insert into stock.days values (1, 'glad');"],
    done: 1,
    untried: { 3: /earlier file adds to an enum.*glad/ },
  },
  "a value added to an enum that is new as well": {
    files: [mood, "alter type stock.mood add value 'glad';", "alter table stock.days alter mood set default 'glad';", "select 1;"],
    untried: { 3: /earlier file adds to an enum/ },
  },
  "what depends on a file that was not tried": {
    files: [
      mood,
      "alter type stock.mood add value 'glad';",
      "insert into stock.days values (1, 'glad'); create table stock.later (id int);",
      "insert into stock.later select id from stock.days where mood::text = 'glad';",
    ],
    done: 1,
    untried: { 3: /earlier file adds to an enum/, 4: /may need stock\/0003_f.*"stock.later" does not exist/ },
  },
  "rows whose deferred constraint holds at the end of the file (as before)": { files: [parents, orderedLater], done: 1 },
  "a table that an earlier file left checks of for its commit": {
    files: [parents, orderedLater, "alter table stock.children add column note text;", "drop table stock.children;"],
    done: 1,
  },
  "a deferred constraint that a later file makes and needs deferred (as before)": {
    files: [
      parents,
      orderedLater,
      "create table stock.toys (id int primary key, owner int references stock.parents deferrable initially deferred); insert into stock.toys values (1, 7); insert into stock.parents values (7);",
    ],
  },
  "a deferrable constraint that is checked at once, its table changed in the same file (as before)": {
    files: [
      parents,
      orderedLater,
      "create table stock.codes (code int unique deferrable); insert into stock.codes values (1), (2); update stock.codes set code = code + 1; alter table stock.codes add column note text;",
    ],
  },
  "a file that sets its constraints itself": {
    files: [
      parents,
      "set constraints all immediate;",
      orderedLater,
      `set constraints stock.children_parent_fkey deferred; ${orderedLater.replaceAll("1", "2")}`,
    ],
    done: 1,
  },
  "a constraint on an index that is made outside a transaction": {
    files: [
      items,
      `${alone}create unique index concurrently by_name on stock.items (name);`,
      "alter table stock.items add constraint items_by_name unique using index by_name;",
      "insert into stock.items values (1, 'a') on conflict (name) do nothing;",
    ],
    done: 1,
    untried: { 2: /outside a transaction/, 3: /may need stock\/0002_f.*by_name/, 4: /may need stock\/0002_f/ },
  },
  "an index that got its name from the server": {
    files: [items, `${alone}create index concurrently on stock.items (name);`, "alter index stock.items_name_idx rename to by_name;"],
    untried: { 2: /outside a transaction/, 3: /may need stock\/0002_f.*items_name_idx/ },
  },
  "duplicates after a unique index is dropped outside a transaction": {
    files: [
      `${items} create unique index by_name on stock.items (name);`,
      `${alone}drop index concurrently stock.by_name;`,
      "insert into stock.items values (1, 'a'), (2, 'a');",
    ],
    untried: { 2: /outside a transaction/, 3: /may need stock\/0002_f.*duplicate key/ },
  },
  "a table that is made outside a transaction": {
    files: [`${alone}create table stock.loose (id int);`, "insert into stock.loose values (1);"],
    untried: { 1: /outside a transaction/, 2: /may need stock\/0001_f.*stock.loose/ },
  },
  "a vacuum, and files after it": {
    files: [items, `${alone}vacuum stock.items;`, "insert into stock.items values (1, 'a');"],
    untried: { 2: /outside a transaction/ },
  },
  "a temporary table of a name that ended with the file before": {
    files: ["create temporary table work on commit drop as select 1 as a;", "create temporary table work on commit drop as select 2 as b;"],
    untried: { 2: /temporary table.*"work" already exists/ },
  },
};

const refused: Record<string, Case & { readonly message: RegExp }> = {
  "a value that the same file adds to an enum (as before)": {
    files: [mood, "alter type stock.mood add value 'glad'; insert into stock.days values (1, 'glad');"],
    done: 1,
    message: /0002_f\.sql:1: unsafe use of new value/,
  },
  "a deferred constraint that does not hold at the end of its file, by the file's name": {
    files: [parents, "insert into stock.children values (1, 1);", "insert into stock.parents values (1);"],
    done: 1,
    message: /0002_f\.sql: .*violates foreign key constraint/,
  },
  "a deferred constraint of a new table that does not hold": {
    files: [`${parents} ${orderedLater}`, "insert into stock.children values (2, 5);"],
    message: /0002_f\.sql: .*violates foreign key constraint/,
  },
  "an immediate constraint that would hold at the end of its file (as before)": {
    files: [
      items,
      "create table stock.codes (code int unique deferrable);",
      "insert into stock.codes values (1), (1); delete from stock.codes;",
    ],
    done: 2,
    message: /0003_f\.sql:1: duplicate key/,
  },
  "a table with checks for the end of the same file (as before)": {
    files: [parents, `${orderedLater} alter table stock.children add column note text;`],
    done: 1,
    message: /0002_f\.sql:1: .*pending trigger events/,
  },
  "a text that is no SQL, outside a transaction": {
    files: [items, `${alone}create index concurrently by_name on stock.items (name);\ncreate indx oops;`],
    message: /0002_f\.sql:3: syntax error at or near "indx"/,
  },
  "a text that is no SQL, after a file that was not tried (as before)": {
    files: [`${alone}create table stock.loose (id int);`, "\ninsert in stock.loose values (1);"],
    message: /0002_f\.sql:2: syntax error/,
  },
  "a transaction of its own, after a file that was not tried (as before)": {
    files: [`${alone}create table stock.loose (id int);`, "commit;"],
    message: /0002_f\.sql:1: "commit" would end the transaction/,
  },
  "a value of another type, after an index that was not made (as before)": {
    files: [items, `${alone}create index concurrently on stock.items (name);`, "insert into stock.items values ('a');"],
    message: /0003_f\.sql:1: invalid input syntax for type integer/,
  },
  "a table that no file makes, after an index that was not made (as before)": {
    files: [items, `${alone}create index concurrently on stock.items (name);`, "insert into stock.nowhere values (1);"],
    message: /0003_f\.sql:1: relation "stock.nowhere" does not exist/,
  },
  "duplicates, after an index that was not made (as before)": {
    files: [items, `${alone}create index concurrently on stock.items (name);`, "insert into stock.items values (1), (1);"],
    message: /0003_f\.sql:1: duplicate key/,
  },
};

/** Has the first files applied, and the rest pending. */
async function prepare(database: Scratch, { files, done = 0 }: Case): Promise<ScratchModule> {
  const module = scratchModule(named(files.slice(0, done)));
  if (done > 0) await outcome(database, module, "apply");
  module.write(named(files));
  return module;
}

// On one server; on all: SERVERS=all npm test -- test/integration/migrations/dry-run.test.ts
for (const server of await longTestServers()) {
  describe(`a dry run, on ${server.name}`, { concurrency: 2 }, () => {
    after(() => server.stop());

    for (const [what, each] of Object.entries(taken))
      it(`does not refuse ${what}`, async () => {
        await using database = await scratch(server);
        using module = await prepare(database, each);
        const { refused, untried } = await outcome(database, module, "dry-run");
        assert.equal(refused, undefined);
        const expected = Object.entries(each.untried ?? {});
        assert.deepEqual(
          untried.map(({ file }) => file),
          expected.map(([number]) => `stock/000${number}_f`),
          JSON.stringify(untried),
        );
        for (const [index, [, reason]] of expected.entries()) assert.match(untried[index]!.reason, reason);
        assert.deepEqual(await outcome(database, module, "apply"), { refused: undefined, untried: [] }, "an apply takes it");
      });

    for (const [what, each] of Object.entries(refused))
      it(`refuses ${what}`, async () => {
        await using database = await scratch(server);
        using module = await prepare(database, each);
        assert.match((await outcome(database, module, "dry-run")).refused ?? "nothing was refused", each.message);
        assert.match((await outcome(database, module, "apply")).refused ?? "an apply took it", each.message);
      });

    it("does not refuse what waits for a lock, and names it", async () => {
      await using database = await scratch(server);
      using module = await prepare(database, { files: [items, "alter table stock.items add column size int;"], done: 1 });
      await using reader = await session(database.superUrl, "begin", "select * from stock.items");
      const { adminUrl, url } = database;
      let said: unknown;
      await assert.doesNotReject(async () => {
        said = await migrate({ adminUrl, url, modules: [module], clock: systemClock, mode: "dry-run", lockTimeoutMs: 20 });
      });
      assert.match(JSON.stringify(said), /"file":"stock\/0002_f","reason":"Another transaction holds a lock/);
      await reader.query("commit");
      assert.equal((await outcome(database, module, "apply")).refused, undefined);
    });
  });
}
