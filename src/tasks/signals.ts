import { Signal } from "../core/signals.ts";
import type { Outcome } from "./outcome.ts";
import type { PartitionsHeld, Unserved } from "./ports/admin-store.ts";

/** The events of the tasks in this process. */
export interface TaskSignals {
  /** The first attempt of a task began; `lagMs` after it became due. */
  readonly began: Signal<{ readonly task: string; readonly lagMs: number }>;
  /** An attempt ended; its outcome is written next. */
  readonly ended: Signal<{ readonly task: string; readonly id: string; readonly outcome: Outcome["kind"]; readonly attempt: number }>;
  /** Tasks of a worker that was lost were taken over. */
  readonly rescued: Signal<{ readonly tasks: number }>;
  /** The worker cannot reach its tasks; it keeps trying. */
  readonly failing: Signal<{ readonly error: unknown }>;
  /** This worker ended tasks whose lease another worker had taken over. */
  readonly lost: Signal<{ readonly tasks: number }>;
  /** Tasks wait that no worker takes; a worker looks for them once a minute. */
  readonly unserved: Signal<Unserved>;
  /** Sessions have prevented emptied partitions of the task table from being truncated for long; a worker looks for them once a minute. */
  readonly partitionsHeld: Signal<PartitionsHeld>;
}

/** Creates the signals of one app's tasks. */
export function taskSignals(): TaskSignals {
  return {
    began: new Signal("taskBegan"),
    ended: new Signal("taskEnded"),
    rescued: new Signal("taskRescued"),
    lost: new Signal("taskLost"),
    failing: new Signal("taskFailing"),
    unserved: new Signal("taskUnserved"),
    partitionsHeld: new Signal("taskPartitionsHeld"),
  };
}
