import assert from "node:assert";
import { codes, type Level } from "../core/code.ts";
import { Fault } from "../core/fault.ts";
import { Signal } from "../core/signals.ts";
import type { Execution } from "../operation/execution.ts";
import type { TelemetrySink, TelemetrySources } from "../operation/telemetry.ts";
import { failureText, logText } from "./otlp/log-text.ts";
import { MetricSender } from "./otlp/metric-sender.ts";
import { type ExportResult, OtlpExporter } from "./otlp-exporter.ts";
import { envelope, isFailure, spansText } from "./otlp-span.ts";
import { type IdentityPolicy, pseudonym, Redaction } from "./redaction.ts";
import { type SpanBatchFact, SpanQueue } from "./span-queue.ts";

/** Options of {@link otlp}: where it sends spans, and which. */
export interface OtlpOptions {
  /** The base address of the collector (`http://127.0.0.1:4318`), or its whole address for traces (not with `also`). */
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
  /**
   * What is sent beside spans: all metrics of the app, and log records: those of `scope.log`, and every execution that failed by the service.
   * *Default*: nothing.
   */
  readonly also?: readonly ("metrics" | "logs")[];
  /** How often metrics are read and sent. *Units*: milliseconds. *Default*: 60,000. *Bounds*: at least 1,000. */
  readonly metricsEveryMs?: number;
  /** How long one export may take. *Units*: milliseconds. *Default*: 10,000. */
  readonly timeoutMs?: number;
}

/** A sink that exports spans. */
export interface OtlpSink extends TelemetrySink {
  /** One fact for each attempt to send a batch. */
  readonly sent: Signal<SpanBatchFact>;
}

/**
 * Exports spans over OTLP/HTTP in JSON: those of sampled requests, every failure, and every slow execution; with `also`, metrics and log records too.
 * *Bounds*: `limits.spanQueue` spans wait, and as many log records; failures and slow executions may take three quarters of them.
 * *Guarantees*: no execution waits for it; spans that do not fit or are refused are counted in `plimsoll_spans_dropped_total`, log records in
 * `plimsoll_log_records_dropped_total`, data points in `plimsoll_metric_points_dropped_total`.
 * *Faults thrown* at start: `otlp_url_unusable`.
 * @example createApp({ telemetry: [otlp({ url: "http://127.0.0.1:4318", sample: 0.01, also: ["metrics", "logs"] })] })
 */
export function otlp(options: OtlpOptions): OtlpSink {
  const { headers = {}, sample = 0.01, slowShare = 0.5, timeoutMs = 10_000, resource = {}, also = [], metricsEveryMs = 60_000 } = options;
  assert(sample >= 0 && sample <= 1, `otlp({ sample: ${sample} }): write a share from 0 to 1, such as 0.01.`);
  assert(metricsEveryMs >= 1_000, `otlp({ metricsEveryMs: ${metricsEveryMs} }): write 1000 or more.`);
  const sent = new Signal<SpanBatchFact>("spans.sent");
  let isAttached = false;
  const stops: (() => Promise<unknown>)[] = [];

  function attach(sources: TelemetrySources): void {
    assert(!isAttached, "otlp() already belongs to another app. Create one for each app.");
    isAttached = true;
    const { clock, service } = sources;
    const senderOf = (what: OtlpSignal) => {
      const exporter = new OtlpExporter({ url: urlOf(options.url, what, also.length > 0), headers, timeoutMs, clock });
      const { open, close } = envelope(what, service, resource);
      return { send: (bytes: Uint8Array) => exporter.send(Buffer.concat([open, bytes, close])), close: () => exporter.close() };
    };
    const traces = senderOf("traces");
    const tenantName = pseudonym(options.tenant ?? "hash", service.name);
    stops.push(exportSpans(sources, { ...traces, sent, accepts: (execution) => isSlowOrFailed(execution, slowShare), tenantName }));
    if (also.includes("logs")) stops.push(exportLogs(sources, senderOf("logs")));
    if (also.includes("metrics")) stops.push(exportMetrics(sources, { ...senderOf("metrics"), everyMs: metricsEveryMs }));
  }

  async function stop(): Promise<void> {
    await Promise.all(stops.splice(0).map((end) => end()));
  }

  return { name: "otlp", sample, sent, attach, stop };
}

