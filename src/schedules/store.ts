import type { Statement } from "../operation/transaction.ts";

/** A schedule as the store knows it. Instants are milliseconds since the epoch, durable time. */
export interface StoredSchedule {
  readonly name: string;
  /** The rule by which it fires: that of the version that declared it last. */
  readonly rule: string;
  /** The last occurrence that was fired or passed over. */
  readonly lastOccurrence: number;
  readonly paused: boolean;
}

/** The stored state of schedules, read in one statement with the database's time. */
export interface ScheduleReading {
  /** Those that are known. */
  readonly schedules: readonly StoredSchedule[];
  /** What time it is. */
  readonly now: number;
}

/** Takes all occurrences after one and up to another. */
export interface Firing {
  readonly name: string;
  readonly rule: string;
  readonly from: number;
  readonly to: number;
  /** What starts the tasks, in the same transaction. */
  readonly statements: readonly Statement[];
}

/**
 * The result of a firing. `fired`: it was this call that did it; `moved`: others did before; `busy`: others are at it; `early`: the database's clock is not
 * there yet; `changed`: a version of the code that started later has another rule.
 */
export interface FiringResult {
  readonly state: "fired" | "moved" | "busy" | "early" | "paused" | "changed" | "unknown";
  /** Undefined where it is not known. */
  readonly lastOccurrence: number | undefined;
  readonly now: number;
}

/**
 * Keeps the last occurrence of each schedule.
 * *Guarantees*: of all processes that fire from the same occurrence, one succeeds; its tasks and the occurrence are durable together, or neither is; no process waits for another.
 * *Faults thrown*: `unavailable`.
 */
export interface ScheduleStore {
  /** Stores the rules by which schedules fire from now on. */
  declare(schedules: readonly { readonly name: string; readonly rule: string }[]): Promise<ScheduleReading>;
  read(names: readonly string[]): Promise<ScheduleReading>;
  fire(firing: Firing): Promise<FiringResult>;
  /** False where there is no such schedule. */
  pause(name: string, paused: boolean): Promise<boolean>;
}
