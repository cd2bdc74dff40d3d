import { Fault } from "../../core/fault.ts";

/** The counters of an app by name and labels, as its ops port shows them. */
export type Counters = ReadonlyMap<string, number>;

const line = /^(?<name>[a-zA-Z_:][\w:]*)(?:\{(?<labels>.*)\})? (?<value>\S+)/;

/** Reads counters in the text format of Prometheus. */
export function readCounters(text: string): Counters {
  const counters = new Map<string, number>();
  for (const row of text.split("\n")) {
    const { name, labels = "", value } = line.exec(row)?.groups ?? {};
    if (name === undefined || row.startsWith("#")) continue;
    const sorted = [...labels.matchAll(/([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g)].map((match) => `${match[1]}=${match[2]}`).toSorted();
    counters.set(`${name}{${sorted.join(",")}}`, Number(value));
  }
  return counters;
}

/** Asks an ops port for its counters. *Faults thrown*: `unavailable` of type `ops_port_silent`. */
export async function fetchCounters(ops: string): Promise<Counters> {
  try {
    const response = await fetch(new URL("/metrics", ops));
    if (response.ok) return readCounters(await response.text());
    throw silent(ops, `status ${response.status}`);
  } catch (error) {
    throw error instanceof Fault ? error : silent(ops, (error as Error).message);
  }
}

function silent(ops: string, reason: string): Fault {
  return new Fault({
    code: "unavailable",
    type: "ops_port_silent",
    message: `${ops}/metrics did not respond with metrics (${reason}). Start the app with prometheus() in its telemetry, and name its ops port in the scenario.`,
  });
}

/** What was counted between two readings: the sum over all counters of a name that have these labels. */
export function counted(
  { before, after }: { readonly before: Counters; readonly after: Counters },
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number {
  const wanted = Object.entries(labels).map(([key, value]) => `${key}=${value}`);
  let sum = 0;
  for (const [key, value] of after) {
    if (!key.startsWith(`${name}{`)) continue;
    const own = key.slice(name.length + 1, -1).split(",");
    if (wanted.every((label) => own.includes(label))) sum += value - (before.get(key) ?? 0);
  }
  return sum;
}