type OtlpSignal = "traces" | "metrics" | "logs";

/** Sends what one kind of signal has, and lets go of its connection. */
interface Sender {
  readonly send: (bytes: Uint8Array) => Promise<ExportResult>;
  readonly close: () => void;
}

function exportSpans(
  { executed, metrics, clock }: TelemetrySources,
  {
    send,
    close,
    sent,
    accepts,
    tenantName,
  }: Sender & {
    readonly sent: Signal<SpanBatchFact>;
    readonly accepts: (execution: Execution) => boolean;
    readonly tenantName: (tenant: string | undefined) => string | undefined;
  },
): () => Promise<void> {
  const spans = new SpanQueue({ send, clock, sent });
  const unsubscribe = executed.on((execution) => {
    if (!execution.sampled && !accepts(execution)) return;
    const count = 1 + (execution.spans?.length ?? 0);
    if (spans.admits(count, execution.sampled)) spans.add(spansText(execution, tenantName(execution.tenant)), count);
  });
  metrics.total({ name: "plimsoll_spans_exported_total", help: "Spans that the collector took.", read: () => spans.exported });
  metrics.total({ name: "plimsoll_spans_dropped_total", help: "Spans that found no room or were not taken.", read: () => spans.dropped });
  metrics.gauge({ name: "plimsoll_spans_waiting", help: "Spans that wait for export.", read: () => spans.size });
  return async () => {
    unsubscribe();
    await spans.stop();
    close();
  };
}

function exportLogs({ executed, logged, metrics, clock }: TelemetrySources, { send, close }: Sender): () => Promise<void> {
  const records = new SpanQueue({ send, clock, sent: new Signal("log-records.sent") });
  const redaction = new Redaction();
  // Warnings and errors may take all of the room, the others three quarters of it.
  const offs = [
    logged.on((record) => {
      if (records.admits(1, isSevere(record.level))) records.add(logText(record, redaction), 1);
    }),
    executed.on((execution) => {
      const { outcome } = execution;
      if (outcome !== "ok" && isSevere(codes[outcome].level) && records.admits(1, true)) records.add(failureText(execution, outcome), 1);
    }),
  ];
  metrics.total({
    ...{ name: "plimsoll_log_records_exported_total", help: "Log records that the collector took.", read: () => records.exported },
  });
  metrics.total({
    ...{
      name: "plimsoll_log_records_dropped_total",
      help: "Log records that found no room or were not taken.",
      read: () => records.dropped,
    },
  });
  return async () => {
    for (const off of offs) off();
    await records.stop();
    close();
  };
}

const isSevere = (level: Level): boolean => level === "warn" || level === "error";

function exportMetrics(
  { metrics, clock }: TelemetrySources,
  { send, close, everyMs }: Sender & { readonly everyMs: number },
): () => Promise<void> {
  const sender = new MetricSender({ metrics, clock, everyMs, send });
  metrics.total({
    ...{ name: "plimsoll_metric_points_exported_total", help: "Data points that the collector took.", read: () => sender.exported },
  });
  metrics.total({
    ...{ name: "plimsoll_metric_points_dropped_total", help: "Data points that the collector did not take.", read: () => sender.dropped },
  });
  return async () => {
    await sender.stop();
    close();
  };
}

function isSlowOrFailed({ outcome, durationMs, deadlineMs }: Execution, slowShare: number): boolean {
  return durationMs > deadlineMs * slowShare || isFailure(outcome);
}

function urlOf(text: string, what: OtlpSignal, isBase: boolean): URL {
  const url = URL.parse(text);
  const isOwn = url !== null && url.pathname !== "/" && url.pathname !== "";
  if (url === null || (url.protocol !== "http:" && url.protocol !== "https:") || (isBase && isOwn)) {
    const message = `otlp({ url }) is not an http or https address${isOwn ? " without a path, from which those of metrics and logs follow" : ""}. Write the base address of the collector, such as http://127.0.0.1:4318.`;
    throw new Fault({ code: "failed_precondition", type: "otlp_url_unusable", message });
  }
  if (!isOwn) url.pathname = `/v1/${what}`;
  return url;
}
