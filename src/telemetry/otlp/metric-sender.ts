import { type Clock, sleep, type Timer } from "../../core/clock.ts";
import type { Metrics } from "../../core/metrics.ts";
import type { ExportResult } from "../otlp-exporter.ts";
import { metricTexts } from "./metric-text.ts";

/** How a {@link MetricSender} sends. */
export interface MetricSenderOptions {
  readonly metrics: Metrics;
  readonly clock: Clock;
  /** *Units*: milliseconds. */
  readonly everyMs: number;
  /** Sends metrics in JSON, separated by commas. */
  readonly send: (metrics: Uint8Array) => Promise<ExportResult>;
}

// Small, so that neither this event loop nor the collector is blocked by one request.
const pointsOfRequest = 1_000;
const stopMs = 5_000;

/**
 * Reads all metrics now and then, and sends them.
 * *Bounds*: a request of about 1,000 data points; one at a time. What the collector does not take is dropped: the next reading has the same counts and more.
 * *Guarantees*: nothing that it does reaches an execution.
 */
export class MetricSender {
  readonly #options: MetricSenderOptions;
  readonly #since: number;
  #timer: Timer | undefined;
  #sending: Promise<void> | undefined;
  #stopped = false;
  exported = 0;
  dropped = 0;

  constructor(options: MetricSenderOptions) {
    this.#options = options;
    this.#since = options.clock.now();
    this.#wait();
  }

  /** Sends once more, for at most 5 s. */
  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#timer?.cancel();
    const late = new AbortController();
    // What is under way has read the metrics earlier.
    const last = (async () => {
      await this.#sending;
      await this.#sendAll();
    })();
    await Promise.race([last, sleep(this.#options.clock, stopMs, late.signal).catch(() => undefined)]);
    late.abort();
  }

  #wait(): void {
    const { clock, everyMs } = this.#options;
    this.#timer = clock.schedule(everyMs, () => {
      void this.#sendAll().then(() => {
        if (!this.#stopped) this.#wait();
      });
    });
  }

  #sendAll(): Promise<void> {
    this.#sending ??= this.#sendEach().finally(() => {
      this.#sending = undefined;
    });
    return this.#sending;
  }

  async #sendEach(): Promise<void> {
    const { metrics, clock } = this.#options;
    let texts: string[] = [];
    let points = 0;
    for (const { text, points: more } of metricTexts(metrics, { since: this.#since, now: clock.now() })) {
      texts.push(text);
      points += more;
      if (points < pointsOfRequest) continue;
      await this.#send(texts, points);
      texts = [];
      points = 0;
    }
    if (points > 0) await this.#send(texts, points);
  }

  async #send(texts: readonly string[], points: number): Promise<void> {
    const { outcome, rejected } = await this.#options.send(Buffer.from(texts.join(",")));
    const taken = outcome === "ok" ? Math.max(0, points - rejected) : 0;
    this.exported += taken;
    this.dropped += points - taken;
  }
}
