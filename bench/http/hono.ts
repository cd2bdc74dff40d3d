// Hono on its Node server, validated by Zod.
import { serve } from "@hono/node-server";
import { zValidator } from "@hono/zod-validator";
import { Hono } from "hono";
import { z } from "zod";
import { accept, path } from "./order.ts";

const line = z.object({
  sku: z.string().regex(/^[A-Z0-9-]{1,32}$/),
  quantity: z.int().min(1).max(1_000),
  unitCents: z.int().min(0).max(10_000_000),
});
const order = z.object({
  reference: z.uuid(),
  currency: z.enum(["EUR", "GBP", "USD"]),
  lines: z.array(line).min(1).max(100),
  note: z.string().max(500).optional(),
  giftWrap: z.boolean(),
});

const app = new Hono();
app.post(path, zValidator("json", order), (context) => context.json(accept(context.req.valid("json"))));
serve({ fetch: app.fetch, port: Number(process.env.PORT), hostname: "127.0.0.1" }, () => console.log("ready"));
