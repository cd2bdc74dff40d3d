import { parseDuration } from "../../core/duration.ts";
import type { Operation } from "../../operation/contract.ts";
import { traitsOf } from "../../operation/kind.ts";
import type { Projection } from "../../operation/sourcing/projection.ts";
import type { Report } from "../registry/problem.ts";

/** The projections that a query reads, worked out at start. */
export interface CompiledReads {
  /** By their names. */
  readonly projections: readonly string[];
  /** How far they may be behind; undefined where that does not matter. *Units*: milliseconds. */
  readonly stalenessMs: number | undefined;
}

const longestMs = 86_400_000;

/** Works out which projections an operation reads, and reports what is wrong with that. Whether a module lists them is checked with the projections. */
export function compileReads({ name, kind, spec, ...operation }: Operation, report: Report): CompiledReads | undefined {
  const { reads, cache } = spec;
  if (reads === undefined) return undefined;
  if (!Array.isArray(reads) || reads.length === 0) {
    report(name, "reads", "It lists no projection. List those that the query reads, as in reads: [revenue], or leave staleness out.");
    return undefined;
  }
  if (traitsOf({ kind, ...operation }).transaction !== "read")
    report(name, "reads", `A ${kind} may change something, and what it decides by is in its own transaction. Declare reads in a query.`);
  if (cache !== undefined) report(name, "reads", "An output that is kept is older than what the projection has. Remove cache, or reads.");
  for (const projection of reads as readonly Projection[])
    if (projection?.kind !== "projection")
      report(name, "reads", "It lists something that is not a projection. List what projection returned.");
  const stalenessMs = compileStaleness({ name, spec }, report);
  return { projections: [...new Set((reads as readonly Projection[]).map((projection) => projection?.name))], stalenessMs };
}

/** How old what an operation reads may be, where it reads no projection: then a replica does. *Units*: milliseconds. */
export function compileReplicas({ name, kind, spec, ...operation }: Operation, report: Report): number | undefined {
  const { reads, staleness, cache } = spec;
  if (reads !== undefined || staleness === undefined) return undefined;
  if (traitsOf({ kind, ...operation }).transaction !== "read")
    report(name, "staleness", `A ${kind} may change something, and decides by what is there now. Declare staleness in a query.`);
  if (cache !== undefined)
    report(name, "staleness", "An output that is kept is older than what was read for it. Remove cache, or staleness.");
  return compileStaleness({ name, spec }, report);
}

function compileStaleness(
  { name, spec: { staleness } }: { readonly name: string; readonly spec: Pick<Operation["spec"], "staleness"> },
  report: Report,
): number | undefined {
  const stalenessMs = staleness === undefined ? undefined : parseDuration(staleness);
  if (staleness !== undefined && (stalenessMs === undefined || stalenessMs < 1 || stalenessMs > longestMs))
    report(name, "staleness", `"${staleness}" is not a duration from 1ms to 1d. Write one, as in "5s".`);
  return stalenessMs;
}
