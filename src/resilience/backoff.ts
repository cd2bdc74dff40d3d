import assert from "node:assert";
import { type Duration, formatMs, toMs } from "../core/duration.ts";
import { limits } from "../core/limits.ts";

/** How long to wait before the next attempt. Pure: time and randomness are given. */
export interface Backoff {
  /**
   * After the given attempt, 1 for the first. `random`: a number in [0, 1). `previousMs`: the wait before this one, where the caller knows it.
   * *Units*: milliseconds, with fractions. *Bounds*: never negative, never above the `max` that it was made with.
   */
  delayMs(attempt: number, random: number, previousMs?: number): number;
}

/**
 * How much of a wait is random, so that those who failed together do not come back together.
 * `equal`: its upper half, so that no caller returns at once; `full`: all of it, which spreads them widest; `none`: nothing.
 */
export type Jitter = "equal" | "full" | "none";

const randomShare = { equal: 0.5, full: 1, none: 0 } as const satisfies Record<Jitter, number>;

/**
 * Multiplies the wait with each attempt up to a bound.
 * *Bounds*: `first` above 0; `max` from `first` to 30 d; `factor` 1 to 10. *Defaults*: at most an hour, factor 2, equal jitter.
 * *Source*: "equal jitter" and "full jitter" of the AWS Architecture Blog, "Exponential Backoff and Jitter" (2015).
 * @example retry: { attempts: 10, backoff: exponential("1s", { max: "15m" }) }
 */
export function exponential(
  first: Duration,
  options: { readonly max?: Duration; readonly factor?: number; readonly jitter?: Jitter } = {},
): Backoff {
  const { factor = 2, jitter = "equal" } = options;
  const firstMs = readDelay("exponential", first);
  const maxMs = options.max === undefined ? Math.max(firstMs, 3_600_000) : readDelay("exponential", options.max);
  assert(firstMs > 0, 'exponential: nothing times a factor stays nothing. Write a first wait above 0, as in exponential("1s").');
  assert(maxMs >= firstMs, `exponential: max is ${formatMs(maxMs)}, less than the first wait of ${formatMs(firstMs)}. Write a longer max.`);
  assert(factor >= 1 && factor <= 10, `exponential: the factor is ${factor}. Write a number from 1 to 10.`);
  const share = readJitter("exponential", jitter);
  return {
    // 64 doublings of a millisecond are longer than any bound; further ones would only leave the finite numbers.
    delayMs: (attempt, random) => spread(Math.min(maxMs, firstMs * factor ** Math.min(attempt - 1, 64)), share, random),
  };
}

/**
 * Chooses each wait between the first one and three times the wait before it, so that callers spread further apart with every attempt.
 * *Bounds*: `first` above 0; `max` from `first` to 30 d. *Default*: at most an hour. Where the wait before is not known, the longest it can have been counts.
 * *Source*: "decorrelated jitter" of the AWS Architecture Blog, "Exponential Backoff and Jitter" (2015).
 * @example retry({ attempts: 3, backoff: decorrelated("50ms", { max: "2s" }) })
 */
export function decorrelated(first: Duration, options: { readonly max?: Duration } = {}): Backoff {
  const firstMs = readDelay("decorrelated", first);
  const maxMs = options.max === undefined ? Math.max(firstMs, 3_600_000) : readDelay("decorrelated", options.max);
  assert(firstMs > 0, 'decorrelated: three times nothing stays nothing. Write a first wait above 0, as in decorrelated("50ms").');
  assert(
    maxMs >= firstMs,
    `decorrelated: max is ${formatMs(maxMs)}, less than the first wait of ${formatMs(firstMs)}. Write a longer max.`,
  );
  return {
    delayMs: (attempt, random, previousMs = Math.min(maxMs, firstMs * 3 ** Math.min(attempt - 1, 64))) =>
      Math.min(maxMs, firstMs + random * (Math.max(firstMs, 3 * previousMs) - firstMs)),
  };
}

/**
 * Waits the same time before each attempt.
 * *Bounds*: 0 to 30 d. *Default*: no jitter.
 * @example retry: { attempts: 100, backoff: constant("30s", { jitter: "equal" }) }
 */
export function constant(delay: Duration, { jitter = "none" }: { readonly jitter?: Jitter } = {}): Backoff {
  const ms = readDelay("constant", delay);
  const share = readJitter("constant", jitter);
  return { delayMs: (_attempt, random) => spread(ms, share, random) };
}

function spread(ms: number, share: number, random: number): number {
  return ms * (1 - share) + ms * share * random;
}

function readDelay(name: string, delay: Duration): number {
  const ms = toMs(delay);
  assert(ms <= limits.retryDelayMs, `${name}: ${formatMs(ms)} is too long. Write at most ${formatMs(limits.retryDelayMs)}.`);
  return ms;
}

function readJitter(name: string, jitter: Jitter): number {
  const share: number | undefined = randomShare[jitter];
  assert(share !== undefined, `${name}: there is no jitter "${jitter}". Write "equal", "full" or "none".`);
  return share;
}
