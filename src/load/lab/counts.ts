import { nameOf, type Scenario } from "../scenario.ts";
import { counted } from "./counters.ts";
import { executionsOf, type LabRun, runAt } from "./run-at.ts";
import { ScenarioTarget } from "./scenario-target.ts";
import { walBytes } from "./wal.ts";
import { yardstick } from "./yardstick.ts";

/** What is counted of one execution, over the whole mix. */
export const countNames = ["cpu", "wal", "allocation"] as const;
/**
 * `cpu`: processor time of the process, in rounds of the yardstick. `wal`: bytes that PostgreSQL writes to its log. `allocation`: bytes that are allocated in the
 * heap of V8.
 */
export type CountName = (typeof countNames)[number];

/** One count: the middle of several runs, and by what part a later one may be higher. */
export interface Count {
  readonly each: number;
  readonly tolerance: number;
}

/** What was counted at one rate. */
export interface Uses {
  /** *Units*: calls per second. */
  readonly rate: number;
  /** Statements of one execution by operation; without those that were not executed, and empty without an ops port. */
  readonly statements: Readonly<Record<string, number>>;
  /** Without what the app, the scenario or the noise of this machine does not allow to count. */
  readonly counts: Readonly<Partial<Record<CountName, Count>>>;
  /** The last of the runs. */
  readonly run: LabRun;
}

/** Options of {@link countUses}. */
export interface CountOptions {
  readonly scenario: Scenario;
  /** Half of the line: nothing is refused, so each execution does all of its work. */
  readonly rate: number;
  /** Length of each run. *Units*: seconds. */
  readonly seconds: number;
  /** *Default*: 7. */
  readonly runs?: number;
  readonly signal?: AbortSignal | undefined;
}

/** A later count may be so much higher at least: what differs between two starts of the same code. */
const leastTolerance: Readonly<Record<CountName, number>> = { cpu: 0.1, wal: 0.1, allocation: 0.05 };
/** A count with more noise than this gates nothing, and is not kept. */
const mostTolerance = 0.3;

/** Counts what executions use, in several short runs. The first brings the app into its steady state, and is not counted. */
export async function countUses(options: CountOptions): Promise<Uses> {
  const { scenario, rate, runs = 7 } = options;
  const target = new ScenarioTarget(scenario);
  const each: Readonly<Record<CountName, number[]>> = { cpu: [], wal: [], allocation: [] };
  const measured: LabRun[] = [];
  try {
    for (let run = 0; run <= runs; run++) {
      const { figures, lab } = await countOnce(target, { ...options, seed: run + 1 });
      measured.push(lab);
      for (const name of countNames) if (run > 0 && figures[name] !== undefined) each[name].push(figures[name]);
    }
  } finally {
    target[Symbol.dispose]();
  }
  const [first, last] = [measured[1]!, measured.at(-1)!];
  const statements =
    first.between && last.between ? statementsOf(scenario, { before: first.between.before, after: last.between.after }) : {};
  const counts = countNames.flatMap((name) => {
    const count = each[name].length === 0 ? undefined : countOf(name, each[name]);
    return count === undefined ? [] : [[name, count] as const];
  });
  return { rate, statements, counts: Object.fromEntries(counts), run: last };
}

/** The middle of what runs counted, and how far a later middle may lie above it; `undefined` where the runs differ too much. */
export function countOf(name: CountName, values: readonly number[]): Count | undefined {
  const middle = median(values);
  if (!(middle > 0)) return undefined;
  const spread = median(values.map((value) => Math.abs(value - middle) / middle));
  // Half of the values lie within the spread: 1.5 spreads are a standard deviation, and of the difference between two middles it is 1.8 / √n.
  const tolerance = Math.max(leastTolerance[name], (4 * 1.5 * 1.8 * spread) / Math.sqrt(values.length));
  return tolerance > mostTolerance ? undefined : { each: Number(middle.toPrecision(4)), tolerance: Number(tolerance.toFixed(3)) };
}

async function countOnce(target: ScenarioTarget, { scenario, rate, seconds, signal, seed }: CountOptions & { readonly seed: number }) {
  const { database } = scenario;
  const speed = (yardstick() + yardstick()) / 2;
  const walBefore = database === undefined ? undefined : await walBytes(database);
  const lab = await runAt(target, { scenario, rate, seconds, seed, signal });
  const walAfter = database === undefined ? undefined : await walBytes(database);
  const figures: Partial<Record<CountName, number>> = {};
  const { between } = lab;
  const executions = between === undefined ? lab.result.ok : executionsOf(scenario, between);
  if (executions === 0) return { figures, lab };
  if (walBefore !== undefined && walAfter !== undefined) figures.wal = (walAfter - walBefore) / executions;
  if (between === undefined) return { figures, lab };
  figures.cpu = (counted(between, "process_cpu_seconds_total") * speed) / executions;
  const allocated = counted(between, "nodejs_allocated_bytes_total");
  if (allocated > 0) figures.allocation = allocated / executions;
  return { figures, lab };
}

function statementsOf({ operations }: Scenario, between: NonNullable<LabRun["between"]>): Readonly<Record<string, number>> {
  const counts = operations.flatMap(({ operation }) => {
    const name = nameOf(operation);
    const runs = counted(between, "plimsoll_operation_seconds_count", { operation: name, where: "total" });
    return runs === 0 ? [] : [[name, counted(between, "plimsoll_statements_total", { operation: name }) / runs] as const];
  });
  return Object.fromEntries(counts);
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
