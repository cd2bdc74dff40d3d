import { shownRates } from "../../pipeline/rates/operation-rate.ts";
import type { RunningExecution } from "../../pipeline/state/running-execution.ts";

/** A rate as a policy announces it: requests in a period. */
interface RatePolicy {
  readonly name: string;
  readonly limit: number;
  /** *Units*: milliseconds. */
  readonly periodMs: number;
}

/** A policy counts whole requests in whole seconds: of a shorter period it is as many as fit into one second. */
function policyItem({ name, limit, periodMs }: RatePolicy): string {
  const seconds = Math.max(1, Math.ceil(periodMs / 1_000));
  return `"${name}";q=${Math.max(1, Math.floor((limit * seconds * 1_000) / periodMs))};w=${seconds}`;
}

/**
 * Appends the quota that is used up, and when there is one again. Names hold no quotes: they were checked at the start.
 * *Source*: draft-ietf-httpapi-ratelimit-headers-10.
 */
export function pushRefusedRate(headers: string[], refused: RatePolicy & { readonly waitMs: number }): void {
  headers.push("ratelimit-policy", policyItem(refused));
  headers.push("ratelimit", `"${refused.name}";r=0;t=${Math.max(1, Math.ceil(refused.waitMs / 1_000))}`);
}

/** Appends every quota of which a request took, and what is left of it where that is known. *Source*: as {@link pushRefusedRate}. */
export function pushTakenRates(headers: string[], execution: RunningExecution): void {
  if (execution.rates === undefined && execution.said?.rates === undefined) return;
  const taken = shownRates(execution);
  headers.push("ratelimit-policy", taken.map(policyItem).join(", "));
  const left = taken.flatMap(({ name, left: reading }) =>
    reading === undefined ? [] : [`"${name}";r=${reading.remaining};t=${Math.ceil(reading.resetMs / 1_000)}`],
  );
  if (left.length > 0) headers.push("ratelimit", left.join(", "));
}
