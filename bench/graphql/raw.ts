// The same reply by hand over node:http, without GraphQL, and nothing is checked.
import { createServer } from "node:http";
import { openPool, readCustomers, readOrders } from "./by-hand.ts";

await openPool();
createServer(async (request, response) => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const { variables } = JSON.parse(Buffer.concat(chunks).toString()) as { readonly variables: { readonly first: number } };
  const orders = await readOrders(variables.first);
  const customers = await readCustomers(orders.map(({ customerId }) => customerId));
  const items = orders.map(({ id, totalCents, status }, at) => ({ id, totalCents, status, customer: customers[at] ?? null }));
  response.writeHead(200, { "content-type": "application/json; charset=utf-8" }).end(JSON.stringify({ data: { orders: { items } } }));
}).listen(Number(process.env.PORT), "127.0.0.1", () => console.log("ready"));
