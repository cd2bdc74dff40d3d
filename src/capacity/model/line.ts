import { gammaShareBelow } from "../queueing/gamma.ts";
import { faresAt, predict } from "./predict.ts";
import { type OperationDemand, type StationUse, type SystemShape, stationsAt } from "./system.ts";

/** The share of requests that may be refused below the line. */
export const refusedShare = 0.01;

/** The highest rate at which a system keeps its promises, and what holds it there. */
export interface LoadLinePrediction {
  /** *Units*: executions per second, of all processes. */
  readonly rate: number;
  /** The scarcest station at the line. */
  readonly bottleneck: StationUse;
  /** How it fares at so much of the line. */
  readonly latencies: readonly { readonly of: number; readonly meanMs: number; readonly p99Ms: number }[];
}

const steps = 24;
const lineShares = [0.5, 0.8, 1] as const;

/**
 * Finds the load line: the highest rate at which every operation has its p99 within its deadline and at most 1% refused.
 * *Guarantees*: never above what the scarcest station can carry.
 */
export function predictLine(shape: SystemShape, operations: readonly OperationDemand[]): LoadLinePrediction {
  const rate = lineRate(shape, operations);
  return {
    rate,
    bottleneck: stationsAt(shape, operations, rate)[0]!,
    latencies: lineShares.map((of) => {
      const { operations: at } = predict(shape, operations, rate * of);
      const shared = (pick: (index: number) => number) => operations.reduce((sum, { share }, index) => sum + share * pick(index), 0);
      return { of, meanMs: shared((index) => at[index]!.meanMs), p99Ms: Math.max(...at.map(({ p99Ms }) => p99Ms)) };
    }),
  };
}

/** The rate of {@link predictLine} alone. *Units*: executions per second. */
export function lineRate(shape: SystemShape, operations: readonly OperationDemand[]): number {
  const holds = (rate: number): boolean =>
    faresAt(shape, operations, rate).every(
      ({ meanMs, variance, refused }, index) =>
        refused <= refusedShare && gammaShareBelow(operations[index]!.deadlineMs, { mean: meanMs, variance }) >= 0.99,
    );
  const most = Math.min(...stationsAt(shape, operations, 1).map((station) => station.most));
  let [low, high] = [0, most];
  for (let step = 0; step < steps; step++) {
    const middle = (low + high) / 2;
    if (holds(middle)) low = middle;
    else high = middle;
  }
  return low;
}
