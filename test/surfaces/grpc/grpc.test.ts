import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:http2";
import { after, before, describe, it } from "node:test";
import type { ServiceError } from "@grpc/grpc-js";
import { type App, action, authenticator, badCredential, createApp, fail, fault, module, role } from "plimsoll";
import { apiKeys, issueApiKey } from "plimsoll/auth";
import { grpc } from "plimsoll/grpc";
import { z } from "zod";
import { DynamicClient } from "./client.ts";
import { readDetails } from "./details.ts";
import { serve } from "./served.ts";

const Closed = fault("order_closed", {
  code: "failed_precondition",
  details: z.object({ orderId: z.string(), since: z.int() }),
  message: ({ orderId }) => `Order ${orderId} is closed – for good.`,
  retryAfterMs: 1_500,
});
const open = { access: "public", idempotent: "no", budget: "2s" } as const;
const modules = [
  module("orders", {
    operations: [
      action("orders.echo", {
        ...{ ...open, input: z.object({ text: z.string(), count: z.int() }), output: z.object({ text: z.string(), count: z.int() }) },
        http: "POST /echo",
        run: async (input) => input,
      }),
      action("orders.close-all", {
        ...{ ...open, input: z.object({ orderId: z.string() }), output: z.object({}), faults: [Closed] },
        http: "POST /close",
        run: async ({ orderId }) => fail(Closed, { orderId, since: 7 }),
      }),
      action("orders.rule", {
        ...{ ...open, input: z.object({}), output: z.object({ by: z.string() }), access: role("owner") },
        http: "POST /rule",
        run: async (_, { actor }) => ({ by: actor.id }),
      }),
      action("orders.hidden", { ...open, input: z.object({}), output: z.object({}), run: async () => ({}) }),
    ],
  }),
];
const scheme = authenticator({
  authenticate: (token) =>
    token === "clerk" || token === "owner"
      ? { id: token, kind: "user", roles: [token], tenant: undefined, claims: {} }
      : badCredential("It is unknown."),
});

describe("gRPC", () => {
  let app: App;
  let client: DynamicClient;
  before(async () => {
    app = createApp({
      ...{ modules, surfaces: [grpc({ port: 0, host: "127.0.0.1", lock: false })], authentication: scheme, rateLimit: { perSecond: 0 } },
      service: { name: "shop", version: "1.0.0" },
    });
    await app.start({ keepsProcess: false });
    client = new DynamicClient(app.urls.surfaces[0] as string, modules);
  });
  after(async () => {
    client.close();
    await app.stop();
  });
  const refused = async (path: string, json: unknown, options?: Parameters<DynamicClient["unary"]>[2]) => {
    const error = (await client.unary(path, json, options).catch((thrown: unknown) => thrown)) as ServiceError;
    return { code: error.code, message: error.details, details: readDetails(error) };
  };

  it("calls an operation by its service and method, and publishes what it was", async () => {
    const executed = app.signals.executed.next();
    assert.deepEqual(await client.unary("/orders.Orders/Echo", { text: "ü", count: "-3" }, { headers: { "x-request-id": "r-1" } }), {
      text: "ü",
      count: "-3",
    });
    const { surface, requestId, facts } = await executed;
    assert.deepEqual([surface, requestId, facts?.labels], ["grpc", "r-1", { service: "orders.Orders", method: "Echo", status: 0 }]);
  });

  it("says of a declared fault its type, details and when to come back", async () => {
    const { code, message, details } = await refused("/orders.Orders/CloseAll", { orderId: "o-1" });
    assert.deepEqual([code, message], [9, "Order o-1 is closed – for good."]);
    assert.deepEqual(details, {
      code: 9,
      message: "Order o-1 is closed – for good.",
      ErrorInfo: { reason: "order_closed", domain: "shop", metadata: { orderId: "o-1", since: "7" } },
      RetryInfo: { retryDelay: "1.500s" },
    });
  });

  it("says of an input what is wrong with it, and where", async () => {
    const { code, details } = await refused("/orders.Orders/Echo", { text: "no count" });
    assert.equal(code, 3);
    assert.equal(details.ErrorInfo?.reason, "invalid_input");
    assert.deepEqual(
      details.BadRequest?.fieldViolations?.map(({ field }) => field),
      ["/count"],
    );
  });

  it("ends a call at the deadline of its caller", async () => {
    const { code } = await refused("/orders.Orders/Echo", {}, { headers: { "grpc-timeout": "0n" } });
    assert.equal(code, 4);
    const malformed = await refused("/orders.Orders/Echo", {}, { headers: { "grpc-timeout": "soon" } });
    assert.deepEqual([malformed.code, malformed.details.ErrorInfo?.reason], [3, "timeout_invalid"]);
  });

  it("lets only those call who may", async () => {
    const as = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });
    assert.deepEqual(await client.unary("/orders.Orders/Rule", {}, as("owner")), { by: "owner" });
    assert.equal((await refused("/orders.Orders/Rule", {}, as("clerk"))).code, 7);
    assert.equal((await refused("/orders.Orders/Rule", {}, as("stranger"))).code, 16);
    assert.equal((await refused("/orders.Orders/Rule", {})).code, 16);
  });

  it("decides on access before any byte of the message has come", async () => {
    const session = connect(app.urls.surfaces[0] as string);
    const stream = session.request({
      ":method": "POST",
      ":path": "/orders.Orders/Rule",
      "content-type": "application/grpc",
      te: "trailers",
    });
    const [headers] = await once(stream, "response");
    assert.equal(headers["grpc-status"], "16");
    session.destroy();
  });

  it("serves no operation without a route, and no method that is not there", async () => {
    for (const path of ["/orders.Orders/Hidden", "/orders.Orders/None", "/none"]) {
      const session = connect(app.urls.surfaces[0] as string);
      const stream = session.request({ ":method": "POST", ":path": path, "content-type": "application/grpc", te: "trailers" });
      const [headers] = await once(stream, "response");
      assert.equal(headers["grpc-status"], "12", path);
      session.destroy();
    }
  });
});

it("gRPC takes an API key from a header of its own", async () => {
  const { id, key, hash } = issueApiKey("shop");
  const actor = { id: "svc", kind: "service", roles: ["owner"], tenant: undefined, claims: {} } as const;
  const find = (asked: string) => (asked === id ? { hashes: [hash], actor } : undefined);
  await using served = await serve(modules, { authentication: apiKeys({ prefix: "shop", header: "X-Api-Key", find }) });
  assert.deepEqual(await served.client.unary("/orders.Orders/Rule", {}, { headers: { "x-api-key": key } }), { by: "svc" });
  for (const headers of [{ "x-other": "1" }, { "x-api-key": "shop_wrong" }, { authorization: `Bearer ${key}` }])
    await assert.rejects(served.client.unary("/orders.Orders/Rule", {}, { headers }), { code: 16 });
});
