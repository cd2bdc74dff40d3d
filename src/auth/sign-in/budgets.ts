import { limits } from "../../core/limits.ts";
import { LoadLine, type RefusalCount } from "../../core/load-line/load-line.ts";
import type { RateLimiter, Rates } from "../../resilience/rate-limit.ts";

/** By what failures are counted. */
export type BudgetName = "device" | "account from an address" | "address" | "account";

/** So many failures at once, and one more in each interval. */
export interface Step {
  readonly atOnce: number;
  readonly everyMs: number;
}

const second = 1_000;
const minute = 60 * second;

/** With each step the wait between two attempts grows. An account has at most 100 failures in a row, and then 144 a day. *Source*: NIST SP 800-63B section 3.2.2. */
const stepsOf: Readonly<Record<BudgetName, readonly Step[]>> = {
  device: steps([10, 10 * second], [20, minute], [50, 10 * minute]),
  "account from an address": steps([5, 10 * second], [10, minute], [20, 10 * minute]),
  // Many users may share one, and each of them mistypes.
  address: steps([50, 2 * second], [200, 10 * second], [1_000, minute]),
  account: steps([20, 10 * second], [50, minute], [100, 10 * minute]),
};

function steps(...each: readonly (readonly [number, number])[]): readonly Step[] {
  return each.map(([atOnce, everyMs]) => ({ atOnce, everyMs }));
}

/** One attempt as a budget counts it: what is to be returned if it was no failure. */
export interface Counted {
  refund(): void;
}

/** The failures that each key may have. */
export class Budget {
  readonly line: LoadLine;
  readonly #above: RefusalCount;
  readonly #limiters: readonly RateLimiter[];

  constructor(guard: string, name: BudgetName, rates: Pick<Rates, "limiter">) {
    const each = stepsOf[name];
    this.line = new LoadLine({ name: `${guard} failures per ${name}`, unit: "failed sign-ins at once", declared: each[0]!.atOnce });
    this.#above = this.line.reason("rate");
    this.#limiters = each.map(({ atOnce, everyMs }) =>
      rates.limiter({
        ...{ name: `${this.line.name} (${atOnce})`, ratePerSecond: 1_000 / everyMs, burst: atOnce },
        maxKeys: limits.operationRateKeys,
      }),
    );
  }

  /** Counts an attempt as a failure. Returns the wait if it is above the budget; then nothing is counted. *Units*: milliseconds. */
  async take(key: string, nowMs: number): Promise<number | Counted> {
    if (this.line.mode === "off") return { refund: () => undefined };
    const waits = await Promise.all(this.#limiters.map((limiter) => limiter.take(key, nowMs)));
    const taken = this.#limiters.filter((_, index) => waits[index] === 0);
    const refund = () => {
      for (const limiter of taken) void limiter.refund(key);
    };
    const waitMs = Math.max(...waits);
    if (waitMs > 0 && this.line.refuses(this.#above)) {
      refund();
      return waitMs;
    }
    this.line.admitted++;
    return { refund };
  }
}
