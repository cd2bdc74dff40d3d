// How much of a body the fields of an input can be worth.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { z } from "zod";
import { mostBytes } from "../../../src/core/schema/bounds/most-bytes.ts";
import type { JsonSchema, Schema } from "../../../src/core/schema/standard.ts";
import { compileSchema, Problems } from "../../../src/core/schema.ts";

const most = 1_000_000;
const documentOf = (schema: z.ZodType): JsonSchema => compileSchema(schema as unknown as Schema, "test", "request").inputJson;
const bytesOf = (schema: z.ZodType) => mostBytes(documentOf(schema), most);

/** As a client may write it: every character of a text escaped. */
function escaped(value: unknown): string {
  return JSON.stringify(value).replaceAll(/"(?:[^"\\]|\\.)*"/g, (quoted) => {
    const units = (JSON.parse(quoted) as string).split("");
    return `"${units.map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`).join("")}"`;
  });
}

interface Tree {
  readonly children?: readonly Tree[] | undefined;
}
const Tree: z.ZodType<Tree> = z.object({ children: z.lazy(() => z.array(Tree).max(2)).optional() });

describe("how many bytes the fields of an input can hold", () => {
  const cases: readonly (readonly [what: string, schema: z.ZodType, least: number, most: number])[] = [
    ["a sign-in", z.object({ email: z.email().max(254), password: z.string().max(1_024) }), 6 * 1_278, 20_000],
    ["a long text", z.object({ text: z.string().max(50_000) }), 6 * 50_000, 601_000],
    ["a text without a bound", z.object({ text: z.string() }), 6 * 16_384, 200_000],
    ["numbers", z.object({ a: z.array(z.int()).max(100) }), 100 * 18, 4_000],
    ["numbers without a bound", z.object({ a: z.array(z.int()) }), 1_000 * 18, 40_000],
    ["an enum", z.object({ a: z.array(z.enum(["one", "two"])).max(10) }), 10 * 30, 1_000],
    ["one of two", z.union([z.string().max(10), z.string().max(1_000)]), 6_000, 20_000],
    ["both of two", z.intersection(z.object({ a: z.string().max(100) }), z.object({ b: z.string().max(100) })), 1_200, 3_000],
    ["a record", z.record(z.string().max(4), z.int()).meta({ maxProperties: 5 }), 200, 600],
    ["a tuple", z.tuple([z.int(), z.string().max(5)]), 48, 200],
    ["nothing", z.object({}), 2, 2],
    ["anything", z.object({ a: z.unknown() }), most, most],
    ["what may have more fields of any kind", z.looseObject({ a: z.int() }), most, most],
    ["what contains itself", Tree, most, most],
    ["more than there is", z.array(z.array(z.array(z.int()))), most, most],
  ];
  for (const [what, schema, atLeast, atMost] of cases) {
    it(`${what}: from ${atLeast} to ${atMost}`, () => {
      const bytes = bytesOf(schema);
      assert.ok(bytes >= atLeast && bytes <= atMost, `${bytes} bytes of ${JSON.stringify(documentOf(schema))}`);
    });
  }

  it("takes no longer where alternatives share what they are made of", () => {
    const $ref = (at: number) => ({ $ref: `#/$defs/d${at}` });
    const $defs = Object.fromEntries(
      Array.from({ length: 60 }, (_, at) => [`d${at}`, at === 59 ? { type: "integer" } : { anyOf: [$ref(at + 1), $ref(at + 1)] }]),
    );
    assert.equal(mostBytes({ $defs, ...$ref(0) }, most), 32);
  });

  const leaf = fc.oneof(
    fc
      .integer({ min: 0, max: 12 })
      .map((length) => ({ schema: z.string().max(length) as z.ZodType, value: fc.string({ unit: "binary", maxLength: length }) })),
    fc.constant({ schema: z.int() as z.ZodType, value: fc.integer() as fc.Arbitrary<unknown> }),
    fc.constant({ schema: z.number() as z.ZodType, value: fc.double({ noNaN: true, noDefaultInfinity: true }) as fc.Arbitrary<unknown> }),
    fc.constant({ schema: z.boolean().nullable() as z.ZodType, value: fc.constantFrom<unknown>(true, false, null) }),
    fc.constant({ schema: z.uuid() as z.ZodType, value: fc.uuid() as fc.Arbitrary<unknown> }),
  );
  const sample = fc.letrec<{ sample: { readonly schema: z.ZodType; readonly value: fc.Arbitrary<unknown> } }>((tie) => ({
    sample: fc.oneof(
      { maxDepth: 3 },
      leaf,
      tie("sample").map(({ schema, value }) => ({ schema: z.array(schema).max(3), value: fc.array(value, { maxLength: 3 }) })),
      fc.tuple(tie("sample"), tie("sample")).map(([a, b]) => ({
        schema: z.object({ a: a.schema, ü: b.schema.optional() }),
        value: fc.record({ a: a.value, ü: b.value }, { requiredKeys: ["a"] }),
      })),
      fc
        .tuple(tie("sample"), tie("sample"))
        .map(([a, b]) => ({ schema: z.union([a.schema, b.schema]), value: fc.oneof(a.value, b.value) })),
      tie("sample").map(({ schema, value }) => ({
        schema: z.record(z.string().max(3), schema).meta({ maxProperties: 3 }),
        value: fc.dictionary(fc.string({ maxLength: 3 }), value, { maxKeys: 3 }),
      })),
    ),
  })).sample;

  it("is never less than what a value takes that the schema accepts", () => {
    let accepted = 0;
    const property = fc.property(
      sample.chain(({ schema, value }) => fc.tuple(fc.constant(schema), value)),
      ([schema, value]) => {
        if (compileSchema(schema as unknown as Schema, "test", "request").parse(value) instanceof Problems) return;
        accepted++;
        assert.ok(escaped(value).length <= bytesOf(schema), `${escaped(value).length} > ${bytesOf(schema)}`);
      },
    );
    fc.assert(property, { numRuns: 500 });
    assert.ok(accepted > 250, `only ${accepted} were accepted`);
  });
});
