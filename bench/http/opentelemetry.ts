// The OpenTelemetry SDK as its documentation sets it up; imported before what it instruments. Sampled at the head, 1%, as Plimsoll does.

import { FastifyOtelInstrumentation } from "@fastify/otel";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import { HttpInstrumentation } from "@opentelemetry/instrumentation-http";
import { BatchSpanProcessor, NodeTracerProvider, ParentBasedSampler, TraceIdRatioBasedSampler } from "@opentelemetry/sdk-trace-node";

// One span a request, as ours: without these two each hook and the handler have spans of their own.
export const fastifyInstrumentation = new FastifyOtelInstrumentation({ instrumentHooks: false, instrumentHandler: false });

const provider = new NodeTracerProvider({
  sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(Number(process.env.TRACE_RATIO ?? 0.01)) }),
  spanProcessors: [
    new BatchSpanProcessor(new OTLPTraceExporter({ url: process.env.OTLP_URL ?? "http://127.0.0.1:4318/v1/traces" }), {
      maxQueueSize: 16_384,
    }),
  ],
});
provider.register();
for (const instrumentation of [new HttpInstrumentation(), fastifyInstrumentation]) {
  instrumentation.setTracerProvider(provider);
  instrumentation.enable();
}
