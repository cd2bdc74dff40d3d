import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { readSqlTables } from "../../../src/design/reading/asked/sql-tables.ts";
import { readRequirements } from "../../../src/design/reading/read-requirements.ts";

const columnsOf = (body: string, before = "") => readSqlTables(`${before}create table t (${body});`)[0]!.columns;

describe("the columns of a table in SQL", () => {
  const cases: readonly (readonly [string, object])[] = [
    ["name varchar(120) not null", { type: "varchar(120)", isRequired: true }],
    ["price numeric(12, 2) check (price >= 0)", { type: "numeric(12,2)", isRequired: false, least: 0 }],
    ["price numeric(12,2) check (price > 0)", { type: "numeric(12,2)", isRequired: false, least: 0.01 }],
    ["level smallint not null check (level between 1 and 5)", { type: "smallint", isRequired: true, least: 1, most: 5 }],
    ["stars int check (stars > 0 and stars < 6)", { type: "int", isRequired: false, least: 1, most: 5 }],
    ["stars int check (stars > 0 or stars is null)", { type: "int", isRequired: false }],
    ["id uuid primary key default gen_random_uuid()", { type: "uuid", isRequired: true }],
    ["owner bigint references app.users (id) on delete cascade", { type: "bigint", isRequired: false, references: "users" }],
    ["at timestamp with time zone not null default now()", { type: "timestamp with time zone", isRequired: true }],
    ["tags text[] not null default '{}'", { type: "text[]", isRequired: true }],
    ["state varchar(9) check (state in ('a','it''s, so'))", { type: "varchar(9)", isRequired: false, values: ["a", "it's, so"] }],
    ["`state` enum('a','b') not null comment '状态, 默认 (a)'", { type: "enum", isRequired: true, values: ["a", "b"] }],
    ["`total` bigint(20) unsigned not null comment '金额'", { type: "bigint(20)", isRequired: true }],
  ];
  for (const [line, expected] of cases)
    it(line, () => {
      const [{ name: _, ...column } = { name: "" }, ...rest] = columnsOf(line);
      assert.deepEqual([column, rest], [expected, []]);
    });

  it("know the types that the text makes before, and what stands beside the columns", () => {
    const sql = `
      create type kind as enum ('free', 'paid'); -- create table nothing (
      create table if not exists shop."plans" (
        id int, -- the key, of all
        code text, kind kind not null, /* , hidden int */
        constraint one primary key (id),
        unique (code, kind),
        unique key uk (code),
        key by_kind (kind),
        foreign key (code) references codes (id),
        check (id >= 10)
      );
      create unique index on shop.plans (kind);
      create unique index on shop.plans (id) where kind = 'free';`;
    assert.deepEqual(readSqlTables(sql), [
      {
        name: "plans",
        at: sql.indexOf('shop."plans"'),
        columns: [
          { name: "id", type: "int", isRequired: true, least: 10 },
          { name: "code", type: "text", isRequired: false, references: "codes" },
          { name: "kind", type: "enum", isRequired: true, values: ["free", "paid"] },
        ],
        uniques: [["code", "kind"], ["code"], ["kind"]],
      },
    ]);
  });

  it("are read to the end of a table that comments in MySQL end lines of", () =>
    assert.deepEqual(
      columnsOf("a varchar(3) comment 'x',\n b int comment 'y',\n c int").map(({ name }) => name),
      ["a", "b", "c"],
    ));
});

it("a table in SQL completes the entity that a list names, at the place of its name", () => {
  const text =
    "# A\n\n## Data model\n- **Order**: note\n\n```sql\n-- first\ncreate table orders (note text, total int);\ncreate table bills (id int);\n```\n";
  const { entities } = readRequirements(text, { file: "PRD.md" });
  assert.deepEqual(
    entities.map(({ name, fields, columns, source }) => [name, fields, columns?.length, source.line]),
    [
      ["Order", ["note", "total"], 2, 4],
      ["bills", ["id"], 1, 9],
    ],
  );
});
