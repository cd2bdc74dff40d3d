import type { Clock, Timer } from "../../core/clock.ts";
import { Handover } from "../../pipeline/stream/handover.ts";
import type { Talk } from "../run/asking.ts";

const encoder = new TextEncoder();

/**
 * The events of one reply: the messages in front of a result, and the result. There are none until the first message is sent, so that a result without any is plain
 * JSON.
 * *Source*: MCP, Streamable HTTP, "Sending Messages to the Server".
 */
export class Events implements Talk {
  readonly isPossible: boolean;
  /** Resolves when the reply begins as events. */
  readonly begun: Promise<Response>;
  readonly #leaving = new AbortController();
  readonly #handover: Handover<Uint8Array>;
  readonly #begin: (response: Response) => void;
  #isBegun = false;
  #isEnded = false;
  #timer: Timer | undefined;
  #drained: (() => void)[] = [];

  /** `signal`: aborts when the request ends. */
  constructor(accept: string | null, signal: AbortSignal) {
    this.isPossible = accept?.includes("text/event-stream") === true;
    signal.addEventListener("abort", () => this.#leaving.abort(), { once: true });
    const { promise, resolve } = Promise.withResolvers<Response>();
    this.begun = promise;
    this.#begin = resolve;
    this.#handover = new Handover(() => {
      for (const drained of this.#drained) drained();
    });
  }

  get isBegun(): boolean {
    return this.#isBegun;
  }

  /** Aborts when the request ends, its client takes no more events, or there are no more. */
  get ended(): AbortSignal {
    return this.#leaving.signal;
  }

  send(message: object): boolean {
    this.#give(`event: message\ndata: ${JSON.stringify(message)}\n\n`);
    this.open();
    return !this.#handover.isFull;
  }

  /** Begins the reply as events, before there is one. */
  open(): void {
    if (this.#isBegun) return;
    this.#isBegun = true;
    this.#begin(this.#response());
  }

  beat(): void {
    if (this.#isBegun && !this.#handover.isFull) this.#give(":\n\n");
  }

  /** Sends a sign of life again and again, until it ends. */
  keepAlive(clock: Clock, everyMs: number): void {
    const timer = clock.schedule(everyMs, () => {
      this.beat();
      this.keepAlive(clock, everyMs);
    });
    this.#timer?.cancel();
    this.#timer = timer;
    if (this.ended.aborted || this.#isEnded) timer.cancel();
  }

  onDrained(drained: () => void): void {
    this.#drained.push(drained);
  }

  /** Sends the last message, if there is one and the reply has begun as events. */
  end(message?: string): void {
    if (this.#isBegun && message !== undefined) this.#give(`event: message\ndata: ${message}\n\n`);
    this.#isEnded = true;
    this.#timer?.cancel();
    this.#handover.end();
    this.#leaving.abort();
  }

  #give(text: string): void {
    this.#handover.give(encoder.encode(text));
  }

  #response(): Response {
    const body = new ReadableStream<Uint8Array>(
      {
        pull: async (controller) => {
          const bytes = await this.#handover.take();
          if (bytes === undefined) controller.close();
          else controller.enqueue(bytes);
        },
        cancel: () => {
          this.#drained = [];
          this.#timer?.cancel();
          this.#leaving.abort();
        },
      },
      { highWaterMark: 0 },
    );
    const headers = { "content-type": "text/event-stream", "cache-control": "no-store", "x-accel-buffering": "no" };
    return new Response(body, { headers });
  }
}
