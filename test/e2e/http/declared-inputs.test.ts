// Any schema that can be declared accepts what its own document allows, in a body, a query string and a path; what can never be sent is refused at start.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Ajv2020 } from "ajv/dist/2020.js";
import fc from "fast-check";
import { z } from "zod";
import { createApp } from "../../../src/app/app.ts";
import { http } from "../../../src/http/http.ts";
import { module } from "../../../src/operation/module.ts";
import { action } from "../../../src/operation/online/action.ts";
import { Dice, type Json, Values } from "../../campaigns/fuzz/values.ts";
import { serve } from "./app.ts";

type Route = "DELETE /x" | "DELETE /x/{field}" | "POST /x" | "PUT /x";
const common = { output: z.object({ input: z.unknown() }), access: "public", budget: "30s", idempotent: "natural" } as const;
const declare = (name: string, input: z.ZodObject, route: string) =>
  action(`t.${name}`, { ...common, input, http: route as "POST /x", run: async (given) => ({ input: given }) });

const scalars: readonly z.ZodType[] = [
  ...[
    z.string(),
    z.string().min(2).max(5),
    z.string().regex(/^[a-c]{1,4}$/),
    z.enum(["all", "7", "true"]),
    z.literal("x"),
    z.uuid(),
    z.email(),
  ],
  ...[z.int(), z.int().min(-3).max(9), z.number(), z.number().gt(0).lt(1), z.literal([1, 2, 3]), z.boolean(), z.literal(true)],
  ...[
    z.union([z.int(), z.literal("all")]),
    z.union([z.boolean(), z.enum(["maybe", "7"])]),
    z.union([z.uuid(), z.int()]),
    z.union([z.boolean(), z.int()]),
  ],
  ...[z.union([z.literal("-"), z.number()]), z.iso.datetime(), z.coerce.number(), z.int().meta({ id: "Size" })],
];
const inUrl = fc.oneof(
  fc.constantFrom(...scalars),
  fc.constantFrom(...scalars).map((item) => item.optional()),
  fc.constantFrom(...scalars).map((item) => item.nullable()),
  fc.constantFrom(...scalars).map((item) => z.array(item)),
  fc.constantFrom(...scalars).map((item) => z.array(item).min(1).optional()),
);
const inBody = fc.letrec<{ schema: z.ZodType }>((tie) => ({
  schema: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom(...scalars, z.null(), z.unknown()),
    fc.record({ a: tie("schema"), b: tie("schema") }).map((shape) => z.object(shape)),
    tie("schema").map((inner) => z.array(inner)),
    tie("schema").map((inner) => z.record(z.string(), inner)),
    fc.tuple(tie("schema"), tie("schema")).map((options) => z.union(options)),
    tie("schema").map((inner) => inner.optional()),
    tie("schema").map((inner) => inner.nullable()),
  ),
})).schema;

const sample = <T>(arbitrary: fc.Arbitrary<T>, seed: number): readonly T[] => fc.sample(arbitrary, { numRuns: 120, seed });

/** Serves each schema under a path of its own, and sends each several values that its part of the document allows. */
async function sendAll(
  schemas: readonly z.ZodType[],
  route: (path: string) => string,
  send: (value: unknown, document: Json) => { readonly target: string; readonly body?: unknown } | undefined,
): Promise<void> {
  const inputs = schemas.map((field) => z.object({ field }));
  const operations = inputs.map((input, at) => declare(`op${at}`, input, route(`/x${at}`)));
  await using served = await serve(operations, { http: { documents: true } });
  const document: Json = (await served.ask("GET", "/openapi.json")).json;
  const values = new Values(new Dice(5), document);
  const ajv = new Ajv2020({ strict: false, validateFormats: false });
  ajv.addSchema({ $id: "https://plimsoll.test/openapi", components: document.components });
  const operationOf = (name: string): Json =>
    Object.values<Json>(document.paths)
      .flatMap((item) => Object.values<Json>(item))
      .find(({ operationId }) => operationId === name);
  let sent = 0;
  for (const [at, input] of inputs.entries()) {
    const operation = operationOf(`t.op${at}`);
    const schema: Json = operation.requestBody?.content["application/json"].schema ?? operation.parameters[0].schema;
    const allows = ajv.compile(JSON.parse(JSON.stringify(schema).replaceAll('"#/', '"https://plimsoll.test/openapi#/')));
    for (let time = 0; time < 6; time++) {
      const value = values.of(schema);
      if (!allows(value)) continue;
      const request = send(value, operation);
      if (request === undefined) continue;
      const [method = ""] = route("").split(" ");
      const response = await served.ask(
        method,
        request.target.replace("/x", `/x${at}`),
        request.body === undefined ? {} : { body: request.body },
      );
      const what = `${JSON.stringify(schema)} allows ${JSON.stringify(value)}, and it was answered ${response.body}`;
      assert.equal(response.status, 200, what);
      const meant = operation.requestBody === undefined ? { field: value } : value;
      assert.deepEqual(response.json.input, JSON.parse(JSON.stringify(input.parse(meant))), what);
      sent++;
    }
  }
  assert.ok(sent > 200, `${sent} values`);
}

