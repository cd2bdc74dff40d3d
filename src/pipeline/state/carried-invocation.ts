import type { Actor } from "../../operation/actor.ts";
import type { SurfaceFacts } from "../../operation/execution.ts";
import type { Invocation } from "./invocation.ts";
import type { ShapedOutput } from "./output.ts";
import { ReplyCredentials } from "./reply-credentials.ts";
import type { RunningExecution } from "./running-execution.ts";

/** One call of an operation that a request asks for, of which it may ask several. */
export interface CarriedCall {
  /** The request that it came with. */
  readonly carrier: RunningExecution;
  readonly input: unknown;
  readonly idempotencyKey: string | undefined;
  /** How many it counts as at the rates. */
  readonly charges: number;
  /** Takes the execution once it has its outcome. */
  readonly done: (execution: RunningExecution) => void;
}

/** A call on the way of every request: who asks, when and from where is that of the request that carries it; all else is the operation's own. */
export abstract class CarriedInvocation implements Invocation {
  abstract readonly surface: string;
  readonly #call: CarriedCall;

  constructor(call: CarriedCall) {
    this.#call = call;
  }

  /** What telemetry shows of it. */
  protected abstract factsOf(execution: RunningExecution): SurfaceFacts;

  get #carried(): Invocation {
    return this.#call.carrier.invocation;
  }

  get address(): string | undefined {
    return this.#carried.address;
  }
  get polled(): boolean {
    return this.#carried.polled ?? false;
  }
  get requestId(): string {
    return this.#call.carrier.requestId;
  }
  get trace() {
    const { traceId, spanId, traceState, sampled } = this.#call.carrier;
    return { traceId, parentSpanId: spanId, sampled, ...(traceState !== undefined && { state: traceState }) } as NonNullable<
      Invocation["trace"]
    >;
  }
  get remainingMs(): number | undefined {
    const { carrier } = this.#call;
    const given = carrier.invocation.remainingMs;
    return given === undefined ? undefined : Math.max(0, given - carrier.elapsedMs());
  }
  get criticality() {
    return this.#carried.criticality;
  }
  get idempotencyKey(): string | undefined {
    return this.#call.idempotencyKey;
  }
  get after(): string | undefined {
    return this.#carried.after;
  }
  get charges(): number {
    return this.#call.charges;
  }

  internalRemainingMs(): number | undefined {
    const given = this.#carried.internalRemainingMs?.();
    return given === undefined ? undefined : Math.max(0, given - this.#call.carrier.elapsedMs());
  }

  /** The request has signed in: its credentials were verified before its body was read. */
  authenticate(execution: RunningExecution): Actor {
    const { credentials, actor } = this.#call.carrier;
    if (credentials !== undefined) {
      execution.credentials = new ReplyCredentials();
      execution.credentials.refusal = credentials.refusal;
    }
    return actor;
  }

  readInput(execution: RunningExecution): undefined {
    execution.input = this.#call.input;
  }

  prepare(output: ShapedOutput): void {
    void output.value;
  }

  reply(execution: RunningExecution): SurfaceFacts {
    const { done, carrier } = this.#call;
    if (execution.fault === undefined)
      for (const issued of execution.credentials?.issued.values() ?? []) carrier.credentials?.issue(issued);
    done(execution);
    return this.factsOf(execution);
  }
}
