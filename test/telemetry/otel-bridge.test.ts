import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { context, propagation, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import type { ChildSpan } from "../../src/operation/execution.ts";
import type { ActiveExecution, TelemetrySink } from "../../src/operation/telemetry.ts";
import { otelApi } from "../../src/telemetry/otel/api.ts";
import { sources } from "./sources.ts";

const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";

async function start(t: TestContext): Promise<TelemetrySink> {
  const sink = otelApi();
  await sink.attach(sources());
  t.after(() => sink.stop());
  return sink;
}

function active(spanId = "00f067aa0ba902b7") {
  const spans: ChildSpan[] = [];
  const notes: Record<string, unknown> = {};
  let elapsed = 0;
  const execution: ActiveExecution = {
    ...{ operation: "orders.place", traceId, spanId, sampled: true, startedAt: Date.now() },
    elapsedMs: () => elapsed++,
    addSpan: (span) => spans.push(span),
    note: (more) => Object.assign(notes, more),
  };
  return { execution, spans, notes };
}

test("inside an operation the active span is the execution's, across awaits and apart from its neighbours", async (t) => {
  const { around } = await start(t);
  const seen = await Promise.all(
    ["00f067aa0ba902b7", "b7ad6b7169203331"].map((spanId) =>
      around!(active(spanId).execution, async () => {
        await turn();
        const during = trace.getActiveSpan()?.spanContext();
        await turn();
        return [during?.traceId, during?.spanId, during?.traceFlags, trace.getSpan(context.active())?.spanContext().spanId];
      }),
    ),
  );
  assert.deepEqual(seen, [
    [traceId, "00f067aa0ba902b7", 1, "00f067aa0ba902b7"],
    [traceId, "b7ad6b7169203331", 1, "b7ad6b7169203331"],
  ]);
  assert.equal(trace.getActiveSpan(), undefined);
});

test("spans that libraries start become child spans of the execution, nested as they were", async (t) => {
  const { around } = await start(t);
  const { execution, spans, notes } = active();
  const tracer = trace.getTracer("library");
  await around!(execution, async () => {
    trace.getActiveSpan()?.setAttribute("cart", 3).setAttributes({ express: true });
    await tracer.startActiveSpan("outer", { kind: SpanKind.CLIENT, attributes: { a: 1 } }, async (outer) => {
      await turn();
      const inner = tracer.startSpan("inner");
      inner.setAttributes({ list: ["x", "y"], ok: true }).setStatus({ code: SpanStatusCode.ERROR });
      inner.recordException(new TypeError("bad"));
      inner.end();
      inner.end();
      assert.equal(inner.isRecording(), false);
      outer.updateName("renamed").end();
    });
  });
  const [inner, outer] = spans;
  assert.equal(spans.length, 2);
  assert.deepEqual(
    [outer!.name, outer!.parentSpanId, outer!.kind, outer!.failed, outer!.attributes],
    ["renamed", execution.spanId, "client", false, { a: 1 }],
  );
  assert.deepEqual([inner!.name, inner!.parentSpanId, inner!.kind, inner!.failed], ["inner", outer!.spanId, "internal", true]);
  assert.deepEqual(inner!.attributes, { list: '["x","y"]', ok: true, "exception.type": "TypeError", "exception.message": "bad" });
  assert.deepEqual([outer!.startMs, inner!.startMs, inner!.durationMs, outer!.durationMs], [0, 1, 1, 3]);
  assert.deepEqual(notes, { cart: 3, express: true });
});

test("times that a library gives are read in every form", async (t) => {
  const { around } = await start(t);
  const { execution, spans } = active();
  const at = execution.startedAt + 100;
  around!(execution, () => {
    const tracer = trace.getTracer("library");
    for (const startTime of [
      at,
      new Date(at),
      [Math.floor(at / 1_000), (at % 1_000) * 1e6] as [number, number],
      at - performance.timeOrigin,
    ]) {
      tracer.startSpan("s", { startTime }).end(at + 50);
    }
  });
  for (const span of spans) assert.ok(Math.abs(span.startMs - 100) < 0.01 && Math.abs(span.durationMs - 50) < 0.01, JSON.stringify(span));
});

test("outside an execution spans are not recorded and cost nothing", async (t) => {
  await start(t);
  const span = trace.getTracer("library").startSpan("alone");
  assert.equal(span.isRecording(), false);
  span.end();
});

test("instrumented clients send the execution's trace on", async (t) => {
  const { around } = await start(t);
  const headers: Record<string, string> = {};
  around!(active().execution, () => propagation.inject(context.active(), headers));
  assert.deepEqual(headers, { traceparent: `00-${traceId}-00f067aa0ba902b7-01` });
  assert.equal(trace.getSpanContext(propagation.extract(ROOT_CONTEXT, headers))?.traceId, traceId);
  const none = {};
  propagation.inject(context.active(), none);
  assert.deepEqual(none, {});
});

test("a function that is bound keeps its context", async (t) => {
  const { around } = await start(t);
  const bound = around!(active().execution, () => context.bind(context.active(), () => trace.getActiveSpan()?.spanContext().traceId));
  assert.equal(bound(), traceId);
});

test("two cannot own the process; a stop gives it back", async (t) => {
  const first = await start(t);
  await assert.rejects(async () => otelApi().attach(sources()), { name: "Fault", type: "otel_api_taken", message: /tracer: "sdk"/ });
  await first.stop();
  const second = await start(t);
  assert.equal(
    second.around!(active().execution, () => trace.getActiveSpan()?.spanContext().traceId),
    traceId,
  );
});

test("with an SDK of the user's own, its spans get the execution as their parent", async (t) => {
  // Stands for an SDK: it has registered its context manager, and its tracer asks the context for the parent.
  await start(t);
  const bridge = otelApi({ tracer: "sdk" });
  await bridge.attach(sources());
  const parent = bridge.around!(active("b7ad6b7169203331").execution, () => trace.getSpanContext(context.active())?.spanId);
  assert.equal(parent, "b7ad6b7169203331");
  await bridge.stop();
  assert.notEqual(trace.getTracerProvider().getTracer("x"), undefined);
});
