import { Signal } from "../core/signals.ts";
import type { EndState } from "./ports/store.ts";

/** What happens to sagas in this process. */
export interface SagaSignals {
  /** A run of a saga began; `lagMs`: how long after it was due. */
  readonly began: Signal<{ readonly saga: string; readonly id: string; readonly lagMs: number }>;
  /** A run of a saga ended, and its end is durable. `output`, `fault`: JSON. */
  readonly ended: Signal<{
    readonly saga: string;
    readonly id: string;
    readonly state: EndState;
    readonly output: string | undefined;
    readonly fault: string | undefined;
  }>;
  /** Sagas were taken over from workers that were lost. */
  readonly rescued: Signal<{ readonly sagas: number }>;
  /** Sagas belong to another worker by now: nothing was written. */
  readonly lost: Signal<{ readonly sagas: number }>;
  /** The sagas cannot be reached; the worker keeps trying. */
  readonly failing: Signal<{ readonly error: unknown }>;
}

/** Creates the signals of one app's sagas. */
export function sagaSignals(): SagaSignals {
  return {
    began: new Signal("sagaBegan"),
    ended: new Signal("sagaEnded"),
    rescued: new Signal("sagasRescued"),
    lost: new Signal("sagasLost"),
    failing: new Signal("sagasFailing"),
  };
}
