// What an unbounded schema takes, and what it costs to refuse: neither grows with what strangers send.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { z } from "zod";
import type { Schema } from "../../../src/core/schema/standard.ts";
import { compileSchema, Problems, type SchemaUse } from "../../../src/core/schema.ts";

const request = "request" as SchemaUse;
const compile = (schema: z.ZodType) => compileSchema(schema as unknown as Schema, "test", request);
const items = (count: number, item: unknown = 1) => Array.from({ length: count }, () => item);
const entries = (count: number) => Object.fromEntries(items(count).map((value, at) => [`k${at}`, value]));

function problemsOf(schema: z.ZodType, value: unknown): readonly { readonly pointer: string; readonly message: string }[] {
  const parsed = compile(schema).parse(value);
  assert.ok(parsed instanceof Problems, `accepted what is too large: ${JSON.stringify(parsed)?.slice(0, 80)}`);
  return parsed.list;
}

type Tree = { readonly children: readonly Tree[] };
const Tree: z.ZodType<Tree> = z.object({ children: z.lazy(() => z.array(Tree)) });

describe("what a schema takes that declares no bound", () => {
  const largest: readonly (readonly [what: string, schema: z.ZodType, fits: unknown, tooBig: unknown, pointer: string])[] = [
    ["an array", z.object({ a: z.array(z.int()) }), { a: items(1_000) }, { a: items(1_001) }, "/a"],
    ["an array of anything", z.object({ a: z.array(z.unknown()) }), { a: items(1_000) }, { a: items(1_001) }, "/a"],
    ["an array that may be left out", z.object({ a: z.array(z.int()).optional() }), { a: items(1_000) }, { a: items(1_001) }, "/a"],
    ["an array that may be null", z.object({ a: z.array(z.int()).nullable() }), { a: items(1_000) }, { a: items(1_001) }, "/a"],
    ["an inner array", z.object({ a: z.array(z.array(z.int())) }), { a: [items(1_000)] }, { a: [[], items(1_001)] }, "/a/1"],
    ["an array in a union", z.object({ a: z.union([z.string(), z.array(z.int())]) }), { a: items(1_000) }, { a: items(1_001) }, "/a"],
    ["an array that is checked", z.object({ a: z.array(z.int()).refine(() => true) }), { a: items(1_000) }, { a: items(1_001) }, "/a"],
    [
      "an array behind a pipe",
      z.object({ a: z.array(z.int()).pipe(z.unknown() as never) }),
      { a: items(1_000) },
      { a: items(1_001) },
      "/a",
    ],
    [
      "an array in an intersection",
      z.intersection(z.object({ a: z.array(z.int()) }), z.object({})),
      { a: items(1_000) },
      { a: items(1_001) },
      "/a",
    ],
    ["the rest of a tuple", z.object({ a: z.tuple([z.int()], z.int()) }), { a: items(1_000) }, { a: items(1_001) }, "/a"],
    [
      "an array inside itself",
      Tree,
      { children: items(1_000, { children: [] }) },
      { children: items(1_001, { children: [] }) },
      "/children",
    ],
    ["a record", z.object({ r: z.record(z.string(), z.int()) }), { r: entries(1_000) }, { r: entries(1_001) }, "/r"],
    ["the rest of an object", z.object({ n: z.int() }).catchall(z.int()), { n: 1, ...entries(1_000) }, { n: 1, ...entries(1_001) }, ""],
    ["a loose object", z.looseObject({ n: z.int() }), { n: 1, ...entries(1_000) }, { n: 1, ...entries(1_001) }, ""],
    ["a key", z.object({ r: z.record(z.string(), z.int()) }), { r: { ["k".repeat(256)]: 1 } }, { r: { ["k".repeat(257)]: 1 } }, "/r"],
    ["a text", z.object({ t: z.string() }), { t: "x".repeat(16_384) }, { t: "x".repeat(16_385) }, "/t"],
    ["a text of pairs", z.object({ t: z.string() }), { t: "\u{1f600}".repeat(16_384) }, { t: "\u{1f600}".repeat(16_385) }, "/t"],
    ["a text with a least length", z.object({ t: z.string().min(2) }), { t: "x".repeat(16_384) }, { t: "x".repeat(16_385) }, "/t"],
    ["a text in a record", z.record(z.string(), z.string()), { t: "x".repeat(16_384) }, { t: "x".repeat(16_385) }, "/t"],
    ["a text in a union", z.object({ t: z.union([z.int(), z.string()]) }), { t: "x".repeat(16_384) }, { t: "x".repeat(16_385) }, "/t"],
  ];
  for (const [what, schema, fits, tooBig, pointer] of largest) {
    it(`${what} has a bound, which stands in its document`, () => {
      assert.deepEqual(compile(schema).parse(fits), fits);
      const problems = problemsOf(schema, tooBig);
      assert.deepEqual(
        problems.map((problem) => problem.pointer),
        [pointer],
      );
      assert.match(problems[0]!.message, /^Too big: /);
      assert.match(JSON.stringify(compile(schema).inputJson), /"max(?:Items|Length|Properties)":(?:1000|256|16384)/);
    });
  }

  it("is not asked of a user's check, nor given to its library", () => {
    let asked = 0;
    const slow = z.string().refine(() => {
      asked++;
      return true;
    });
    problemsOf(z.object({ t: slow, many: z.array(slow) }), { t: "x".repeat(1_000_000), many: [] });
    problemsOf(z.object({ t: slow, many: z.array(slow) }), { t: "", many: items(100_000, "") });
    // The text stands before the array.
    assert.ok(asked <= 1, `asked ${asked} times`);
  });

  it("is raised by what the schema declares, and lowered too (as before)", () => {
    const Declared = z.object({
      a: z.array(z.int()).max(5_000),
      t: z.string().max(50_000),
      r: z.record(z.string(), z.int()).meta({ maxProperties: 3_000 }),
    });
    const value = { a: items(5_000), t: "x".repeat(50_000), r: entries(3_000) };
    assert.deepEqual(compile(Declared).parse(value), value);
    assert.equal(problemsOf(z.object({ a: z.array(z.int()).max(2) }), { a: [1, 2, 3] })[0]?.pointer, "/a");
  });

  it("stands in the document as the schema declares it, larger or smaller than the default (as before)", () => {
    for (const most of [1, 999, 1_001, 50_000]) {
      const Declared = z.object({
        a: z.array(z.int()).max(most),
        t: z.string().max(most),
        r: z.record(z.string().max(most), z.int()).meta({ maxProperties: most }),
      });
      const { a, t, r } = compile(Declared).inputJson.properties as Record<string, Record<string, unknown>>;
      const { maxLength } = r!.propertyNames as Record<string, unknown>;
      assert.deepEqual([a!.maxItems, t!.maxLength, r!.maxProperties, maxLength], [most, most, most, most]);
    }
  });

  it("bounds neither outputs nor rows (as before)", () => {
    for (const use of ["output", "value"] as const) {
      const { parse, outputJson } = compileSchema(z.object({ a: z.array(z.int()) }) as unknown as Schema, "test", use);
      assert.deepEqual(parse({ a: items(20_000) }), { a: items(20_000) });
      assert.doesNotMatch(JSON.stringify(outputJson), /maxItems/);
    }
  });
});

