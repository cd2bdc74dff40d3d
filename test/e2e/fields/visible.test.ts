import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  type Actor,
  action,
  adaptSchema,
  authenticator,
  claim,
  command,
  createApp,
  fault,
  module,
  permission,
  query,
  role,
  rule,
  visibleTo,
} from "plimsoll";
import { accessTable } from "plimsoll/testing";
import { z } from "zod";
import { runtimeOf } from "../../../src/app/app.ts";
import type { AppSpec } from "../../../src/app/app-spec.ts";
import { http } from "../../../src/http/http.ts";
import type { Operation } from "../../../src/operation/contract.ts";
import { openApiDocument } from "../../../src/surface/openapi.ts";
import { MemoryDatabase } from "../../../src/testing/conformance/memory-database.ts";
import { serve } from "../http/app.ts";
import { StreamClient } from "../streams/client.ts";

/** The token says who it is: `ann+finance` is ann with the role finance. */
const people = authenticator({
  authenticate: (token): Actor => {
    const [id = "", ...roles] = token.split("+");
    return { id, kind: "user", roles, tenant: "acme", claims: { tid: "acme" } };
  },
});

const Order = z.object({
  id: z.string(),
  margin: visibleTo(role("finance", "owner"), z.int()),
  lines: z.array(z.object({ sku: z.string(), cost: visibleTo(permission("costs.read"), z.int()) })),
});
const order = { id: "7", margin: 3, lines: [{ sku: "a", cost: 1 }] };
const common = { input: z.object({}), output: Order, budget: "10s", access: "public" } as const;
const csv = { type: "text/csv", text: ({ margin }: z.output<typeof Order>) => `margin ${margin}\r\n` } as const;

let loads = 0;
const get = query("t.get", {
  ...{ ...common, cache: { ttl: "1h", per: "tenant" }, run: async () => ({ ...order, loads: ++loads }) },
  http: { route: "GET /order", alternatives: [csv], etag: ({ id, margin }) => `${id}-${margin}`, cacheControl: { maxAge: "1m" } },
});
const place = command("t.place", {
  ...{ ...common, access: role("customer"), idempotent: "key", run: async () => order },
  http: { route: "POST /orders", status: 201, location: ({ id, margin }) => `/orders/${id}?margin=${margin}` },
});
const list = query("t.list", {
  input: z.object({}),
  budget: "10s",
  access: "public",
  http: "GET /orders",
  stream: { item: Order, id: ({ id, margin }) => `${id}-${margin}` },
  async *run() {
    yield order;
  },
});
const sum = action("t.sum", {
  ...{ ...common, output: z.object({ known: z.int() }), idempotent: "no", http: "POST /sum" },
  run: async (_, { call }) => ({ known: (await call(get, {})).margin ?? 0 }),
});
const pass = query("t.pass", {
  ...common,
  output: z.object({ order: Order }),
  http: "GET /pass",
  run: async (_, { call }) => ({ order: await call(get, {}) }),
});

const everything = { permissions: { finance: ["costs.read"] }, authentication: people, tenancy: claim("tid") };
const shop = () => serve([get, place, list, sum, pass], { ...everything, database: { open: () => new MemoryDatabase() } });
const as = (token: string, more: Record<string, string> = {}) => ({ headers: { authorization: `Bearer ${token}`, ...more } });

const whole = order;
const bare = { id: "7", lines: [{ sku: "a" }] };
const views: readonly (readonly [token: string, body: object])[] = [
  ["ann", bare],
  ["ben+owner", { id: "7", margin: 3, lines: [{ sku: "a" }] }],
  ["cay+finance", whole],
];