describe("what a document allows is accepted as it was meant", () => {
  it("in a query string", () =>
    sendAll(
      sample(inUrl, 3),
      (path) => `DELETE ${path}`,
      (value) => {
        const list = Array.isArray(value) ? value : [value];
        return { target: `/x?${list.map((one) => `field=${encodeURIComponent(String(one))}`).join("&")}` };
      },
    ));

  it("in a path", () =>
    sendAll(
      sample(fc.constantFrom(...scalars), 4),
      (path) => `DELETE ${path}/{field}`,
      (value) => (value === "" || value === "." || value === ".." ? undefined : { target: `/x/${encodeURIComponent(String(value))}` }),
    ));

  it("in a body (as before)", () =>
    sendAll(
      sample(inBody, 5),
      (path) => `POST ${path}`,
      (value) => ({ target: "/x", body: value }),
    ));
});

describe("an input that can never be sent", () => {
  const start = (input: z.ZodObject, route: Route) => () =>
    createApp({ modules: [module("t", { operations: [declare("op", input, route)] })], surfaces: [http({ port: false })] });
  const never: readonly (readonly [what: string, field: z.ZodType, route: Route])[] = [
    ["an object in a query string", z.object({ a: z.int() }), "DELETE /x"],
    ["an object in a query string that may be left out", z.object({ a: z.int() }).optional(), "DELETE /x"],
    ["a record in a query string", z.record(z.string(), z.int()), "DELETE /x"],
    ["an array of objects in a query string", z.array(z.object({ a: z.int() })), "DELETE /x"],
    ["an array of arrays in a query string", z.array(z.array(z.int())), "DELETE /x"],
    ["null in a query string", z.null(), "DELETE /x"],
    ["an array in a path", z.array(z.string()), "DELETE /x/{field}"],
    ["an object in a path", z.object({ a: z.int() }), "DELETE /x/{field}"],
    ["null in a path", z.null(), "DELETE /x/{field}"],
  ];
  for (const [what, field, route] of never)
    it(`is refused at start: ${what}`, () => {
      assert.throws(start(z.object({ field }), route), (error: Error) => {
        assert.match(error.message, /input\.field: It comes from .* Make it a text/);
        return true;
      });
    });
  for (const [what, field, route] of [
    ["an object in a body", z.object({ a: z.int() }), "POST /x"],
    ["an array in a query string", z.array(z.string()), "DELETE /x"],
    ["anything in a query string", z.unknown(), "DELETE /x"],
    ["a number or null in a query string", z.int().nullable(), "DELETE /x"],
  ] as const)
    it(`is none: ${what} (as before)`, () => assert.doesNotThrow(start(z.object({ field }), route)));
});

describe("a URL that is no text", () => {
  const input = z.object({ field: z.string().optional(), id: z.string() });
  for (const [target, place] of [
    ["/x/a?field=%ff", /^The query parameter "field" /],
    ["/x/a?field=a%zz", /^The query parameter "field" /],
    ["/x/a?other=%", /^The query parameter "other" /],
    ["/x/a?field=1&%c0%af=1", /^The name of a query parameter /],
    ["/x/a?field=%ed%a0%80", /^The query parameter "field" /],
    ["/x/%ff", /^The path /],
    ["/x/%zz?field=1", /^The path /],
  ] as const) {
    it(`is 400, which names the place: ${target}`, async () => {
      await using served = await serve([declare("op", input, "DELETE /x/{id}")]);
      for (const response of [
        await served.ask("DELETE", target),
        await served.app
          .fetch(new Request(`http://test${target}`, { method: "DELETE" }))
          .then(async (reply) => ({ status: reply.status, json: (await reply.json()) as Json })),
      ]) {
        assert.deepEqual([response.status, response.json.type], [400, "urn:plimsoll:url_malformed"], JSON.stringify(response.json));
        assert.match(response.json.detail, place);
      }
    });
  }

  it("is text where it is encoded as it should be (as before)", async () => {
    await using served = await serve([declare("op", input, "DELETE /x/{id}")]);
    const { json } = await served.ask("DELETE", `/x/${encodeURIComponent("ü/😀%")}?field=${encodeURIComponent("100% ü\ufffd+&")}`);
    assert.deepEqual(json.input, { id: "ü/😀%", field: "100% ü\ufffd+&" });
  });
});
