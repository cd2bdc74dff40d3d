import type { ChildSpan } from "../../operation/execution.ts";
import type { ResourceCaller } from "../../operation/resource.ts";
import type { RunningExecution } from "../state/running-execution.ts";

/** An execution as its resources see it. */
export class ExecutionCaller implements ResourceCaller {
  readonly #execution: RunningExecution;
  readonly note: ResourceCaller["note"];
  readonly given: ResourceCaller["given"];

  constructor(execution: RunningExecution, { note, given }: Pick<ResourceCaller, "note" | "given">) {
    this.#execution = execution;
    this.note = note;
    this.given = given;
  }

  get signal(): AbortSignal {
    return this.#execution.signal;
  }
  get address(): string | undefined {
    return this.#execution.invocation.address;
  }
  get deadlineAt(): number {
    return this.#execution.deadlineAt;
  }
  get criticality() {
    return this.#execution.criticality;
  }
  get traceId(): string {
    return this.#execution.traceId;
  }
  get spanId(): string {
    return this.#execution.spanId;
  }
  get sampled(): boolean {
    return this.#execution.sampled;
  }
  get traceState(): string | undefined {
    return this.#execution.traceState;
  }

  newSpanId(): string {
    return this.#execution.host.ids.spanId();
  }

  addSpan(span: Omit<ChildSpan, "startMs">, startedAt: number): void {
    if (!this.#execution.settled) this.#execution.addSpan({ ...span, startMs: startedAt - this.#execution.acceptedAt });
  }

  upstreamEnters(name: string): void {
    this.#execution.upstreamEnters(name);
  }

  upstreamLeaves(name: string): void {
    this.#execution.upstreamLeaves(name);
  }

  throwIfSettled(): void {
    this.#execution.throwIfSettled();
  }
}