describe("what is wrong with a large value", () => {
  const choice = z.enum(["a", "b"]);
  const wide = z.array(choice).max(1_000_000);
  const wrong = items(100_000);
  const many: readonly (readonly [what: string, schema: z.ZodType, value: unknown])[] = [
    ["an array", wide, wrong],
    ["an array in an object", z.object({ a: wide }), { a: wrong }],
    ["an array of objects", z.array(z.object({ c: choice, n: z.string() })).max(1_000_000), items(50_000, { c: 1, n: 1 })],
    ["texts that are too short", z.array(z.string().min(5)).max(1_000_000), items(100_000, "x")],
    ["a record", z.record(z.string(), choice).meta({ maxProperties: 1_000_000 }), entries(50_000)],
    ["inner arrays", z.array(z.array(choice).max(1_000)).max(1_000), items(300, items(300))],
    ["a union of arrays", z.union([wide, z.array(z.string()).max(1_000_000)]), wrong],
    ["an intersection", z.intersection(z.object({ a: wide }), z.object({ a: wide })), { a: wrong }],
    ["an array that may be left out", z.object({ a: wide.optional() }), { a: wrong }],
    ["an array behind a pipe", wide.pipe(z.unknown() as never), wrong],
  ];
  for (const [what, schema, value] of many) {
    it(`is listed up to a bound: ${what}`, () => {
      const parsed = compile(schema).parse(value) as Problems;
      assert.ok(parsed instanceof Problems);
      assert.ok(parsed.list.length >= 1 && parsed.list.length <= 64, `${parsed.list.length} problems`);
      assert.equal("more" in parsed && parsed.more, true);
    });
  }

  it("is not said in as many words as were sent", () => {
    const unknownKeys = Object.fromEntries(items(5_000).map((_, at) => [`${"k".repeat(100)}${at}`, 1]));
    for (const [schema, value] of [
      [z.strictObject({ a: z.int() }), { a: 1, ...unknownKeys }],
      [z.record(z.string().max(1_000_000), z.int()), { ["k".repeat(500_000)]: "x" }],
      [z.record(z.string().max(1_000_000), z.record(z.string().max(1_000_000), z.int())), { a: { ["k".repeat(500_000)]: "x" } }],
    ] as const) {
      const text = JSON.stringify(problemsOf(schema, value));
      assert.ok(text.length < 2_000, `${text.length} characters`);
    }
  });

  it("is found in bounded work where a union stands inside itself (as before)", () => {
    const Node: z.ZodType = z.lazy(() =>
      z.union([
        z.string(),
        z.object({ kind: z.literal("a"), left: Node }),
        z.object({ kind: z.literal("b"), left: Node }),
        z.object({ kind: z.literal("c"), left: Node }),
      ]),
    );
    let reads = 0;
    let value: unknown = 1;
    for (let depth = 0; depth < 9; depth++) {
      const left = value;
      value = {
        kind: "c",
        get left() {
          reads++;
          return left;
        },
      };
    }
    const { length } = problemsOf(z.object({ node: Node }), { node: value });
    assert.ok(length >= 1 && reads < 500, `${length} problems, ${reads} reads`);
  });

  it("is what its library finds wrong, and nothing else (as before)", () => {
    const leaf = fc.constantFrom<z.ZodType>(
      ...[z.int(), z.string().min(2), z.boolean(), z.enum(["a", "b"]), z.string().optional(), z.int().nullable(), z.int().default(3)],
      ...[
        z.union([z.int(), z.string()]),
        z.unknown(),
        z.int().catch(1),
        z.preprocess((value) => value ?? 1, z.int()),
        z.null(),
        z.literal([1, "x"]),
      ],
    );
    const schemas = fc.letrec<{ schema: z.ZodType }>((tie) => ({
      schema: fc.oneof(
        { maxDepth: 3 },
        leaf,
        fc.record({ a: tie("schema"), b: tie("schema") }).map((shape) => z.object(shape)),
        tie("schema").map((inner) => z.array(inner)),
        tie("schema").map((inner) => z.record(z.string(), inner)),
        fc.tuple(tie("schema"), tie("schema")).map((options) => z.union(options)),
        tie("schema").map((inner) => inner.optional()),
        tie("schema").map((inner) => inner.readonly()),
        fc.tuple(tie("schema"), tie("schema")).map(([left, right]) => left.pipe(right as never)),
      ),
    })).schema;
    const values = fc.letrec<{ value: unknown }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 3 },
        fc.constantFrom<unknown>(1, 3, "a", "ab", "x", true, null, undefined, 1.5),
        fc.record({ a: tie("value"), b: tie("value") }, { requiredKeys: [] }),
        fc.array(tie("value"), { maxLength: 3 }),
      ),
    })).value;
    fc.assert(
      fc.property(schemas, values, (schema, value) => {
        const large = z.object({ padding: z.array(z.int()), many: z.array(schema) });
        const sent = { padding: items(600), many: [value, value] };
        const expected = large.safeParse(sent);
        const parsed = compileSchema(large as unknown as Schema, "test", "value").parse(sent);
        if (!(parsed instanceof Problems)) return assert.ok(expected.success) ?? assert.deepStrictEqual(parsed, expected.data);
        assert.ok(!expected.success, `refused what Zod accepts: ${JSON.stringify(parsed.list)}`);
        assert.ok(parsed.list.length > 0);
      }),
      { numRuns: 1_000 },
    );
  });
});
