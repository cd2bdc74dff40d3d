import { type Clock, seededRandom, systemClock } from "../../core/clock.ts";
import { HttpTarget } from "../http-target.ts";
import type { Answer, Target } from "../outcome.ts";
import { type Scenario, type ScenarioArrival, sharesOf } from "../scenario.ts";

/** Latencies of what succeeded, of one operation. *Units*: milliseconds. */
export interface OperationTimes {
  count: number;
  sum: number;
  squares: number;
}

/** Sends the calls of a scenario in its mix. The same seed picks the same operations, and gives their factories the same numbers. */
export class ScenarioTarget implements Disposable {
  /** Of the calls to come: each run has its own. */
  seed: number;
  readonly #targets: readonly HttpTarget[];
  readonly #shares: readonly number[];
  readonly #clock: Clock;
  #times: readonly OperationTimes[];

  constructor(scenario: Scenario, { seed = 1, clock = systemClock }: { readonly seed?: number; readonly clock?: Clock } = {}) {
    this.#shares = sharesOf(scenario);
    this.seed = seed;
    this.#clock = clock;
    this.#times = noTimes(scenario);
    const randomOf = (index: number) => seededRandom(this.seed * 1_000_003 + index + 1);
    this.#targets = scenario.operations.map(({ path, method, headers, body }) => {
      const made = (index: number, scheduledMs: number): ScenarioArrival => ({ index, scheduledMs, random: randomOf(index) });
      return new HttpTarget({
        url: scenario.url,
        ...(method !== undefined && { method }),
        ...(headers !== undefined && { headers }),
        ...(body !== undefined && {
          body: typeof body === "string" ? body : ({ index, scheduledMs }) => body(made(index, scheduledMs)),
        }),
        path: typeof path === "string" ? () => path : ({ index, scheduledMs }) => path(made(index, scheduledMs)),
      });
    });
  }

  /** Sends one call. */
  readonly call: Target = async (arrival): Promise<Answer> => {
    const which = this.#pick(arrival.index);
    const before = this.#clock.monotonic();
    const answer = await this.#targets[which]!.call(arrival);
    if (answer.kind === "ok") {
      const ms = this.#clock.monotonic() - before;
      const times = this.#times[which]!;
      times.count++;
      times.sum += ms;
      times.squares += ms * ms;
    }
    return answer;
  };

  /** What was measured since the last time. */
  takeTimes(): readonly OperationTimes[] {
    const times = this.#times;
    this.#times = times.map(() => ({ count: 0, sum: 0, squares: 0 }));
    return times;
  }

  [Symbol.dispose](): void {
    for (const target of this.#targets) target[Symbol.dispose]();
  }

  #pick(index: number): number {
    const at = seededRandom(this.seed * 7_919 + index)();
    let sum = 0;
    return Math.max(
      0,
      this.#shares.findIndex((share) => {
        sum += share;
        return at < sum;
      }),
    );
  }
}

function noTimes({ operations }: Scenario): readonly OperationTimes[] {
  return operations.map(() => ({ count: 0, sum: 0, squares: 0 }));
}
