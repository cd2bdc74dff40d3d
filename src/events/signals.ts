import { Signal } from "../core/signals.ts";
import type { EventOutcome } from "./outcome.ts";
import type { ReadersHeld } from "./ports/log-store.ts";

/** A projection that stands still. */
export interface ProjectionStall {
  readonly projection: string;
  readonly why: string;
  /** *Units*: milliseconds. */
  readonly stillMs: number;
  readonly lag: number;
}

/** What happens to events in this process. */
export interface EventSignals {
  /** An attempt ended; its outcome is written next. `lagMs`: since it was recorded. */
  readonly handled: Signal<{
    readonly subscription: string;
    readonly id: string;
    readonly key: string;
    readonly outcome: EventOutcome["kind"];
    readonly attempt: number;
    readonly lagMs: number;
  }>;
  /** As many events are parked as may be: a partition stops until there is room. */
  readonly full: Signal<{ readonly subscription: string; readonly partition: number; readonly parked: number }>;
  /** A partition was taken by another process. */
  readonly lost: Signal<{ readonly subscription: string; readonly partition: number }>;
  /** A projection applied events. `lagMs`: since the last of them was recorded. */
  readonly projected: Signal<{ readonly projection: string; readonly events: number; readonly lagMs: number }>;
  /** A projection could not apply an event, and set it aside. */
  readonly skipped: Signal<{
    readonly projection: string;
    readonly id: string;
    readonly event: string;
    readonly key: string;
    readonly reason: string;
  }>;
  /** The table of a rebuild took the place of the other one. */
  readonly rebuilt: Signal<{ readonly projection: string }>;
  /** A projection has events to apply, and has stood still for long. */
  readonly stalled: Signal<ProjectionStall>;
  /** The log cannot be reached; the worker keeps trying. */
  readonly failing: Signal<{ readonly error: unknown }>;
  /** A transaction keeps readers of the log back for long; a worker looks for it every 10 s. */
  readonly readersHeld: Signal<ReadersHeld>;
}

/** Creates the signals of one app's events. */
export function eventSignals(): EventSignals {
  return {
    handled: new Signal("eventHandled"),
    full: new Signal("eventsFull"),
    lost: new Signal("eventPartitionLost"),
    projected: new Signal("projected"),
    skipped: new Signal("projectionSkipped"),
    rebuilt: new Signal("projectionRebuilt"),
    stalled: new Signal("projectionStalled"),
    failing: new Signal("eventsFailing"),
    readersHeld: new Signal("eventReadersHeld"),
  };
}
