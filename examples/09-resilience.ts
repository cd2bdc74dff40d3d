// Calls to a service that fails now and then. Run it with: node --conditions=source examples/09-resilience.ts
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { fault } from "plimsoll";
import { breaker, bulkhead, compose, decorrelated, idempotent, retry, retryBudget, timeout } from "plimsoll/resilience";

const PricesFailed = fault("prices_failed", { code: "unavailable", message: "The price service failed. Try again later." });

const prices = compose(
  bulkhead({ concurrency: 50, queue: 100, wait: "200ms" }),
  retry({ attempts: 3, backoff: decorrelated("20ms", { max: "1s" }), budget: retryBudget({ ratio: 0.2 }) }),
  breaker({ slow: { after: "250ms" } }),
  timeout("300ms"),
);

/** Reads a price: a GET may be sent twice without harm. */
export function readPrice(url: string, signal?: AbortSignal): Promise<number> {
  const work = idempotent(async (call) => {
    const response = await fetch(url, { signal: call.signal });
    if (!response.ok) throw new PricesFailed({});
    return ((await response.json()) as { readonly cents: number }).cents;
  });
  return prices.run(work, signal && { signal });
}

if (import.meta.main) {
  let requests = 0;
  // Fails the first request, and lets the second one hang.
  const server = createServer((_request, response) => {
    requests++;
    if (requests === 1) response.writeHead(503).end();
    else if (requests > 2) response.end('{ "cents": 1250 }');
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  console.log(`${await readPrice(url)} cents after ${requests} requests`);
  server.closeAllConnections();
  server.close();
}
