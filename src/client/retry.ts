import type { Fault } from "../core/fault.ts";

/** How a client retries what its contract allows to be sent again. */
export interface RetryOptions {
  /** The most attempts of one call, the first one included; 1 never retries. *Default*: 3. */
  readonly attempts?: number;
  /** The wait before the second attempt; it doubles, and each is up to a half shorter. *Units*: milliseconds. *Default*: 100. */
  readonly backoffMs?: number;
  /** Retries that may be made while the service fails, and how many of them each success adds again. *Defaults*: 10, and a tenth. */
  readonly budget?: { readonly retries?: number; readonly perSuccess?: number };
}

const retried: ReadonlySet<string> = new Set(["unavailable", "aborted", "resource_exhausted", "deadline_exceeded"]);

/**
 * Decides whether a call is sent again, and when. All calls of a client share one budget, so that many callers of a service that fails do not keep it from recovering.
 * *Guarantees*: never before `Retry-After`. *Bounds*: while no call succeeds, as many retries as the budget has.
 */
export class Retries {
  readonly #attempts: number;
  readonly #backoffMs: number;
  readonly #most: number;
  readonly #perSuccess: number;
  #left: number;

  constructor({ attempts = 3, backoffMs = 100, budget: { retries = 10, perSuccess = 0.1 } = {} }: RetryOptions = {}) {
    this.#attempts = attempts;
    this.#backoffMs = backoffMs;
    this.#most = this.#left = retries;
    this.#perSuccess = perSuccess;
  }

  succeeded(): void {
    this.#left = Math.min(this.#most, this.#left + this.#perSuccess);
  }

  /** Takes a retry of the budget, and returns how long to wait before it; undefined where the call is not sent again. `attempt`: how many there were. *Units*: milliseconds. */
  next(
    fault: Fault,
    { attempt, random, leftMs }: { readonly attempt: number; readonly random: number; readonly leftMs: number },
  ): number | undefined {
    if (attempt >= this.#attempts || this.#left < 1 || !retried.has(fault.code)) return undefined;
    const backoff = this.#backoffMs * 2 ** (attempt - 1) * (1 - random / 2);
    // Callers that were refused together come back one after the other.
    const wait = fault.retryAfterMs === undefined ? backoff : fault.retryAfterMs + backoff;
    if (wait >= leftMs) return undefined;
    this.#left--;
    return wait;
  }
}
