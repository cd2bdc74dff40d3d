import { type Clock, systemClock } from "../../core/clock.ts";
import type { LoadResult } from "../outcome.ts";
import { runLoad } from "../run.ts";
import { nameOf, type Scenario, scheduleOf } from "../scenario.ts";
import { type Counters, counted, fetchCounters } from "./counters.ts";
import type { ScenarioTarget } from "./scenario-target.ts";

/** How a scenario is run. */
export interface RunAt {
  readonly scenario: Scenario;
  /** *Units*: calls per second. */
  readonly rate: number;
  readonly seconds: number;
  readonly seed: number;
  /** The start that is sent and not counted in the result; counters have it. *Units*: milliseconds. *Default*: 0. */
  readonly warmUpMs?: number;
  readonly signal?: AbortSignal | undefined;
  readonly clock?: Clock;
}

/** One run at a constant rate, and what the app counted meanwhile where the scenario names its ops port. */
export interface LabRun {
  readonly rate: number;
  readonly seconds: number;
  readonly result: LoadResult;
  /** Share of calls that were refused, late, failed or never sent. */
  readonly bad: number;
  readonly between: { readonly before: Counters; readonly after: Counters } | undefined;
  /** Processor time of the app against the time that passed: 1 is one core. */
  readonly cpuShare: number | undefined;
  /** Memory of the app at the end. *Units*: bytes. */
  readonly memoryBytes: number | undefined;
}

/** Sends the calls of a scenario at one rate. */
export async function runAt(target: ScenarioTarget, options: RunAt): Promise<LabRun> {
  const { scenario, rate, seconds, seed, warmUpMs = 0, signal, clock = systemClock } = options;
  const { ops, deadlineMs = 300 } = scenario;
  const before = ops === undefined ? undefined : await fetchCounters(ops);
  const started = clock.monotonic();
  target.seed = seed;
  const plan = scheduleOf(scenario, { rate, seconds, seed });
  const result = await runLoad({ schedule: plan, target: target.call, deadlineMs, warmUpMs, clock, ...(signal && { signal }) });
  const passed = (clock.monotonic() - started) / 1_000;
  const after = ops === undefined ? undefined : await fetchCounters(ops);
  const between = before && after && { before, after };
  return {
    ...{ rate, seconds, result, between },
    bad: (result.refused + result.late + result.failed + result.missed) / Math.max(1, result.scheduled),
    cpuShare: between && counted(between, "process_cpu_seconds_total") / passed,
    memoryBytes: after && sumOf(after, "process_resident_memory_bytes"),
  };
}

/** Executions of a scenario's operations in a run, as the app counted them. */
export function executionsOf({ operations }: Scenario, between: NonNullable<LabRun["between"]>): number {
  const of = (operation: string) => counted(between, "plimsoll_operation_seconds_count", { operation, where: "total" });
  return [...new Set(operations.map(({ operation }) => nameOf(operation)))].reduce((sum, name) => sum + of(name), 0);
}

function sumOf(counters: Counters, name: string): number | undefined {
  const values = [...counters].filter(([key]) => key.startsWith(`${name}{`)).map(([, value]) => value);
  return values.length === 0 ? undefined : values.reduce((sum, value) => sum + value, 0);
}
