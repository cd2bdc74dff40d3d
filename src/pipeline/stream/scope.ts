import type { Expiring } from "../../core/deadline.ts";
import { type Duration, toMs } from "../../core/duration.ts";
import type { CompiledOperation } from "../registry/compiled.ts";
import { RunningScope, type ScopeRun } from "../run/running-scope.ts";
import type { RunningExecution } from "../state/running-execution.ts";

/** The scope of the handler of a stream. */
export class StreamScope extends RunningScope {
  readonly #execution: RunningExecution;

  constructor(execution: RunningExecution, compiled: CompiledOperation, run: ScopeRun) {
    super(execution, compiled, run);
    this.#execution = execution;
  }

  get lastEventId(): string | undefined {
    return this.#execution.invocation.lastEventId;
  }
  get open() {
    return () => this.#execution.streaming?.open();
  }
  get pause() {
    return (wait: Duration) => this.given("pause", pause(this.#execution, toMs(wait)));
  }
}

function pause(execution: RunningExecution, waitMs: number): Promise<void> {
  const { signal, host } = execution;
  return new Promise((resolve, reject) => {
    const ends = () => {
      host.wheel.remove(entry);
      reject(signal.reason);
    };
    if (signal.aborted) return reject(signal.reason);
    // On the wheel of the process: thousands of streams that wait need no timer each.
    const entry: Expiring = {
      ...{ deadlineAt: host.clock.monotonic() + waitMs, wheelNext: undefined, wheelPrevious: undefined, wheelSlot: -1 },
      expire() {
        signal.removeEventListener("abort", ends);
        resolve();
      },
    };
    host.wheel.add(entry);
    signal.addEventListener("abort", ends, { once: true });
  });
}
