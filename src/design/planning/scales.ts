import { breaksOf } from "../../capacity/planning/breaks.ts";
import { assumedOperation, capacityDefaults } from "../../capacity/planning/defaults.ts";
import type { PlannedLoad } from "../../capacity/planning/input.ts";
import { connectionsOf, sizeOf } from "../../capacity/planning/size.ts";
import { timeMs } from "../quantities/quantity.ts";
import type { Design } from "./design.ts";
import { figure, type Load, planningDefaults, type ResourceUse, type Scale } from "./load.ts";

// Sizes and limits are those of the capacity plan: what `plimsoll plan` says of the same load is what the design says.

/** A load within a deadline. */
export interface ScaledLoad {
  readonly load: Pick<Load, "peak" | "mean">;
  readonly deadlineMs: number;
}

/** Returns how many processes a load needs: at least two, so that one may fail. */
export function replicasFor(peak: number, deadlineMs: number): number {
  return sizeOf(plannedOf({ load: { peak, mean: peak }, deadlineMs }), peak).replicas;
}

/** Computes the resources at multiples of a load; processes are added as needed, all else stays. */
export function scalesOf(scaled: ScaledLoad, multiples: readonly number[]): readonly Scale[] {
  const planned = plannedOf(scaled);
  return multiples.map((times) => scaleOf(planned, times));
}

/** Processes are added as needed: what gives out first is what stays. */
export function firstToGiveOut(scaled: ScaledLoad): Design["firstToGiveOut"] {
  const [first] = scaled.load.peak === 0 ? [] : breaksOf(plannedOf(scaled));
  return first === undefined
    ? { resource: "none", times: 0 }
    : { resource: names[first.resource as keyof typeof names], times: first.times };
}

const names = {
  postgres: "PostgreSQL CPU",
  connections: "PostgreSQL connections",
  storage: "storage in a year",
} as const satisfies Record<string, ResourceUse["resource"]>;

/** The operations by deadline, so that what was found out of one is found once. */
const assumed = new Map<number, PlannedLoad["operations"]>();
const mostAssumed = 100;

function plannedOf({ load: { peak, mean }, deadlineMs }: ScaledLoad): PlannedLoad {
  const { databaseCores, maxConnections } = capacityDefaults;
  const operations = assumed.get(deadlineMs) ?? [assumedOperation(deadlineMs)];
  if (assumed.size < mostAssumed) assumed.set(deadlineMs, operations);
  return { peak, mean, deadlineMs, operations, measured: undefined, databaseCores, maxConnections };
}

function scaleOf(planned: PlannedLoad, times: number): Scale {
  const d = planningDefaults;
  const { maxConnections, databaseCores } = planned;
  const peak = planned.peak * times;
  const size = sizeOf(planned, peak);
  const { replicas, pool } = size;
  const writes = planned.mean * times * d.writeShare;
  const uses: readonly ResourceUse[] = [
    {
      resource: "event loop",
      share: (peak * d.loopMs) / timeMs.second / replicas / d.loopShare,
      formula: `${figure(peak)}/s × ${d.loopMs} ms / ${replicas} / ${d.loopShare}`,
    },
    {
      resource: "PostgreSQL CPU",
      share: (peak * d.databaseMs) / timeMs.second / databaseCores / d.loopShare,
      formula: `${figure(peak)}/s × ${d.databaseMs} ms / ${databaseCores} cores / ${d.loopShare}`,
    },
    {
      resource: "PostgreSQL connections",
      share: connectionsOf(size) / maxConnections,
      formula: `((${replicas} + 1) × (${pool} + ${capacityDefaults.besidePool}) + ${capacityDefaults.besideProcesses}) / ${maxConnections}`,
    },
    {
      resource: "storage in a year",
      share: (writes * d.bytesPerWrite * timeMs.year) / timeMs.second / d.storageBytes,
      formula: `${figure(writes)} writes/s × ${d.bytesPerWrite} B × 1 year / ${d.storageBytes / 1e9} GB`,
    },
  ];
  return { times, peak, replicas, uses: uses.toSorted((one, other) => other.share - one.share) };
}
