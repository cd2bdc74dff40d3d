import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import fc from "fast-check";
import { z } from "zod";
import type { RequestParts } from "../../src/http/bind.ts";
import { Binder } from "../../src/http/bind.ts";
import { module } from "../../src/operation/module.ts";
import { action } from "../../src/operation/online/action.ts";
import { query } from "../../src/operation/online/query.ts";
import { parseRoute } from "../../src/operation/route.ts";
import { buildRegistry } from "../../src/pipeline/registry/registry.ts";
import { type Served, serve } from "./http/app.ts";

const PageSize = z.int().min(1).max(100).meta({ id: "PageSize" });
const Every = z.object({
  text: z.string(),
  whole: z.int(),
  number: z.number(),
  flag: z.boolean(),
  either: z.union([z.number(), z.boolean()]),
  textOrNumber: z.union([z.string(), z.number()]),
  literal: z.literal([1, 2, 3]),
  many: z.array(z.number()),
  words: z.array(z.string()),
  size: PageSize,
  maybe: z.number().nullable(),
});

function binderOf(input: z.ZodObject, route: "GET /x" | "GET /x/{id}" | "POST /x/{id}", ifMatch?: string): Binder {
  const operation = query("t.bind", { input, output: z.object({}), access: "public", budget: "1s", run: async () => ({}) });
  const compiled = buildRegistry([module("t", { operations: [operation] })]).operations.get("t.bind")!;
  return new Binder(compiled, parseRoute(route)!, ifMatch === undefined ? {} : { ifMatch });
}

const parts = (given: Partial<RequestParts>): RequestParts => ({ params: {}, query: "", body: undefined, ifMatch: undefined, ...given });

describe("what an input is bound from", () => {
  it("reads text in the address back as what it was written from", () => {
    const binder = binderOf(Every, "GET /x");
    const values = fc.record({
      text: fc.string({ unit: "binary" }),
      whole: fc.integer(),
      number: fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => (Object.is(value, -0) ? 0 : value)),
      flag: fc.boolean(),
      either: fc.oneof(fc.boolean(), fc.integer()),
      textOrNumber: fc.oneof(fc.string(), fc.constantFrom("007", "1", "true")),
      literal: fc.constantFrom(1, 2, 3),
      many: fc.array(fc.integer(), { minLength: 1 }),
      words: fc.array(fc.string(), { minLength: 1 }),
      size: fc.integer({ min: 1, max: 100 }),
      maybe: fc.integer(),
    });
    fc.assert(
      fc.property(values, (value) => {
        const search = new URLSearchParams();
        for (const [name, inner] of Object.entries(value)) for (const one of [inner].flat()) search.append(name, String(one));
        // Not every text has a UTF-8 form: half of a surrogate pair has none.
        fc.pre([value.text, ...value.words, value.textOrNumber].every((text) => text.isWellFormed()));
        assert.deepEqual(binder.bind(parts({ query: search.toString() })), { ...value });
      }),
      { numRuns: 300 },
    );
  });

  for (const [schema, text, bound] of [
    [z.number(), "1.50", 1.5],
    [z.number(), "-0.5e3", -500],
    [z.number(), "007", "007"],
    [z.number(), "+1", "+1"],
    [z.number(), "0x10", "0x10"],
    [z.number(), "1e999", "1e999"],
    [z.number(), " 1", " 1"],
    [z.number(), "", ""],
    [z.number(), "NaN", "NaN"],
    [z.number(), "Infinity", "Infinity"],
    [z.number(), "1_000", "1_000"],
    [z.number(), "٣", "٣"],
    [z.number(), "1e-7", 1e-7],
    [z.array(PageSize), "3", [3]],
    [z.union([z.array(z.int()), z.null()]), "3", [3]],
    [z.boolean(), "TRUE", "TRUE"],
    [z.boolean(), "1", "1"],
    [z.string(), "1", "1"],
    [z.string(), "true", "true"],
    [z.string().nullable(), "null", "null"],
    [z.enum(["1", "2"]), "1", "1"],
    [z.number().optional(), "3", 3],
    [z.number().default(4), "3", 3],
    [z.array(z.int()), "3", [3]],
    [z.array(z.int()).optional(), "3", [3]],
    [PageSize, "3", 3],
    [PageSize.optional(), "3", 3],
    [z.object({ a: z.number() }), "3", "3"],
  ] as const) {
    it(`takes ${JSON.stringify(text)} as ${JSON.stringify(bound)} for ${JSON.stringify(z.toJSONSchema(schema, { io: "input" }))}`, () => {
      const search = new URLSearchParams({ id: text }).toString();
      assert.deepEqual(binderOf(z.object({ id: schema }), "GET /x").bind(parts({ query: search })), { id: bound });
    });
  }

  for (const [why, given, bound] of [
    ["the path wins over the body", { params: { id: "1" }, body: { id: 2, other: 3 } }, { id: 1, other: 3 }],
    ["the query string is not read where there is a body", { params: { id: "1" }, query: "other=4", body: {} }, { id: 1 }],
    ["a body that is no object is left to the schema", { params: { id: "1" }, body: [1] }, [1]],
    ["null is no object", { params: { id: "1" }, body: null }, null],
    ["If-Match comes without its quotes", { params: { id: "1" }, ifMatch: '"7"' }, { id: 1, version: 7 }],
    ["If-Match wins over the body", { params: { id: "1" }, body: { version: 6 }, ifMatch: '"7"' }, { id: 1, version: 7 }],
    ["a version in the body is none", { params: { id: "1" }, body: { version: 6 } }, { id: 1 }],
    ["of two tags the first counts", { params: { id: "1" }, ifMatch: '"7", "8"' }, { id: 1, version: 7 }],
  ] as const) {
    it(why, () => {
      const input = z.object({ id: z.int(), other: z.int().optional(), version: z.int().optional() });
      assert.deepEqual(binderOf(input, "POST /x/{id}", "version").bind(parts(given)), bound);
    });
  }

  it("changes nothing that objects inherit, whatever the query names", () => {
    const bound = binderOf(z.looseObject({}), "GET /x").bind(
      parts({ query: "__proto__=1&__proto__[a]=1&constructor=2&constructor.prototype=3&toString=4&__proto__.x=5" }),
    ) as object;
    assert.equal(Object.getPrototypeOf(bound), Object.prototype);
    assert.equal(Object.hasOwn(bound, "__proto__"), false);
    assert.equal(({} as Record<string, unknown>).a, undefined);
  });
});

