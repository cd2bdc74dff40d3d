// Every kind of schema that a document can say whole: what the document allows is accepted, and nothing else is.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Ajv2020 } from "ajv/dist/2020.js";
import { z } from "zod";
import { action } from "../../../src/operation/online/action.ts";
import type { Json } from "../../campaigns/fuzz/values.ts";
import { serve } from "./app.ts";

const tree: z.ZodType = z.object({ name: z.string(), next: z.lazy(() => tree).optional() });
const [A, B] = [z.object({ t: z.literal("a"), n: z.int() }), z.object({ t: z.literal("b"), s: z.string() })];
const a = z.object({ a: z.int() });
// Left out are user code, catch and coerce, flags of a regular expression, and formats without a pattern: of these a document says less.
const kinds: Readonly<Record<string, z.ZodType>> = {
  ...{ int32: z.int32(), uint32: z.uint32(), float32: z.float32(), positive: z.number().positive(), gtlt: z.number().gt(0).lt(2) },
  ...{ default: z.int().default(1), prefault: z.int().prefault(1), nullish: z.string().nullish(), readonly: z.array(z.int()).readonly() },
  ...{ nonoptional: z.nonoptional(z.string().optional()), brand: z.string().brand("x"), literals: z.literal(["a", 1, null, true]) },
  ...{ strict: z.strictObject({ a: z.int() }), loose: z.looseObject({ a: z.int() }), rest: a.catchall(z.string()), partial: a.partial() },
  ...{ tuple: z.tuple([z.int(), z.string()]), tail: z.tuple([z.int()], z.string()), short: z.tuple([z.int(), z.string().optional()]) },
  ...{ both: z.intersection(a, z.object({ b: z.string() })), tagged: z.discriminatedUnion("t", [A, B]), either: z.union([A, a]) },
  ...{ record: z.record(z.enum(["a", "b"]), z.int()), some: z.partialRecord(z.enum(["a", "b"]), z.int()), tree, trees: z.array(tree) },
  ...{ named: z.record(z.string().regex(/^a/), z.int()), json: z.json(), enum: z.enum({ one: 1, x: "x" }), keyof: a.keyof() },
  ...{ template: z.templateLiteral(["a-", z.int()]), units: z.templateLiteral([z.enum(["px", "em"]), z.number()]) },
  ...{ ipv4: z.ipv4(), ipv6: z.ipv6(), cidr: z.cidrv4(), date: z.iso.date(), time: z.iso.time(), duration: z.iso.duration() },
  ...{ offset: z.iso.datetime({ offset: true }), local: z.iso.datetime({ local: true }), base64: z.base64(), base64url: z.base64url() },
  ...{ e164: z.e164(), nanoid: z.nanoid(), ulid: z.ulid(), cuid2: z.cuid2(), emoji: z.emoji(), guid: z.guid(), host: z.hostname() },
  ...{
    hex: z.hex(),
    lower: z.string().lowercase(),
    upper: z.string().uppercase(),
    length: z.string().length(3),
    part: z.string().includes("b"),
  },
  ...{ ends: z.string().startsWith("a").endsWith("z"), behind: z.string().regex(/(?<=a)b/), letters: z.string().regex(/^\p{L}+$/u) },
  ...{ one: z.string().max(1), two: z.string().min(2), some2: z.array(z.int()).nonempty(), pair: z.array(z.int()).length(2), any: z.any() },
};
const values: readonly unknown[] = [
  ...[undefined, null, true, 0, 1, 2, -1, 1.5, 2 ** 31, 2 ** 32, 2 ** 53, 1e21, 3.5e38, "", "a", "b", "x", "ab", "AB", "abc", "a\nb"],
  ...["az", "ü", "😀", "😀a", " a ", "a-1", "a-1.5", "a-", "px1", "em1.5", "px", "1.2.3.4", "01.2.3.4", "::1", "1.2.3.0/8"],
  ...["2026-01-01", "2026-02-30", "10:20:30", "10:20", "24:00:00", "P1D", "P", "2026-01-01T00:00:00Z", "2026-01-01T00:00:00+02:00"],
  ...["2026-01-01T00:00:00", "YQ==", "YQ", "-_-_", "+4912345678", "V1StGXR8_Z5jdHi6B-myT", "01ARZ3NDEKTSV4RRFFQ69G5FAV", "a.b", "beef"],
  ...["tz4a98xxat96iws9zmbrgj3a", "01890a5d-ac96-774b-bcce-b302099a8057", [], [1], [1, 2], [1, "a"], ["a"], [1, "a", "b"], [1, null]],
  ...[{}, { a: 1 }, { a: 1, b: "x" }, { a: 1, b: 2 }, { a: 1, c: 5 }, { a: "x" }, { a1: 1 }, { t: "a", n: 1 }, { t: "b", s: "x" }],
  ...[{ t: "a", s: "x" }, { name: "x", next: { name: "y" } }, { name: "x", next: { name: 1 } }, [{ name: "x" }], { toString: 1 }],
];

describe("a document says the whole of what is accepted (as before)", () => {
  const operations = Object.entries(kinds).map(([name, field]) =>
    action(`t.${name}`, {
      ...{ input: z.object({ field }), output: z.object({}), access: "public", budget: "30s", idempotent: "natural" },
      ...{ http: `POST /${name}` as const, run: async () => ({}) },
    }),
  );
  const [ajv, at] = [new Ajv2020({ strict: false, validateFormats: false }), "https://plimsoll.test/openapi"];

  it("of every kind of schema in a body (as before)", async () => {
    await using served = await serve(operations, { http: { documents: true } });
    const document: Json = (await served.ask("GET", "/openapi.json")).json;
    ajv.addSchema({ $id: at, components: document.components });
    for (const name of Object.keys(kinds)) {
      const { schema } = document.paths[`/${name}`].post.requestBody.content["application/json"];
      const allows = ajv.compile(JSON.parse(JSON.stringify(schema).replaceAll('"#/', `"${at}#/`)));
      const accepted = [];
      for (const field of values) {
        const { status, body } = await served.ask("POST", `/${name}`, { body: { field } });
        assert.equal(status, allows(JSON.parse(JSON.stringify({ field }))) ? 204 : 400, `${name}: ${JSON.stringify(field)} ${body}`);
        if (status === 204) accepted.push(field);
      }
      assert.ok(accepted.length > 0, `no value fits ${name}`);
    }
  });
});
