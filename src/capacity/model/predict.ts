import { delay, type Station, servers, sharedThroughputs, throughputs } from "../queueing/closed.ts";
import { erlangC } from "../queueing/erlang.ts";
import { gammaQuantile } from "../queueing/gamma.ts";
import { solveOffered } from "../queueing/open.ts";
import { aloneMs, holdMs, mean, type OperationDemand, type StationUse, type SystemShape, stationsAt } from "./system.ts";

/** How an operation fares at a rate. *Units*: milliseconds. */
export interface OperationPrediction extends Fares {
  readonly p99Ms: number;
}

/** The same without its percentile, which takes longer to find. */
export interface Fares {
  readonly name: string;
  readonly meanMs: number;
  /** *Units*: squared milliseconds. */
  readonly variance: number;
  /** Share of its requests that find its queue full. */
  readonly refused: number;
  /** Executions of it at once in one process. */
  readonly busy: number;
}

/** How a system fares at a rate. */
export interface Prediction {
  /** *Units*: executions per second, of all processes. */
  readonly rate: number;
  readonly operations: readonly OperationPrediction[];
  /** The scarcest first. */
  readonly stations: readonly StationUse[];
}

/** What does not change with the operation. Rates are per millisecond and process. */
interface Background {
  readonly shape: SystemShape;
  readonly operations: readonly OperationDemand[];
  readonly rate: number;
  /** Completions of the pool with 0, 1 … connections in use. */
  readonly pool: readonly number[];
  readonly meanHoldMs: number;
  /** How much of the scarcest shared station is used: the share of executions that wait there. */
  readonly waits: number;
}

/**
 * Predicts how a system fares at a rate.
 *
 * An execution holds things while it waits for others, so the network is solved from the inside out: the connections of all processes share the
 * processors of PostgreSQL; a pool is a station that serves as fast as that does with so many connections; the slots of an operation hold the event
 * loop, the pool and the upstreams; outside of them is a bounded queue with arrivals at random. Other operations take their part of each station
 * away. Percentiles are those of a gamma distribution with the mean and the variance that follow.
 * *Source*: K. M. Chandy, U. Herzog, L. Woo, Parametric analysis of queuing networks (1975), for a station in place of a subnetwork; A. O. Allen and
 * J. Cunneen for service that is not exponential.
 */
export function predict(shape: SystemShape, operations: readonly OperationDemand[], rate: number): Prediction {
  return {
    rate,
    operations: faresAt(shape, operations, rate).map((one) => ({
      ...one,
      p99Ms: gammaQuantile(0.99, { mean: one.meanMs, variance: one.variance }),
    })),
    stations: stationsAt(shape, operations, rate),
  };
}

/** The same without percentiles. */
export function faresAt(shape: SystemShape, operations: readonly OperationDemand[], rate: number): readonly Fares[] {
  const perProcess = rate / 1_000 / shape.replicas;
  const meanHoldMs = mean(operations, holdMs);
  const waits = sharedUse(stationsAt(shape, operations, rate));
  const background = { shape, operations, rate: perProcess, pool: poolRates(shape, operations, perProcess), meanHoldMs, waits };
  return operations.map((operation) => faresOf(operation, background));
}

/** Of those that hold a connection, so many wait in the loop before one at most: the others wait for a connection then. */
const mostStretch = 10;

