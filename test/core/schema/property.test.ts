import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { z } from "zod";
import type { Schema } from "../../../src/core/schema/standard.ts";
import { compileSchema, Problems, secret } from "../../../src/core/schema.ts";

interface Sample {
  readonly schema: z.ZodType;
  /** Values of which most fit. */
  readonly near: fc.Arbitrary<unknown>;
}

const text = fc.oneof(
  fc.string({ unit: "binary", maxLength: 6 }),
  fc.constantFrom("", "a", "ab", "\u{1f600}", "\u{1f600}a", '"', "\\", "\n", "\ud800", " a ", "__proto__", "toString"),
);
const number = fc.oneof(
  fc.integer({ min: -5, max: 5 }),
  fc.double(),
  fc.constantFrom(0, -0, 0.3, 2.03, 2 ** 53, 1e21, Number.NaN, Number.POSITIVE_INFINITY),
);
const junk: fc.Arbitrary<unknown> = fc.oneof(
  ...[
    text,
    number,
    fc.boolean(),
    fc.constantFrom<unknown>(null, undefined, [], {}, 10n, new Date(0), Symbol.iterator, () => 1, new Map(), Object.create(null), [
      undefined,
    ]),
  ],
  fc.anything({ maxDepth: 2, withNullPrototype: true, withSparseArray: true, withDate: true }),
);
const keys = ["a", "b", "1", "0", "toString", "constructor", "toJSON", "x y", "ü"];

const leaves: readonly Sample[] = [
  { schema: z.string(), near: text },
  { schema: z.string().min(1).max(2), near: text },
  { schema: z.string().length(1), near: text },
  {
    schema: z
      .string()
      .min(2)
      .regex(/^[a-c]+$/g),
    near: fc.string({ unit: fc.constantFrom("a", "b", "d"), maxLength: 4 }),
  },
  { schema: z.string().trim().min(1).toLowerCase(), near: text },
  { schema: z.string().startsWith("a").endsWith("b").includes("b"), near: fc.constantFrom("ab", "a", "b", "aab", "ab\n") },
  { schema: z.string().refine((value) => value !== "a"), near: text },
  {
    schema: z.string().check((context) => {
      context.value += "!";
    }),
    near: text,
  },
  {
    schema: z.string().max(2, { when: ({ value }: { value: unknown }) => typeof value === "string" && value !== "long" } as never),
    near: fc.constantFrom("long", "lon", "lo"),
  },
  {
    schema: z
      .string()
      .overwrite((value) => (value === "a" ? (1 as never) : value))
      .min(1),
    near: text,
  },
  { schema: z.uuid(), near: fc.oneof(fc.uuid(), text) },
  { schema: z.email(), near: fc.constantFrom("a@b.co", "a@b", "é@b.co") },
  { schema: z.url(), near: fc.constantFrom("https://a.b/\t", " http://x ", "x") },
  { schema: z.iso.datetime(), near: fc.constantFrom("2026-01-01T00:00:00Z", "2026-13-01T00:00:00Z", new Date(0)) },
  { schema: z.base64(), near: fc.constantFrom("", "YQ==", "YQ=") },
  { schema: z.ipv6(), near: fc.constantFrom("::1", "::g") },
  { schema: z.number(), near: number },
  { schema: z.int(), near: number },
  { schema: z.int32().min(-1).max(3), near: number },
  { schema: z.number().gt(-1).lt(3).multipleOf(0.1), near: number },
  { schema: z.number().int().multipleOf(2), near: number },
  { schema: z.number().positive().finite().safe(), near: number },
  { schema: z.coerce.number(), near: fc.constantFrom("1", 1, "x", null) },
  { schema: z.boolean(), near: fc.boolean() },
  { schema: z.null(), near: fc.constant(null) },
  { schema: z.literal("a"), near: fc.constantFrom("a", "b") },
  { schema: z.literal(["a", 1, null, true]), near: fc.constantFrom("a", 1, null, true, false, "1") },
  { schema: z.literal([0, 1, 2]), near: fc.constantFrom(-0, 0, 1, 3) },
  { schema: z.enum(["a", 'q"', "c"]), near: fc.constantFrom("a", 'q"', "d") },
  { schema: z.enum(Array.from({ length: 20 }, (_, index) => `e${index}`)), near: fc.constantFrom("e1", "e19", "e20") },
  { schema: z.any(), near: junk },
  { schema: z.unknown(), near: junk },
  { schema: z.never(), near: junk },
  { schema: z.string().transform((value) => value.length), near: text },
  { schema: z.string().transform(() => undefined), near: text },
  { schema: z.string().pipe(z.literal("a")), near: text },
  { schema: z.string().catch("caught"), near: junk },
  { schema: z.stringbool(), near: fc.constantFrom("true", "no", "x") },
  { schema: z.templateLiteral(["a", z.number()]), near: fc.constantFrom("a1", "ab") },
  { schema: z.lazy(() => z.string()), near: text },
];

