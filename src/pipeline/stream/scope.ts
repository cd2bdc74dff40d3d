import type { DeadlineWheel, Expiring } from "../../core/deadline.ts";
import { type Duration, toMs } from "../../core/duration.ts";
import type { Fault } from "../../core/fault.ts";
import type { CompiledOperation } from "../registry/compiled.ts";
import { RunningScope, type ScopeRun } from "../run/running-scope.ts";
import type { RunningExecution } from "../state/running-execution.ts";
import type { RunningStream, Stopping } from "./running-stream.ts";

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
  /** What the client sends, over a WebSocket. */
  get incoming() {
    return this.#execution.streaming?.incoming;
  }
  get open() {
    return () => this.#execution.streaming?.open();
  }
  get pause() {
    return (wait: Duration) => this.given("pause", pause(this.#execution, toMs(wait)));
  }
}

function pause(execution: RunningExecution, waitMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const { streaming, host, settled, fault } = execution;
    if (settled || streaming === undefined) return reject(fault ?? execution.signal.reason);
    const entry = new Pause(streaming, host.wheel, { resolve, reject });
    entry.deadlineAt = host.clock.monotonic() + waitMs;
    host.wheel.add(entry);
    streaming.onStop(entry);
  });
}

/** A wait on the wheel of the process: thousands of streams that wait need no timer each. */
class Pause implements Expiring, Stopping {
  deadlineAt = 0;
  wheelNext: Expiring | undefined = undefined;
  wheelPrevious: Expiring | undefined = undefined;
  wheelSlot = -1;
  readonly #streaming: RunningStream;
  readonly #wheel: DeadlineWheel;
  readonly #ends: { resolve(): void; reject(reason: unknown): void };

  constructor(streaming: RunningStream, wheel: DeadlineWheel, ends: { resolve(): void; reject(reason: unknown): void }) {
    this.#streaming = streaming;
    this.#wheel = wheel;
    this.#ends = ends;
  }

  expire(): void {
    this.#streaming.forgets(this);
    this.#ends.resolve();
  }

  stop(fault: Fault): void {
    this.#wheel.remove(this);
    this.#ends.reject(fault);
  }
}
