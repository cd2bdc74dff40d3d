// The codec against protobuf-es, in both directions, for schemas of any shape.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createFileRegistry, type DescMessage, fromBinary, type Message, toBinary } from "@bufbuild/protobuf";
import { reflect } from "@bufbuild/protobuf/reflect";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import fc from "fast-check";
import { z } from "zod";
import { compileSchema } from "../../../src/core/schema.ts";
import { filesOf } from "../../../src/grpc/descriptors.ts";
import { Codec } from "../../../src/protobuf/codec/codec.ts";
import { messageOf } from "../../../src/protobuf/descriptor/build.ts";
import { Numbers } from "../../../src/protobuf/descriptor/numbers.ts";
import { writeParts } from "../../../src/protobuf/descriptor/wire.ts";

/** A schema, and values that fit it. */
interface Sample {
  readonly schema: z.ZodType;
  readonly value: fc.Arbitrary<unknown>;
}

const text = fc.string({ unit: "grapheme", maxLength: 40 });
const leaf: fc.Arbitrary<Sample> = fc.constantFrom<Sample>(
  { schema: z.string(), value: text },
  { schema: z.int(), value: fc.maxSafeInteger() },
  { schema: z.int(), value: fc.integer() },
  { schema: z.number(), value: fc.double({ noNaN: true, noDefaultInfinity: true }).map((one) => (one === 0 ? 0 : one)) },
  { schema: z.boolean(), value: fc.boolean() },
  { schema: z.enum(["a", "b c", "ü", "B_C"]), value: fc.constantFrom("a", "b c", "ü", "B_C") },
  { schema: z.literal("only"), value: fc.constant("only") },
  { schema: z.unknown(), value: fc.jsonValue({ maxDepth: 3 }).map(withoutNegativeZero) },
  { schema: z.tuple([z.string(), z.int()]), value: fc.tuple(text, fc.integer()) },
  { schema: z.union([z.string(), z.int(), z.boolean()]), value: fc.oneof(text, fc.integer(), fc.boolean()) },
  { schema: z.union([z.string(), z.array(z.int())]), value: fc.oneof(text, fc.array(fc.integer(), { maxLength: 4 })) },
  {
    schema: z.discriminatedUnion("kind", [
      z.object({ kind: z.literal("circle"), r: z.number().optional() }),
      z.object({ kind: z.literal("text box"), text: z.string() }),
    ]),
    value: fc.oneof(
      fc.record({ kind: fc.constant("circle"), r: fc.integer({ min: 1 }) }, { requiredKeys: ["kind"], noNullPrototype: true }),
      fc.record({ kind: fc.constant("text box"), text }, { noNullPrototype: true }),
    ),
  },
);

function withoutNegativeZero(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

const names = ["id", "orderId", "x-y", "URL", "value", "kind", "füll", "list"] as const;
/** Of an object, fields of all kinds of presence. */
function objectOf(inner: fc.Arbitrary<Sample>): fc.Arbitrary<Sample> {
  const presence = fc.constantFrom("required", "optional", "nullable", "nullish" as const);
  const fields = fc.uniqueArray(fc.tuple(fc.constantFrom(...names), inner, presence), { selector: ([name]) => name, maxLength: 5 });
  return fields.map((all) => ({
    schema: z.object(Object.fromEntries(all.map(([name, { schema }, how]) => [name, how === "required" ? schema : schema[how]()]))),
    value: fc.record(
      Object.fromEntries(
        all.map(([name, { value }, how]) => [name, how === "nullable" || how === "nullish" ? fc.option(value, { nil: null }) : value]),
      ),
      { requiredKeys: all.filter(([, , how]) => how === "required" || how === "nullable").map(([name]) => name), noNullPrototype: true },
    ),
  }));
}

const { root } = fc.letrec<{ root: Sample; any: Sample }>((tie) => ({
  any: fc.oneof(
    { depthSize: "small", maxDepth: 4 },
    { arbitrary: leaf, weight: 3 },
    { arbitrary: tie("root"), weight: 1 },
    {
      arbitrary: tie("any").map(({ schema, value }) => ({ schema: z.array(schema), value: fc.array(value, { maxLength: 4 }) })),
      weight: 1,
    },
    {
      arbitrary: tie("any").map(({ schema, value }) => ({
        schema: z.record(z.string(), schema),
        value: fc.dictionary(
          text.filter((key) => key !== "__proto__"),
          value,
          { maxKeys: 3, noNullPrototype: true },
        ),
      })),
      weight: 1,
    },
    {
      arbitrary: tie("any").map(({ schema, value }) => ({ schema: schema.nullable(), value: fc.option(value, { nil: null }) })),
      weight: 1,
    },
  ),
  root: objectOf(tie("any") as fc.Arbitrary<Sample>),
}));

/** Both codecs of one schema. */
function codecsOf(schema: z.ZodType, sent: "by us" | "by a caller") {
  const compiled = compileSchema(schema, "input", "both");
  const document = sent === "by us" ? compiled.outputJson : compiled.inputJson;
  const shape = messageOf(document, { name: "Test", parent: "test", numbers: new Numbers(), sent });
  const service = {
    ...{ package: "test", name: "Tests" },
    methods: [
      {
        ...{ operation: "test.test", name: "Do", summary: undefined, path: "/test.Tests/Do", request: shape },
        ...{ response: { ...shape, name: "Empty", fullName: "test.Empty", properties: [], messages: [], enums: [] } },
        ...{ clientStreams: false, serverStreams: false },
      },
    ],
  };
  const set = writeParts(filesOf([service]).map((file) => [1, file] as const));
  const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, set));
  return { ours: new Codec(shape), theirs: registry.getMessage("test.Test") as DescMessage };
}

