import assert from "node:assert";
import { LoadLine, type RefusalCount } from "../../../core/load-line/load-line.ts";
import { loadLines } from "../../../core/load-line/load-lines.ts";

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
  readonly #line: LoadLine;
  readonly #spent: RefusalCount;
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
    this.#line = new LoadLine({
      ...{ name: "retry budget", unit: "extra attempts in reserve", declared: reserve, now: () => Math.max(0, reserve - this.left) },
    });
    this.#spent = this.#line.reason("spent");
  }

  /** Its limit, for the policies that draw on it. */
  get [loadLines](): readonly LoadLine[] {
    return [this.#line];
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
    const { left } = this;
    if (left < 1) return this.#line.mode === "off" || !this.#line.refuses(this.#spent);
    this.#tokens -= 1;
    this.#line.admits(Math.max(0, this.#reserve - left + 1));
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
