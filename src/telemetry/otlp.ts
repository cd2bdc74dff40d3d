import assert from "node:assert";
import { Fault } from "../core/fault.ts";
import { Signal } from "../core/signals.ts";
import type { Execution } from "../operation/execution.ts";
import type { TelemetrySink, TelemetrySources } from "../operation/telemetry.ts";
import { OtlpExporter } from "./otlp-exporter.ts";
import { envelope, isFailure, spansText } from "./otlp-span.ts";
import { type IdentityPolicy, pseudonym } from "./redaction.ts";
import { type SpanBatchFact, SpanQueue } from "./span-queue.ts";

/** Options of {@link otlp}: where it sends spans, and which. */
export interface OtlpOptions {
  /** The base address of the collector (`http://127.0.0.1:4318`), or its whole address for traces. */
  readonly url: string;
  /** Headers of every export, such as the collector's key. */
  readonly headers?: Readonly<Record<string, string>>;
  /** The share of traces that are sampled, from 0 to 1. *Default*: 0.01. */
  readonly sample?: number;
  /** An execution that takes more than this share of its deadline is slow, and exported even if it is not sampled. *Default*: 0.5. */
  readonly slowShare?: number;
  /** *Default*: `"hash"`. */
  readonly tenant?: IdentityPolicy;
  /** Further attributes of the resource, such as `deployment.environment.name`. */
  readonly resource?: Readonly<Record<string, string>>;
  /** How long one export may take. *Units*: milliseconds. *Default*: 10,000. */
  readonly timeoutMs?: number;
}

/** A sink that exports spans. */
export interface OtlpSink extends TelemetrySink {
  /** One fact for each attempt to send a batch. */
  readonly sent: Signal<SpanBatchFact>;
}

/**
 * Exports spans over OTLP/HTTP in JSON: those of sampled requests, every failure, and every slow execution.
 * *Bounds*: `limits.spanQueue` spans wait; failures and slow executions may take three quarters of them.
 * *Guarantees*: no execution waits for it; spans that do not fit or are refused are counted in `plimsoll_spans_dropped_total`.
 * *Faults thrown* at start: `otlp_url_unusable`.
 * @example createApp({ telemetry: [otlp({ url: "http://127.0.0.1:4318", sample: 0.01 })] })
 */
export function otlp(options: OtlpOptions): OtlpSink {
  const { headers = {}, sample = 0.01, slowShare = 0.5, timeoutMs = 10_000, resource = {} } = options;
  assert(sample >= 0 && sample <= 1, `otlp({ sample: ${sample} }): write a share from 0 to 1, such as 0.01.`);
  const sent = new Signal<SpanBatchFact>("spans.sent");
  let queue: SpanQueue | undefined;
  let exporter: OtlpExporter | undefined;
  let unsubscribe: (() => void) | undefined;

  function attach({ executed, metrics, service, clock }: TelemetrySources): void {
    assert(queue === undefined, "otlp() already belongs to another app. Create one for each app.");
    const sender = new OtlpExporter({ url: tracesUrl(options.url), headers, timeoutMs, clock });
    const { open, close } = envelope(service, resource);
    const spans = new SpanQueue({ send: (bytes) => sender.send(Buffer.concat([open, bytes, close])), clock, sent });
    const tenantName = pseudonym(options.tenant ?? "hash", service.name);
    exporter = sender;
    queue = spans;
    unsubscribe = executed.on((execution) => {
      if (!execution.sampled && !isSlowOrFailed(execution, slowShare)) return;
      const count = 1 + (execution.spans?.length ?? 0);
      if (spans.admits(count, execution.sampled)) spans.add(spansText(execution, tenantName(execution.tenant)), count);
    });
    metrics.total({ name: "plimsoll_spans_exported_total", help: "Spans that the collector took.", read: () => spans.exported });
    metrics.total({
      name: "plimsoll_spans_dropped_total",
      help: "Spans that found no room or were not taken.",
      read: () => spans.dropped,
    });
    metrics.gauge({ name: "plimsoll_spans_waiting", help: "Spans that wait for export.", read: () => spans.size });
  }

  async function stop(): Promise<void> {
    unsubscribe?.();
    await queue?.stop();
    exporter?.close();
  }

  return { name: "otlp", sample, sent, attach, stop };
}

function isSlowOrFailed({ outcome, durationMs, deadlineMs }: Execution, slowShare: number): boolean {
  return durationMs > deadlineMs * slowShare || isFailure(outcome);
}

function tracesUrl(text: string): URL {
  const url = URL.parse(text);
  if (url === null || (url.protocol !== "http:" && url.protocol !== "https:")) {
    const message =
      "otlp({ url }) is not an http or https address. Write the base address of the collector, such as http://127.0.0.1:4318.";
    throw new Fault({ code: "failed_precondition", type: "otlp_url_unusable", message });
  }
  if (url.pathname === "/" || url.pathname === "") url.pathname = "/v1/traces";
  return url;
}
