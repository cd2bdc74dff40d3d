import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { describe, it } from "node:test";
import { z } from "zod";
import { Fault } from "../../../src/core/fault.ts";
import type { Schema } from "../../../src/core/schema/standard.ts";
import { adaptSchema, compileSchema, Problems } from "../../../src/core/schema.ts";

const compile = (schema: unknown, use?: "input" | "output" | "value") => compileSchema(schema as Schema, "orders.place input", use);
const own = JSON.parse;

describe("compileSchema: corners where accepting is easy to get wrong", () => {
  const shared = z.object({ a: z.string() });
  interface Tree {
    readonly name: string;
    readonly children: readonly Tree[];
  }
  const tree: z.ZodType<Tree> = z.object({
    name: z.string().min(1),
    get children() {
      return z.array(tree);
    },
  });
  const skipped = z.string().max(1, { when: ({ value }: { value: unknown }) => value !== "long" && typeof value === "string" } as never);
  const when = z.number().min(5, { when: () => false } as never);
  class Point {
    readonly x = 1;
  }
  const table: readonly (readonly [name: string, schema: z.ZodType, values: readonly unknown[]])[] = [
    [
      "a required key that may be undefined must be there",
      z.object({ a: z.any(), b: z.union([z.string(), z.undefined()]) }),
      [{}, { a: undefined }, { a: 1, b: undefined }],
    ],
    ["an optional key stays as it was", z.object({ a: z.string().optional() }), [{}, { a: undefined }, { a: "x" }, { a: null }]],
    ["exact optional", z.object({ a: z.exactOptional(z.string()) }), [{}, { a: undefined }, { a: "x" }]],
    [
      "a default takes the place of undefined only",
      z.object({ a: z.string().default("d") }),
      [{}, { a: undefined }, { a: null }, { a: "" }],
    ],
    ["a default of undefined", z.object({ a: z.string().default(undefined as never), b: z.string() }), [{ b: "x" }]],
    [
      "an optional default",
      z.object({ a: z.string().default("d").optional(), b: z.array(z.string().default("e").optional()) }),
      [{ b: [undefined] }, { a: undefined, b: [] }],
    ],
    [
      "a default under null",
      z.object({ a: z.string().nullable().default(null), b: z.string().default("x").nullable() }),
      [{}, { a: null, b: null }],
    ],
    [
      "a default after a change to undefined",
      z.object({
        a: z
          .string()
          .transform(() => undefined)
          .default("d" as never),
      }),
      [{ a: "x" }, {}],
    ],
    [
      "keys of the prototype",
      z.object({ toString: z.string(), constructor: z.any().optional() }),
      [{}, { toString: "x" }, own('{"toString":"x","constructor":1}')],
    ],
    [
      "an inherited value counts",
      z.object({ a: z.string() }),
      [
        Object.create({ a: "x" }),
        new (class {
          readonly a = "y";
        })(),
      ],
    ],
    ["__proto__ in plain", z.object({ a: z.string() }), [own('{"a":"x","__proto__":{"b":1}}')]],
    ["__proto__ in strict", z.strictObject({ a: z.string() }), [own('{"a":"x","__proto__":{"b":1}}'), { a: "x", b: 1 }, { a: "x" }]],
    ["__proto__ in loose", z.looseObject({ a: z.string() }), [own('{"a":"x","__proto__":{"b":1},"1":2}'), Object.create({ a: "x", c: 1 })]],
    [
      "__proto__ in a record",
      z.record(z.string(), z.number()),
      [own('{"__proto__":1,"a":1}'), new Point(), Object.create(null), { constructor: 1 }, { [Symbol.iterator]: 1 }],
    ],
    [
      "__proto__ as a declared key",
      z
        .object(own('{"__proto__":1}') as never)
        .extend({ a: z.string() })
        .pick({ a: true }),
      [{ a: "x" }],
    ],
    [
      "whole-number keys come first",
      z.object({ b: z.string(), 1: z.string(), a: z.string().optional(), 0: z.string() }),
      [{ a: "a", b: "b", 0: "0", 1: "1" }],
    ],
    ["a record checks its keys", z.record(z.string().max(1), z.string()), [{ a: "x" }, { ab: "x" }, { "\u{1f600}": "x" }]],
    ["a record of numbers", z.record(z.coerce.number(), z.string()), [{ 1: "x" }, { a: "x" }]],
    [
      "lengths count code points",
      z.string().min(2).max(3),
      ["\u{1f600}", "\u{1f600}\u{1f600}", "\u{1f600}".repeat(3), "\u{1f600}".repeat(4), "\ud83d\ud83d", "\ude00\ud83d"],
    ],
    [
      "one condition of the user's skips a length",
      z.union([skipped, z.string().transform((value) => value.length)]),
      ["long", "longer", "l"],
    ],
    ["one condition of the user's skips a number", z.union([when, z.transform(() => "second")]), [1, 9]],
    [
      "numbers",
      z.object({ a: z.number(), b: z.int(), c: z.number().min(0) }),
      [
        { a: -0, b: -0, c: -0 },
        { a: Number.NaN, b: 1, c: 1 },
        { a: 1e308 * 10, b: 1, c: 1 },
        { a: 1, b: 2 ** 53, c: 1 },
      ],
    ],
    ["a zero is a zero", z.literal([0, 5]), [0, -0, 5]],
    ["multiples of a fraction", z.number().multipleOf(0.07), [2.03, 0.07, 0.1, 0]],
    ["a regex that remembers", z.string().regex(/a/g), ["a", "a", "ba"]],
    ["a regex that sticks", z.string().regex(/a/y), ["a", "a", "ba"]],
    ["a change before a check", z.string().trim().min(2).toUpperCase().regex(/^A/), [" ab ", " a ", "ba"]],
    ["a check on an object that is shaped", z.object({ a: z.string() }).refine((value) => !("b" in value)), [{ a: "x", b: 1 }]],
    ["a change of an object", z.object({ a: z.string() }).overwrite((value) => ({ a: `${value.a}!` })), [{ a: "x" }]],
    [
      "a change of an array, then its length",
      z
        .array(z.string())
        .overwrite((value) => value.slice(1))
        .min(1),
      [["a"], ["a", "b"]],
    ],
    ["an array that is too long", z.array(z.string()).max(1), [[1, 2], ["a"], []]],
    ["a sparse array", z.array(z.string().optional()), [[undefined, "a"], new Array(2)]],
    ["any in an array", z.array(z.any()), [[undefined, () => 1, Number.NaN, new Date(0)]]],
    [
      "a key toJSON",
      z.object({ a: z.string(), toJSON: z.any() }),
      [
        { a: "x", toJSON: () => "taken" },
        { a: "x", toJSON: 1 },
      ],
    ],
    [
      "an option that accepts first",
      z.union([z.object({ a: z.string() }), z.object({ a: z.string(), b: z.string() })]),
      [{ a: "x", b: "y" }],
    ],
    [
      "a tagged union",
      z.union([z.object({ t: z.literal("a"), x: z.string().min(1) }), z.object({ t: z.literal("b") })]),
      [{ t: "b" }, { t: "a", x: "" }, { t: "a", x: "1" }, {}],
    ],
    ["a union of one", z.union([z.string()]), ["a", 1]],
    ["an exclusive union", z.xor([z.string(), z.literal("a")]), ["a", "b"]],
    [
      "a record before an object",
      z.union([z.record(z.string(), z.number()), z.object({ x: z.number() })]),
      [new Point(), { x: 1 }, { x: "1" }],
    ],
    [
      "discriminators",
      z.discriminatedUnion("t", [
        z.object({ t: z.literal(["a", 1]), v: z.int() }),
        z.object({ t: z.null() }),
        z.object({ t: z.literal("b").optional() }),
      ]),
      [{ t: "a", v: 1 }, { t: 1, v: 1 }, { t: "1", v: 1 }, { t: null }, {}, { t: "c" }, [], null],
    ],
    [
      "a discriminator that falls back",
      z.discriminatedUnion(
        "t",
        [z.object({ t: z.literal("a") }), z.object({ t: z.literal("b"), v: z.string() })] as never,
        { unionFallback: true } as never,
      ),
      [{ t: "a" }, { t: "z" }, { t: "b" }, { t: "b", v: "x" }],
    ],
    [
      "a schema in itself",
      tree,
      [{ name: "a", children: [{ name: "b", children: [] }] }, { name: "a", children: [{ name: "", children: [] }] }, { name: "a" }],
    ],
    [
      "a schema twice",
      z.object({ a: shared, b: shared, c: z.array(shared) }),
      [
        { a: { a: "1" }, b: { a: "2" }, c: [{ a: "3", z: 1 }] },
        { a: { a: 1 }, b: {}, c: [] },
      ],
    ],
    [
      "many objects in each other",
      z.object({ a: z.object({ b: z.object({ c: z.object({ d: z.object({ e: z.string() }) }) }) }) }),
      [{ a: { b: { c: { d: { e: '"' } } } } }, { a: { b: { c: { d: {} } } } }],
    ],
    [
      "only keys that may be missing",
      z.object({ a: z.string().optional(), b: z.int().optional(), c: z.string().nullish() }),
      [{}, { b: 1 }, { a: "x", c: null }, { c: "c" }],
    ],
    ["no keys", z.object({}), [{}, { a: 1 }, [], null, "x"]],
    ["a format of the user's", z.stringFormat("email", (value) => value === "me"), ["me", "a@b.co"]],
    ["a date where text is wanted", z.object({ at: z.iso.datetime() }), [{ at: new Date(0) }, { at: "2026-01-01T00:00:00Z" }]],
    [
      "text that JSON escapes",
      z.object({ a: z.string(), b: z.string().regex(/^[^a]*$/) }),
      [
        { a: '"\\\u0000\n\u007f\u2028\ud800', b: '"' },
        { a: "\u{1f600}".repeat(30), b: `${"x".repeat(60)}"` },
      ],
    ],
  ];
  for (const [name, schema, values] of table) {
    it(name, () => {
      const compiled = compile(schema, "value");
      for (const value of values) {
        const expected = schema.safeParse(value);
        const parsed = compiled.parse(value);
        const text = compiled.stringify(value);
        if (expected.success) {
          assert.deepStrictEqual(parsed, expected.data);
          assert.equal(text, JSON.stringify(expected.data));
          if (typeof parsed === "object" && parsed !== null)
            assert.deepEqual(
              [Object.getPrototypeOf(parsed), Reflect.ownKeys(parsed)],
              [Object.getPrototypeOf(expected.data), Reflect.ownKeys(expected.data as object)],
            );
        } else {
          assert(parsed instanceof Problems && text instanceof Problems, `${name}: ${JSON.stringify(value)}`);
          assert.deepEqual(
            parsed.list.map(({ message }) => message),
            expected.error.issues.map(({ message }) => message),
          );
          assert.deepEqual(text.list, parsed.list);
        }
      }
    });
  }

  it("does not ask Zod about a value that fits", () => {
    const schema = z.object({
      id: z.uuid(),
      at: z.iso.datetime().nullish(),
      name: z.string().trim().min(1).max(9),
      count: z.int().min(0).default(1),
      lines: z
        .array(z.discriminatedUnion("kind", [z.object({ kind: z.literal("a") }), z.strictObject({ kind: z.enum(["b", "c"]) })]))
        .max(3),
      labels: z.record(z.string(), z.union([z.string(), z.number()])),
      more: z.looseObject({ ok: z.boolean() }).optional(),
    });
    const compiled = compile(schema);
    const value = {
      id: "3f0e2a52-4a3b-4a41-9d52-7a5b7bbd5f10",
      name: " x ",
      lines: [{ kind: "a" }, { kind: "c" }],
      labels: { a: 1, b: "x" },
      more: { ok: true, yes: 1 },
    };
    const expected = schema.parse(value);
    schema.safeParse = () => assert.fail("Zod was asked");
    assert.deepEqual(compiled.parse(value), expected);
    assert.equal(compiled.stringify(value), JSON.stringify(expected));
    assert.throws(() => compiled.parse({}), /Zod was asked/);
  });

  it("gives the same without code made from strings", () => {
    const program = `
      import { z } from "zod";
      import { compileSchema, Problems } from ${JSON.stringify(new URL("../../../src/core/schema.ts", import.meta.url).href)};
      const compiled = compileSchema(z.object({ a: z.string(), b: z.int().default(1) }), "x");
      console.log(compiled.stringify({ a: "x", c: 1 }), JSON.stringify(compiled.parse({ a: "y" })), compiled.parse({}) instanceof Problems);`;
    const args = ["--disallow-code-generation-from-strings", "--conditions=source", "--input-type=module", "--eval", program];
    const printed = execFileSync(process.execPath, args, { encoding: "utf8", cwd: new URL("../..", import.meta.url) });
    assert.equal(printed, '{"a":"x","b":1} {"a":"y","b":1} true\n');
  });

  it("says every problem at once, each with its pointer", () => {
    const compiled = compile(z.object({ "a/b": z.array(z.object({ "~": z.int() })), c: z.string(), d: z.string().min(3) }));
    const problems = compiled.parse({ "a/b": [{ "~": 1 }, { "~": "x" }], d: "x" });
    assert(problems instanceof Problems);
    assert.deepEqual(problems.list, [
      { pointer: "/a~1b/1/~0", message: "Invalid input: expected number, received string" },
      { pointer: "/c", message: "Invalid input: expected string, received undefined" },
      { pointer: "/d", message: "Too small: expected string to have >=3 characters" },
    ]);
  });

  it("says in problems that an output has no JSON form", () => {
    const cyclic: Record<string, unknown> = {};
    cyclic.self = cyclic;
    for (const value of [undefined, 1n, cyclic, () => 1]) {
      const text = compile(z.any()).stringify(value);
      assert(text instanceof Problems);
      assert.match(text.list[0]!.message, /no JSON form/);
    }
  });

  it("lets through what a check of the user's throws", () => {
    const compiled = compile(
      z.object({
        a: z.string().refine(() => {
          throw new RangeError("mine");
        }),
      }),
    );
    assert.throws(() => compiled.parse({ a: "x" }), new RangeError("mine"));
    assert.throws(() => compiled.stringify({ a: "x" }), new RangeError("mine"));
  });
});

