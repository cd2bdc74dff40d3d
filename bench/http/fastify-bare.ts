// Fastify with a JSON schema in and out, and nothing else.
import fastify from "fastify";
import { accept, type Order, orderSchema, path, receiptSchema } from "./order.ts";

const app = fastify({ logger: false });
app.post<{ Body: Order }>(path, { schema: { body: orderSchema, response: { 200: receiptSchema } } }, async ({ body }) => accept(body));
await app.listen({ port: Number(process.env.PORT), host: "127.0.0.1" });
console.log("ready");
