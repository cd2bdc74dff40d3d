import { figure } from "../../design/planning/load.ts";
import { timeMs } from "../../design/quantities/quantity.ts";
import { mean } from "../model/system.ts";
import { capacityDefaults } from "./defaults.ts";
import type { PlannedLoad } from "./input.ts";
import type { Break } from "./plan.ts";
import { connectionsOf, sizeOf } from "./size.ts";

/** Above so many times of the load nothing is looked for. */
const mostTimes = 1_000_000;
/** How exactly a multiple is found, as a share of it. */
const precision = 0.0005;

/** When what does not grow with the processes gives out, the first first. */
export function breaksOf(input: PlannedLoad): readonly Break[] {
  const { peak, databaseCores, maxConnections, operations } = input;
  const d = capacityDefaults;
  const databaseMs = mean(operations, (one) => one.databaseMs);
  const bytes = (input.mean * d.writeShare * d.bytesPerWrite * timeMs.year) / timeMs.second;
  const connections = firstTimes((times) => connectionsOf(sizeOf(input, peak * times)) > maxConnections);
  const atBreak = sizeOf(input, peak * connections);
  const all: readonly Break[] = [
    {
      resource: "postgres",
      times: databaseMs === 0 ? mostTimes : (databaseCores * d.busyShare * 1_000) / databaseMs / peak,
      formula: `${databaseCores} × ${d.busyShare} / ${figure(databaseMs)} ms / ${figure(peak)}/s`,
    },
    {
      resource: "connections",
      times: connections,
      formula: `(${atBreak.replicas} + 1) × (${atBreak.pool} + ${d.besidePool}) + ${d.besideProcesses} = ${connectionsOf(atBreak)} > ${maxConnections}`,
    },
    {
      resource: "storage",
      times: bytes === 0 ? mostTimes : d.storageBytes / bytes,
      formula: `${d.storageBytes / 1e9} GB / ${figure(bytes / 1e9)} GB/y`,
    },
  ];
  return all
    .filter(({ times }) => times < mostTimes)
    .map((one) => ({ ...one, times: Number(one.times.toPrecision(3)) }))
    .toSorted((one, other) => one.times - other.times);
}

/** The least multiple for which something is so, of what stays so: to three digits, also below 1, as the other resources have it. */
function firstTimes(isSo: (times: number) => boolean): number {
  let [fits, breaks] = [0, 1];
  while (!isSo(breaks) && breaks < mostTimes) [fits, breaks] = [breaks, breaks * 2];
  while (breaks - fits > breaks * precision) {
    const middle = (fits + breaks) / 2;
    if (middle < 1 / mostTimes) break;
    if (isSo(middle)) breaks = middle;
    else fits = middle;
  }
  return breaks;
}
