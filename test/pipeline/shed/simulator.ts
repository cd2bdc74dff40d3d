import { seededRandom, systemClock } from "../../../src/core/clock.ts";
import { Fault } from "../../../src/core/fault.ts";
import { LoadLines } from "../../../src/core/load-line/load-lines.ts";
import type { Refusal } from "../../../src/operation/execution.ts";
import { Shedder } from "../../../src/pipeline/shed/shedder.ts";
import type { Rank } from "../../../src/pipeline/shed/turn-gate.ts";
import { TestTurns } from "./turns.ts";

/** Requests of one kind that arrive independently of each other. */
export interface Load {
  readonly rank: Rank;
  /** Arrivals per second, at a time in milliseconds. */
  readonly perSecond: (atMs: number) => number;
  /** The highest of these. */
  readonly most: number;
  /** *Default*: one for all. */
  readonly tenant?: string;
  /** How long one holds the event loop. */
  readonly workMs: number;
  readonly deadlineMs: number;
  /** What has arrived of it is reached first in every turn, as where the kernel hands its sockets over first. */
  readonly first?: boolean;
}

/** What came of the requests of one load. */
export interface Outcome {
  ok: number;
  late: number;
  refused: number;
  /** Of what was admitted. */
  readonly latencies: number[];
  /** When requests were refused. */
  readonly refusedAt: number[];
}

const criticalities = ["sheddable", "default", "critical"] as const;

/** What a refusal costs the event loop, unless a test says otherwise. */
export const refusalMs = 0.04;

/** How long is simulated. */
export interface Simulated {
  readonly lengthMs: number;
  readonly seed?: number;
  readonly refusalMs?: number;
}

/**
 * An event loop in virtual time: a turn takes all requests that have arrived when it polls, in order, and those that arrive meanwhile wait for the next.
 * *Units*: milliseconds.
 */
export function simulate(loads: readonly Load[], { lengthMs, seed = 1, refusalMs: costMs = refusalMs }: Simulated): Outcome[] {
  const random = seededRandom(seed);
  const turns = new TestTurns();
  const clock = Object.assign(Object.create(systemClock), { random: seededRandom(seed + 1), monotonic: () => turns.now });
  const shedder = new Shedder({ turns, clock, loadLines: new LoadLines(clock) });
  const admits = ({ rank, deadlineMs, tenant = "" }: Load): boolean => {
    const refusal: Refusal | undefined = undefined;
    const request = { criticality: criticalities[rank], deadlineMs, refusal };
    try {
      shedder.shed(request);
      shedder.shareOut(request, tenant);
      return true;
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      return false;
    }
  };
  const outcomes = loads.map((): Outcome => ({ ok: 0, late: 0, refused: 0, latencies: [], refusedAt: [] }));
  const nextAt = loads.map((load) => gapAfter(load, 0, random));
  const arrivals: { at: number; load: number }[] = [];
  const arrive = (until: number) => {
    const from = arrivals.length;
    for (const [index, load] of loads.entries())
      for (let at = nextAt[index]!; at <= until; at = nextAt[index]!) {
        arrivals.push({ at, load: index });
        nextAt[index] = at + gapAfter(load, at, random);
      }
    if (arrivals.length > from) arrivals.sort((a, b) => a.at - b.at);
  };
  while (turns.now < lengthMs) {
    arrive(turns.now);
    const first = arrivals.length > 0 ? turns.now : Math.min(...nextAt);
    turns.next(first - turns.now);
    arrive(turns.now);
    const isFirst = ({ load }: { load: number }) => Number(loads[load]?.first ?? false);
    for (const { at, load } of arrivals.splice(0).sort((a, b) => isFirst(b) - isFirst(a))) {
      const { deadlineMs, workMs } = loads[load]!;
      const outcome = outcomes[load]!;
      if (admits(loads[load]!)) {
        turns.work(workMs);
        const latency = turns.now - at;
        outcome.latencies.push(latency);
        if (latency <= deadlineMs) outcome.ok++;
        else outcome.late++;
      } else {
        outcome.refused++;
        outcome.refusedAt.push(turns.now);
        turns.work(costMs);
      }
    }
  }
  return outcomes;
}

/** To the next arrival: by thinning, since the rate changes. */
function gapAfter({ perSecond, most }: Load, at: number, random: () => number): number {
  let next = at;
  do next += (-Math.log(1 - random()) * 1_000) / most;
  while (random() * most > perSecond(next));
  return next - at;
}

/** The value that so many of a hundred do not exceed. */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * percent) / 100))] ?? 0;
}
