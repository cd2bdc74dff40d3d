import assert from "node:assert";

/** How many extra attempts are allowed. */
export interface RetryBudgetOptions {
  /** Extra attempts for each call, on the average. *Bounds*: 0 to 1. *Default*: 0.2. */
  readonly ratio?: number;
  /** Extra attempts that may be made at once after a quiet time; what is unused beyond it is lost. *Bounds*: a whole number from 0 to 10,000. *Default*: 10. */
  readonly reserve?: number;
}

/**
 * What retries and hedges draw on, so that they never multiply the load of a callee that already has too much.
 * Share one among all policies that call the same upstream: each call pays `ratio` in, each extra attempt takes 1 out.
 * *Guarantees*: at any time, extra attempts ≤ `reserve` + `ratio` × calls. It needs no clock.
 * *Source*: retry budgets of Finagle (20%), retry throttling of gRPC A6 (10 tokens); the reserve does not refill with time, so that an outage at a low
 * rate of calls gets no more than its share either.
 */
export class RetryBudget {
  readonly #ratio: number;
  readonly #reserve: number;
  #tokens: number;

  constructor({ ratio = 0.2, reserve = 10 }: RetryBudgetOptions = {}) {
    assert(
      ratio >= 0 && ratio <= 1,
      `retryBudget: the ratio is ${ratio}. Write a number from 0 to 1; 0.2 allows one extra attempt for five calls.`,
    );
    assert(
      Number.isInteger(reserve) && reserve >= 0 && reserve <= 10_000,
      `retryBudget: the reserve is ${reserve}. Write a whole number from 0 to 10,000.`,
    );
    this.#ratio = ratio;
    this.#reserve = reserve;
    this.#tokens = reserve;
  }

  /** Extra attempts that could be made now. */
  get left(): number {
    // Tenths that are added ten times are not quite one.
    return Math.floor(this.#tokens + 1e-6);
  }

  /** Counts a call, once however many layers it has. */
  deposit(): void {
    this.#tokens = Math.min(this.#tokens + this.#ratio, Math.max(this.#reserve, 1));
  }

  /** Takes one extra attempt out, or says that there is none left. */
  withdraw(): boolean {
    if (this.left < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}

/**
 * Makes a budget of extra attempts, to be shared by the retries and hedges of one upstream.
 * *Bounds and defaults*: those of {@link RetryBudgetOptions}.
 */
export function retryBudget(options: RetryBudgetOptions = {}): RetryBudget {
  return new RetryBudget(options);
}
