import assert from "node:assert";
import { type Clock, systemClock } from "../../../core/clock.ts";
import type { LoadLine } from "../../../core/load-line/load-line.ts";
import { loadLines } from "../../../core/load-line/load-lines.ts";
import { Signal } from "../../../core/signals.ts";
import type { Call } from "../call/call.ts";
import { Policy, type Work } from "../policy.ts";
import { type RetryBudget, retryBudget } from "../retry/budget.ts";
import { Latencies } from "./latencies.ts";
import { Race } from "./race.ts";

/** When a second call is made. */
export interface HedgeOptions {
  /** The share of calls that are faster than what is waited for. *Bounds*: 0.5 to 0.999. *Default*: 0.95, as Dean and Barroso recommend. */
  readonly percentile?: number;
  /** Latencies to be learnt before the first hedge. *Bounds*: 1 to 256. *Default*: 50. */
  readonly minimumCalls?: number;
  /** What hedges are drawn from. *Default*: one of its own, 20% and 10 in reserve. Share one with the retries of the same upstream. */
  readonly budget?: RetryBudget;
  readonly clock?: Clock;
}

/** A second call, or that there was no budget for one. */
export interface Hedged {
  /** How long the first one had run. *Units*: milliseconds. */
  readonly afterMs: number;
  readonly decision: "hedge" | "budget";
}

/**
 * Makes a second call where the first takes longer than most, and returns the outcome that comes first; the other call is cancelled.
 * *Guarantees*: at most two calls at a time; none before the percentile is learnt, nor beyond the budget that all layers share; a call that fails while
 * the other one runs does not end the wait. Never sooner than after 1 ms.
 * *Faults thrown*: what the first call threw, where both fail. The loser is cancelled with `cancelled` of type `hedge_lost`.
 * *Source*: Dean and Barroso, "The tail at scale" (2013); Finagle's backup requests.
 * @example hedge().run(idempotent(({ signal }) => fetch(url, { signal })))
 */
export function hedge(options: HedgeOptions = {}): Hedge {
  const { percentile = 0.95, minimumCalls = 50 } = options;
  assert(percentile >= 0.5 && percentile <= 0.999, `hedge: percentile is ${percentile}. Write a number from 0.5 to 0.999.`);
  assert(
    Number.isInteger(minimumCalls) && minimumCalls >= 1 && minimumCalls <= 256,
    `hedge: minimumCalls is ${minimumCalls}. Write a whole number from 1 to 256.`,
  );
  return new Hedge(new Latencies(percentile, minimumCalls), {
    budget: options.budget ?? retryBudget(),
    clock: options.clock ?? systemClock,
  });
}

/** The policy that {@link hedge} makes. */
export class Hedge extends Policy<"repeats", never> {
  readonly hedged = new Signal<Hedged>("hedge.hedged");
  readonly #latencies: Latencies;
  readonly #budget: RetryBudget;
  readonly #clock: Clock;

  constructor(latencies: Latencies, { budget, clock }: { readonly budget: RetryBudget; readonly clock: Clock }) {
    super();
    this.#latencies = latencies;
    this.#budget = budget;
    this.#clock = clock;
  }

  /** How long a call runs before a second one is made; undefined until it is learnt. *Units*: milliseconds. */
  get afterMs(): number | undefined {
    const { value } = this.#latencies;
    // Behind it, not at it: where all calls take the same time, each would be at the percentile.
    return value === undefined ? undefined : Math.floor(value) + 1;
  }

  override get [loadLines](): readonly LoadLine[] {
    return this.#budget[loadLines];
  }

  around<T>(work: Work<T>, call: Call): Promise<T> {
    let { budget } = call;
    if (budget === undefined) {
      budget = this.#budget;
      budget.deposit();
    }
    const { afterMs } = this;
    const startedAt = this.#clock.monotonic();
    const race = new Race(work, { call, budget });
    const timer = afterMs === undefined ? undefined : this.#clock.schedule(afterMs, () => this.#second(race, { budget, startedAt }));
    return race.run((isWon) => {
      timer?.cancel();
      // Of a first call that was cancelled this is less than it would have taken. It still counts, or hedges would teach that all calls are fast.
      if (isWon) this.#latencies.add(this.#clock.monotonic() - startedAt);
    });
  }

  #second(
    race: Pick<Race<unknown>, "mayHedge" | "hedge">,
    { budget, startedAt }: { readonly budget: RetryBudget; readonly startedAt: number },
  ): void {
    if (!race.mayHedge) return;
    const decision = budget.withdraw() ? "hedge" : "budget";
    if (this.hedged.hasListeners) this.hedged.publish({ afterMs: this.#clock.monotonic() - startedAt, decision });
    if (decision === "hedge") race.hedge();
  }
}