/** Completions of a pool per millisecond by connections in use. The loop's work between statements is slower the more the loop has to do. */
function poolRates(shape: SystemShape, operations: readonly OperationDemand[], rate: number): readonly number[] {
  const loop = Math.min(0.99, rate * mean(operations, ({ loopMs, heldLoopMs }) => loopMs + heldLoopMs));
  const inLoop = mean(operations, ({ heldLoopMs }) => heldLoopMs) * Math.min(1 / (1 - loop), mostStretch);
  const waits = mean(operations, ({ heldMs }) => heldMs) + inLoop;
  const busy = mean(operations, ({ databaseMs }) => databaseMs);
  const { replicas, databaseCores, pool } = shape;
  const used = Math.min(0.99, (rate * replicas * busy) / databaseCores);
  // Of M/M/c: how much longer the processors of PostgreSQL take than without others.
  const crowding = 1 + erlangC(Math.max(1, Math.round(databaseCores)), used * databaseCores) / databaseCores / (1 - used);
  const inUse = Math.min(
    pool,
    operations.reduce((sum, { slots }) => sum + slots, 0),
  );
  const others = (replicas - 1) * Math.min(rate * (waits + busy * crowding), inUse);
  return sharedThroughputs({ waits, busy, servers: databaseCores, others }, pool);
}

function faresOf(operation: OperationDemand, background: Background): Fares {
  const arrivals = background.rate * operation.share;
  const rates = throughputs(stationsOf(operation, background), operation.slots).slice(1);
  const alone = aloneMs(operation);
  if (!Number.isFinite(rates[0]!)) return { name: operation.name, meanMs: 0, variance: 0, refused: 0, busy: 0 };
  const { refused, waiting, inside, waits, busy } = solveOffered({ arrivals, rates, queue: operation.queue });
  // Waits are those of exponential service; service that varies less waits less.
  const variability = (1 + stageVariation(operation)) / 2;
  const extra = Math.max(0, inside - alone) * variability;
  const outside = waiting * variability;
  const meanMs = alone + extra + outside;
  const variance = operation.variation * alone * alone + waitVariance(extra, background.waits) + waitVariance(outside, waits);
  return { name: operation.name, meanMs, variance, refused, busy };
}

/** More than this is taken as this: a few very long calls say little of what the others wait for. */
const mostVariation = 4;

/** How each stage of an operation varies, where all vary alike and one does not depend on another: their sum varies less than they do. */
function stageVariation(operation: OperationDemand): number {
  const { loopMs, heldLoopMs, databaseMs, heldMs, upstreams, variation } = operation;
  const squares = [loopMs, heldLoopMs, databaseMs, heldMs, ...Object.values(upstreams)].reduce((sum, ms) => sum + ms * ms, 0);
  return Math.min(mostVariation, (variation * aloneMs(operation) ** 2) / squares);
}

/** The variance of a wait that some have, and that is exponential for these. */
function waitVariance(meanMs: number, share: number): number {
  return share <= 0 ? 0 : (meanMs * meanMs * (2 - share)) / share;
}

/** Where less than this is used, waits are too short for their spread to matter. */
const fewestWaits = 0.6;

function sharedUse(stations: readonly StationUse[]): number {
  return Math.min(1, Math.max(fewestWaits, ...stations.filter(({ station }) => station !== "slots").map(({ used }) => used)));
}

/** The network that the slots of an operation hold, with what the other operations leave of each station. */
function stationsOf(operation: OperationDemand, { shape, operations, rate, pool, meanHoldMs }: Background): readonly Station[] {
  const others = operations.filter((one) => one !== operation);
  const left = (used: number): number => Math.max(1 - rate * used, 0.001);
  const loopLeft = left(mean(others, ({ loopMs, heldLoopMs }) => loopMs + heldLoopMs) + operation.share * operation.heldLoopMs);
  const hold = holdMs(operation);
  const poolLeft = left(mean(others, holdMs) / meanHoldMs / pool.at(-1)!);
  return [
    servers(operation.loopMs / loopLeft, 1),
    ...(hold === 0
      ? []
      : [
          {
            demand: hold / meanHoldMs / poolLeft,
            rate: (customers: number) => pool[Math.min(customers, shape.pool)]!,
          },
        ]),
    ...Object.entries(operation.upstreams).map(([name, ms]) => {
      const connections = shape.upstreams[name];
      if (connections === undefined) return delay(ms);
      return servers(ms / left(mean(others, (one) => one.upstreams[name] ?? 0) / connections), connections);
    }),
  ];
}
