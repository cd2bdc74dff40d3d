// What the compiler must refuse of clients of upstreams, as in refused.ts.
import { action, role } from "plimsoll";
import { breaker, compose, hedge, retry, timeout } from "plimsoll/resilience";
import { httpClient, httpClients } from "plimsoll/upstream";
import { z } from "zod";

const Line = z.object({ productId: z.uuid(), quantity: z.int().min(1) });
const access = role("customer");
const baseUrl = "https://prices.example.com";
// @ts-expect-error a client of an upstream says how long a request may take | Property 'timeout' is missing
httpClient("prices", { baseUrl });
// @ts-expect-error as a duration | not assignable to type 'Duration'
httpClient("prices", { baseUrl, timeout: "soon" });
// @ts-expect-error a timeout of the policy is that of an attempt and stands for none of the client | Property 'timeout' is missing
httpClient("prices", { baseUrl, policy: compose(timeout("1s")) });
// @ts-expect-error so does each of several | Property 'timeout' is missing
httpClients("all", { prices: { baseUrl } });
action("shop.prices", {
  ...{ input: Line, output: z.object({ cents: z.int() }), access, budget: "1s", idempotent: "no" },
  uses: {
    once: httpClient("once", { baseUrl, timeout: "1s" }),
    again: httpClient("again", { baseUrl, timeout: "1s", policy: compose(retry(), breaker()) }),
    hedged: httpClient("hedged", { baseUrl, timeout: "1s", policy: compose(compose(hedge()), breaker()) }),
  },
  async run({ productId }, { once, again, hedged }) {
    await once.request({ method: "POST", path: "/" });
    await again.request({ method: "POST", path: "/", idempotencyKey: productId });
    // @ts-expect-error what is not idempotent and may be sent twice needs a key | Property 'idempotencyKey' is missing
    await again.request({ method: "POST", path: "/" });
    await hedged.request({ method: "GET", path: "/" });
    // @ts-expect-error a hedge sends a second one beside the first: only what reads, or has a key | Property 'idempotencyKey' is missing
    await hedged.request({ method: "PATCH", path: "/" });
    // @ts-expect-error a body is that of its schema | not assignable to type 'number'
    await once.request({ method: "PUT", path: "/", input: z.object({ cents: z.int() }), body: { cents: "1" } });
    const { body } = await again.request({ method: "GET", path: "/", output: z.object({ cents: z.int() }) });
    // @ts-expect-error a reply is that of its schema | Property 'euros' does not exist
    body.euros;
    return body;
  },
});
