// An operation that asks another service. Run it with: node --conditions=source examples/11-upstream.ts
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { action, module } from "plimsoll";
import { breaker, compose, fallback, retry, retryBudget } from "plimsoll/resilience";
import { testApp } from "plimsoll/testing";
import { httpClient } from "plimsoll/upstream";
import { z } from "zod";

// Stands for the price service: it answers twice, and then fails.
let requests = 0;
const server = createServer((request, response) => {
  if (++requests > 2) response.writeHead(503).end();
  else response.setHeader("content-type", "application/json").end(`{ "sku": "${request.url!.split("/").at(-1)}", "cents": 1250 }`);
});
await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));

const prices = httpClient("prices", {
  baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v2`,
  timeout: "3s",
  allow: ["127.0.0.1"],
  policy: compose(fallback({ staleFor: "10m" }), retry({ attempts: 2, budget: retryBudget({ ratio: 0.2 }) }), breaker()),
});

const Price = z.object({ sku: z.string(), cents: z.int() });

const readPrice = action("shop.read-price", {
  input: z.object({ sku: z.string() }),
  output: Price.extend({ isStale: z.boolean() }),
  access: "public",
  idempotent: "natural",
  budget: "10s",
  uses: { prices },
  async run({ sku }, { prices }) {
    const { body, degraded } = await prices.request({ method: "GET", path: "/prices/{sku}", params: { sku }, output: Price });
    return { ...body, isStale: degraded !== undefined };
  },
});

await using app = await testApp({ modules: [module("shop", { operations: [readPrice] })] });
for (const sku of ["apple", "pear", "apple", "plum"])
  await app.call(readPrice, { sku }).then(
    (price) => console.log(`${price.sku}: ${price.cents} cents${price.isStale ? ", as they were" : ""}`),
    ({ code, type }) => console.log(`${sku}: ${code}, ${type}`),
  );
server.close();
