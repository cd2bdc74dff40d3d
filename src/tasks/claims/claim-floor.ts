import type { Clock } from "../../core/clock.ts";
import type { ClaimedTask } from "../ports/claim-store.ts";

/** A look at everything that takes so long steps over what was claimed before, which an old transaction keeps the database from forgetting. */
const slowMs = 20;
const wholeEveryMs = 250;
/** What becomes visible so long after it became due is found by a look at everything. */
const slackMs = 1_000;

/** A claim, and what came of it. */
export interface Claimed {
  readonly tasks: readonly ClaimedTask[];
  readonly limit: number;
  readonly floor: number;
  /** When it was asked for. *Units*: milliseconds of the clock. */
  readonly askedAt: number;
  /** Whether nothing was left out but for its rank: no fairness key, no task without a free slot. */
  readonly isWhole: boolean;
}

/**
 * From which rank on a queue of one fairness key is looked at. While a look at everything is quick, that is what every claim does. Once it is slow, it is done four
 * times a second, and the claims in between begin where the last one ended.
 * *Guarantees*: what became visible late, or has a rank of long ago, waits for no more than a look at everything.
 */
export class ClaimFloor {
  readonly #clock: Clock;
  #rank = 0;
  #highest = 0;
  #wholeAt = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** 0: everything. */
  get rank(): number {
    return this.dueMs > 0 ? this.#rank : 0;
  }

  /** When everything is to be looked at again. *Units*: milliseconds from now; not above 0 where it is due. */
  get dueMs(): number {
    return this.#wholeAt + wholeEveryMs - this.#clock.monotonic();
  }

  learn({ tasks, limit, floor, askedAt, isWhole }: Claimed): void {
    const now = this.#clock.monotonic();
    for (const { rank } of tasks) this.#highest = Math.max(this.#highest, rank);
    if (floor === 0) this.#wholeAt = now;
    const isSlow = floor > 0 || now - askedAt >= slowMs;
    const key = tasks[0]?.fairnessKey;
    if (!isSlow || !isWhole || tasks.some((task) => task.fairnessKey !== key)) this.#rank = 0;
    else
      this.#rank = tasks.length < limit ? Math.max(0, this.#highest - slackMs) : tasks.reduce((last, { rank }) => Math.max(last, rank), 0);
  }
}
