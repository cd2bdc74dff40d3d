import type { Statement } from "../../operation/transaction.ts";

/** A schedule as the store knows it. Instants are milliseconds since the epoch, durable time. */
export interface StoredSchedule {
  readonly name: string;
  /** By which rule it ticks: that of the version that declared it last. */
  readonly rule: string;
  /** The last tick that was fired or passed over. */
  readonly lastTick: number;
  readonly paused: boolean;
}

export interface ScheduleReading {
  /** Those that are known. */
  readonly schedules: readonly StoredSchedule[];
  /** What time it is. */
  readonly now: number;
}

/** Takes all ticks after one and up to another. */
export interface Firing {
  readonly name: string;
  readonly rule: string;
  readonly from: number;
  readonly to: number;
  /** What starts the tasks, in the same transaction. */
  readonly statements: readonly Statement[];
}

/**
 * What became of it. `fired`: it was this call that did it; `moved`: others did before; `busy`: others are at it; `early`: the database's clock is not
 * there yet; `changed`: a version of the code that started later ticks by another rule.
 */
export interface FiringResult {
  readonly state: "fired" | "moved" | "busy" | "early" | "paused" | "changed" | "unknown";
  /** Undefined where it is not known. */
  readonly lastTick: number | undefined;
  readonly now: number;
}

/**
 * Keeps when schedules ticked last.
 * *Guarantees*: of all who fire from one tick one succeeds; its tasks and the tick are durable together, or neither is; nobody waits for another.
 * *Faults thrown*: `unavailable`.
 */
export interface ScheduleStore {
  /** Makes known by which rules schedules tick from now on. */
  declare(schedules: readonly { readonly name: string; readonly rule: string }[]): Promise<ScheduleReading>;
  read(names: readonly string[]): Promise<ScheduleReading>;
  fire(firing: Firing): Promise<FiringResult>;
  /** False where there is no such schedule. */
  pause(name: string, paused: boolean): Promise<boolean>;
}
