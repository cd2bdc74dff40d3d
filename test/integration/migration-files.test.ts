import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { describe, it } from "node:test";
import fc from "fast-check";
import { splitSql } from "../../src/postgres/migrate/split.ts";
import { readMigrations } from "../../src/postgres/migration-files.ts";
import { scratchModule } from "./scratch.ts";

describe("migration files", () => {
  const refusals: [string, Record<string, string>, string, RegExp][] = [
    ["a gap", { "0001_a.sql": "", "0003_c.sql": "" }, "stock", /0003_c\.sql is out of order.*0002_/],
    ["a number twice", { "0001_a.sql": "", "0001_b.sql": "" }, "stock", /0001_b\.sql is out of order/],
    ["a name of another form", { "items.sql": "" }, "stock", /items\.sql is out of order.*0001_/],
    ["Plimsoll's schema", {}, "plimsoll", /that of Plimsoll itself/],
    ["a schema of the server", {}, "pg_catalog", /cannot be one of its own/],
    ["a schema that must be quoted", {}, 'Stock"; drop', /small letters/],
  ];
  for (const [what, files, schema, message] of refusals) {
    it(`refuses ${what}`, () => {
      using module = scratchModule(files, schema);
      assert.throws(() => readMigrations([module]), { code: "failed_precondition", message });
    });
  }

  it("reads a file that begins with a byte order mark as if it did not", () => {
    const text = "-- plimsoll: no-transaction\nselect 1;\n";
    using plain = scratchModule({ "0001_a.sql": text });
    using marked = scratchModule({ "0001_a.sql": `\uFEFF${text.replaceAll("\n", "\r\n")}` });
    const facts = (module: typeof plain) =>
      readMigrations([module])[1]?.files.map(({ sql, checksum, alone }) => ({ sql, checksum, alone }));
    assert.deepEqual(facts(marked), facts(plain));
  });

  it("refuses a file in UTF-16 by name", () => {
    using module = scratchModule({ "0001_a.sql": "" });
    for (const mark of [
      [0xff, 0xfe],
      [0xfe, 0xff],
    ]) {
      writeFileSync(new URL("0001_a.sql", module.migrations), Buffer.from([...mark, 0x73, 0, 0x3b, 0]));
      assert.throws(() => readMigrations([module]), { code: "failed_precondition", message: /0001_a\.sql is written in UTF-16.*UTF-8/ });
    }
  });

  it("refuses two modules on one schema, and a folder that is not there", () => {
    using module = scratchModule({});
    assert.throws(() => readMigrations([module, { ...module, name: "other" }]), /a schema of its own/);
    assert.throws(() => readMigrations([{ ...module, migrations: new URL("file:///nowhere/at/all/") }]), /no folder \/nowhere\/at\/all/);
    assert.deepEqual(readMigrations([{ name: "none" }, { name: "bare", schema: "bare" }])[1], { name: "bare", schema: "bare", files: [] });
  });
});

describe("splitSql", () => {
  const cases: [string, string[]][] = [
    ["", []],
    [" ;; -- nothing\n/* at ; all */ ", []],
    ["a; b", ["a", "b"]],
    ["a ';' b; c \";\" d;", ["a ';' b", 'c ";" d']],
    ["a 'it''s; x'; b E'\\'; y'; c '\\'; d", ["a 'it''s; x'", "b E'\\'; y'", "c '\\'", "d"]],
    ["a $$ ; $x$ ; $$; b $x$ $$ ; $x$; c$1;d", ["a $$ ; $x$ ; $$", "b $x$ $$ ; $x$", "c$1", "d"]],
    ["/* /* ; */ ; */ a /* ; */ b; c", ["a /* ; */ b", "c"]],
    ["create rule r do (a; b); c", ["create rule r do (a; b)", "c"]],
    [
      "create function f() BEGIN ATOMIC select case when true then 1 end; select 2; END; begin; end; c",
      ["create function f() BEGIN ATOMIC select case when true then 1 end; select 2; END", "begin", "end", "c"],
    ],
    ["a 'open; b", ["a 'open; b"]],
    ["a /* open; b", ["a /* open; b"]],
    ["a $q$ open; b", ["a $q$ open; b"]],
  ];
  for (const [sql, expected] of cases)
    it(`splits ${JSON.stringify(sql)}`, () =>
      assert.deepEqual(
        splitSql(sql).map(({ text }) => text.trim()),
        expected,
      ));

  it("returns every statement with its line and first word, whatever is quoted in it", () => {
    const word = fc.constantFrom("select", "Insert", "x1", "_y");
    const quoted = fc.string({ maxLength: 8 }).map((inner) => inner.replaceAll(/['"$\\*/\r]/g, ""));
    const part = fc.oneof(
      quoted.map((inner) => `'${inner};'''`),
      quoted.map((inner) => `"${inner};"""`),
      quoted.map((inner) => `$t$${inner};\n$t$`),
      quoted.map((inner) => `/* ${inner}; /* ; */ */`),
      quoted.map((inner) => `-- ${inner.replaceAll("\n", "")};\n`),
      fc.constantFrom("(a, b)", "1", "=", "\n"),
    );
    const statement = fc.tuple(word, fc.array(part, { maxLength: 6 })).map(([first, parts]) => [first, ...parts].join(" "));
    fc.assert(
      fc.property(fc.array(statement, { maxLength: 6 }), (statements) => {
        const split = splitSql(statements.map((text) => `${text};\n`).join(""));
        assert.deepEqual(
          split.map(({ text }) => text),
          statements,
        );
        let line = 1;
        for (const [index, text] of statements.entries()) {
          assert.equal(split[index]!.line, line);
          assert.equal(split[index]!.verb, text.split(" ")[0]!.toLowerCase());
          line += text.split("\n").length;
        }
      }),
    );
  });
});
