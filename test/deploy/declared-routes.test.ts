import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createApp, module, query, route } from "plimsoll";
import { graphql } from "plimsoll/graphql";
import { http } from "plimsoll/http";
import { mcp } from "plimsoll/mcp";
import { z } from "zod";
import { runtimeOf } from "../../src/app/app.ts";
import { declaredRoutes } from "../../src/deploy/declared.ts";

const open = { input: z.object({}), access: "public", budget: "1s", mcp: true, graphql: "read" } as const;
const operations = [
  query("shop.read", { ...open, output: z.object({}), http: "GET /v1/read", run: async () => ({}) }),
  route("GET /v1/events", { name: "shop.events", access: "public", budget: "1s" }, () => new Response("data: 1\n\n")),
];
const surfaces = [http({ port: false }), graphql({ webSockets: true }), mcp()];

describe("the routes of an app, as routers in front of it treat them", () => {
  it("last where their response may be a stream, also of web handlers, GraphQL and MCP", () => {
    const app = createApp({ modules: [module("shop", { operations })], surfaces });
    const routes = declaredRoutes(runtimeOf(app).registry);
    const lasting = routes.filter(({ lasts }) => lasts).map(({ verb, path }) => `${verb} ${path}`);
    const all = ["DELETE /mcp", "GET /graphql", "GET /graphql/ws", "GET /mcp", "GET /v1/events", "POST /graphql", "POST /mcp"];
    assert.deepEqual(lasting.toSorted(), all);
    assert.deepEqual(
      routes.filter(({ reads }) => reads).map(({ operation }) => operation),
      ["shop.read"],
    );
  });
});
