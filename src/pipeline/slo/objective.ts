import { type Code, codes } from "../../core/code.ts";
import { formatMs, parseDuration } from "../../core/duration.ts";
import type { Operation } from "../../operation/contract.ts";
import { traitsOf } from "../../operation/kind.ts";
import { defaultSuccess, successBounds } from "../../operation/slo/spec.ts";
import type { Report } from "../registry/problem.ts";

/** Why what counts is not good: a code; or it took too long; or it is durable work that is not tried again. */
export const failureReasons = ["slow", "deadline_exceeded", "unavailable", "unimplemented", "internal", "given_up"] as const;
type FailureReason = (typeof failureReasons)[number];

/**
 * The objective of one operation, with exact counts of what it was measured by.
 * *Guarantees*: counting is an addition to a plain field. `total` is the sum of `good` and of all that failed, and none of them falls.
 */
export class Objective {
  readonly success: number;
  /** Infinite where no caller waits. *Units*: milliseconds. */
  readonly withinMs: number;
  /** Whether the contract says it. */
  readonly isDeclared: boolean;
  good = 0;
  total = 0;
  readonly failed: Record<FailureReason, number> = {
    slow: 0,
    deadline_exceeded: 0,
    unavailable: 0,
    unimplemented: 0,
    internal: 0,
    given_up: 0,
  };

  constructor({ success, withinMs, isDeclared }: Pick<Objective, "success" | "withinMs" | "isDeclared">) {
    this.success = success;
    this.withinMs = withinMs;
    this.isDeclared = isDeclared;
  }

  /**
   * Counts an execution whose caller waited for it. What fails for a reason of the caller is left out, so that it can neither use up the budget for errors
   * nor hide that it is used up. A caller who left after `withinMs` had waited longer than was promised.
   * `tookMs`: how long the caller waited, of a stream until it opened; `deadlineMs`: how long it would have waited.
   */
  count(outcome: Code | "ok", tookMs: number, deadlineMs: number): void {
    const share = outcome === "ok" ? "met" : codes[outcome].objective;
    if (share === "apart" && !(outcome === "cancelled" && tookMs > this.withinMs)) return;
    // A caller who gives less than half of the time that is promised asks for what was not promised.
    if (outcome === "deadline_exceeded" && deadlineMs < this.withinMs / 2) return;
    this.total++;
    if (share === "met" && tookMs <= this.withinMs) this.good++;
    else this.failed[share === "missed" ? (outcome as FailureReason) : "slow"]++;
  }

  /** Counts durable work that has ended: attempts that are retried have not. */
  countEnd(isGood: boolean): void {
    this.total++;
    if (isGood) this.good++;
    else this.failed.given_up++;
  }
}

/** Works out the objective of an operation, and reports what is wrong with it. */
export function compileObjective({ name, kind, spec, traits }: Operation, deadlineMs: number, report: Report): Objective {
  const { durable } = traitsOf({ kind, ...(traits !== undefined && { traits }) });
  const { slo = {}, criticality = "default" } = spec;
  const { success = defaultSuccess[criticality], within } = slo;
  const { least, most } = successBounds;
  if (!(typeof success === "number" && success >= least && success <= most))
    report(name, "slo.success", `${success} is not a share from ${least} to ${most}. Write one, as in 0.999.`);
  if (durable && within !== undefined)
    report(name, "slo.within", `No caller waits for a ${kind}, so it promises no time. Leave within out; its lag has an alert of its own.`);
  const withinMs = within === undefined ? deadlineMs : parseDuration(within);
  // What was not said follows from the deadline, which has a report of its own.
  if (within !== undefined && (withinMs === undefined || withinMs < 1 || withinMs > deadlineMs))
    report(
      name,
      "slo.within",
      `"${within}" is not a duration from 1ms to the deadline of ${formatMs(deadlineMs)}, after which an execution fails. Write one, as in "300ms".`,
    );
  return new Objective({
    success,
    withinMs: durable ? Number.POSITIVE_INFINITY : (withinMs ?? deadlineMs),
    isDeclared: spec.slo !== undefined,
  });
}
