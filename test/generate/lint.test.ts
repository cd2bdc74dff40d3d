// What migrations lock or lose: for each rule what breaks it, and what only looks like it.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { lintMigrations } from "../../src/generate/database/lint.ts";
import { type LintRuleName, lintRules } from "../../src/generate/database/rules.ts";
import { statementsOf } from "../../src/generate/database/statements.ts";

const rulesOf = (sql: string): readonly string[] => lintMigrations(new Map([["0002.sql", sql]])).map(({ rule }) => rule);

const cases: Readonly<Record<LintRuleName, { readonly breaks: readonly string[]; readonly keeps: readonly string[] }>> = {
  "index-locks-writes": {
    breaks: ["create index a on s.t (x)", "CREATE UNIQUE INDEX a ON s.t (x)", "create index if not exists a on only s.t (x)"],
    keeps: [
      "create table s.t (x text); create index a on s.t (x)",
      "-- plimsoll: no-transaction\ncreate index concurrently a on s.t (x)",
      "select 'create index a on s.t (x)'",
    ],
  },
  "index-drop-locks": { breaks: ["drop index s.a"], keeps: ["-- plimsoll: no-transaction\ndrop index concurrently s.a"] },
  "concurrently-in-transaction": {
    breaks: ["create index concurrently a on s.t (x)", "drop index concurrently s.a"],
    keeps: ["-- plimsoll: no-transaction\ncreate index concurrently a on s.t (x)"],
  },
  "column-needs-values": {
    breaks: ["alter table s.t add column x text not null", "alter table s.t add x int not null"],
    keeps: [
      "alter table s.t add column x text",
      "alter table s.t add column x text not null default ''",
      "create table s.t (); alter table s.t add column x text not null",
    ],
  },
  "default-rewrites": {
    breaks: [
      "alter table s.t add column x uuid default gen_random_uuid()",
      "alter table s.t add column x float default random()",
      "alter table s.t add column x bigserial",
    ],
    keeps: ["alter table s.t add column x timestamptz default now()", "alter table s.t add column random_text text default 'random()'"],
  },
  "generated-rewrites": {
    breaks: ["alter table s.t add column x int generated always as (y * 2) stored"],
    keeps: ["alter table s.t add column x int", "create table s.t (x int generated always as (1) stored)"],
  },
  "type-rewrites": {
    breaks: ["alter table s.t alter column x type bigint", "alter table s.t alter x set data type numeric(10, 2)"],
    keeps: ["alter table s.t alter column x type text", "alter table s.t alter column type set default 1"],
  },
  "not-null-scans": {
    breaks: ["alter table s.t alter column x set not null"],
    keeps: [
      "alter table s.t alter column x drop not null",
      "alter table s.t add constraint c check (x is not null) not valid; alter table s.t validate constraint c; alter table s.t alter column x set not null",
    ],
  },
  "check-scans": {
    breaks: ["alter table s.t add constraint c check (x > 0)", "alter table s.t add check (x in (1, 2))"],
    keeps: ["alter table s.t add constraint c check (x > 0) not valid", "create table s.t (x int check (x > 0))"],
  },
  "foreign-key-scans": {
    breaks: ["alter table s.t add constraint f foreign key (x) references s.u"],
    keeps: [
      "alter table s.t add constraint f foreign key (x) references s.u not valid",
      "alter table s.t add column x uuid references s.u",
    ],
  },
  "validates-under-lock": {
    breaks: ["alter table s.t add constraint c check (x > 0) not valid; alter table s.t validate constraint c"],
    keeps: ["alter table s.t validate constraint c"],
  },
  "unique-locks": {
    breaks: ["alter table s.t add constraint u unique (x)", "alter table s.t add primary key (x)"],
    keeps: ["alter table s.t add constraint u unique using index u_x", "create table s.t (x int unique)"],
  },
  "column-lost": {
    breaks: ["alter table s.t drop column x", "alter table s.t add column y text, drop x"],
    keeps: [
      "alter table s.t drop constraint c",
      "alter table s.t alter column x drop default",
      "alter table s.t alter column x drop not null",
    ],
  },
  "table-lost": {
    breaks: ["drop table s.t", "drop schema s", "drop table if exists s.t"],
    keeps: ["drop function s.f()", "drop view s.v"],
  },
  "rows-lost": {
    breaks: ["truncate s.t", "delete from s.t"],
    keeps: ["delete from s.t where x < 3", "create table s.t (); delete from s.t"],
  },
  "cascade-loses": { breaks: ["drop type s.e cascade"], keeps: ["create table s.t (x uuid references s.u on delete cascade)"] },
  "every-row-written": {
    breaks: ["update s.t set x = 1"],
    keeps: ["update s.t set x = 1 where x is null", "insert into s.t values (1) on conflict (x) do update set x = 1"],
  },
  "rename-breaks": {
    breaks: ["alter table s.t rename column x to y", "alter table s.t rename to u", "alter table s.t set schema u"],
    keeps: ["alter table s.t rename constraint a to b", "alter index s.a rename to b"],
  },
  "whole-table-locked": {
    breaks: ["lock table s.t in exclusive mode", "vacuum full s.t", "cluster s.t using a", "reindex table s.t"],
    keeps: ["vacuum s.t", "-- plimsoll: no-transaction\nreindex table concurrently s.t"],
  },
  "own-transaction": {
    breaks: ["begin", "commit"],
    keeps: ["create function s.f() returns int language plpgsql as $$ begin return 1; end $$", "-- begin"],
  },
  "zone-lost": {
    breaks: ["create table s.t (x timestamp)", "alter table s.t add column x timestamp(3)"],
    keeps: [
      "create table s.t (x timestamptz)",
      "create table s.t (x timestamp with time zone)",
      "create table s.t (timestamped_at timestamptz)",
    ],
  },
  "numbers-run-out": {
    breaks: ["create table s.t (id serial primary key)", "create table s.t (id int generated always as identity)"],
    keeps: [
      "create table s.t (id bigserial primary key)",
      "create table s.t (id bigint generated always as identity)",
      "create table s.t (serial_number text)",
    ],
  },
  "row-security-off": {
    breaks: ["alter table s.t disable row level security", "drop policy p on s.t"],
    keeps: ["alter table s.t enable row level security"],
  },
};

