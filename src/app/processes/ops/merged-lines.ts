import type { LoadLineReading } from "../../../core/load-line/load-lines.ts";

type Amount = "declared" | "learnt" | "now" | "highWater";

/**
 * The limits of several processes as limits of the app, in the order of their names: what each declares, learnt, has and refused is added up. Of the age of a
 * turn, and of what bounds a single connection or request, the highest counts; a limit that the processes have together was declared once.
 */
export function mergeLines(processes: readonly (readonly LoadLineReading[])[]): readonly LoadLineReading[] {
  const byName = Map.groupBy(processes.flat(), ({ name }) => name);
  return [...byName.values()].map(merge).sort((a, b) => (a.name < b.name ? -1 : 1));
}

function merge(readings: readonly LoadLineReading[]): LoadLineReading {
  const first = readings[0]!;
  const phases = new Set(readings.flatMap(({ phase }) => phase ?? []));
  const shares = readings.flatMap((reading) => reading.shares ?? []);
  const combine = isShared(first) ? (a: number, b: number) => Math.max(a, b) : (a: number, b: number) => a + b;
  const amount = (name: Amount) =>
    readings
      .flatMap((reading) => reading[name] ?? [])
      .reduce<number | undefined>((a, b) => (a === undefined ? b : combine(a, b)), undefined);
  return {
    ...first,
    phase: phases.size === 0 ? undefined : [...phases].join(", "),
    declared: shares.length > 0 ? first.declared : amount("declared"),
    shares: shares.length > 0 ? shares : undefined,
    ...{ learnt: amount("learnt"), now: amount("now"), highWater: amount("highWater") },
    admitted: readings.reduce((sum, { admitted }) => sum + admitted, 0),
    refused: addUp(readings.map(({ refused }) => refused)),
    wouldRefuse: addUp(readings.map(({ wouldRefuse }) => wouldRefuse)),
  };
}

/** Whether more processes do not mean more of it. */
function isShared({ unit }: LoadLineReading): boolean {
  return unit.startsWith("milliseconds") || unit.startsWith("bytes of one");
}

function addUp(counts: readonly Readonly<Record<string, number>>[]): Readonly<Record<string, number>> {
  const sums = new Map<string, number>();
  for (const [reason, count] of counts.flatMap(Object.entries)) sums.set(reason, (sums.get(reason) ?? 0) + count);
  return Object.fromEntries(sums);
}
