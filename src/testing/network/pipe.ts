import type { Readable, Writable } from "node:stream";
import type { Clock, Timer } from "../../core/clock.ts";
import type { NetworkConditions } from "./conditions.ts";

/** What a pipe keeps on its way before it stops reading, as the buffers of a network do. *Units*: bytes. */
const maxOnTheWay = 1_048_576;
/** With a bandwidth, what was read together arrives in parts, of what passes in this time. */
const partMs = 10;
/** What was lost is sent again after so long the first time. *Source*: the least timeout of Linux's TCP. */
const resendMs = 200;

interface Part {
  /** Undefined: the end of the connection. */
  readonly bytes: Buffer | undefined;
  readonly at: number;
}

/** What a {@link Pipe} connects, and whom it informs. */
export interface PipeOptions {
  readonly source: Pick<Readable, "pause" | "resume">;
  readonly target: Pick<Writable, "write" | "on" | "destroyed" | "writableNeedDrain">;
  readonly clock: Clock;
  /** The conditions now. */
  conditions(): NetworkConditions;
  /** So many bytes have arrived. */
  onArrival(bytes: number): void;
  /** The source has ended and all its bytes have arrived, or the connection is to be cut here. */
  onEnd(cause: "ended" | "cut"): void;
  onReset(): void;
}

/**
 * One direction of one connection.
 * *Guarantees*: bytes arrive in their order, none twice; without a delay, in the turn in which they were written. Conditions apply to what is written
 * after they were set; only silence also holds what is on its way.
 */
export class Pipe {
  readonly #options: PipeOptions;
  #parts: Part[] = [];
  #onTheWay = 0;
  #timer: Timer | undefined;
  /** When the last byte of what is on its way arrives. */
  #lastAt = 0;
  /** When the last byte has left the sender, as its bandwidth allows. */
  #freeAt = 0;
  #applied: NetworkConditions | undefined;
  #sinceApplied = 0;
  #isClosed = false;
  #cause: "ended" | "cut" = "ended";

  constructor(options: PipeOptions) {
    this.#options = options;
    options.target.on("drain", () => this.#regulate());
  }

  /** Sends bytes on their way. */
  write(bytes: Buffer): void {
    if (this.#isClosed) return;
    const conditions = this.#options.conditions();
    const { clock } = this.#options;
    if (conditions.resetRatio !== undefined && clock.random() < conditions.resetRatio) return this.#options.onReset();
    if (conditions !== this.#applied) this.#sinceApplied = 0;
    this.#applied = conditions;
    const allowed = (conditions.cutAfterBytes ?? Number.POSITIVE_INFINITY) - this.#sinceApplied;
    this.#sinceApplied += bytes.length;
    this.#send(allowed < bytes.length ? bytes.subarray(0, allowed) : bytes, conditions);
    if (allowed <= bytes.length) this.#end("cut");
    this.refresh();
  }

  /** The source has ended. What is on its way still arrives. */
  end(): void {
    if (this.#isClosed) return;
    this.#end("ended");
    this.refresh();
  }

  /** Delivers what is due under the conditions as they are now. */
  refresh(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    if (this.#options.conditions().silent) return this.#regulate();
    const now = this.#options.clock.monotonic();
    let part = this.#parts[0];
    for (; part !== undefined && part.at <= now; part = this.#parts[0]) {
      this.#parts.shift();
      this.#deliver(part);
    }
    if (part !== undefined) this.#timer = this.#options.clock.schedule(part.at - now, () => this.refresh());
    this.#regulate();
  }

  /** Drops what is on its way. */
  close(): void {
    this.#isClosed = true;
    this.#parts = [];
    this.#timer?.cancel();
  }

  #end(cause: "ended" | "cut"): void {
    this.#isClosed = true;
    this.#cause = cause;
    this.#parts.push({ bytes: undefined, at: this.#lastAt });
  }

  #send(bytes: Buffer, { latencyMs = 0, jitterMs = 0, bytesPerSecond, lossRatio = 0 }: NetworkConditions): void {
    const { clock } = this.#options;
    const now = clock.monotonic();
    let delayMs = latencyMs + (jitterMs > 0 ? jitterMs * clock.random() : 0);
    for (let waitMs = resendMs; lossRatio > 0 && clock.random() < lossRatio; waitMs *= 2) delayMs += waitMs;
    const size = bytesPerSecond === undefined ? bytes.length : Math.max(1, Math.floor((bytesPerSecond * partMs) / 1_000));
    for (let from = 0; from < bytes.length; from += size) {
      const part = bytes.subarray(from, from + size);
      this.#freeAt = Math.max(now, this.#freeAt) + (bytesPerSecond === undefined ? 0 : (part.length / bytesPerSecond) * 1_000);
      this.#lastAt = Math.max(this.#lastAt, this.#freeAt + delayMs);
      this.#parts.push({ bytes: part, at: this.#lastAt });
      this.#onTheWay += part.length;
    }
  }

  #deliver({ bytes }: Part): void {
    const { target, onArrival, onEnd } = this.#options;
    if (bytes === undefined) return onEnd(this.#cause);
    this.#onTheWay -= bytes.length;
    if (target.destroyed) return;
    target.write(bytes);
    onArrival(bytes.length);
  }

  /** The sender waits for a receiver that does not read, and for a network that is full. */
  #regulate(): void {
    if (this.#onTheWay > maxOnTheWay || this.#options.target.writableNeedDrain) this.#options.source.pause();
    else this.#options.source.resume();
  }
}
