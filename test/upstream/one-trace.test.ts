// Caller, service and upstream, each with its own telemetry: what they export is one trace.
import assert from "node:assert/strict";
import { it } from "node:test";
import { z } from "zod";
import { createApp } from "../../src/app/app.ts";
import { Fault } from "../../src/core/fault.ts";
import { http } from "../../src/http/http.ts";
import type { Operation } from "../../src/operation/contract.ts";
import type { Execution } from "../../src/operation/execution.ts";
import { module } from "../../src/operation/module.ts";
import { action } from "../../src/operation/online/action.ts";
import { constant } from "../../src/resilience/backoff.ts";
import { compose } from "../../src/resilience/policies/compose.ts";
import { retry } from "../../src/resilience/policies/retry/retry.ts";
import { httpClient } from "../../src/upstream/http-client.ts";

/** A service of its own, and the events that it has published. */
async function started(name: string, operation: Operation) {
  const app = createApp({ modules: [module(name, { operations: [operation] })], surfaces: [http({ port: 0, host: "127.0.0.1" })] });
  const events: Execution[] = [];
  app.signals.executed.on((event) => events.push(event));
  await app.start();
  return { app, events, url: `${app.urls.surfaces[0]}` };
}

it("one trace spans caller, attempts and upstream, and each has no more time than is left to the one before", async (t) => {
  let failures = 1;
  const upstream = await started(
    "prices",
    action("prices.read", {
      ...{ input: z.object({ sku: z.string() }), output: z.object({ cents: z.int() }), access: "public", idempotent: "natural" },
      budget: "1m",
      http: "PUT /prices/{sku}",
      run: async () => {
        if (failures-- > 0) throw new Fault({ code: "unavailable", message: "Not yet." });
        return { cents: 5 };
      },
    }),
  );
  t.after(() => upstream.app.stop());
  const policy = compose(retry({ attempts: 2, backoff: constant(1) }));
  const prices = httpClient("prices", { baseUrl: upstream.url, timeout: "4s", allow: ["127.0.0.1"], policy });
  const Price = z.object({ cents: z.int() });
  const service = await started(
    "shop",
    action("shop.ask", {
      ...{ input: z.object({}), output: Price, access: "public", idempotent: "natural", budget: "30s", http: "POST /ask" },
      uses: { prices },
      run: async (_, { prices }) =>
        (await prices.request({ method: "PUT", path: "/prices/{sku}", params: { sku: "a" }, output: Price })).body,
    }),
  );
  t.after(() => service.app.stop());
  const [traceId, callerSpan] = ["0af7651916cd43dd8448eb211c80319c", "00f067aa0ba902b7"];
  const headers = { traceparent: `00-${traceId}-${callerSpan}-01`, tracestate: "a=1", "request-timeout-ms": "3000" };
  const response = await fetch(`${service.url}/ask`, { method: "POST", headers });
  assert.deepEqual([response.status, await response.json()], [200, { cents: 5 }]);

  const [asked = assert.fail("the service published nothing")] = service.events;
  assert.deepEqual([asked.traceId, asked.parentSpanId, asked.sampled, asked.deadlineMs], [traceId, callerSpan, true, 3_000]);
  const whole = asked.spans!.find(({ name }) => name === "upstream prices")!;
  const attempts = asked.spans!.filter(({ kind }) => kind === "client");
  assert.deepEqual([whole.parentSpanId, ...attempts.map(({ parentSpanId }) => parentSpanId)], [asked.spanId, whole.spanId, whole.spanId]);
  assert.deepEqual(
    upstream.events.map((event) => [event.traceId, event.parentSpanId, event.sampled, event.traceState, event.outcome]),
    attempts.map(({ spanId }, at) => [traceId, spanId, true, "a=1", ["unavailable", "ok"][at]]),
  );
  for (const { deadlineMs } of upstream.events) assert.ok(deadlineMs <= 3_000, `${deadlineMs} ms were left to the upstream`);
});
