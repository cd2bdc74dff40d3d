import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { z } from "zod";
import { MarkedFields } from "../../../../src/core/schema/marks/visible.ts";
import { compileSchema, secret } from "../../../../src/core/schema.ts";
import { visibleTo } from "../../../../src/operation/access/visible-to.ts";
import { role } from "../../../../src/operation/access.ts";

/** A schema, values of it, and what a caller with some of the roles gets of a value: said by the shape itself, without the documents. */
interface Sample {
  readonly schema: z.ZodType;
  readonly values: fc.Arbitrary<unknown>;
  seen(value: unknown, roles: readonly string[]): unknown;
}

const leaf: Sample = { schema: z.string(), values: fc.string({ maxLength: 3 }), seen: (value) => value };
const roles = ["a", "b", "c"] as const;

/** An object whose fields have names of their own, of which some are marked. */
const objectOf = (fields: readonly { readonly inner: Sample; readonly role: string | undefined }[]): Sample => ({
  schema: z.object(
    Object.fromEntries(
      fields.map(({ inner, role: who }, at) => [`f${at}`, who === undefined ? inner.schema : visibleTo(role(who), inner.schema)]),
    ),
  ),
  values: fc
    .tuple(...fields.map(({ inner }) => inner.values))
    .map((values) => Object.fromEntries(values.map((value, at) => [`f${at}`, value]))),
  seen: (value: unknown, has: readonly string[]) =>
    Object.fromEntries(
      fields.flatMap(({ inner, role: who }, at) =>
        who === undefined || has.includes(who) ? [[`f${at}`, inner.seen((value as Record<string, unknown>)[`f${at}`], has)]] : [],
      ),
    ),
});

const sample: fc.Arbitrary<Sample> = fc.letrec<{ sample: Sample }>((tie) => ({
  sample: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.constant(leaf),
    fc
      .array(fc.record({ inner: tie("sample"), role: fc.option(fc.constantFrom(...roles), { nil: undefined }) }), {
        minLength: 1,
        maxLength: 3,
      })
      .map(objectOf),
    tie("sample").map(({ schema, values, seen }) => ({
      schema: z.array(schema),
      values: fc.array(values, { maxLength: 3 }),
      seen: (value: unknown, has: readonly string[]) => (value as unknown[]).map((item) => seen(item, has)),
    })),
    tie("sample").map(({ schema, values, seen }) => ({
      schema: schema.nullable(),
      values: fc.option(values),
      seen: (value: unknown, has: readonly string[]) => (value === null ? null : seen(value, has)),
    })),
    tie("sample").map(({ schema, values, seen }) => ({
      schema: z.record(z.string(), schema),
      values: fc.dictionary(fc.constantFrom("x", "constructor", "f0"), values, { maxKeys: 2, noNullPrototype: true }),
      seen: (value: unknown, has: readonly string[]) =>
        Object.fromEntries(Object.entries(value as object).map(([key, item]) => [key, seen(item, has)])),
    })),
    fc.tuple(tie("sample"), tie("sample")).map(([one, other]) => ({
      schema: z.tuple([one.schema, other.schema]),
      values: fc.tuple(one.values, other.values),
      seen: (value: unknown, has: readonly string[]) => [one.seen((value as unknown[])[0], has), other.seen((value as unknown[])[1], has)],
    })),
    // Two shapes that a field distinguishes.
    fc.tuple(tie("sample"), tie("sample"), fc.constantFrom(...roles)).map(([one, other, who]) => ({
      schema: z.union([
        z.object({ kind: z.literal("one"), one: visibleTo(role(who), one.schema) }),
        z.object({ kind: z.literal("other"), other: other.schema }),
      ]),
      values: fc.oneof(
        fc.record({ kind: fc.constant("one"), one: one.values }),
        fc.record({ kind: fc.constant("other"), other: other.values }),
      ),
      seen: (value: unknown, has: readonly string[]) => {
        const { kind, one: first, other: second } = value as Record<string, unknown>;
        if (kind === "other") return { kind, other: other.seen(second, has) };
        return has.includes(who) ? { kind, one: one.seen(first, has) } : { kind };
      },
    })),
  ),
})).sample;

