import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { type App, action, command, fault, module, query, role, signedIn } from "plimsoll";
import { z } from "zod";
import type { Execution } from "../../../src/operation/execution.ts";
import { MemoryDatabase } from "../../../src/testing/conformance/memory-database.ts";
import { ann, startCallee, startCaller, system } from "./two-apps.ts";

const OutOfStock = fault("out_of_stock", {
  code: "failed_precondition",
  details: z.object({ productId: z.string(), left: z.int() }),
  message: ({ left }) => `Only ${left} are left.`,
});

const whoAsks = query("orders.who-asks", {
  input: z.object({ note: z.string().default("none"), nothing: z.null().optional() }),
  output: z.object({
    id: z.string(),
    kind: z.string(),
    tenant: z.string().nullable(),
    locale: z.unknown(),
    remainingMs: z.number(),
    note: z.string(),
  }),
  access: signedIn(),
  budget: "5s",
  http: "GET /v1/who",
  run: async ({ note }, { actor, tenant = null, remainingMs }) => ({
    ...{ id: actor.id, kind: actor.kind, tenant, locale: actor.claims["locale"] ?? null, remainingMs: remainingMs(), note },
  }),
});

let placed = 0;
const place = command("orders.place", {
  input: z.object({ productId: z.string(), quantity: z.int().min(1) }),
  output: z.object({ number: z.int() }),
  faults: [OutOfStock],
  access: role("customer"),
  budget: "2s",
  criticality: "sheddable",
  idempotent: "key",
  http: "POST /v1/orders",
  run: async ({ productId, quantity }, { fail }) => (quantity > 5 ? fail(OutOfStock, { productId, left: 5 }) : { number: ++placed }),
});

const close = command("orders.close", {
  ...{ input: z.object({}), output: z.object({}), access: system, budget: "2s", idempotent: "no" },
  run: async () => ({}),
});

const orders = module("orders", { operations: [whoAsks, place, close] });

const buy = action("shop.buy", {
  ...{ input: z.object({ quantity: z.int() }), output: z.object({ number: z.int(), tenant: z.string().nullable() }), access: signedIn() },
  ...{ budget: "3s", idempotent: "no", faults: [OutOfStock] },
  run: async ({ quantity }, { call }) => {
    const { number } = await call(place, { productId: "p-1", quantity });
    const { tenant } = await call(whoAsks, {});
    return { number, tenant };
  },
});

const look = action("shop.look", {
  ...{ input: z.object({ tenant: z.string() }), output: z.object({}), access: signedIn(), budget: "3s", idempotent: "natural" },
  run: async ({ tenant }, { call }) => {
    await call(whoAsks, {}, { tenant });
    return {};
  },
});

describe("a module that another process runs", () => {
  const seen: Execution[] = [];
  let callee: App & { readonly url: string };
  let caller: App;

  before(async () => {
    const database = new MemoryDatabase();
    callee = await startCallee([orders], { database: { open: () => database } });
    callee.signals.executed.on((execution) => void seen.push(execution));
    caller = await startCaller(
      { module: orders, url: callee.url, modules: [module("shop", { operations: [buy, look] })] },
      { internalCallers: role("service") },
    );
  });
  after(async () => {
    await caller.stop();
    await callee.stop();
  });

  it("gets the actor, the tenant, the deadline, the trace and the request id", async () => {
    const own: Execution[] = [];
    const off = caller.signals.executed.on((execution) => void own.push(execution));
    const reply = await caller.call(whoAsks, {}, { actor: ann, remainingMs: 2_900 });
    off();
    assert.deepEqual({ ...reply, remainingMs: 0 }, { id: "ann", kind: "user", tenant: "t-1", locale: "de", remainingMs: 0, note: "none" });
    assert(reply.remainingMs > 0 && reply.remainingMs <= 2_900, `${reply.remainingMs} ms were left`);
    const [here, there] = [own.at(-1)!, seen.at(-1)!];
    assert.equal(there.surface, "grpc");
    assert.equal(there.traceId, here.traceId);
    assert.equal(there.parentSpanId, here.spans?.find(({ kind }) => kind === "client")?.spanId);
    assert.equal(there.requestId, here.requestId);
    assert.deepEqual(Object.keys(here.upstreamMs ?? {}), ["orders"]);
  });

  it("carries how important a request is, as the caller knows it, and the tenant of a call that names one", async () => {
    const clerk = { ...ann, id: "clerk", tenant: undefined, claims: {}, roles: ["service"] };
    await caller.call(look, { tenant: "t-9" }, { actor: clerk, criticality: "critical" });
    assert.equal(seen.at(-1)?.criticality, "critical");
    assert.equal(seen.at(-1)?.tenant, "t-9");
    await caller.call(look, { tenant: "t-9" }, { actor: { ...clerk, roles: [] }, criticality: "critical" });
    assert.equal(seen.at(-1)?.criticality, "default", "what any other caller says counts nowhere");
  });

  it("runs a command once under its key, however often it is asked", async () => {
    const [one, two] = [
      await caller.call(place, { productId: "p-1", quantity: 1 }, { actor: ann, key: "k-1" }),
      await caller.call(place, { productId: "p-1", quantity: 1 }, { actor: ann, key: "k-1" }),
    ];
    assert.deepEqual(one, two);
    assert.equal(seen.at(-1)?.replayed, true);
    await assert.rejects(caller.call(place, { productId: "p-1", quantity: 1 }, { actor: ann }), { type: "idempotency_key_missing" });
  });

  it("gets faults as they were thrown", async () => {
    const thrown = await caller.call(place, { productId: "p-1", quantity: 9 }, { actor: ann, key: "k-2" }).catch((error: unknown) => error);
    assert(thrown instanceof OutOfStock);
    const { code, type, message, details } = thrown;
    assert.deepEqual(
      { code, type, message, details },
      { code: "failed_precondition", type: "out_of_stock", message: "Only 5 are left.", details: { productId: "p-1", left: 5 } },
    );
    await assert.rejects(caller.call(close, {}, { actor: ann }), { code: "permission_denied" });
    await caller.call(close, {}, { actor: { ...ann, kind: "system" } });
  });

  it("is called by actions as any other module, with a key of the call", async () => {
    const before = placed;
    assert.deepEqual(await caller.call(buy, { quantity: 1 }, { actor: ann }), { number: before + 1, tenant: "t-1" });
    await assert.rejects(caller.call(buy, { quantity: 9 }, { actor: ann }), {
      type: "out_of_stock",
      details: { productId: "p-1", left: 5 },
    });
  });
});
