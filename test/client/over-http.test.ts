// A client against a real app: every place that an input can go, every form that an output can have, faults, keys, deadlines and streams.
import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { action, clientRoutes, command, fault, module, query, role } from "plimsoll";
import { apiKeys, issueApiKey } from "plimsoll/auth";
import { CallFault, client } from "plimsoll/client";
import { http } from "plimsoll/http";
import { testApp, testDatabase } from "plimsoll/testing";
import { z } from "zod";
import { faultOf } from "./steered.ts";

const OutOfStock = fault("out_of_stock", {
  code: "failed_precondition",
  details: z.object({ left: z.int() }),
  message: ({ left }) => `There are ${left} left.`,
});
const Echo = z.object({
  id: z.string(),
  tags: z.array(z.string()),
  most: z.number().optional(),
  currency: z.string().optional(),
  hint: z.string().optional(),
});
const open = { access: "public", budget: "2s" } as const;

const echo = query("shop.echo", {
  ...{ input: Echo, output: Echo, ...open },
  http: { route: "GET /v1/echo/{id}", headers: { currency: "Accept-Currency" }, cookies: { hint: "hint" } },
  run: async (input) => input,
});
const change = command("shop.change", {
  ...{
    input: z.object({ id: z.string(), version: z.int(), note: z.string() }),
    output: z.object({ id: z.string(), version: z.int(), note: z.string() }),
    ...open,
  },
  ...{ idempotent: "natural", http: { route: "PATCH /v1/things/{id}", ifMatch: "version" } },
  run: async (input) => input,
});
const count = query("shop.count", {
  ...{
    input: z.object({}),
    output: z.object({ items: z.array(z.int()), total: z.int(), page: z.string(), kinds: z.array(z.string()) }),
    ...open,
  },
  http: { route: "GET /v1/count", responseHeaders: { total: "X-Total-Count", page: "X-Page", kinds: "X-Kinds" } },
  run: async () => ({ items: [1, 2], total: 12, page: "007", kinds: ["a, b", 'c"d', "e"] }),
});
const place = command("shop.place", {
  ...{ input: z.object({ quantity: z.int().min(1) }), output: z.object({ orderId: z.uuid() }), faults: [OutOfStock] },
  ...{ access: role("customer"), budget: "2s", idempotent: "key", http: { route: "POST /v1/orders", status: 201 } },
  run: async ({ quantity }, { fail, newId }) => (quantity > 3 ? fail(OutOfStock, { left: 3 }) : { orderId: newId() }),
});
const forget = action("shop.forget", {
  ...{ input: z.object({ id: z.string() }), output: z.object({}), ...open, idempotent: "natural", http: "DELETE /v1/things/{id}" },
  run: async () => ({}),
});
const form = action("shop.form", {
  ...{ input: z.object({ name: z.string(), tags: z.array(z.string()) }), output: z.object({ text: z.string() }), ...open },
  ...{ idempotent: "natural", http: { route: "POST /v1/form", body: "form" } },
  run: async ({ name, tags }) => ({ text: `${name}:${tags.join("+")}` }),
});
let begin = (): void => undefined;
const wait = action("shop.wait", {
  ...{ input: z.object({}), output: z.object({}), ...open, idempotent: "no", http: "POST /v1/wait" },
  run: (_, { signal }) => {
    begin();
    return new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  },
});
const csv = query("shop.csv", {
  ...{ input: z.object({}), output: z.object({ rows: z.array(z.string()) }), ...open },
  http: { route: "GET /v1/csv", file: { type: "text/csv", text: ({ rows }) => rows.join("\n") } },
  run: async () => ({ rows: ["a", "b"] }),
});
const internal = query("shop.internal", { input: z.object({}), output: z.object({}), ...open, run: async () => ({}) });
let connections = 0;
const numbers = query("shop.numbers", {
  input: z.object({ to: z.int(), breaksAt: z.int().optional() }),
  stream: { item: z.object({ n: z.int() }), id: ({ n }) => String(n) },
  ...{ ...open, http: "GET /v1/numbers", faults: [OutOfStock] },
  run: async function* ({ to, breaksAt }, { lastEventId, fail }) {
    connections++;
    for (let n = Number(lastEventId ?? 0) + 1; n <= to; n++) {
      if (n === breaksAt) fail(OutOfStock, { left: n });
      yield { n };
    }
  },
});
const contracts = { shop: { OutOfStock, Echo, echo, change, count, place, forget, form, wait, csv, internal, numbers } };

const issued = issueApiKey("shop");
const actor = { id: "c-1", kind: "service", roles: ["customer"], tenant: undefined, claims: {} } as const;
const modules = [module("shop", { operations: [echo, change, count, place, forget, form, wait, csv, internal, numbers] })];
const app = await testApp({
  ...{ modules, database: await testDatabase({ modules }), surfaces: [http({ port: 0 })] },
  authentication: apiKeys({ prefix: "shop", find: (id) => (id === issued.id ? { hashes: [issued.hash], actor } : undefined) }),
});
after(() => app.stop());
const url = String(app.app.urls.surfaces[0]);
const routes = clientRoutes(contracts);
const api = client({ url, routes, token: async () => issued.key });