/** What a caller with these roles gets of a value. */
function shown(schema: z.ZodType, value: unknown, has: readonly string[]): unknown {
  const { outputJson } = compileSchema(schema, "t", "output");
  const marked = new MarkedFields(outputJson);
  assert.deepEqual(marked.problems, []);
  const all = marked.fields.flatMap(({ marks }) => marks);
  const copy: unknown = JSON.parse(JSON.stringify(value));
  marked.remove(copy, new Set(all.filter((mark) => (mark.roles as string[]).some((name) => has.includes(name)))));
  return copy;
}

describe("marked fields", () => {
  it("are left out for callers without the role, at any depth, and nothing else is", () => {
    fc.assert(
      fc.property(
        sample.chain((one) => fc.record({ one: fc.constant(one), value: one.values, has: fc.subarray([...roles]) })),
        ({ one, value, has }) => assert.deepEqual(shown(one.schema, value, has), JSON.parse(JSON.stringify(one.seen(value, has)))),
      ),
      { numRuns: 400 },
    );
  });

  it("are found in a schema that contains itself, and in one that has an id", () => {
    const Node = z.object({
      name: z.string(),
      cost: visibleTo(role("a"), z.int()),
      get children() {
        return z.array(Node);
      },
    });
    const value = { name: "x", cost: 1, children: [{ name: "y", cost: 2, children: [] }] };
    assert.deepEqual(shown(Node, value, []), { name: "x", children: [{ name: "y", children: [] }] });
    assert.deepEqual(shown(Node, value, ["a"]), value);
    const Price = z.object({ net: visibleTo(role("a"), z.int()), gross: z.int() }).meta({ id: "Price" });
    const price = { net: 1, gross: 2 };
    assert.deepEqual(shown(z.object({ list: z.array(Price), first: Price }), { list: [price], first: price }, []), {
      ...{ list: [{ gross: 2 }], first: { gross: 2 } },
    });
  });

  const problems: readonly (readonly [what: string, schema: z.ZodType, message: RegExp])[] = [
    ["a required field", z.object({ a: visibleTo(role("a"), z.string()).default("x") }), /^a is required/],
    ["the items of an array", z.object({ a: z.array(visibleTo(role("a"), z.string())) }), /stands where no field/],
    ["the output itself", visibleTo(role("a"), z.object({})), /stands where no field/],
    [
      "one alternative alone",
      z.union([z.object({ k: z.literal(1), a: visibleTo(role("a"), z.int()) }), z.object({ k: z.literal(2), a: z.int().optional() })]),
      /^a is marked in one alternative/,
    ],
    ["a mark of another form", z.object({ a: z.string().optional().meta({ "x-visible-to": "admin" }) }), /is not one of visibleTo/],
  ];
  for (const [what, schema, message] of problems)
    it(`are refused on ${what}`, () => {
      const found = new MarkedFields(compileSchema(schema, "t", "output").outputJson).problems;
      assert.ok(
        found.some((problem) => message.test(problem)),
        found.join("\n"),
      );
    });

  it("keep their mark beside another, and when they become nullable", () => {
    const schema = z.object({
      a: secret(visibleTo(role("a"), z.string().meta({ description: "An a." }))),
      b: visibleTo(role("b"), z.string()).nullable(),
    });
    assert.deepEqual(shown(schema, { a: "1", b: "2" }, ["b"]), { b: "2" });
    const { outputJson } = compileSchema(schema, "t", "output");
    assert.match(JSON.stringify(outputJson), /"x-secret":true/);
    assert.match(JSON.stringify(outputJson), /"An a\."/);
  });
});
