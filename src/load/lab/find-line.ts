import { refusedShare } from "../../capacity/model/line.ts";
import { runLoad } from "../run.ts";
import { nameOf, type Scenario } from "../scenario.ts";
import { hold, schedule } from "../schedule.ts";
import { counted, fetchCounters } from "./counters.ts";
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

/** A line with what was counted on the way. */
export interface MeasuredLine {
  readonly found: FoundLine;
  /** Statements of one execution by operation; empty without an ops port. */
  readonly statements: Readonly<Record<string, number>>;
}

/** Searches the load line of a scenario: the highest rate whose p99 is within the deadline, with at most 1% refused, late or failed. */
export async function findLine(options: FindLineOptions): Promise<MeasuredLine> {
  const target = new ScenarioTarget(options.scenario);
  try {
    return await findLineOf(target, options);
  } finally {
    target[Symbol.dispose]();
  }
}

async function findLineOf(target: ScenarioTarget, options: FindLineOptions): Promise<MeasuredLine> {
  const { scenario, first, attempts = 16 } = options;
  const before = scenario.ops === undefined ? undefined : await fetchCounters(scenario.ops);
  const found = await searchLine({ first, attempts, attempt: (rate) => attemptAt(rate, { options, target }) });
  if (before === undefined || scenario.ops === undefined) return { found, statements: {} };
  const between = { before, after: await fetchCounters(scenario.ops) };
  const statements = scenario.operations.map(({ operation }) => {
    const name = nameOf(operation);
    const runs = counted(between, "plimsoll_operation_seconds_count", { operation: name, code: "ok", where: "total" });
    return [name, runs === 0 ? 0 : counted(between, "plimsoll_statements_total", { operation: name }) / runs] as const;
  });
  return { found, statements: Object.fromEntries(statements) };
}

async function attemptAt(
  rate: number,
  { options, target }: { readonly options: FindLineOptions; readonly target: ScenarioTarget },
): Promise<Trial> {
  const { scenario, seconds = 8, signal } = options;
  const { deadlineMs = 300 } = scenario;
  const measure = yardstick();
  const plan = schedule([hold(rate, seconds)], { spacing: "poisson", seed: Math.round(rate) });
  const result = await runLoad({ schedule: plan, target: target.call, deadlineMs, warmUpMs: seconds * 200, ...(signal && { signal }) });
  const bad = (result.refused + result.late + result.failed + result.missed) / Math.max(1, result.scheduled);
  const p99Ms = result.accepted.percentile(99);
  return {
    rate,
    p50Ms: result.accepted.percentile(50),
    p99Ms,
    bad,
    holds: !result.isVoid && p99Ms <= deadlineMs && bad <= refusedShare,
    yardstick: measure,
  };
}
