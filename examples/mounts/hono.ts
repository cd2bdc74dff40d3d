// An app within Hono. Run it with: node --conditions=source examples/mounts/hono.ts
import { serve } from "@hono/node-server";
import { getConnInfo } from "@hono/node-server/conninfo";
import { Hono } from "hono";
import { app, tryOut } from "./bookings.ts";

const server = new Hono();
server.get("/", (context) => context.text("a page of Hono"));
server.all("/v1/*", (context) => app.fetch(context.req.raw, { address: getConnInfo(context).remote.address }));

await app.start();
const listening = serve({ fetch: server.fetch, port: 0 }, async ({ port }) => {
  await tryOut(`http://127.0.0.1:${port}`);
  listening.close();
  await app.stop();
});