describe("the lint of migrations", () => {
  for (const { name, source } of lintRules) {
    const { breaks, keeps } = cases[name];
    for (const sql of breaks) it(`${name}: ${sql}`, () => assert.ok(rulesOf(sql).includes(name), rulesOf(sql).join()));
    for (const sql of keeps) it(`not ${name}: ${sql}`, () => assert.ok(!rulesOf(sql).includes(name)));
    it(`${name} says where it is written`, () => assert.match(source, /PostgreSQL manual|docs\/guide/));
  }

  it("names file and line, past comments, strings and functions", () => {
    const sql =
      "-- a; b\nselect ';\n';\ncreate function s.f() returns int language sql as $x$ drop table s.t; $x$;\n\n  /* ; */ drop table\n  s.t;\n";
    assert.deepEqual(
      lintMigrations(new Map([["a/0001.sql", sql]])).map(({ file, line, rule }) => [file, line, rule]),
      [["a/0001.sql", 6, "table-lost"]],
    );
    assert.equal(statementsOf(sql).length, 3);
  });

  it("a comment with a reason allows one statement", () => {
    const drop = "drop table s.t";
    assert.deepEqual(rulesOf(`-- plimsoll-allow table-lost: empty since 2026-03, see #12\n${drop}`), []);
    assert.deepEqual(rulesOf(`-- plimsoll-allow table-lost: ok\n${drop}`), ["table-lost"]);
    assert.deepEqual(rulesOf(`-- plimsoll-allow table-lost: empty since 2026-03, see #12\n${drop};\n${drop}`), ["table-lost"]);
  });
});
