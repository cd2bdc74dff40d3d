import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { z } from "zod";
import type { Execution } from "../../../src/operation/execution.ts";
import { action } from "../../../src/operation/online/action.ts";
import { spansText } from "../../../src/telemetry/otlp-span.ts";
import { serve } from "./app.ts";

let passedOn: Readonly<Record<string, string>> = {};
const calls = action("t.calls", {
  input: z.object({}),
  output: z.object({}),
  access: "public",
  budget: "5s",
  idempotent: "no",
  http: "POST /calls",
  run: async (_, { upstream }) => {
    await upstream("other", async ({ headers }) => {
      passedOn = headers;
    });
    return {};
  },
});
const traceparent = `00-${"a".repeat(32)}-${"b".repeat(16)}-01`;

describe("tracestate", () => {
  for (const [why, headers, state] of [
    ["is passed on as it came", { traceparent, tracestate: "congo=t61rcWkgMzE, rojo=00f067" }, "congo=t61rcWkgMzE, rojo=00f067"],
    ["is nothing without a traceparent (as before)", { tracestate: "congo=1" }, undefined],
    ["is nothing beside a traceparent that is none (as before)", { traceparent: "00-x", tracestate: "congo=1" }, undefined],
    ["is dropped where it is too long (as before)", { traceparent, tracestate: `congo=${"a".repeat(600)}` }, undefined],
    ["is nothing where none came (as before)", { traceparent }, undefined],
  ] as const)
    it(why, async () => {
      await using served = await serve([calls]);
      passedOn = {};
      const executed = served.executed(calls);
      assert.equal((await served.ask("POST", "/calls", { headers })).status, 204);
      const done = (await executed) as Execution & { readonly traceState?: string };
      const span = JSON.parse(`[${spansText(done, undefined)}]`)[0] as { readonly traceState?: string };
      assert.deepEqual([passedOn.tracestate, done.traceState, span.traceState], [state, state, state]);
      const viaFetch = await served.app.fetch(new Request("http://test/calls", { method: "POST", headers }));
      assert.deepEqual([viaFetch.status, passedOn.tracestate], [204, state]);
    });

  it("joins its lines", async () => {
    await using served = await serve([calls]);
    const wire = await served.wire();
    const head = `host: test\r\ntraceparent: ${traceparent}\r\ntracestate: a=1\r\ntracestate: b=2\r\n`;
    assert.equal((await wire.ask(`POST /calls HTTP/1.1\r\n${head}\r\n`)).status, 204);
    assert.equal(passedOn.tracestate, "a=1, b=2");
    wire.close();
  });
});
