import type { LabRun } from "../lab/run-at.ts";
import type { FoundLine, Trial } from "../lab/search.ts";
import type { Scenario } from "../scenario.ts";
import { type ThinkTime, usersAt } from "../think.ts";

/** Where a row was measured: at half of the line, at the line, and at the lowest rate that did not hold. */
export type RowAt = "half" | "line" | "beyond";

/** One row: what one process on one machine does at a rate. `undefined` was not measured. */
export interface SingleRow {
  readonly at: RowAt;
  /** Calls that succeeded in time, per second. */
  readonly perSecond: number | undefined;
  readonly p99Ms: number | undefined;
  readonly meanMs: number | undefined;
  readonly memoryBytes: number | undefined;
  readonly cpuShare: number | undefined;
  /** Who send these calls: those who pause between them, or else the calls in flight. */
  readonly users: number | undefined;
  readonly seconds: number | undefined;
  readonly errors: number | undefined;
}

/** The rows of a measured line. *half*: the run at half of it, where there was one. */
export function rowsOf({
  scenario,
  found,
  half,
}: {
  readonly scenario: Scenario;
  readonly found: FoundLine;
  readonly half?: LabRun;
}): readonly SingleRow[] {
  const { think } = scenario;
  const held = found.trials.findLast(({ rate, holds }) => holds && rate === found.line);
  const beyond = found.trials.filter(({ holds, rate }) => !holds && rate > found.line).toSorted((one, other) => one.rate - other.rate)[0];
  return [
    half === undefined
      ? noRow("half")
      : rowOf("half", { ...half, p99Ms: half.result.accepted.percentile(99), meanMs: half.result.accepted.mean }, think),
    held === undefined ? noRow("line") : rowOf("line", held, think),
    beyond === undefined ? noRow("beyond") : rowOf("beyond", beyond, think),
  ];
}

type Measured = Pick<Trial, "rate" | "seconds" | "bad" | "p99Ms" | "meanMs" | "cpuShare" | "memoryBytes">;

function rowOf(at: RowAt, { rate, seconds, bad, p99Ms, meanMs, cpuShare, memoryBytes }: Measured, think: ThinkTime | undefined): SingleRow {
  const users = think === undefined ? Math.max(1, Math.round((rate * meanMs) / 1_000)) : usersAt(think, rate);
  return { at, perSecond: rate * (1 - bad), p99Ms, meanMs, memoryBytes, cpuShare, users, seconds, errors: bad };
}

function noRow(at: RowAt): SingleRow {
  const none = undefined;
  return { at, perSecond: none, p99Ms: none, meanMs: none, memoryBytes: none, cpuShare: none, users: none, seconds: none, errors: none };
}

/** The cells of a row as text, in the order of the columns. *notShown*: what stands where nothing was measured. */
export function cellsOf(row: SingleRow, notShown: string): readonly string[] {
  const { perSecond, p99Ms, meanMs, memoryBytes, cpuShare, users, seconds, errors } = row;
  const shown = (value: number | undefined, text: (value: number) => string) => (value === undefined ? notShown : text(value));
  return [
    shown(perSecond, (value) => `${value.toFixed(0)}/s`),
    shown(p99Ms, (value) => `${value.toFixed(1)} ms`),
    shown(meanMs, (value) => `${value.toFixed(1)} ms`),
    shown(memoryBytes, (value) => `${(value / 1_048_576).toFixed(0)} MiB`),
    shown(cpuShare, (value) => `${(value * 100).toFixed(0)}%`),
    shown(users, (value) => String(value)),
    shown(seconds, (value) => `${value.toFixed(1)} s`),
    shown(errors, (value) => `${(value * 100).toFixed(2)}%`),
  ];
}