const leaf = fc.constantFrom(...leaves);

/** Schemas of schemas, each with values that nearly fit. */
const { sample } = fc.letrec<{ sample: Sample }>((tie) => ({
  sample: fc.oneof(
    { maxDepth: 3, depthSize: "small" },
    { weight: 3, arbitrary: leaf },
    ...wrappers(tie("sample")).map((arbitrary) => ({ weight: 1, arbitrary })),
  ),
}));

function wrappers(inner: fc.Arbitrary<Sample>): fc.Arbitrary<Sample>[] {
  const map = (wrap: (schema: z.ZodType) => z.ZodType, more: unknown) =>
    inner.map(({ schema, near }) => ({
      schema: wrap(schema),
      near: fc.oneof({ weight: 4, arbitrary: near }, { weight: 1, arbitrary: fc.constant(more) }),
    }));
  return [
    map((schema) => schema.optional(), undefined),
    map((schema) => schema.nullable(), null),
    map((schema) => schema.nullish(), undefined),
    map((schema) => schema.default("d" as never), undefined),
    map((schema) => schema.default(() => ({ made: true }) as never).optional(), undefined),
    map((schema) => schema.default(null as never).nullable(), undefined),
    map((schema) => schema.prefault("p" as never), undefined),
    map((schema) => z.exactOptional(schema), undefined),
    map((schema) => z.nonoptional(schema), undefined),
    map((schema) => schema.readonly(), undefined),
    map((schema) => secret(schema), undefined),
    map((schema) => schema.refine((value) => value !== null), null),
    fc.tuple(inner, fc.constantFrom<readonly [number, number]>([0, 9], [1, 2], [2, 2])).map(([{ schema, near }, [least, most]]) => ({
      schema: z.array(schema).min(least).max(most),
      near: fc.array(near, { maxLength: 3 }),
    })),
    inner.map(({ schema, near }) => ({ schema: z.array(schema), near: fc.array(near, { maxLength: 3 }) })),
    inner.map(({ schema, near }) => ({
      schema: z.record(z.string().min(1), schema),
      near: fc.dictionary(fc.constantFrom(...keys, ""), near, { maxKeys: 3 }),
    })),
    inner.map(({ schema, near }) => ({
      schema: z.record(z.enum(["a", "b"]), schema),
      near: fc.record({ a: near, b: near }, { requiredKeys: ["a"] }),
    })),
    inner.map(({ schema, near }) => ({ schema: z.tuple([schema, z.string()]), near: fc.tuple(near, text) })),
    fc
      .array(inner, { minLength: 1, maxLength: 3 })
      .map((options) => ({ schema: z.union(options.map(({ schema }) => schema)), near: fc.oneof(...options.map(({ near }) => near)) })),
    fc.tuple(objects(inner), objects(inner)).map(([left, right]) => ({
      schema: z.discriminatedUnion("kind", [
        (left.schema as z.ZodObject).extend({ kind: z.literal("left") }),
        (right.schema as z.ZodObject).extend({ kind: z.enum(["right", "other"]) }),
      ]),
      near: fc
        .tuple(fc.oneof(left.near, right.near), fc.constantFrom("left", "right", "other", "none"))
        .map(([value, kind]) => ({ ...(value as object), kind })),
    })),
    fc.tuple(objects(inner), fc.constantFrom("plain", "strict", "loose", "catchall", "refined")).map(([{ schema, near }, how]) => {
      const object = schema as z.ZodObject;
      const made = {
        plain: object,
        strict: object.strict(),
        loose: object.loose(),
        catchall: object.catchall(z.number()),
        refined: object.refine((value) => !("b" in value)),
      };
      return { schema: made[how], near };
    }),
  ];
}

