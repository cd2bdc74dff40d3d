import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as library from "graphql";
import { printSchema } from "graphql";
import { action, command, createApp, module, query, role, visibleTo } from "plimsoll";
import { graphql } from "plimsoll/graphql";
import { Fault, type Operation } from "plimsoll/ports";
import { z } from "zod";
import { runtimeOf } from "../../src/app/app.ts";
import { compileModel } from "../../src/graphql/model/model.ts";
import { buildSchema } from "../../src/graphql/model/schema.ts";
import { MemoryDatabase } from "../../src/testing/conformance/memory-database.ts";

const Money = z.object({ cents: z.int() }).meta({ id: "Money", description: "An amount." });
const Status = z.enum(["open", "closed"]).meta({ id: "Status" });
const Order = z
  .object({
    id: z.uuid(),
    at: z.iso.datetime(),
    day: z.iso.date().nullable(),
    status: Status,
    total: Money,
    tax: Money.optional(),
    share: z.number(),
    small: z.int().min(0).max(100),
    margin: visibleTo(role("clerk"), z.int()),
    lines: z.array(z.object({ sku: z.string(), tags: z.array(z.string().nullable()) })),
    payment: z.discriminatedUnion("by", [z.object({ by: z.literal("card"), last4: z.string() }), z.object({ by: z.literal("cash") })]),
    bag: z.record(z.string(), z.string()),
  })
  .meta({ id: "Order" });
const open = { access: "public", budget: "1s" } as const;

function schemaOf(operations: readonly Operation[]): string {
  const app = createApp({
    modules: [module("shop", { operations })],
    database: { open: () => new MemoryDatabase() },
    surfaces: [graphql()],
  });
  const compiled = runtimeOf(app).registry.operations;
  const model = compileModel({ declared: operations, operations: compiled, relations: [] }, (where, field, message) =>
    assert.fail(`${where} ${field} ${message}`),
  );
  return printSchema(buildSchema(library, model));
}

const get = query("shop.get", {
  ...open,
  input: z.object({ id: z.uuid() }),
  output: Order,
  graphql: "order",
  summary: "One order",
  run: async () => ({}) as never,
});
const list = query("shop.list-mine", {
  ...{ ...open, input: z.object({ status: Status.optional(), first: z.int().max(100).default(10) }), graphql: true },
  output: z.object({ orders: z.array(Order), next: z.string().nullable() }),
  run: async () => ({}) as never,
});
const place = command("shop.place", {
  ...{ ...open, idempotent: "no", graphql: true },
  input: z.object({ total: Money, lines: z.array(z.object({ sku: z.string() })).optional() }),
  output: z.object({}),
  run: async () => ({}),
});

/** What the schema of the three operations reads like. */
const printed = `type Query {
  """One order"""
  order(id: ID!): Order
  shopListMine(status: Status, first: Int64): ShopListMineOutput
}

type Order {
  id: ID!
  at: DateTime!
  day: Date
  status: Status!
  total: Money!
  tax: Money
  share: Float!
  small: Int!
  margin: Int64
  lines: [OrderLines!]!
  payment: OrderPayment!
  bag: JSON!
}

"""A moment, as in 2026-01-31T09:30:00Z."""
scalar DateTime

"""A date, as in 2026-01-31."""
scalar Date

enum Status {
  open
  closed
}

"""An amount."""
type Money {
  cents: Int64!
}

"""
A whole number from -9007199254740991 to 9007199254740991, as a number of JSON.
"""
scalar Int64

type OrderLines {
  sku: String!
  tags: [String]!
}

union OrderPayment = OrderPaymentCard | OrderPaymentCash

type OrderPaymentCard {
  by: String!
  last4: String!
}

type OrderPaymentCash {
  by: String!
}

"""Any value of JSON."""
scalar JSON

type ShopListMineOutput {
  orders: [Order!]!
  next: String
}

type Mutation {
  shopPlace(total: MoneyInput!, lines: [ShopPlaceLinesInput!]): JSON
}

"""An amount."""
input MoneyInput {
  cents: Int64!
}

input ShopPlaceLinesInput {
  sku: String!
}`;

describe("the schema of an app", () => {
  it("has the types of its contracts, each once, with names and nulls as they are declared", () => {
    assert.equal(schemaOf([get, list, place]), printed);
  });

  it("keeps the names of types when operations are added before others", () => {
    const before = query("shop.a-list", {
      ...open,
      input: z.object({}),
      output: z.object({ found: z.array(Order) }),
      graphql: true,
      run: async () => ({}) as never,
    });
    const [one, other] = [schemaOf([get, list]), schemaOf([before, list, get])];
    const typesOf = (schema: string) => new Set(schema.match(/^(?:type|enum|union|input|scalar) \w+/gm));
    assert.deepEqual(
      [...typesOf(one)].filter((type) => !typesOf(other).has(type)),
      [],
    );
  });

  it("has types that contain themselves", () => {
    const Tree = z.object({
      name: z.string(),
      get children() {
        return z.array(Tree);
      },
    });
    const tree = (output: z.ZodObject) =>
      query("shop.tree", { ...open, input: z.object({}), output, graphql: "tree", run: async () => ({}) as never });
    assert.match(schemaOf([tree(Tree)]), /type ShopTreeOutput \{\n {2}name: String!\n {2}children: \[ShopTreeOutputChildren!\]!\n\}/);
    assert.match(schemaOf([tree(Tree.meta({ id: "Tree" }))]), /type Tree \{\n {2}name: String!\n {2}children: \[TreeChildren!\]!\n\}/);
  });
});

const refused: Readonly<Record<string, readonly [operations: readonly Operation[], message: RegExp]>> = {
  "a name that is none": [
    [query("shop.a", { ...open, input: z.object({}), output: z.object({}), graphql: "my field", run: async () => ({}) })],
    /shop\.a: graphql: "my field" is not the name of a field\. Write true/,
  ],
  "two operations with one name": [
    [get, query("shop.b", { ...open, input: z.object({}), output: z.object({}), graphql: "order", run: async () => ({}) })],
    /shop\.b: graphql: shop\.get has the field order of Query already/,
  ],
  "a field that has no name of GraphQL": [
    [
      query("shop.c", {
        ...open,
        input: z.object({}),
        output: z.object({ "x-total": z.int() }),
        graphql: true,
        run: async () => ({}) as never,
      }),
    ],
    /shop\.c: graphql: The field "x-total" has no name of GraphQL/,
  ],
  "two schemas of one id that differ": [
    [
      get,
      query("shop.d", {
        ...open,
        input: z.object({}),
        output: z.object({ m: z.object({ euros: z.int() }).meta({ id: "Money" }) }),
        graphql: true,
        run: async () => ({}) as never,
      }),
    ],
    /shop\.d: graphql: Two types that differ have the name Money\. Give the schema of one of them an id of its own/,
  ],
  "an action that receives messages": [
    [
      action("shop.e", {
        ...open,
        idempotent: "no",
        input: z.object({}),
        stream: z.object({}),
        receives: z.object({}),
        http: "GET /e",
        graphql: true,
        run: async function* () {},
      }),
    ],
    /shop\.e: graphql: Its client sends messages/,
  ],
};

describe("what cannot be served", () => {
  for (const [name, [operations, message]] of Object.entries(refused))
    it(`is ${name}, and named at the start`, () => {
      assert.throws(
        () => createApp({ modules: [module("shop", { operations })], surfaces: [graphql()] }),
        (error) => error instanceof Fault && error.type === "app_invalid" && message.test(error.message),
      );
    });
});
