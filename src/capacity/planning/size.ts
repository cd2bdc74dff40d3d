import { lineRate } from "../model/line.ts";
import { aloneMs, holdMs, mean, type OperationDemand, type SystemShape } from "../model/system.ts";
import { serversFor } from "../queueing/erlang.ts";
import { capacityDefaults } from "./defaults.ts";
import type { PlannedLoad } from "./input.ts";

/** How large everything is at one multiple of the load. */
export interface Size {
  readonly peak: number;
  readonly replicas: number;
  /** By the loop alone: how many processes keep it no busier than it may be. */
  readonly byLoop: number;
  /** The load line of one process whose database always has room. *Units*: executions per second. */
  readonly lineOfOne: number;
  readonly pool: number;
  /** Connections of one process in use, with one process away. */
  readonly held: number;
  readonly slots: number;
  readonly atOnce: number;
  readonly queue: number;
  readonly databaseCores: number;
}

/** A database that is never short of processors for one process: what that can do without it. */
const plentyOfCores = 1_000;

/** Of a measured app the pool and the slots are those that it was measured with; else they are chosen by the load. */
export function sizeOf(input: Pick<PlannedLoad, "operations" | "measured" | "deadlineMs">, peak: number): Size {
  const d = capacityDefaults;
  const { operations, measured, deadlineMs } = input;
  const loopMs = mean(operations, (one) => one.loopMs + one.heldLoopMs);
  const byLoop = Math.max(1, Math.ceil((peak * loopMs) / 1_000 / d.busyShare));
  // With one process away the others have its part too.
  const perProcess = Math.min(peak / Math.max(1, byLoop - 1), (1_000 * 0.9) / Math.max(loopMs, 0.001));
  const held = (perProcess * mean(operations, holdMs)) / 1_000;
  const pool = measured?.pool ?? Math.max(2, serversFor(held, d.waitingShare));
  const stretch = 1 / (1 - d.busyShare);
  const atOnce = (perProcess * mean(operations, aloneMs) * stretch) / 1_000;
  const slots = Math.max(8, serversFor(atOnce, d.waitingShare));
  const lineOfOne = lineOf(input, { pool, slots: Math.max(slots, d.slots) });
  return {
    ...{ peak, byLoop, lineOfOne, pool, held, slots, atOnce },
    replicas: Math.max(2, byLoop, peak === 0 || lineOfOne === 0 ? 0 : Math.ceil(peak / lineOfOne) + 1),
    // Half of a deadline may be spent waiting: the other half is for what runs.
    queue: Math.max(slots, Math.floor((lineOfOne * deadlineMs) / 2_000)),
    databaseCores: Math.max(1, Math.ceil((peak * mean(operations, ({ databaseMs }) => databaseMs)) / 1_000 / d.busyShare)),
  };
}

/** Lines of one process that were found, by the operations that they are of: a plan asks for the same one at many rates. */
const lines = new WeakMap<readonly OperationDemand[], Map<string, number>>();

function lineOf(
  { operations, measured }: Pick<PlannedLoad, "operations" | "measured">,
  { pool, slots }: { readonly pool: number; readonly slots: number },
): number {
  const found = lines.get(operations) ?? new Map<string, number>();
  lines.set(operations, found);
  const key = `${pool} ${measured === undefined ? slots : ""}`;
  const known = found.get(key);
  if (known !== undefined) return known;
  const shaped = measured === undefined ? operations.map((one) => ({ ...one, slots })) : operations;
  const rate = lineRate(shapeOf({ measured }, { replicas: 1, pool, databaseCores: plentyOfCores }), shaped);
  found.set(key, rate);
  return rate;
}

/** The shared parts of a system of the plan. */
export function shapeOf(
  { measured }: Pick<PlannedLoad, "measured">,
  { replicas, pool, databaseCores }: Pick<SystemShape, "replicas" | "pool" | "databaseCores">,
): SystemShape {
  return { replicas, pool, databaseCores, upstreams: measured?.upstreams ?? {} };
}

/** Connections of all processes, of one more while it is replaced, and of migrations. */
export function connectionsOf({ replicas, pool }: Pick<Size, "replicas" | "pool">): number {
  const { besidePool, besideProcesses } = capacityDefaults;
  return (replicas + 1) * (pool + besidePool) + besideProcesses;
}

/** Memory of a process, in steps of 64 MiB. */
export function memoryOf({ slots, queue }: Pick<Size, "slots" | "queue">): number {
  const { processMb, requestMb } = capacityDefaults;
  return Math.ceil((processMb + (slots + queue) * requestMb) / 64) * 64;
}

/** The operations of a plan at a size: those that were not measured have the slots that it chose. */
export function operationsAt(
  { operations, measured }: Pick<PlannedLoad, "operations" | "measured">,
  { slots, queue }: Size,
): readonly OperationDemand[] {
  return measured === undefined
    ? operations.map((one) => ({ ...one, slots: Math.max(one.slots, slots), queue: Math.max(one.queue, queue) }))
    : operations;
}
