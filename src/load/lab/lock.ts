import { createHash } from "node:crypto";
import { arch, cpus, platform } from "node:os";
import type { Scenario } from "../scenario.ts";
import { nameOf } from "../scenario.ts";
import { type Count, type CountName, countNames, type Uses } from "./counts.ts";
import type { FoundLine } from "./search.ts";

/** What `loadlines.lock` keeps of one scenario. */
export interface LockedLine {
  /** Of what the scenario calls: another mix is another line. */
  readonly scenario: string;
  /** The machine that measured it: times of another one say nothing. */
  readonly machine: string;
  readonly line: number;
  readonly ratio: number;
  /** Statements of one execution, by operation. */
  readonly statements: Readonly<Record<string, number>>;
  /** The rate at which it was counted: that of every later count. *Units*: calls per second. */
  readonly rate?: number;
  /** What one execution of the mix uses, each with its tolerance. */
  readonly counts?: Readonly<Partial<Record<CountName, Count>>>;
  /** Why it was changed last. */
  readonly reason: string;
}

/** How a measurement stands to what is locked. */
export interface LockFinding {
  readonly what: "scenario" | "machine" | "statements" | "ratio" | CountName;
  readonly operation?: string;
  readonly was: number | string;
  /** `not shown`: it was not measured, or this machine has too much noise. */
  readonly is: number | string;
  /** Fails the gate; what does not is only said. */
  readonly fails: boolean;
}

/** The mix, its paths and its limits as a hash. Functions count by their text. */
export function scenarioHash({ operations, deadlineMs = 300, think }: Scenario): string {
  const rows = operations.map(({ operation, weight = 1, method = "", path, body = "" }) => [
    nameOf(operation),
    weight,
    method,
    String(path),
    String(body),
  ]);
  return createHash("sha256")
    .update(JSON.stringify([deadlineMs, rows, ...(think === undefined ? [] : [think.meanMs, think.variation ?? 0.5])]))
    .digest("base64url")
    .slice(0, 16);
}

/** Names a machine by what decides its speed. */
function machineOf(): string {
  const all = cpus();
  return `${platform()}-${arch()} ${all.length} × ${all[0]?.model.trim() ?? "unknown"} node ${process.versions.node.split(".")[0]}`;
}

/** A line may be so much lower before the gate fails: runs of the same code differ by as much. */
const tolerance = 0.1;

/** Makes the entry of a line. */
export function lockOf(
  { scenario, found, uses }: { readonly scenario: Scenario; readonly found: FoundLine; readonly uses: Omit<Uses, "run"> },
  reason: string,
): LockedLine {
  const whole = Object.fromEntries(Object.entries(uses.statements).map(([name, count]) => [name, Number(count.toFixed(2))]));
  return {
    scenario: scenarioHash(scenario),
    machine: machineOf(),
    line: Math.round(found.line),
    ratio: Number(found.ratio.toPrecision(4)),
    statements: whole,
    rate: uses.rate,
    counts: uses.counts,
    reason,
  };
}

/** Compares a measurement with what is locked: counts on any machine, times on the same one only. */
export function compareLines(was: LockedLine, is: LockedLine): readonly LockFinding[] {
  if (was.scenario !== is.scenario) return [{ what: "scenario", was: was.scenario, is: is.scenario, fails: true }];
  const isSame = was.machine === is.machine;
  const found: LockFinding[] = Object.entries(is.statements).flatMap(([operation, count]): readonly LockFinding[] => {
    const before = was.statements[operation] ?? count;
    return count > before + 0.05 ? [{ what: "statements", operation, was: before, is: count, fails: true }] : [];
  });
  for (const [operation, before] of Object.entries(was.statements))
    if (is.statements[operation] === undefined) found.push({ what: "statements", operation, was: before, is: "not shown", fails: false });
  for (const name of countNames) {
    const [before, now] = [was.counts?.[name], is.counts?.[name]];
    // The processor time is in rounds of the yardstick, which differs from the app in what it asks of a processor.
    if (before === undefined || (name === "cpu" && !isSame)) continue;
    if (now === undefined) found.push({ what: name, was: before.each, is: "not shown", fails: false });
    else if (now.each > before.each * (1 + before.tolerance)) found.push({ what: name, was: before.each, is: now.each, fails: true });
  }
  if (!isSame) return [...found, { what: "machine", was: was.machine, is: is.machine, fails: false }];
  return is.ratio < was.ratio * (1 - tolerance) ? [...found, { what: "ratio", was: was.ratio, is: is.ratio, fails: true }] : found;
}