/** Whether protobuf-es knows every field that we wrote, at any depth. */
function assertKnown(message: Message, desc: DescMessage): void {
  assert.deepEqual(message.$unknown ?? [], [], desc.typeName);
  const reflected = reflect(desc, message);
  for (const field of desc.fields) {
    if (!reflected.isSet(field) || field.message === undefined) continue;
    const value = reflected.get(field) as { message?: Message } & Iterable<unknown>;
    const inner =
      field.fieldKind === "message"
        ? [value]
        : field.fieldKind === "list"
          ? [...value]
          : [...(value as unknown as Map<unknown, unknown>).values()];
    for (const one of inner as readonly { readonly message: Message; readonly desc: DescMessage }[])
      if (one?.message !== undefined && one.desc !== undefined) assertKnown(one.message, one.desc);
  }
}

describe("the codec of gRPC", () => {
  for (const sent of ["by us", "by a caller"] as const)
    it(`writes what protobuf-es reads, and reads what it writes: sent ${sent}`, () => {
      fc.assert(
        fc.property(
          fc.oneof(root, leaf).chain(({ schema, value }) => fc.tuple(fc.constant(schema), fc.array(value, { minLength: 1, maxLength: 3 }))),
          ([schema, values]) => {
            const { ours, theirs } = codecsOf(schema, sent);
            for (const value of values) {
              const bytes = ours.encode(value);
              assert.deepEqual(ours.decode(bytes), value, "it reads what it writes");
              const message = fromBinary(theirs, bytes);
              assertKnown(message, theirs);
              assert.deepEqual(ours.decode(Buffer.from(toBinary(theirs, message))), value, "it reads what protobuf-es writes");
            }
          },
        ),
        { numRuns: 400 },
      );
    });

  it("has a message that holds itself", () => {
    interface Tree {
      readonly name: string;
      readonly kids?: readonly Tree[] | undefined;
    }
    const tree: z.ZodType<Tree> = z.object({ name: z.string(), kids: z.lazy(() => z.array(tree)).optional() });
    const { ours, theirs } = codecsOf(tree, "by us");
    const value = { name: "a", kids: [{ name: "b" }, { name: "c", kids: [] }] };
    const bytes = ours.encode(value);
    assert.deepEqual(ours.decode(Buffer.from(toBinary(theirs, fromBinary(theirs, bytes)))), value);
  });

  const { ours } = codecsOf(z.object({ text: z.string(), list: z.array(z.int()), inner: z.unknown() }), "by a caller");
  for (const [what, bytes] of [
    ["a field that is cut off", [10, 5, 97]],
    ["a length beyond its message", [18, 200, 1, 1]],
    ["a text that is not UTF-8", [10, 2, 0xff, 0xfe]],
    ["a number of eleven bytes", [16, ...Array(10).fill(0xff), 1]],
    ["a group", [11]],
    ["a field with the number 0", [2, 0]],
    ["an infinite number", [26, 9, 17, 0, 0, 0, 0, 0, 0, 0xf0, 0x7f]],
    ["a whole number beyond 2^53", [16, ...Array(8).fill(0xff), 0x7f]],
  ] as const)
    it(`refuses ${what}`, () =>
      assert.throws(() => ours.decode(Buffer.from(bytes)), { code: "invalid_argument", type: "malformed_message" }));

  it("refuses what is nested too deep, or has too many values", () => {
    let nested: Buffer = Buffer.from([32, 1]);
    for (let depth = 0; depth < 40; depth++) nested = wrapped(50, wrapped(10, nested));
    assert.throws(() => ours.decode(wrapped(26, nested)), { type: "malformed_message", message: /nested/ });
    assert.throws(() => ours.decode(wrapped(18, Buffer.alloc(200_000))), { type: "malformed_message", message: /values/ });
  });

  it("ends with a fault or a value for any bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        try {
          ours.decode(Buffer.from(bytes));
        } catch (error) {
          assert.equal((error as { type?: string }).type, "malformed_message");
        }
      }),
    );
  });

  it("passes over fields that it does not know", () =>
    assert.deepEqual(ours.decode(Buffer.from([10, 1, 97, 120, 5, 125, 1, 2, 3, 4, 121, 1, 2, 3, 4, 5, 6, 7, 8, 122, 1, 0])), {
      text: "a",
      list: [],
    }));
});

function wrapped(tag: number, bytes: Buffer): Buffer {
  const parts: number[] = [];
  let { length } = bytes;
  for (; length > 127; length >>>= 7) parts.push((length & 127) | 128);
  return Buffer.concat([Buffer.from([tag, ...parts, length]), bytes]);
}
