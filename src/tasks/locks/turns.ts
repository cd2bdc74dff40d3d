import type { Clock } from "../../core/clock.ts";
import { limits } from "../../core/limits.ts";

/** Who of this process may ask the store for a lock: one at a time and in order, so that many who wait ask no more often than one. */
export class Turns {
  readonly #clock: Clock;
  /** Those who wait, by the lock's name; a lock whose turn is free has no line. */
  readonly #lines = new Map<string, (() => void)[]>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Resolves with what passes the turn on; with undefined where the line is full, or the turn did not come in time. */
  async take(name: string, waitMs: number, stopping: AbortSignal): Promise<(() => void) | undefined> {
    const line = this.#lines.get(name);
    if (line === undefined) {
      this.#lines.set(name, []);
      return this.#turn(name);
    }
    if (waitMs <= 0 || line.length >= limits.lockQueue || stopping.aborted) return undefined;
    return new Promise((resolve) => {
      const settle = (turn: (() => void) | undefined) => {
        timer.cancel();
        stopping.removeEventListener("abort", leave);
        resolve(turn);
      };
      const enter = () => settle(this.#turn(name));
      const leave = () => {
        line.splice(line.indexOf(enter), 1);
        settle(undefined);
      };
      const timer = this.#clock.schedule(waitMs, leave);
      stopping.addEventListener("abort", leave, { once: true });
      line.push(enter);
    });
  }

  /** A turn is passed on once, whoever says so first. */
  #turn(name: string): () => void {
    let passed = false;
    return () => {
      if (passed) return;
      passed = true;
      const next = this.#lines.get(name)?.shift();
      if (next === undefined) this.#lines.delete(name);
      else next();
    };
  }
}
