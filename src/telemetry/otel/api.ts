import assert from "node:assert";
import type { TelemetrySink } from "../../operation/telemetry.ts";
import type { otelBridge } from "./bridge.ts";

/** Options of {@link otelApi}. */
export interface OtelApiOptions {
  /**
   * Whose tracer answers `@opentelemetry/api`. `"plimsoll"`: ours; spans that libraries start become child spans of the execution.
   * `"sdk"`: the one that you registered; its spans get the execution as their parent, and are exported by it. *Default*: `"plimsoll"`.
   */
  readonly tracer?: "plimsoll" | "sdk";
}

/**
 * Makes executions visible to libraries that use `@opentelemetry/api`: inside an operation `trace.getActiveSpan()` returns the execution's span.
 * It uses AsyncLocalStorage, which makes every `await` slower: leave it out if no library needs it.
 * *Guarantees*: `around` adds nothing for spans that are not sampled; a span that ends after its execution is not recorded.
 * *Faults thrown* at start: `otel_api_taken`, when another tracer or context manager is registered already.
 * @example createApp({ telemetry: [otlp({ url }), otelApi()] })
 */
export function otelApi(options: OtelApiOptions = {}): TelemetrySink {
  let bridge: ReturnType<typeof otelBridge> | undefined;
  return {
    name: "otel-api",
    async attach(sources) {
      bridge ??= (await import("./bridge.ts")).otelBridge(options);
      await bridge.attach(sources);
    },
    around(active, run) {
      assert(bridge !== undefined, "otelApi() is attached before the first execution.");
      return bridge.around(active, run);
    },
    async stop() {
      await bridge?.stop();
    },
  };
}
