// What the compiler must refuse of clients of upstreams, as in refused.ts.
import { action, role } from "plimsoll";
import { breaker, compose, retry } from "plimsoll/resilience";
import { httpClient } from "plimsoll/upstream";
import { z } from "zod";

const Line = z.object({ productId: z.uuid(), quantity: z.int().min(1) });
const access = role("customer");
const baseUrl = "https://prices.example.com";
// @ts-expect-error a client of an upstream says how long a request may take | Property 'timeout' is missing
httpClient("prices", { baseUrl });
// @ts-expect-error as a duration | not assignable to type 'Duration'
httpClient("prices", { baseUrl, timeout: "soon" });
action("shop.prices", {
  ...{ input: Line, output: z.object({ cents: z.int() }), access, budget: "1s", idempotent: "no" },
  uses: {
    once: httpClient("once", { baseUrl, timeout: "1s" }),
    again: httpClient("again", { baseUrl, timeout: "1s", policy: compose(retry(), breaker()) }),
  },
  async run({ productId }, { once, again }) {
    await once.request({ method: "POST", path: "/" });
    await again.request({ method: "POST", path: "/", idempotencyKey: productId });
    // @ts-expect-error what is not idempotent and may be sent twice needs a key | Property 'idempotencyKey' is missing
    await again.request({ method: "POST", path: "/" });
    // @ts-expect-error a body is that of its schema | not assignable to type 'number'
    await once.request({ method: "PUT", path: "/", input: z.object({ cents: z.int() }), body: { cents: "1" } });
    const { body } = await again.request({ method: "GET", path: "/", output: z.object({ cents: z.int() }) });
    // @ts-expect-error a reply is that of its schema | Property 'euros' does not exist
    body.euros;
    return body;
  },
});