describe("requests to a route", () => {
  let served: Served;
  before(async () => {
    const echo = action("t.echo", {
      input: z.strictObject({ id: z.string(), limit: z.int().optional(), tags: z.array(z.string()).optional() }),
      output: z.object({ id: z.string(), limit: z.int().optional(), tags: z.array(z.string()).optional() }),
      access: "public",
      budget: "5s",
      idempotent: "natural",
      http: "DELETE /echo/{id}",
      run: async (input) => input,
    });
    const update = action("t.update", {
      input: z.object({ id: z.string(), version: z.int(), name: z.string() }),
      output: z.object({ name: z.string(), version: z.int() }),
      access: "public",
      budget: "5s",
      idempotent: "natural",
      http: { route: "PUT /things/{id}", ifMatch: "version", etag: ({ version }) => version },
      run: async ({ name, version }) => ({ name, version: version + 1 }),
    });
    const make = action("t.make", {
      input: z.object({ name: z.string() }),
      output: z.object({ id: z.string() }),
      access: "public",
      budget: "5s",
      idempotent: "no",
      http: { route: "POST /things", status: 201, location: ({ id }) => `/things/${id}` },
      run: async ({ name }) => ({ id: `${name}-1` }),
    });
    const empty = action("t.empty", {
      input: z.object({}),
      output: z.object({}),
      access: "public",
      budget: "5s",
      idempotent: "natural",
      http: "POST /empty",
      run: async () => ({}),
    });
    served = await serve([echo, update, make, empty]);
  });
  after(() => served[Symbol.asyncDispose]());

  for (const [method, target, status, more] of [
    ["DELETE", "/echo/a", 200, { body: '{"id":"a"}' }],
    ["DELETE", "/echo/a?limit=3&tags=x&tags=y", 200, { body: '{"id":"a","limit":3,"tags":["x","y"]}' }],
    ["DELETE", "/echo/a?limit=3&limit=4", 400, { pointer: "/limit" }],
    ["DELETE", "/echo/a?limit=x", 400, { pointer: "/limit" }],
    ["DELETE", "/echo/a?unknown=1", 400, { pointer: "" }],
    ["DELETE", "/echo/a?__proto__=1", 200, { body: '{"id":"a"}' }],
    ["DELETE", "/echo/a?id=b", 200, { body: '{"id":"a"}' }],
    ["DELETE", "/echo/a%2Fb%20%C3%A9%3F", 200, { body: '{"id":"a/b é?"}' }],
    ["DELETE", "/%65cho/a", 200, { body: '{"id":"a"}' }],
    ["DELETE", "http://other.test/echo/a?limit=1", 200, { body: '{"id":"a","limit":1}' }],
    ["DELETE", "/echo/a/", 404, {}],
    ["DELETE", "/echo/", 404, {}],
    ["DELETE", "//echo/a", 404, {}],
    ["DELETE", "/ECHO/a", 404, {}],
    ["DELETE", "/echo/%zz", 400, {}],
    ["DELETE", "/echo/%ff", 400, {}],
    ["DELETE", `/echo/${"a".repeat(513)}`, 200, {}],
    ["DELETE", `/echo/a?tags=${"a".repeat(8_192)}`, 414, {}],
    ["DELETE", `/echo/a?tags=${"a".repeat(20_000)}`, 414, {}],
    ["GET", "/nowhere", 404, {}],
    ["GET", "/echo/a", 405, { allow: "DELETE, OPTIONS" }],
    ["HEAD", "/echo/a", 405, { allow: "DELETE, OPTIONS" }],
    ["PROPFIND", "/echo/a", 405, { allow: "DELETE, OPTIONS" }],
    ["OPTIONS", "/echo/a", 204, { allow: "DELETE, OPTIONS" }],
    ["OPTIONS", "/things", 204, { allow: "POST, OPTIONS" }],
    ["OPTIONS", "/nowhere", 404, {}],
    ["OPTIONS", "*", 204, { allow: "POST, PUT, DELETE, OPTIONS" }],
    ["DELETE", "*", 400, {}],
    ["GET", "/openapi.json", 404, {}],
  ] as const) {
    it(`${method} ${target.length > 60 ? `${target.slice(0, 60)}…` : target} is ${status}`, async () => {
      const response = await served.ask(method, target);
      assert.equal(response.status, status, response.body);
      if ("body" in more) assert.equal(response.body, more.body);
      if ("pointer" in more)
        assert.deepEqual(
          response.json.problems.map((one: { pointer: string }) => one.pointer),
          [more.pointer],
        );
      if ("allow" in more) assert.equal(response.headers.allow, more.allow);
    });
  }

  it("answers 201 with the Location of what was made", async () => {
    const { status, headers, json } = await served.ask("POST", "/things", { body: { name: "a" } });
    assert.deepEqual([status, headers.location, json], [201, "/things/a-1", { id: "a-1" }]);
  });

  it("answers 204 without a body or a length where there is nothing to say", async () => {
    const { status, headers, body } = await served.ask("POST", "/empty", { body: {} });
    assert.deepEqual([status, headers["content-length"], headers["content-type"], body], [204, undefined, undefined, ""]);
    assert.equal((await served.ask("POST", "/empty")).status, 204, "no body is an empty input");
  });

  for (const [ifMatch, status] of [
    [undefined, 428],
    ['"3"', 200],
    ["3", 200],
    ['W/"3"', 412],
    ["*", 412],
    ['"3", "4"', 200],
    ['"x"', 412],
    ["", 412],
  ] as const) {
    it(`a change with If-Match ${ifMatch} is ${status}`, async () => {
      const headers = ifMatch === undefined ? {} : { "if-match": ifMatch };
      const response = await served.ask("PUT", "/things/a", { headers, body: { name: "b", version: 3 } });
      assert.equal(response.status, status, response.body);
      if (status === 200) assert.equal(response.headers.etag, '"4"');
    });
  }

  it("does not answer a change with 304, for it was made", async () => {
    const headers = { "if-match": '"3"', "if-none-match": '"4"' };
    assert.equal((await served.ask("PUT", "/things/a", { headers, body: { name: "b" } })).status, 200);
  });
});
