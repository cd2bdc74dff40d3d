import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { describe, it } from "node:test";
import { Ajv2020 } from "ajv/dist/2020.js";
import fc from "fast-check";
import { z } from "zod";
import type { Schema } from "../../../src/core/schema/standard.ts";
import { adaptSchema, compileSchema, Problems, secret } from "../../../src/core/schema.ts";

const compile = (schema: unknown, use?: "input" | "output" | "value") => compileSchema(schema as Schema, "orders.place input", use);

describe("documents", () => {
  const schema = z.object({
    id: z.uuid(),
    at: z.iso.datetime().optional(),
    kind: z.enum(["a", "b"]),
    count: z.int().min(1).max(9).default(3),
    tags: z.array(z.string().min(1).max(3)).max(2),
    either: z.union([z.number(), z.object({ x: z.boolean() }).strict(), z.null()]),
  });

  it("agree with another reader of JSON Schema on what is valid", () => {
    const compiled = compile(schema);
    const ajv = new Ajv2020({ strict: false, validateFormats: false });
    const [input, output] = [ajv.compile(compiled.inputJson), ajv.compile(compiled.outputJson)];
    const value = fc.record(
      {
        id: fc.oneof(fc.uuid(), fc.constant("x")),
        at: fc.constant("2026-01-01T00:00:00Z"),
        kind: fc.constantFrom("a", "b", "b", "c"),
        count: fc.integer({ min: 0, max: 9 }),
        tags: fc.array(fc.string({ maxLength: 3 }), { maxLength: 3 }),
        either: fc.constantFrom<unknown>(1, null, { x: true }, { x: true, y: 1 }, "x"),
      },
      { requiredKeys: ["id", "kind", "tags", "either"] },
    );
    fc.assert(
      fc.property(value, (candidate) => {
        const parsed = compiled.parse(candidate);
        assert.equal(!(parsed instanceof Problems), input(candidate), JSON.stringify(input.errors));
        if (!(parsed instanceof Problems)) assert(output(parsed), JSON.stringify(output.errors));
      }),
      { numRuns: 500 },
    );
  });

  it("are plain 2020-12 without $schema", () => {
    assert.deepEqual(compile(z.object({ a: z.string().default("x") })).inputJson, {
      type: "object",
      properties: { a: { type: "string", default: "x" } },
    });
    assert.deepEqual(compile(z.object({ a: z.string().default("x") })).outputJson.required, ["a"]);
  });
});

describe("adaptSchema", () => {
  const other = {
    "~standard": {
      version: 1,
      vendor: "other",
      validate: (value: unknown) =>
        typeof value === "string" ? { value: value.trim() } : { issues: [{ message: "no text", path: ["a", { key: 1 }] }] },
    },
  } as Schema<string, string>;

  it("gives documents to a schema of another library, which still decides", () => {
    const compiled = compile(adaptSchema(other, { input: { type: "string" }, output: { type: "string", pattern: "^\\S" } }));
    assert.deepEqual([compiled.inputJson, compiled.outputJson], [{ type: "string" }, { type: "string", pattern: "^\\S" }]);
    assert.equal(compiled.parse(" x "), "x");
    assert.equal(compiled.stringify(" x "), '"x"');
    assert.deepEqual((compiled.parse(1) as Problems).list, [{ pointer: "/a/1", message: "no text" }]);
    assert.deepEqual(compile(adaptSchema(other, { input: { type: "string" } })).outputJson, { type: "string" });
  });

  it("can be secret", () => {
    const compiled = compile(secret(adaptSchema(other, { input: { type: "string", default: "d" } })));
    assert.deepEqual(compiled.inputJson, { type: "string", "x-secret": true });
    assert.equal(compiled.redact("x"), "[secret]");
  });

  it("loads no Zod for others", () => {
    const program = `
      import { registerHooks } from "node:module";
      const asked = [];
      registerHooks({ resolve: (specifier, context, next) => (asked.push(specifier), next(specifier, context)) });
      const { compileSchema } = await import(${JSON.stringify(new URL("../../../src/core/schema.ts", import.meta.url).href)});
      const schema = { "~standard": { version: 1, vendor: "other", validate: (value) => ({ value }), jsonSchema: { input: () => ({}), output: () => ({}) } } };
      compileSchema(schema, "x").stringify({ a: 1 });
      console.log(asked.some((name) => name.endsWith("schema/zod.ts")), asked.some((name) => /^zod|node_modules/.test(name)));`;
    const args = ["--conditions=source", "--input-type=module", "--eval", program];
    assert.equal(execFileSync(process.execPath, args, { encoding: "utf8", cwd: new URL("../..", import.meta.url) }), "true false\n");
  });
});

describe("secret", () => {
  const password = secret(z.string().min(3).default("changeme").describe("yours"));
  const nested = z.object({
    name: z.string(),
    password: password.optional(),
    cards: z.array(z.object({ number: secret(z.string()).nullable(), brand: z.string() })),
    byName: z.record(z.string(), secret(z.number())),
    pair: z.tuple([z.string(), secret(z.string())]),
    either: z.union([z.object({ kind: z.literal("a"), token: secret(z.string()) }), z.object({ kind: z.literal("b"), token: z.string() })]),
  });

  it("survives being optional, nullable, nested and described", () => {
    const { inputJson, hasSecrets } = compile(nested);
    assert(hasSecrets);
    assert.deepEqual((inputJson.properties as Record<string, unknown>).password, {
      type: "string",
      minLength: 3,
      description: "yours",
      "x-secret": true,
    });
  });

  it("hides the values, also of what does not fit", () => {
    const { redact } = compile(nested);
    const value = {
      name: "n",
      password: "p",
      extra: 1,
      cards: [{ number: "4111", brand: "v" }, { number: { wrong: "4111" } }, 7],
      byName: { a: 1, b: "x" },
      pair: ["a", "b", "c"],
      either: { kind: "b", token: "t" },
    };
    assert.deepEqual(redact(value), {
      name: "n",
      password: "[secret]",
      extra: 1,
      cards: [{ number: "[secret]", brand: "v" }, { number: "[secret]" }, 7],
      byName: { a: "[secret]", b: "[secret]" },
      pair: ["a", "[secret]", "c"],
      either: { kind: "b", token: "[secret]" },
    });
    assert.equal(value.password, "p");
  });

  it("is found in a schema that contains itself", () => {
    const tree = z.object({
      key: secret(z.string()),
      get children() {
        return z.array(tree).optional();
      },
    });
    assert.deepEqual(compile(tree).redact({ key: "1", children: [{ key: "2", children: [{ key: "3" }] }] }), {
      key: "[secret]",
      children: [{ key: "[secret]", children: [{ key: "[secret]" }] }],
    });
  });

  it("is found beside what has no JSON form", () => {
    const compiled = compile(z.object({ at: z.date(), key: secret(z.string()), note: z.string().transform(Number) }), "value");
    assert.deepEqual(compiled.redact({ at: 1, key: "k", note: 2 }), { at: 1, key: "[secret]", note: 2 });
  });

  it("leaves a value without secrets as it is, and the schema's meaning too", () => {
    const plain = compile(z.object({ a: z.string() }));
    const value = { a: "x" };
    assert.equal(plain.hasSecrets, false);
    assert.equal(plain.redact(value), value);
    assert.equal(compile(password).parse("abc"), "abc");
    assert(compile(password).parse("a") instanceof Problems);
  });
});
