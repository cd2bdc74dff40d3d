// What a PRD states in SQL is what the tables, the contracts and the tests of the code have.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { planGeneration } from "../../src/generate/folder/plan.ts";
import { modelOf } from "./designs.ts";

const prdOf = (...lines: readonly string[]): string =>
  `# A\n\n## Schema\n\n\`\`\`sql\ncreate table things (${lines.join(",\n")});\n\`\`\`\n\n## API\n- POST /things\n`;
const filesOf = (...lines: readonly string[]) => planGeneration(modelOf(prdOf(...lines)), { present: new Map(), before: undefined }).write;

describe("a column in SQL", () => {
  const cases: readonly (readonly [string, string, string])[] = [
    ["name varchar(12) not null", "name text not null check (length(name) <= 12)", "name: z.string().trim().min(1).max(12)"],
    ["name varchar(12)", "name text check (length(name) <= 12)", "name: z.string().trim().min(1).max(12).optional()"],
    [
      "price numeric(10,2) not null check (price > 0)",
      "price_cents bigint not null check (price_cents >= 1)",
      "priceCents: z.int().min(1)",
    ],
    ["price numeric(10,4) not null", "price numeric(10,4) not null", "price: z.string().regex(/^-?(?:0|[1-9]\\d{0,5})\\.\\d{4}$/)"],
    [
      "level smallint not null check (level between 1 and 5)",
      "level integer not null check (level >= 1 and level <= 5)",
      "level: z.int().min(1).max(5)",
    ],
    ["shift integer not null", "shift integer not null", "shift: z.int().min(-2147483647).max(2147483647)"],
    ["steps bigint not null", "steps bigint not null", "steps: z.int().min(-9007199254740991)"],
    ["kind text not null check (kind in ('a', 'b''s'))", "kind text not null check (kind in ('a', 'b''s'))", 'kind: z.enum(["a", "b\'s"])'],
    ["is_new boolean not null", "is_new boolean not null", "isNew: z.boolean(),"],
    ["made_on date not null", "made_on date not null", "madeOn: z.iso.date()"],
    ["extra jsonb not null", "extra jsonb not null", "extra: z.record("],
    ["thing_id bigint not null", "thing_id uuid not null", "thingId: z.uuid()"],
    [
      "stripe_id varchar(40) not null",
      "stripe_id text not null check (length(stripe_id) <= 40)",
      "stripeId: z.string().trim().min(1).max(40)",
    ],
  ];
  for (const [line, sql, zod] of cases)
    it(line, () => {
      const files = filesOf(line);
      const migration = files.get("src/things/migrations/0001_things.sql")!;
      assert.ok(migration.includes(`  ${sql},`), migration);
      const contract = files.get("src/things/contract.ts")!;
      assert.ok(contract.includes(zod), contract);
    });
});

describe("a constraint in SQL", () => {
  it("of values that come once is one of the table and has a test; samples differ", () => {
    const files = filesOf("code varchar(8) not null", "kind text", "unique (code, kind)");
    assert.match(files.get("src/things/migrations/0001_things.sql")!, /\n {2}unique \(code, kind\)/);
    assert.match(files.get("test/things.test.ts")!, /is there once by code, kind/);
    assert.match(files.get("src/samples.ts")!, /thing: \(n = next\(\)\) => \(\{ code: n\.toString\(36\)/);
  });

  it("that the tests cannot make rows for is listed", () => {
    const model = modelOf(prdOf("user_id bigint unique", "name text"));
    assert.deepEqual(
      model.leftOut.map(({ name, why }) => [name, why]),
      [["things: unique (user_id)", "constraint"]],
    );
  });

  it("on a status is its list of statuses, in the spelling of the PRD", () => {
    const lines = "status text check (status in ('PENDING', 'CONFIRMED', 'CANCELED'))";
    const prd = `${prdOf(lines, "name text")}- POST /things/{id}/confirm\n- POST /things/{id}/cancel\n`;
    const [thing] = modelOf(prd).modules[0]!.entities;
    assert.deepEqual(thing!.statuses, ["PENDING", "CONFIRMED", "CANCELED"]);
    assert.deepEqual(
      thing!.transitions.map(({ verb, to, from }) => [verb, to, from]),
      [
        ["confirm", "CONFIRMED", ["PENDING"]],
        ["cancel", "CANCELED", ["PENDING", "CONFIRMED"]],
      ],
    );
  });
});

it("a later type and a later constraint are migrations of their own", () => {
  const first = planGeneration(modelOf(prdOf("code varchar(8) not null", "factor real")), { present: new Map(), before: undefined });
  const next = planGeneration(modelOf(prdOf("code varchar(8) not null unique", "factor numeric(8,3)")), {
    present: first.write,
    before: first.manifest,
  });
  const migrations = next.migrations.map((path) => next.write.get(path)!);
  assert.match(migrations[0]!, /alter table things\.things alter column factor type numeric\(8,3\) using factor::numeric\(8,3\);/);
  assert.match(
    migrations[1]!,
    /^-- plimsoll: no-transaction\ncreate unique index concurrently if not exists things_once_by_code on things\.things \(code\);/,
  );
});
