import type { Clock, Timer } from "../../core/clock.ts";

/** The lowest speed of uploads. */
export interface SpeedLimits {
  /** Bytes that the sender of a file must send in a second. */
  readonly uploadBytesPerSecond: number;
  /** How long it may send fewer. */
  readonly uploadSlowMs: number;
}

interface SpeedParts {
  readonly clock: Clock;
  readonly limits: SpeedLimits;
  /** The sender has used up its time. */
  tooSlow(): void;
}

/** A timer that comes so much too late means that this process stood still, not the sender. */
const lateMs = 1_000;

/**
 * Judges how fast a file is sent, while more of it is waited for: the time in which its reader has enough does not count.
 * A sender has `uploadSlowMs`; waiting uses it up, and bytes give it back at `uploadBytesPerSecond`, up to `uploadSlowMs`.
 */
export class SendingSpeed {
  readonly #parts: SpeedParts;
  #leftMs: number;
  /** Since when more is waited for. */
  #since: number | undefined = undefined;
  #timer: Timer | undefined = undefined;
  #isOver = false;

  constructor(parts: SpeedParts) {
    this.#parts = parts;
    this.#leftMs = parts.limits.uploadSlowMs;
  }

  /** More is waited for. */
  wait(): void {
    if (this.#since !== undefined || this.#isOver) return;
    this.#since = this.#parts.clock.monotonic();
    if (this.#timer === undefined) this.#look(this.#leftMs);
  }

  came(bytes: number): void {
    const { uploadBytesPerSecond, uploadSlowMs } = this.#parts.limits;
    this.#spend();
    // Bytes that are here were sent in time, however late this process looks at them.
    this.#leftMs = Math.min(uploadSlowMs, Math.max(0, this.#leftMs) + (bytes * 1_000) / uploadBytesPerSecond);
  }

  /** The reader has enough for now. */
  pause(): void {
    this.#spend();
    this.#since = undefined;
  }

  /** All of it has come, or no more is wanted: a reader that asks for more, while it takes what waits here, waits for no sender. */
  stop(): void {
    this.#isOver = true;
    this.#since = undefined;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #spend(): void {
    if (this.#since === undefined) return;
    const now = this.#parts.clock.monotonic();
    this.#leftMs -= now - this.#since;
    this.#since = now;
  }

  #look(afterMs: number): void {
    const { clock, tooSlow } = this.#parts;
    const due = clock.monotonic() + afterMs;
    this.#timer = clock.schedule(afterMs, () => {
      this.#timer = undefined;
      if (this.#since === undefined) return;
      this.#spend();
      if (clock.monotonic() - due > lateMs) this.#look(lateMs);
      else if (this.#leftMs > 0) this.#look(this.#leftMs);
      else tooSlow();
    });
  }
}
