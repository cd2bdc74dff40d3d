import assert from "node:assert";
import { type Duration, toMs } from "../core/duration.ts";

/** How long to wait before the next attempt. */
export interface Backoff {
  /** After the given attempt, 1 for the first. `random`: a number in [0, 1). *Units*: milliseconds. */
  delayMs(attempt: number, random: number): number;
}

/**
 * Doubles the wait with each attempt up to a bound. Half of it is random, so that those who failed together do not come back together.
 * *Defaults*: factor 2, at most an hour.
 * *Source*: "equal jitter" of the AWS Architecture Blog, "Exponential Backoff and Jitter" (2015).
 * @example retry: { attempts: 10, backoff: exponential("1s", { max: "15m" }) }
 */
export function exponential(first: Duration, options: { readonly max?: Duration; readonly factor?: number } = {}): Backoff {
  const { max = "1h", factor = 2 } = options;
  const [firstMs, maxMs] = [toMs(first), toMs(max)];
  assert(factor >= 1 && factor <= 10, `exponential: the factor is ${factor}. Write a number from 1 to 10.`);
  return {
    delayMs: (attempt, random) => {
      const whole = Math.min(maxMs, firstMs * factor ** Math.min(attempt - 1, 64));
      return whole / 2 + (whole / 2) * random;
    },
  };
}

/** Waits the same time before each attempt. */
export function constant(delay: Duration): Backoff {
  const ms = toMs(delay);
  return { delayMs: () => ms };
}
