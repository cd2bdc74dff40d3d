import assert from "node:assert";
import { type Clock, systemClock } from "../../../core/clock.ts";
import { limits } from "../../../core/limits.ts";
import type { LoadLine } from "../../../core/load-line/load-line.ts";
import { loadLines } from "../../../core/load-line/load-lines.ts";
import { Signal } from "../../../core/signals.ts";
import { type Backoff, exponential } from "../../backoff.ts";
import type { Call } from "../call/call.ts";
import type { Retried } from "../call/facts.ts";
import { pause } from "../call/pause.ts";
import { type Judge, judge } from "../call/verdict.ts";
import { Policy, type Work } from "../policy.ts";
import { type RetryBudget, retryBudget } from "./budget.ts";

/** How often, and how far apart. */
export interface RetryOptions {
  /** Attempts in all, the first included. *Bounds*: 1 to 10. *Default*: 3, as Google's SRE book recommends. */
  readonly attempts?: number;
  /** The wait before each further attempt. *Default*: `exponential("50ms", { max: "2s", jitter: "full" })`. */
  readonly backoff?: Backoff;
  /** What extra attempts are drawn from. *Default*: one of its own, 20% and 10 in reserve. Share one with the hedges of the same upstream. */
  readonly budget?: RetryBudget;
  /** Which failures may pass. *Default*: by the code of the fault, see {@link Judge}. */
  readonly judge?: Judge;
  readonly clock?: Clock;
}

/**
 * Tries work again that failed with what may pass. Only what is idempotent: anything else does not compile.
 * *Guarantees*: no attempt after a failure that says "never", after the caller cancelled, or beyond the budget; none before the time that the callee
 * asked for (`retryAfterMs`); none where the wait passes the deadline; none where a layer above retries already, so that attempts do not multiply.
 * *Faults thrown*: what the last attempt threw. *Source*: Finagle's retry filter, Google's SRE book ("Handling overload"), gRPC A6.
 * @example retry({ attempts: 3 }).run(idempotent(({ signal }) => fetch(url, { signal })))
 */
export function retry(options: RetryOptions = {}): Retry {
  const { attempts = 3 } = options;
  assert(
    Number.isInteger(attempts) && attempts >= 1 && attempts <= limits.callAttempts,
    `retry: attempts is ${attempts}. Write a whole number from 1 to ${limits.callAttempts}.`,
  );
  return new Retry({
    attempts,
    backoff: options.backoff ?? exponential("50ms", { max: "2s", jitter: "full" }),
    budget: options.budget ?? retryBudget(),
    judge: options.judge ?? judge,
    clock: options.clock ?? systemClock,
  });
}

/** The policy that {@link retry} makes. */
export class Retry extends Policy<"repeats", never> {
  readonly retried = new Signal<Retried>("retry.retried");
  readonly #options: Required<RetryOptions>;

  constructor(options: Required<RetryOptions>) {
    super();
    this.#options = options;
  }

  override get [loadLines](): readonly LoadLine[] {
    return this.#options.budget[loadLines];
  }

  async around<T>(work: Work<T>, call: Call): Promise<T> {
    if (call.isRetried) return await work(call);
    let budget = call.budget;
    if (budget === undefined) {
      budget = this.#options.budget;
      budget.deposit();
    }
    let delayMs: number | undefined;
    for (let attempt = 1; ; attempt++) {
      try {
        return await work(call.child({ attempt, budget, isRetried: true }));
      } catch (thrown) {
        delayMs = call.scope.aborted ? undefined : this.#next({ attempt, thrown, budget, call, previousMs: delayMs });
        if (delayMs === undefined) throw thrown;
      }
      await pause(this.#options.clock, call, delayMs);
    }
  }

  /** How long to wait for another attempt, or undefined where there is none. */
  #next({ attempt, thrown, budget, call, previousMs }: Failed): number | undefined {
    const { attempts, backoff, clock, judge } = this.#options;
    if (attempt >= attempts) return undefined;
    const { mayRetry, afterMs } = judge(thrown);
    if (!mayRetry) return undefined;
    const delayMs = Math.max(afterMs, backoff.delayMs(attempt, clock.random(), previousMs));
    const decision = clock.monotonic() + delayMs >= call.deadlineAt ? "deadline" : budget.withdraw() ? "retry" : "budget";
    const { watch } = call;
    if (this.retried.hasListeners || watch?.retried) {
      const fact: Retried = { attempt, thrown, decision, delayMs };
      this.retried.publish(fact);
      watch?.retried?.(fact);
    }
    return decision === "retry" ? delayMs : undefined;
  }
}

interface Failed {
  readonly attempt: number;
  readonly thrown: unknown;
  readonly budget: RetryBudget;
  readonly call: Call;
  readonly previousMs: number | undefined;
}
