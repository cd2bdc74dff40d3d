import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createApp, module, query, rateLimit, role } from "plimsoll";
import { graphql, relates } from "plimsoll/graphql";
import { Fault } from "plimsoll/ports";
import { z } from "zod";
import { run } from "./app.ts";
import { ask } from "./ask.ts";

const Customer = z.object({ id: z.string(), name: z.string(), sponsorId: z.string().nullable() }).meta({ id: "Customer" });
const Order = z.object({ id: z.string(), customerId: z.string() }).meta({ id: "Order" });

function shop({ orders = 6, customers = 2, access = "public" as "public" | ReturnType<typeof role>, limit = 1_000 } = {}) {
  const asked: (readonly string[])[] = [];
  const list = query("suite.list", {
    ...{ input: z.object({}), output: z.object({ orders: z.array(Order).max(100) }), access: "public", budget: "5s", graphql: "orders" },
    run: async () => ({ orders: Array.from({ length: orders }, (_, at) => ({ id: `o${at}`, customerId: `c${at % customers}` })) }),
  });
  const customersByIds = query("suite.customers", {
    ...{ input: z.object({ ids: z.array(z.string()) }), output: z.object({ customers: z.array(Customer) }), access },
    budget: { deadline: "5s", rate: rateLimit({ per: "all", limit, period: "1h" }) },
    run: async ({ ids }) => {
      asked.push(ids);
      const found = ids.filter((id) => id !== "c1").map((id) => ({ id, name: `name of ${id}`, sponsorId: id === "c0" ? "c2" : null }));
      return { customers: found.reverse() };
    },
  });
  const ordersOf = query("suite.orders-of", {
    ...{ input: z.object({ ids: z.array(z.string()) }), output: z.object({ orders: z.array(Order) }), access: "public", budget: "5s" },
    run: async ({ ids }) => ({ orders: ids.flatMap((id) => [1, 2].map((n) => ({ id: `${id}-${n}`, customerId: id }))) }),
  });
  const relations = [
    relates({
      from: Order,
      field: "customer",
      key: "customerId",
      through: customersByIds,
      input: "ids",
      items: "customers",
      match: "id",
      most: 3,
    }),
    relates({ from: Customer, field: "sponsor", key: "sponsorId", through: customersByIds, input: "ids", items: "customers", match: "id" }),
    relates({
      ...{ from: Customer, field: "orders", key: "id", through: ordersOf, input: "ids", items: "orders" },
      match: "customerId",
      many: true,
    }),
  ];
  return { operations: [list, customersByIds, ordersOf], relations, asked };
}

