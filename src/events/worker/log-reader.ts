import type { OwnedPartition, ParkedEvent } from "../ports/subscription-store.ts";
import type { Position } from "../position.ts";

/** What reads the log in a process, under the leases of its worker: a subscription, or a projection. */
export interface LogReader {
  readonly definition: {
    readonly name: string;
    readonly names: readonly string[];
    readonly partitions: number;
    readonly from: "now" | "beginning";
  };
  /** The earliest position up to which it has read; undefined where it has no partition. */
  readonly readTo: Position | undefined;
  readonly partitions: number;
  /** Takes what the heartbeat found that it has, and gives up what it has no more. */
  adopt(owned: readonly OwnedPartition[], found: { readonly share: number; readonly isPaused: boolean }): Promise<void>;
  /** Whether parked events are at hand that it has not done yet. */
  readonly handlesParked: boolean;
  /** The partitions for which parked events are to be read now. */
  dueTakers(): readonly number[];
  /** Takes parked events that are due, as they were read for these partitions. */
  takeDue(events: readonly ParkedEvent[]): void;
  /** An event was committed. */
  announced(): void;
  /** There may be something to read. */
  wake(): void;
  /** Begins nothing more. */
  close(): void;
  /** The lease of this process is lost. */
  abandon(): void;
  /** Resolves when what has ended is written. */
  idle(): Promise<void>;
}
