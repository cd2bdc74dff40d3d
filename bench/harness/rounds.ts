import type { Result } from "./report.ts";

/** What one contender did in one round. */
export interface Sample {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Processor time of the server, all threads, for one request. *Units*: microseconds. */
  readonly cpuUs?: number | undefined;
}

/** A contender that can be measured: `measure` does one round. */
export interface Runner {
  readonly name: string;
  readonly peer?: boolean;
  measure(): Promise<Sample>;
}

/**
 * Measures all runners in turn, `rounds` times. The order turns by one from round to round, and its direction too, so that none always runs
 * behind the same neighbour and drift of the machine falls on all.
 */
export async function runRounds(runners: readonly Runner[], rounds: number): Promise<Map<string, Sample[]>> {
  const samples = new Map<string, Sample[]>(runners.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    const turned = runners.map((_, index) => runners[(index + round) % runners.length]!);
    for (const runner of round % 2 === 0 ? turned : turned.reverse()) samples.get(runner.name)!.push(await runner.measure());
  }
  return samples;
}

/** The figures of a runner, compared with the baseline round by round. */
export function summarize(runner: Pick<Runner, "name" | "peer">, samples: ReadonlyMap<string, readonly Sample[]>): Result {
  const own = samples.get(runner.name)!;
  const raw = samples.get("raw")!;
  const ratios = own.map(({ perSecond }, round) => perSecond / raw[round]!.perSecond);
  return {
    name: runner.name,
    perSecond: Math.round(median(own.map(({ perSecond }) => perSecond))),
    ratio: round(median(ratios)),
    ratioIqr: round(quantile(ratios, 0.75) - quantile(ratios, 0.25)),
    p50Ms: round(median(own.map(({ p50Ms }) => p50Ms))),
    p99Ms: round(median(own.map(({ p99Ms }) => p99Ms))),
    p99Ratio: round(median(own.map(({ p99Ms }, round) => p99Ms / raw[round]!.p99Ms))),
    ...summarizeCpu(own, raw),
    ...(runner.peer && { peer: true as const }),
  };
}

/** Processor time says the same as throughput on a machine at rest, and still does where others take a part of the core. */
function summarizeCpu(own: readonly Sample[], raw: readonly Sample[]): Pick<Result, "cpuUs" | "cpuRatio"> | undefined {
  const used = own.flatMap(({ cpuUs }) => cpuUs ?? []);
  if (used.length < own.length) return undefined;
  return { cpuUs: round(median(used)), cpuRatio: round(median(used.map((cpuUs, round) => raw[round]!.cpuUs! / cpuUs))) };
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** Linear between the nearest ranks. */
export function quantile(values: readonly number[], fraction: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (sorted.length - 1) * fraction;
  const [low, high] = [sorted[Math.floor(at)]!, sorted[Math.ceil(at)]!];
  return low + (high - low) * (at - Math.floor(at));
}

/** To three places. */
export function round(value: number): number {
  return Math.round(value * 1_000) / 1_000;
}
