import type { Clock } from "../../core/clock.ts";
import { Fault } from "../../core/fault.ts";
import { parseJson } from "../../core/json.ts";
import { limits } from "../../core/limits.ts";
import { Problems } from "../../core/schema.ts";
import type { CompiledReceives } from "./compiled-receives.ts";

/** Why a message is refused. */
export type MessageRefusal = "not JSON" | "invalid" | "too many";

/**
 * The messages of one client on their way to a handler: validated, in order, and bounded in number and rate. What it sends while nothing is read of it comes at
 * once when it is read, and counts for the time in which it was sent.
 */
export class Inbox implements AsyncIterableIterator<unknown> {
  readonly #declared: CompiledReceives;
  readonly #clock: Clock;
  readonly #hooks: { readonly asked: () => void; readonly drained: () => void };
  readonly #held: unknown[] = [];
  #taker: ((result: IteratorResult<unknown>) => void) | undefined = undefined;
  #ended = false;
  #allowance: number;
  #countedAt: number;
  /** Since when nothing more should be read. */
  #fullSince: number | undefined = undefined;
  /** Until when what was not read at its time may come. */
  #lateUntil = 0;

  /** `asked`: the handler wants a message. `drained`: there is room again. */
  constructor(declared: CompiledReceives, clock: Clock, hooks: { readonly asked: () => void; readonly drained: () => void }) {
    this.#declared = declared;
    this.#clock = clock;
    this.#hooks = hooks;
    this.#allowance = declared.perSecond;
    this.#countedAt = clock.monotonic();
  }

  /** Whether nothing more should be read for now. */
  get isFull(): boolean {
    return this.#held.length >= limits.webSocketWaiting;
  }

  /** Takes a message, or returns why it is refused: the connection is to be closed. `isCounted`: another process has taken it out of the rate. */
  accept(bytes: Uint8Array, isCounted = false): MessageRefusal | undefined {
    if (!isCounted && !this.#takesRate()) return "too many";
    const { message, isCarried = false } = this.#declared;
    let sent: unknown;
    try {
      sent = parseJson(bytes, { maxDepth: limits.jsonDepth, maxValues: limits.jsonValues });
    } catch (error) {
      if (error instanceof Fault) return "not JSON";
      throw error;
    }
    const parsed = message.parse(sent);
    if (parsed instanceof Problems) return "invalid";
    const taker = this.#taker;
    this.#taker = undefined;
    const value = isCarried ? sent : parsed;
    if (taker === undefined) this.#held.push(value);
    else taker({ done: false, value });
    if (this.isFull) this.#fullSince ??= this.#clock.monotonic();
    return undefined;
  }

  #takesRate(): boolean {
    const now = this.#clock.monotonic();
    const { perSecond } = this.#declared;
    const most = perSecond + (Math.max(0, this.#lateUntil - now) * perSecond) / 1_000;
    this.#allowance = Math.min(most, this.#allowance + ((now - this.#countedAt) * perSecond) / 1_000);
    this.#countedAt = now;
    if (this.#allowance < 1) return false;
    this.#allowance--;
    return true;
  }

  /** No more comes. */
  end(): void {
    this.#ended = true;
    this.#taker?.({ done: true, value: undefined });
    this.#taker = undefined;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<unknown>> {
    this.#hooks.asked();
    if (this.#held.length > 0) {
      const value = this.#held.shift();
      if (this.#held.length < limits.webSocketWaiting / 2) this.#drained();
      return Promise.resolve({ done: false, value });
    }
    if (this.#ended) return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve) => {
      this.#taker = resolve;
    });
  }

  #drained(): void {
    if (this.#fullSince !== undefined) {
      const now = this.#clock.monotonic();
      this.#lateUntil = now + Math.max(0, this.#lateUntil - this.#fullSince) + (now - this.#fullSince);
      this.#fullSince = undefined;
    }
    this.#hooks.drained();
  }
}
