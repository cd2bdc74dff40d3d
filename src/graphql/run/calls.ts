import type { CompiledOperation } from "../../pipeline/registry/compiled.ts";
import type { Runtime } from "../../pipeline/runtime.ts";
import { callerLeft } from "../../pipeline/sign-in.ts";
import type { RunningExecution } from "../../pipeline/state/running-execution.ts";
import { type FieldCall, FieldInvocation } from "./field-invocation.ts";

/** One call that is made for a document. */
export type DocumentCall = Omit<FieldCall, "carrier" | "done"> & { readonly operation: CompiledOperation };

/**
 * The calls of one request. Each is an execution of its own, and so many run at once; the others wait, so that a document with many fields does not fill the queue of
 * an operation. When the request ends, so do they.
 */
export class Calls {
  readonly #runtime: Runtime;
  readonly #carrier: RunningExecution;
  readonly #running = new Set<RunningExecution>();
  readonly #waiting: (() => void)[] = [];
  #places: number;
  #hasEnded = false;
  /** Calls that were made. */
  made = 0;

  /** `signal`: ends them; that of the request, or of what outlives it. */
  constructor(runtime: Runtime, carrier: RunningExecution, { most, signal }: { readonly most: number; readonly signal: AbortSignal }) {
    this.#runtime = runtime;
    this.#carrier = carrier;
    this.#places = most;
    signal.addEventListener("abort", () => this.#end(), { once: true });
  }

  /** Makes a call, whose outcome is on the execution; undefined where the request has ended before it began. Never rejects. */
  async make({ operation, ...call }: DocumentCall): Promise<RunningExecution | undefined> {
    if (this.#places > 0) this.#places--;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    if (this.#hasEnded) return undefined;
    this.made++;
    const { promise, resolve } = Promise.withResolvers<RunningExecution>();
    const execution = this.#runtime.start(operation, new FieldInvocation({ ...call, carrier: this.#carrier, done: resolve }));
    if (!execution.settled) this.#running.add(execution);
    const done = await promise;
    this.#running.delete(execution);
    // The place goes to who waits for one.
    const next = this.#waiting.shift();
    if (next === undefined) this.#places++;
    else next();
    return done;
  }

  /** The deadline of the request is that of its calls; without it the caller has left. */
  #end(): void {
    this.#hasEnded = true;
    const late = this.#carrier.fault?.code === "deadline_exceeded";
    for (const execution of this.#running) execution.stop(late ? execution.lateFault() : callerLeft());
    for (const begin of this.#waiting.splice(0)) begin();
  }
}