describe("a field that only some callers get", () => {
  for (const [token, body] of views)
    it(`is in JSON and in other forms as ${token} may see it`, async () => {
      await using served = await shop();
      const first = await served.ask("GET", "/order", as("cay+finance"));
      assert.deepEqual(first.json, whole, "the value that all share is loaded for one who may see all of it");
      const before = loads;
      const { json, headers } = await served.ask("GET", "/order", as(token));
      assert.deepEqual([json, loads], [body, before], "from the cache");
      // The head is made of what every caller may see.
      assert.equal(headers.etag, '"7-undefined"');
      const form = await served.ask("GET", "/order", as(token, { accept: "text/csv" }));
      assert.equal(form.body, `margin ${"margin" in body ? 3 : undefined}\r\n`);
      assert.deepEqual((await served.ask("GET", "/pass", as(token))).json, { order: body });
    });

  it("is in the cache of the client only as long as its caller has the role: no condition is met", async () => {
    await using served = await shop();
    const { headers } = await served.ask("GET", "/order", as("ann+finance"));
    const { status, json } = await served.ask("GET", "/order", as("ann", { "if-none-match": headers.etag ?? "" }));
    assert.deepEqual([status, json], [200, bare]);
  });

  it("is there for the operations that call it, of any caller", async () => {
    await using served = await shop();
    assert.deepEqual((await served.ask("POST", "/sum", as("ann"))).json, { known: 3 });
  });

  for (const [token, body] of views)
    it(`is in the items of a stream as ${token} may see it, and not in their ids`, async () => {
      await using served = await shop();
      const read = async (accept: string) => {
        const client = await StreamClient.open(served.port, "GET /orders", [`Authorization: Bearer ${token}`, `Accept: ${accept}`]);
        assert.equal(await client.end(), "complete");
        return client.body;
      };
      assert.ok((await read("application/x-ndjson")).includes(`${JSON.stringify(body)}\n`));
      assert.match(await read("text/event-stream"), /id: ?7-undefined/);
    });

  it("is in a repeated reply as its caller may see it now", async () => {
    await using served = await shop();
    const key = { "idempotency-key": "one" };
    for (const [token, body, replayed] of [
      ["ann+customer+finance", whole, undefined],
      ["ann+customer", bare, "true"],
      ["ann+customer+owner", views[1]?.[1], "true"],
      ["ann+customer+finance", whole, "true"],
    ] as const) {
      const { status, json, headers } = await served.ask("POST", "/orders", as(token, key));
      assert.deepEqual([status, json, headers["idempotency-replayed"]], [201, body, replayed], token);
      assert.equal(headers.location, "/orders/7?margin=undefined");
    }
  });

  it("is in a call from inside the process as the actor may see it", async () => {
    await using served = await shop();
    const actor = (...roles: string[]): Actor => ({ id: "ann", kind: "user", roles, tenant: "acme", claims: { tid: "acme" } });
    assert.deepEqual(await served.app.call(get, {}, { actor: actor() }), bare);
    assert.deepEqual(await served.app.call(get, {}, { actor: actor("finance") }), whole);
  });

  it("stands in the OpenAPI document as optional, with who gets it, and in the table of access", async () => {
    await using served = await shop();
    const operations = runtimeOf(served.app).registry.operations.values();
    const document = JSON.parse(JSON.stringify(openApiDocument({ operations, service: { name: "t", version: "1" } })));
    const { parameters, responses } = document.paths["/order"].get;
    const schema = responses["200"].content["application/json"].schema;
    assert.deepEqual(schema.required, ["id", "lines"]);
    assert.deepEqual(schema.properties.margin["x-visible-to"], { roles: ["finance", "owner"] });
    assert.deepEqual(schema.properties.lines.items.properties.cost["x-visible-to"], { permissions: ["costs.read"] });
    assert.deepEqual([responses["304"], parameters], [undefined, undefined]);
    assert.match(accessTable(served.app), /t\.get .*public; margin: role finance or owner; lines\[\]\.cost: permission costs\.read\n/);
  });
});

const problemsOf = (operation: Operation, spec: Partial<AppSpec> = {}): string => {
  try {
    createApp({ modules: [module("t", { operations: [operation] })], surfaces: [http({ port: false })], ...spec });
  } catch (error) {
    return (error as Error).message;
  }
  return "";
};

describe("visibleTo keeps an app from starting", () => {
  const margin = visibleTo(role("finance"), z.string());
  const act = (spec: object) =>
    action("t.a", { ...common, idempotent: "no", output: z.object({}), run: async () => ({}), ...spec } as never);
  const Wrong = fault("wrong", { code: "not_found", details: z.object({ margin }), message: () => "It is wrong." });
  const cases: readonly (readonly [what: string, operation: Operation, message: RegExp])[] = [
    ["in an input", act({ input: z.object({ margin }) }), /t\.a: input: It has a field with visibleTo/],
    ["in the details of a fault", act({ faults: [Wrong] }), /t\.a: faults: The details of wrong have a field with visibleTo/],
    ["on a required field", act({ output: z.object({ margin: margin.default("") }) }), /t\.a: output: margin is required/],
    ["with a permission of no role", act({ output: Order }), /t\.a: output: No role has the permission "costs\.read"/],
    [
      "on a field that is a header",
      act({ output: z.object({ margin }), http: { route: "POST /a", responseHeaders: { margin: "X-Margin" } } }),
      /t\.a: http\.responseHeaders\.margin: Only some callers may see the field/,
    ],
    [
      "beside a file",
      act({ output: z.object({ margin }), http: { route: "POST /a", file: { type: "text/csv", text: () => "" } } }),
      /t\.a: http\.file: It is made of the output for all callers alike/,
    ],
    [
      "with a mark of a library that names no role",
      act({ output: adaptSchema(z.unknown(), { input: {}, output: marked({ roles: [] }) }) }),
      /names no role/,
    ],
  ];
  for (const [what, operation, message] of cases) it(what, () => assert.match(problemsOf(operation), message));

  it("and takes no rule that a document cannot show, and no schema of another library", () => {
    assert.throws(
      () =>
        visibleTo(
          rule("me", () => true),
          z.string(),
        ),
      { type: "rule_not_visible" },
    );
    const other = adaptSchema(z.string(), { input: { type: "string" } });
    assert.throws(() => visibleTo(role("a"), other as never), { type: "schema_not_markable" });
  });
});

function marked(mark: object) {
  return { type: "object", properties: { margin: { type: "string", "x-visible-to": mark } } };
}
