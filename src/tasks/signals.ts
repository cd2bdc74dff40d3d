import { Signal } from "../core/signals.ts";
import type { Outcome } from "./outcome.ts";

/** What happens to tasks in this process. */
export interface TaskSignals {
  /** The first attempt of a task began; `lagMs` after it became due. */
  readonly began: Signal<{ readonly task: string; readonly lagMs: number }>;
  /** An attempt ended; what became of it is written next. */
  readonly ended: Signal<{ readonly task: string; readonly id: string; readonly outcome: Outcome["kind"]; readonly attempt: number }>;
  /** Tasks of a worker that died were taken over. */
  readonly rescued: Signal<{ readonly tasks: number }>;
  /** The worker could not do its work; it goes on trying. */
  readonly failing: Signal<{ readonly error: unknown }>;
  /** Tasks that this worker ended were somebody else's by then. */
  readonly lost: Signal<{ readonly tasks: number }>;
}

export function taskSignals(): TaskSignals {
  return {
    began: new Signal("taskBegan"),
    ended: new Signal("taskEnded"),
    rescued: new Signal("taskRescued"),
    lost: new Signal("taskLost"),
    failing: new Signal("taskFailing"),
  };
}
