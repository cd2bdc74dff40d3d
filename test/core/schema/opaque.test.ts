import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { z } from "zod";
import { canonicalJson } from "../../../src/core/json.ts";
import { bytesOf, hasBytes } from "../../../src/core/schema/opaque/opaque.ts";
import { rawBody } from "../../../src/core/schema/opaque/raw-body.ts";
import { compileSchema, Problems } from "../../../src/core/schema.ts";

const bytes = new Uint8Array([1, 2, 3]);
const body = () => rawBody({ bytesMax: 3 });

describe("a schema of bytes", () => {
  const schemas: readonly (readonly [name: string, schema: z.ZodType, value: object])[] = [
    ["in an object", z.object({ body: body(), a: z.string() }), { body: bytes, a: "x" }],
    ["in a strict object", z.strictObject({ body: body() }), { body: bytes }],
    ["in a loose object", z.looseObject({ body: body() }), { body: bytes, more: 1 }],
    ["where it is optional", z.object({ body: z.optional(body()) }), {}],
    ["where it is there and optional", z.object({ body: z.optional(body()) }).partial(), { body: bytes }],
    ["in an object that was extended", z.object({ a: z.string() }).extend({ body: body() }), { a: "x", body: bytes }],
    ["behind a refinement", z.object({ body: body() }).refine((value) => value.body.length > 0), { body: bytes }],
  ];
  for (const [name, schema, value] of schemas)
    it(`takes bytes as they are ${name}`, () => {
      const compiled = compileSchema(schema, "t", "request");
      const parsed = compiled.parse(value);
      assert.deepEqual(parsed, value);
      if ("body" in value) assert.equal((parsed as { body: Uint8Array }).body, bytes);
      assert.ok(hasBytes(compiled.inputJson));
      assert.equal(compiled.redact(value), value);
    });

  for (const [why, value] of [
    ["a text", "abc"],
    ["nothing", undefined],
    ["more than it may have", new Uint8Array(4)],
  ] as const)
    it(`refuses ${why}, with its place`, () => {
      const problems = compileSchema(z.object({ body: body() }), "t", "request").parse({ body: value });
      assert.ok(problems instanceof Problems);
      assert.deepEqual(
        problems.list.map(({ pointer }) => pointer),
        ["/body"],
      );
    });

  it("looks at no byte of a body that is large", () => {
    const compiled = compileSchema(z.object({ body: rawBody(), list: z.array(z.string()) }), "t", "request");
    const large = new Uint8Array(8);
    const ownKeys = () => assert.fail("its bytes were looked at, one after the other");
    compiled.parse({ body: new Proxy(large, { ownKeys }), list: [] });
  });

  it("is a Standard Schema of its own", () => {
    const { "~standard": standard } = body();
    assert.deepEqual(standard.validate(bytes), { value: bytes });
    assert.match(JSON.stringify(standard.validate(1)), /expected bytes/);
    assert.equal(bytesOf({ "x-bytes": "raw" }), "raw");
  });
});

it("bytes are compared by what they are, whatever view they have", () => {
  const texts = [bytes, Buffer.from(bytes), new Uint8Array([0, 1, 2, 3]).subarray(1)].map((body) => canonicalJson({ body, a: 1 }));
  assert.equal(new Set(texts).size, 1);
  assert.notEqual(texts[0], canonicalJson({ body: new Uint8Array([1, 2, 4]), a: 1 }));
});