describe("an input goes where its route has it", () => {
  it("path, query, headers and cookies", async () => {
    const input = { id: "a/b c", tags: ["x", "y&z"], most: 1.5, currency: "EUR", hint: "h1" };
    assert.deepEqual(await api.shop.echo(input), input);
    assert.deepEqual(await api.shop.echo({ id: "1", tags: [] }), { id: "1", tags: [] });
  });
  it("If-Match and a body of JSON", async () =>
    assert.deepEqual(await api.shop.change({ id: "7", version: 3, note: "é" }), { id: "7", version: 3, note: "é" }));
  it("a form", async () => assert.deepEqual(await api.shop.form({ name: "a b", tags: ["1", "2"] }), { text: "a b:1+2" }));
});

describe("an output is read", () => {
  it("from headers, with the types of its contract", async () =>
    assert.deepEqual(await api.shop.count({}), { items: [1, 2], total: 12, page: "007", kinds: ["a, b", 'c"d', "e"] }));
  it("from a reply without a body", async () => assert.deepEqual(await api.shop.forget({ id: "1" }), {}));
  it("as a file, where it is called as one", async () => {
    assert.equal(await (await api.shop.csv({}).file()).text(), "a\nb");
    assert.equal((await faultOf(api.shop.csv({}))).type, "client_file_received");
  });
});

describe("a fault", () => {
  it("that is declared has its details", async () => {
    const placed = await api.shop.place({ quantity: 9 }).outcome();
    assert.ok(!placed.ok && placed.fault.type === "out_of_stock");
    assert.equal(placed.fault.details.left, 3);
    assert.deepEqual([placed.fault.code, placed.fault.message, placed.fault.status], ["failed_precondition", "There are 3 left.", 400]);
    assert.match(placed.fault.requestId ?? "", /^.{8,}$/);
  });
  it("of the platform has the problems of the input", async () => {
    const fault = await faultOf(api.shop.place({ quantity: 0 }));
    assert.ok(fault instanceof CallFault);
    const { problems } = fault.details as { problems: readonly { pointer: string }[] };
    assert.deepEqual([fault.type, problems[0]!.pointer], ["invalid_input", "/quantity"]);
  });
  it("says that the caller has not signed in", async () => {
    const stranger = client({ url, routes });
    assert.equal((await faultOf(stranger.shop.place({ quantity: 1 }))).code, "unauthenticated");
  });
});

it("a command with a key runs once for each key", async () => {
  const key = "place-1";
  const [first, again] = [await api.shop.place({ quantity: 1 }, { key }), await api.shop.place({ quantity: 1 }, { key })];
  const other = await api.shop.place({ quantity: 1 });
  assert.equal(first.orderId, again.orderId);
  assert.notEqual(first.orderId, other.orderId);
});

it("the service stops where the caller has no more time, and is in the trace of the caller", async () => {
  const executed = app.executed(wait);
  const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  const fault = await faultOf(api.shop.wait({}, { deadlineMs: 50, headers: { traceparent } }));
  assert.equal(fault.code, "deadline_exceeded");
  const execution = await executed;
  assert.equal(execution.traceId, "0af7651916cd43dd8448eb211c80319c");
  assert.notEqual(execution.outcome, "ok");
});

it("the service stops where the caller leaves", async () => {
  const executed = app.executed(wait);
  const leaving = new AbortController();
  const began = new Promise<void>((resolve) => {
    begin = resolve;
  });
  const call = faultOf(api.shop.wait({}, { signal: leaving.signal }));
  await began;
  leaving.abort("enough");
  const fault = await call;
  assert.deepEqual([fault.code, fault.cause], ["cancelled", "enough"]);
  assert.notEqual((await executed).outcome, "ok");
});

it("routes hold what is reached, and nothing else", () => {
  assert.deepEqual(
    Object.keys(routes.operations).toSorted(),
    ["change", "count", "csv", "echo", "forget", "form", "numbers", "place", "wait"].map((name) => `shop.${name}`),
  );
  assert.deepEqual(routes.operations["shop.place"], { route: "POST /v1/orders", repeat: "key" });
  assert.deepEqual(JSON.parse(JSON.stringify(routes)), routes);
});

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

describe("a stream", () => {
  for (const stream of ["events", "lines"] as const) {
    const reader = client({ url, routes, stream });
    it(`gives its items, as ${stream}`, async () => {
      const items = await all(reader.shop.numbers({ to: 3 }));
      assert.deepEqual(items, [{ n: 1 }, { n: 2 }, { n: 3 }]);
    });
    it(`ends with the fault that it declares, as ${stream}`, async () => {
      const items: number[] = [];
      const fault = await faultOf(
        (async () => {
          for await (const { n } of reader.shop.numbers({ to: 3, breaksAt: 3 })) items.push(n);
        })(),
      );
      assert.deepEqual([items, fault.type, fault.details], [[1, 2], "out_of_stock", { left: 3 }]);
    });
  }
  it("is left where its caller leaves the loop", async () => {
    const executed = app.executed(numbers);
    for await (const { n } of api.shop.numbers({ to: 1_000_000 })) if (n === 5) break;
    assert.notEqual((await executed).outcome, "ok");
  });
  it("begins once for each time that its items are asked for", async () => {
    connections = 0;
    await all(api.shop.numbers({ to: 1 }));
    assert.equal(connections, 1);
  });
});
