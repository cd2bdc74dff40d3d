import { planningDefaults } from "../../design/planning/load.ts";
import type { OperationDemand } from "../model/system.ts";

/** What a plan assumes where neither a design nor a measurement says it. */
export const capacityDefaults = {
  /** Demands of a request: its processor time in the loop is divided between the time without and with a connection. */
  heldLoopMs: 0.5,
  /** Network and disk of a transaction. With the processor of PostgreSQL and the loop a connection is held for 5 ms. */
  heldMs: 3.5,
  slots: 64,
  queue: 128,
  variation: 1,
  /** How busy an event loop, and the processors of PostgreSQL, may be at the peak: what is left carries a burst. */
  busyShare: planningDefaults.loopShare,
  databaseCores: planningDefaults.databaseCores,
  maxConnections: planningDefaults.maxConnections,
  storageBytes: planningDefaults.storageBytes,
  bytesPerWrite: planningDefaults.bytesPerWrite,
  writeShare: planningDefaults.writeShare,
  /** Of arrivals, so many may wait for a connection or a slot. */
  waitingShare: 0.01,
  /** Beside its pool a process listens for notifications, and leads or locks on a connection of its own. */
  besidePool: 2,
  /** Connections of migrations and of an operator. */
  besideProcesses: 2,
  /** Memory of a process without requests, and of one request that runs or waits. *Units*: MiB. */
  processMb: 192,
  requestMb: 0.25,
  /** Time of a task, and tasks of one process at once. */
  taskMs: 50,
  taskConcurrency: 100,
  /** Events and tasks that a write leads to, where the document speaks of what follows a change. */
  eventsPerWrite: 1,
  /** Hours of a month, for costs. */
  hoursPerMonth: 730,
} as const;

/** The one operation of a service that was not measured: each request needs the same. */
export function assumedOperation(deadlineMs: number): OperationDemand {
  const { heldLoopMs, heldMs, slots, queue, variation } = capacityDefaults;
  return {
    ...{ name: "request", share: 1, loopMs: planningDefaults.loopMs - heldLoopMs, heldLoopMs },
    ...{ databaseMs: planningDefaults.databaseMs, heldMs, upstreams: {}, slots, queue, deadlineMs, variation },
  };
}