describe("a relation", () => {
  it("brings what all objects want by one call, which counts as one for each of them", async () => {
    const { operations, relations, asked } = shop({ limit: 6 });
    await using running = await run(operations, { graphql: { relations } });
    const document = "{ orders { orders { id customer { name } } } }";
    const read = await ask(running.app, document);
    assert.deepEqual(asked, [["c0", "c1"]]);
    assert.deepEqual(
      read.data.orders.orders.map(({ customer }: { customer: unknown }) => customer),
      Array.from({ length: 6 }, (_, at) => (at % 2 === 0 ? { name: "name of c0" } : null)),
    );
    assert.deepEqual(
      running.executions.map(({ operation, surface }) => [operation, surface]),
      [
        ["suite.list", "graphql"],
        ["suite.customers", "graphql"],
      ],
    );
    // All six are taken.
    const more = await ask(running.app, document);
    assert.equal(more.errors.length, 6);
    assert.deepEqual([more.errors[5]?.path, more.errors[5]?.extensions.code], [["orders", "orders", 5, "customer"], "resource_exhausted"]);
  });

  it("counts each object at the rate of the caller", async () => {
    const { operations, relations } = shop();
    await using running = await run(operations, { graphql: { relations }, spec: { rateLimit: { perSecond: 0.001, burst: 7 } } });
    assert.deepEqual((await ask(running.app, "{ orders { orders { customer { name } } } }")).errors, []);
    assert.equal((await ask(running.app, "{ orders { orders { id } } }")).errors[0]?.extensions.type, "urn:plimsoll:rate_limited");
  });

  it("takes nothing where it is refused halfway", async () => {
    const { operations, relations } = shop();
    await using running = await run(operations, { graphql: { relations }, spec: { rateLimit: { perSecond: 0.001, burst: 5 } } });
    const read = await ask(running.app, "{ orders { orders { customer { name } } } }");
    assert.equal(read.errors.length, 6);
    for (let i = 0; i < 4; i++) assert.deepEqual((await ask(running.app, "{ orders { orders { id } } }")).errors, []);
  });

  it("asks for so many at once, each once", async () => {
    const { operations, relations, asked } = shop({ orders: 10, customers: 5 });
    await using running = await run(operations, { graphql: { relations } });
    await ask(running.app, "{ orders { orders { customer { id } } } }");
    assert.deepEqual(asked.map((ids) => ids.length).toSorted(), [2, 3]);
  });

  it("stands inside another, and as a list", async () => {
    const { operations, relations } = shop({ orders: 2 });
    await using running = await run(operations, { graphql: { relations } });
    const read = await ask(running.app, "{ orders { orders { customer { sponsor { id sponsor { id } } orders { id } } } } }");
    assert.deepEqual(read.errors, []);
    assert.deepEqual(read.data.orders.orders, [
      { customer: { sponsor: { id: "c2", sponsor: null }, orders: [{ id: "c0-1" }, { id: "c0-2" }] } },
      { customer: null },
    ]);
  });

  it("has the access of its query", async () => {
    const { operations, relations } = shop({ access: role("clerk") });
    await using running = await run(operations, { graphql: { relations } });
    const read = await ask(running.app, "{ orders { orders { id customer { name } } } }");
    assert.deepEqual([read.data.orders.orders.length, read.errors.length, read.errors[0]?.extensions.code], [6, 6, "unauthenticated"]);
  });

  it("is weighed by what lists may have, and by what they have", async () => {
    const { operations, relations } = shop();
    await using small = await run(operations, { graphql: { relations, limits: { complexity: 100 } } });
    const refused = await ask(small.app, "{ orders { orders { customer { name } } } }");
    assert.match(refused.errors[0]!.message, /^The document has 101 calls of operations, and it may have 100\. /);
    const many = shop({ orders: 2 });
    await using running = await run(many.operations, { graphql: { relations: many.relations, limits: { complexity: 101 + 5_000 } } });
    assert.deepEqual((await ask(running.app, "{ orders { orders { customer { orders { id } } } } }")).errors, []);
  });
});

const wrong: Readonly<Record<string, readonly [change: object, message: RegExp]>> = {
  "a schema without an id": [{ from: z.object({ customerId: z.string() }) }, /"from" is not an object with a name of its own/],
  "a key that is not there": [{ key: "buyer" }, /Order has no field "buyer" for its key/],
  "an input that is not there": [{ input: "keys" }, /Its input has no list "keys" for the keys/],
  "items that are not there": [{ items: "found" }, /Its output has no list "found" of objects with the field "id"/],
  "a field that is there already": [{ field: "customerId" }, /Order has a field customerId already/],
  "a name that is none": [{ field: "my customer" }, /"my customer" is not the name of a field/],
};

describe("a relation that cannot be", () => {
  for (const [name, [change, message]] of Object.entries(wrong))
    it(`has ${name}, and is named at the start`, () => {
      const { operations, relations } = shop();
      assert.throws(
        () =>
          createApp({ modules: [module("suite", { operations })], surfaces: [graphql({ relations: [{ ...relations[0]!, ...change }] })] }),
        (error) => error instanceof Fault && error.type === "app_invalid" && message.test(error.message),
      );
    });
});
