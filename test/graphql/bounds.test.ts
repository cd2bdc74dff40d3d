import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { query } from "plimsoll";
import { z } from "zod";
import { run } from "./app.ts";
import { ask } from "./ask.ts";

const Tree = z.object({
  name: z.string(),
  get children() {
    return z.array(Tree);
  },
});
const tree = query("suite.tree", {
  ...{ input: z.object({ n: z.int().optional() }), output: Tree.meta({ id: "Tree" }), access: "public", budget: "5s", graphql: "tree" },
  run: async () => ({ name: "root", children: [] }),
});

const nested = (depth: number, rest: string): string => (depth === 0 ? rest : `children { ${nested(depth - 1, rest)} }`);
/** Each fragment uses the next one twice: what it stands for doubles with each. */
const doubling = (levels: number): string => {
  const fragments = Array.from(
    { length: levels },
    (_, at) => `fragment F${at} on Tree { ${at + 1 < levels ? `...F${at + 1} children { ...F${at + 1} }` : "name"} }`,
  );
  return `{ tree { ...F0 } } ${fragments.join(" ")}`;
};

const bombs: Readonly<Record<string, readonly [document: string, limit: string]>> = {
  "fields that stand too deep": [`{ tree { ${nested(12, "name")} } }`, "graphql depth"],
  "braces without end": [`{ ${"tree {".repeat(2_000)}`, "graphql depth"],
  "brackets without end": [`{ tree(n: ${"[".repeat(2_000)}`, "graphql depth"],
  "too many aliases": [`{ ${Array.from({ length: 51 }, (_, at) => `a${at}: __typename`).join(" ")} }`, "graphql aliases"],
  "aliases in fragments that are used often": [
    `{ ${Array.from({ length: 6 }, (_, at) => `a${at}: tree { ...F }`).join(" ")} } fragment F on Tree { ${Array.from({ length: 9 }, (_, at) => `b${at}: name`).join(" ")} }`,
    "graphql aliases",
  ],
  "fragments that double": [doubling(11), "graphql fields"],
  "too many fragments": [`{ tree { ${"...F ".repeat(51)} } } fragment F on Tree { name }`, "graphql fragments"],
  "too many directives": [`{ tree ${"@skip(if: false) ".repeat(51)} { name } }`, "graphql directives"],
  "too many words": [`{ ${"tree { name } ".repeat(2_000)} }`, "graphql tokens"],
  "too many fields": [`{ ${"tree { name } ".repeat(251)} }`, "graphql fields"],
  "too much text": [`{ tree { name } } # ${"x".repeat(32_768)}`, "graphql documentBytes"],
  "too many variables": [
    `query (${Array.from({ length: 51 }, (_, at) => `$v${at}: Int64`).join(" ")}) { tree { name } }`,
    "graphql variables",
  ],
};

describe("a document that is too much", () => {
  for (const [name, [document, limit]] of Object.entries(bombs))
    it(`has ${name}, and is refused with the limit, its value and what came`, async () => {
      await using running = await run([tree]);
      const { status, errors } = await ask(running.app, document);
      assert.deepEqual([status, errors[0]?.extensions.type], [400, "urn:plimsoll:graphql_limit"]);
      const details = errors[0]?.extensions.details as { readonly limit: string; readonly value: number; readonly load: number };
      assert.equal(details.limit, limit);
      assert(details.load > details.value);
      assert.match(errors[0]!.message, /^The document has \d+ .*, and it may have \d+\. /);
      assert.equal(running.executions.length, 0);
    });

  it("may be as much as the limits of the app say", async () => {
    await using running = await run([tree], { graphql: { limits: { depth: 14, aliases: 60 } } });
    const [document] = bombs["fields that stand too deep"]!;
    const read = await ask(running.app, document);
    assert.deepEqual(read.errors, []);
    assert.deepEqual(read.data, { tree: { children: [] } });
  });
});

const malformed: Readonly<Record<string, string>> = {
  "nothing but a brace": "{",
  "a word that is none": "{ tree { name } } \u0000",
  "a string without end": '{ tree(n: "',
  "a fragment that uses itself": "{ tree { ...F } } fragment F on Tree { ...F }",
  "fragments that use each other": "{ tree { ...F } } fragment F on Tree { children { ...G } } fragment G on Tree { children { ...F } }",
  "a field that is not there": "{ tree { secret } }",
  "an argument of another type": '{ tree(n: "one") { name } }',
  "no fields of an object": "{ tree }",
  "a type definition": "type Query { a: Int }",
  "two operations without names": "{ tree { name } } { tree { name } }",
  "a directive that is not there": "{ tree @defer { name } }",
  "a variable that is not declared": "{ tree(n: $n) { name } }",
  "an alias that is a name of introspection": "{ __proto__: tree { name } }",
};

describe("a malformed document", () => {
  for (const [name, document] of Object.entries(malformed))
    it(`has ${name}: it is refused, and starts nothing`, async () => {
      await using running = await run([tree]);
      const { status, errors, data } = await ask(running.app, document);
      assert.deepEqual([status, errors[0]?.extensions.type, data], [400, "urn:plimsoll:graphql_invalid", undefined]);
      assert.equal(running.executions.length, 0);
    });

  it("gets no hint of what the schema has, where introspection is off", async () => {
    await using running = await run([tree], { graphql: { introspection: false } });
    const read = await ask(running.app, "{ tre { name } }");
    assert(!read.text.includes("Did you mean"), read.text);
    const asked = await ask(running.app, "{ __schema { types { name } } }");
    assert.deepEqual([asked.status, asked.data], [400, undefined]);
  });
});
