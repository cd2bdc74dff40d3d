import { refusedShare } from "../../capacity/model/line.ts";
import type { Scenario } from "../scenario.ts";
import { runAt } from "./run-at.ts";
import { ScenarioTarget } from "./scenario-target.ts";
import { type FoundLine, searchLine, type Trial } from "./search.ts";
import { yardstick } from "./yardstick.ts";

/** Options of {@link findLine}. */
export interface FindLineOptions {
  readonly scenario: Scenario;
  /** Where the search begins: the predicted line, or a guess. *Units*: calls per second. */
  readonly first: number;
  /** Length of each run, of which the first fifth is not counted. *Units*: seconds. *Default*: 8. */
  readonly seconds?: number;
  /** Runs at most: with their length they bound the search to 180 s. *Default*: 16. */
  readonly attempts?: number;
  readonly signal?: AbortSignal;
}

/** Searches the load line of a scenario: the highest rate whose p99 is within the deadline, with at most 1% refused, late or failed. */
export async function findLine(options: FindLineOptions): Promise<FoundLine> {
  const { scenario, first, attempts = 16 } = options;
  const target = new ScenarioTarget(scenario);
  try {
    return await searchLine({ first, attempts, attempt: (rate) => attemptAt(rate, { options, target }) });
  } finally {
    target[Symbol.dispose]();
  }
}

async function attemptAt(
  rate: number,
  { options, target }: { readonly options: FindLineOptions; readonly target: ScenarioTarget },
): Promise<Trial> {
  const { scenario, seconds = 8, signal } = options;
  const { deadlineMs = 300 } = scenario;
  const measure = yardstick();
  const run = await runAt(target, { scenario, rate, seconds, seed: Math.round(rate), warmUpMs: seconds * 200, signal });
  const { result, bad, cpuShare, memoryBytes } = run;
  const p99Ms = result.accepted.percentile(99);
  return {
    ...{ rate, seconds, p99Ms, bad, cpuShare, memoryBytes },
    ...{ p50Ms: result.accepted.percentile(50), meanMs: result.accepted.mean },
    holds: !result.isVoid && p99Ms <= deadlineMs && bad <= refusedShare,
    yardstick: measure,
  };
}