function objects(inner: fc.Arbitrary<Sample>): fc.Arbitrary<Sample> {
  return fc.dictionary(fc.constantFrom(...keys), inner, { maxKeys: 4 }).map((fields) => {
    const entries = Object.entries(fields);
    const near = fc.record(Object.fromEntries(entries.map(([key, field]) => [key, field.near])), { requiredKeys: [] });
    const extra = fc.dictionary(fc.constantFrom("extra", "2", "__proto__", ...keys), fc.constantFrom<unknown>(1, undefined, "x"), {
      maxKeys: 2,
    });
    return {
      schema: z.object(Object.fromEntries(entries.map(([key, { schema }]) => [key, schema]))),
      near: fc.oneof(
        { weight: 3, arbitrary: near },
        { weight: 1, arbitrary: fc.tuple(extra, near).map(([more, value]) => ({ ...more, ...value })) },
      ),
    };
  });
}

const cases = sample.chain(({ schema, near }) =>
  fc.tuple(
    fc.constant(schema),
    fc.array(fc.oneof({ weight: 4, arbitrary: near }, { weight: 1, arbitrary: junk }), { minLength: 1, maxLength: 8 }),
  ),
);

interface Outcome {
  readonly value?: unknown;
  readonly problems?: readonly { readonly pointer: string; readonly message: string }[];
  readonly thrown?: string;
}

function byZod(schema: z.ZodType, value: unknown): Outcome {
  try {
    const result = schema.safeParse(value);
    if (result.success) return { value: result.data };
    const pointer = (path: readonly PropertyKey[]) =>
      path.map((key) => `/${String(key).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
    return { problems: result.error.issues.map(({ path, message }) => ({ pointer: pointer(path), message })) };
  } catch (error) {
    return { thrown: String(error) };
  }
}

function byPlimsoll(run: () => unknown): Outcome {
  try {
    const value = run();
    return value instanceof Problems ? { problems: value.list } : { value };
  } catch (error) {
    return { thrown: String(error) };
  }
}

function textOf(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return undefined;
  }
}

const compile = (schema: z.ZodType) => compileSchema(schema as unknown as Schema, "sample", "value");

describe("a compiled schema", () => {
  it("parses as Zod does", () => {
    fc.assert(
      fc.property(cases, ([schema, values]) => {
        const compiled = compile(schema);
        for (const value of values) {
          const expected = byZod(schema, value);
          const found = byPlimsoll(() => compiled.parse(value));
          assert.deepStrictEqual(found, expected);
          if ("value" in expected) assert.deepStrictEqual(keyOrder(found.value), keyOrder(expected.value));
        }
      }),
      { numRuns: Number(process.env.RUNS ?? 700) },
    );
  });

  it("writes what JSON.stringify writes of what Zod parsed", () => {
    fc.assert(
      fc.property(cases, ([schema, values]) => {
        const compiled = compile(schema);
        for (const value of values) {
          const expected = byZod(schema, value);
          const found = byPlimsoll(() => compiled.stringify(value));
          if (!("value" in expected)) assert.deepStrictEqual(found, expected);
          else if (textOf(expected.value) === undefined) assert.match(found.problems?.[0]?.message ?? "", /has no JSON form/);
          else assert.equal(found.value, textOf(expected.value));
        }
      }),
      { numRuns: Number(process.env.RUNS ?? 700) },
    );
  });

  it("leaves the value as it was", () => {
    fc.assert(
      fc.property(cases, ([schema, values]) => {
        const compiled = compile(schema);
        for (const value of values) {
          const before = textOf(value);
          byPlimsoll(() => compiled.parse(value));
          byPlimsoll(() => compiled.stringify(value));
          byPlimsoll(() => compiled.redact(value));
          assert.equal(textOf(value), before);
        }
      }),
      { numRuns: 200 },
    );
  });
});

function keyOrder(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(keyOrder);
  if (typeof value !== "object" || value === null || Object.getPrototypeOf(value) !== Object.prototype) return undefined;
  return Object.entries(value).map(([key, inner]) => [key, keyOrder(inner)]);
}
