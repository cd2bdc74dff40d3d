import { type Clock, sleep, type Timer } from "../core/clock.ts";
import { limits } from "../core/limits.ts";
import type { Signal } from "../core/signals.ts";
import { LineBytes } from "./json-text.ts";
import type { ExportResult } from "./otlp-exporter.ts";

/** An event of one batch of spans: an attempt to send it, or its end. */
export interface SpanBatchFact extends ExportResult {
  readonly spans: number;
  readonly attempt: number;
  /** Whether these spans are given up. */
  readonly dropped: boolean;
}

/** How a {@link SpanQueue} sends. */
export interface SpanQueueOptions {
  /** Sends spans in JSON, separated by commas. */
  readonly send: (spans: Uint8Array) => Promise<ExportResult>;
  readonly clock: Clock;
  readonly sent: Signal<SpanBatchFact>;
}

// Small, so that neither this event loop nor the collector is blocked by one batch.
const batchSpans = 128;
const batchBytes = 65_536;
const batchDelayMs = 1_000;
const attempts = 6;
const backoffMs = { first: 500, max: 10_000 };
const retryAfterMaxMs = 60_000;
const stopMs = 5_000;

/** Spans that are sent together. As bytes: what waits for a second as text, in pieces, is what the collector of garbage would copy again and again. */
interface Batch {
  readonly bytes: LineBytes;
  spans: number;
}

/**
 * Holds written spans until they are exported, a batch at a time.
 * *Bounds*: `limits.spanQueue` spans; a batch of 128 spans or 1 s; 6 attempts with backoff from 0.5 s to 10 s, `Retry-After` honoured up to 60 s.
 * *Guarantees*: adding never waits; whatever is given up is counted in `dropped`.
 */
export class SpanQueue {
  readonly #options: SpanQueueOptions;
  readonly #stopping = new AbortController();
  /** The oldest first; only the last takes more. */
  #waiting: Batch[] = [];
  #spans = 0;
  #timer: Timer | undefined;
  #running: Promise<void> | undefined;
  exported = 0;
  dropped = 0;

  constructor(options: SpanQueueOptions) {
    this.#options = options;
  }

  /** Spans that wait or are being sent. */
  get size(): number {
    return this.#spans;
  }

  /** Whether `spans` more find room; spans that were not sampled at the head leave a quarter of the room to those that were. */
  admits(spans: number, sampled: boolean): boolean {
    const room = sampled ? limits.spanQueue : limits.spanQueue * 0.75;
    if (this.#spans + spans <= room && !this.#stopping.signal.aborted) return true;
    this.dropped += spans;
    return false;
  }

  /** Adds spans that {@link admits} said yes to. */
  add(text: string, spans: number): void {
    let batch = this.#waiting.at(-1);
    if (batch === undefined || batch.spans >= batchSpans) {
      batch = { bytes: new LineBytes(batchBytes), spans: 0 };
      this.#waiting.push(batch);
    }
    batch.bytes.json(batch.spans === 0 ? text : `,${text}`);
    batch.spans += spans;
    this.#spans += spans;
    if (this.#running !== undefined) return;
    if (this.#spans >= batchSpans) this.#run();
    else this.#timer ??= this.#options.clock.schedule(batchDelayMs, () => this.#run());
  }

  /** Sends what waits, for at most 5 s; what is left then is dropped. */
  async stop(): Promise<void> {
    if (this.#stopping.signal.aborted) return this.#running;
    this.#stopping.abort();
    this.#run();
    const late = new AbortController();
    await Promise.race([this.#running, sleep(this.#options.clock, stopMs, late.signal).catch(() => undefined)]);
    late.abort();
    this.dropped += this.#spans;
    this.#spans = 0;
    this.#waiting = [];
  }

  #run(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#running ??= this.#sendAll().finally(() => {
      this.#running = undefined;
      if (this.#spans > 0) this.#timer ??= this.#options.clock.schedule(batchDelayMs, () => this.#run());
    });
  }

  /** Sends full batches while there are any, and what remains of one at a stop. */
  async #sendAll(): Promise<void> {
    do {
      const batch = this.#waiting.shift();
      if (batch === undefined) return;
      await this.#sendBatch(batch);
    } while (this.#spans >= batchSpans || this.#stopping.signal.aborted);
  }

  async #sendBatch({ bytes: { bytes, end }, spans }: Batch): Promise<void> {
    const { send, sent, clock } = this.#options;
    for (let attempt = 1; ; attempt++) {
      // After a stop began there is one more attempt and no waiting.
      const last = attempt >= attempts || this.#stopping.signal.aborted;
      const result = await send(bytes.subarray(0, end));
      const dropped = result.outcome === "refused" || (result.outcome === "retry" && last);
      const ended = dropped || result.outcome === "ok";
      if (ended) this.#count(spans, dropped ? 0 : Math.max(0, spans - result.rejected));
      sent.publish({ ...result, spans, attempt, dropped });
      if (ended) return;
      const backoff = Math.min(backoffMs.max, backoffMs.first * 2 ** (attempt - 1)) * (0.5 + clock.random() / 2);
      const delayMs = Math.min(retryAfterMaxMs, Math.max(result.retryAfterMs ?? 0, backoff));
      await sleep(clock, delayMs, this.#stopping.signal).catch(() => undefined);
    }
  }

  #count(spans: number, taken: number): void {
    // A stop that ran out of time has counted all spans as dropped already.
    if (this.#spans === 0) return;
    this.#spans -= spans;
    this.exported += taken;
    this.dropped += spans - taken;
  }
}