describe("compileSchema: what it refuses", () => {
  const table: readonly (readonly [schema: unknown, message: RegExp])[] = [
    [z.object({ at: z.date() }), /^orders\.place input has no JSON form: \/at: Date cannot.*Use z\.iso\.datetime\(\)/],
    [
      z.object({ lines: z.array(z.bigint()), m: z.map(z.string(), z.string()) }),
      /\/lines\/items: BigInt.*z\.int\(\).*; \/m: Map.*z\.record\(\)/,
    ],
    [z.symbol(), /z\.enum\(\)/],
    [z.function(), /Leave it out/],
    [z.object({ a: z.promise(z.string()) }), /async schemas are refused/],
    [z.set(z.string()), /z\.array\(\)/],
    [z.undefined(), /optional/],
    [z.string().transform(Number), /\.pipe\(schema\)/],
    [z.custom(() => true), /refine/],
    [z.string().refine(async () => true), /^orders\.place input: async schemas are refused/],
    [z.object({ a: z.array(z.string().transform(async (value) => value)) }), /async schemas are refused/],
    [{ "~standard": { version: 1, vendor: "other", validate: async () => ({ value: 1 }) } }, /async schemas are refused/],
    [{ "~standard": { version: 1, vendor: "other", validate: () => ({ value: 1 }) } }, /adaptSchema/],
  ];
  for (const [schema, message] of table) {
    it(String(message), () =>
      assert.throws(
        () => compile(schema),
        (error) => error instanceof Fault && error.code === "failed_precondition" && message.test(error.message),
      ),
    );
  }

  it("refuses at the first value what could not be seen before to be async", () => {
    const hidden = compile(z.object({ a: z.string().refine(() => Promise.resolve(true) as never) }));
    const other = compile(
      adaptSchema(
        {
          "~standard": {
            version: 1,
            vendor: "other",
            validate: (value: unknown) => (value === undefined ? { value } : Promise.reject(value)),
          },
        } as Schema,
        { input: {} },
      ),
    );
    const isAsync = (error: unknown) => error instanceof Fault && error.type === "async_schema";
    for (const compiled of [hidden, other]) {
      assert.throws(() => compiled.parse({ a: "x" }), isAsync);
      assert.throws(() => compiled.stringify({ a: "x" }), isAsync);
    }
  });

  it("asks for a JSON form only on the side that is used", () => {
    const parsing = z.string().transform((text) => new Date(text));
    const codec = z.codec(z.iso.datetime(), z.date(), { decode: (text) => new Date(text), encode: (date) => date.toISOString() });
    assert.deepEqual(compile(parsing, "input").inputJson, { type: "string" });
    assert.equal(compile(codec, "input").inputJson.format, "date-time");
    assert.deepEqual(compile(parsing, "input").outputJson, {});
    assert.throws(() => compile(parsing, "output"), /output|JSON form/);
    assert.throws(() => compile(parsing), /JSON form/);
    assert.deepEqual(compile(z.date(), "value").outputJson, {});
  });
});
