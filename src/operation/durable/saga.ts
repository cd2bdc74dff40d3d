import type { Duration } from "../../core/duration.ts";
import type { AnySchema, Input, Output } from "../../core/schema/standard.ts";
import type { Hint } from "../../core/value/hint.ts";
import type { Actor } from "../actor.ts";
import type { BudgetLimits, Command, Query } from "../contract.ts";
import type { DomainEvent } from "../events/event.ts";
import type { Criticality } from "../execution.ts";
import type { Used, Uses } from "../resource.ts";
import type { ActionScope, BaseScope, WriteScope } from "../scope.ts";
import type { DurableSloSpec } from "../slo/spec.ts";
import type { Signalled, Signals, SystemStart } from "./start.ts";
import type { RetrySpec } from "./task.ts";

type DeadlineHint = 'write milliseconds, or a number with ms, s, m, h or d, as in "1h"';
type CallHint = "only queries and commands can be called: do what needs the network in a step";
type SignalHint = "declare it in the saga's signals, with the schema of its data";

/** What a step is given: the scope of an action, with a key, the attempt and `commit`. */
export interface StepScope extends Omit<ActionScope, "start"> {
  /** A key that is the same for every attempt of this step, and of its undo: pass it to services that must not act twice. */
  readonly key: string;
  /** The number of this attempt; 1 for the first. */
  readonly attempt: number;
  /** Starts durable work, which is kept when this resolves. */
  readonly start: SystemStart;
  /**
   * Records the step in one transaction with what `work` writes: both happen once, or neither. What `work` returns is the output of the step.
   * Call it once, at the end of the step.
   * *Faults thrown*: `aborted` of type `lease_lost` if another worker has the saga; then nothing was changed.
   */
  commit<T>(work: (scope: Pick<WriteScope, "sql" | "call" | "start" | "attempt">) => Promise<T>): Promise<T>;
}

/** How one step is retried, and who decides after its last attempt. */
export interface StepOptions {
  /** *Default*: that of the saga. */
  readonly retry?: RetrySpec;
  /** How long one attempt may take; then its signal aborts. *Default*: `limits.sagaStepMs`. */
  readonly timeout?: Duration;
  /** After the last attempt failed: the fault is thrown into the saga, or the saga is suspended until a person decides. *Default*: that of the saga. */
  readonly onFailure?: "throw" | "ask";
}

/** What a step does, and how it is undone. */
export interface StepSpec<T, U> extends StepOptions {
  readonly run: (scope: StepScope & U) => Promise<T>;
  /**
   * Undoes the step, by its key: a step that timed out may have happened, so it is called for that too. `output` is what the step returned; undefined where
   * it has not returned.
   */
  readonly undo?: (scope: StepScope & U & { readonly output: T | undefined }) => Promise<unknown>;
}

/** A recorded call that is more than an operation and its input. */
export interface SagaCall<I extends AnySchema, O extends AnySchema, U> extends StepOptions {
  readonly operation: Hint<CallHint, Query<I, O> | Command<I, O>>;
  readonly input: Input<I>;
  readonly undo?: StepSpec<Output<O>, U>["undo"];
}

/**
 * What the body of a saga is given. All that it does goes through named steps, whose outputs are recorded: after a crash the body runs again from its
 * beginning, and a step that is recorded returns what it returned. So the body itself reads no clock, no random numbers and no network.
 * *Bounds*: a name is used once in a saga, and has 1 to `limits.sagaStepChars` characters. Outputs are JSON of at most `limits.sagaOutputBytes`.
 */
export interface SagaScope<U = Record<never, never>, S extends Signals = Signals> extends Pick<BaseScope, "fail" | "tenant" | "log"> {
  readonly actor: Actor;
  /** The id of this saga. */
  readonly id: string;
  /** Runs a step, or returns what it returned before. Its record is durable before the next step begins. */
  step<T>(name: string, step: ((scope: StepScope & U) => Promise<T>) | StepSpec<T, U>): Promise<T>;
  /** Runs a query or a command. The effects of a command and the record of the step are one transaction. */
  call<I extends AnySchema, O extends AnySchema>(
    name: string,
    operation: Hint<CallHint, Query<I, O> | Command<I, O>>,
    input: Input<I>,
  ): Promise<Output<O>>;
  /** The same, with how it is undone and retried. */
  call<I extends AnySchema, O extends AnySchema>(name: string, call: SagaCall<I, O, U>): Promise<Output<O>>;
  /** Sleeps, by the clock of the database. A saga that sleeps is in no process. */
  sleep(name: string, duration: Duration): Promise<void>;
  /**
   * Waits for an event of the tenant of the saga that was recorded since the saga began, also before this is called, and returns its data; undefined when it has
   * not come `within` the time. The name of the step is that of the event, unless `name` gives another.
   * *Default*: until the deadline of the saga.
   */
  waitFor<N extends string, D extends AnySchema>(event: DomainEvent<N, D>, options: EventWait<Output<D>>): Promise<Output<D> | undefined>;
  /**
   * Waits for a signal that this saga declares and that is sent to it, and returns its data; undefined when it has not come `within` the time. Data that were stored
   * before and that the schema does not take any more suspend the saga as `saga_signal_unreadable`.
   */
  signal<N extends keyof S & string>(
    name: Hint<SignalHint, N>,
    options?: { readonly within?: Duration },
  ): Promise<Output<S[N]> | undefined>;
  /** The same by another name of the step, where several steps wait for signals of one name. */
  signal<N extends keyof S & string>(name: string, options: SignalWait<N>): Promise<Output<S[N]> | undefined>;
  /** Starts another saga, once, and waits for its end. *Faults thrown*: the fault that it failed with. */
  child<I extends AnySchema, R>(name: string, saga: Saga<I, R, Uses>, input: Input<I>): Promise<R>;
  /** Begins the saga again with this input and an empty journal; it keeps its id. What was done before it is not undone any more. It never returns. */
  continueAsNew(input: unknown): Promise<never>;
}

/** What a saga waits for of an event. */
export interface EventWait<D> {
  /** What the data of the event must contain. */
  readonly where: Partial<D>;
  readonly within?: Duration;
  readonly name?: string;
}

/** How a step waits for a signal of another name than its own. */
export interface SignalWait<N extends string> {
  readonly within?: Duration;
  readonly signal: Hint<SignalHint, N>;
}

/** The handler of a saga: its body. */
export type SagaHandler<I extends AnySchema, R, U, S extends Signals = Signals> = (input: Output<I>, scope: SagaScope<U, S>) => Promise<R>;

/** What `saga` takes: its input, its signals, its version, its budget, its retries and its body. */
export interface SagaSpec<I extends AnySchema, R, U extends Uses, S extends Signals = Signals> {
  /** One line for documents. */
  readonly summary?: string;
  readonly input: I;
  /**
   * The signals that it takes, each with the schema of its data, which is JSON of at most `limits.sagaOutputBytes`. A signal is checked before it is stored. Keep one declared while an instance, or the
   * body of an earlier version, may wait for it. *Default*: none.
   * @example signals: { approved: z.object({ by: z.string() }), cancelled: z.null() }
   */
  readonly signals?: S;
  /** Raised where the code changes so that instances which are under way cannot continue with it: those need `earlier` code, or a process that has it. *Default*: 1. */
  readonly version?: number;
  /** The bodies of earlier versions, for the instances that were started with them. */
  readonly earlier?: Readonly<Record<number, SagaHandler<NoInfer<I>, NoInfer<R>, Used<U>>>>;
  /**
   * The new names of steps, each with the name that it had before: for instances that are under way.
   * @example renamed: { "charge-card": "charge" }
   */
  readonly renamed?: Readonly<Record<string, string>>;
  /** The deadline is that of the whole saga, with all its sleeping and waiting; then it is undone. `concurrency`: how many run at once in one process. */
  readonly budget: Hint<DeadlineHint, Duration> | Omit<BudgetLimits, "queue" | "idempotencyTtl" | "mode">;
  /** When failed steps are retried. *Default*: 10 attempts with `exponential("1s", { max: "1m" })`. */
  readonly retry?: RetrySpec;
  /** What follows when a step has failed for good. *Default*: `throw`. */
  readonly onFailure?: "throw" | "ask";
  /** How many steps of one saga run at once. *Default*: `limits.sagaParallelSteps`. */
  readonly atOnce?: number;
  readonly criticality?: Criticality;
  /** Which share of its work is to end well. *Default*: by criticality. */
  readonly slo?: DurableSloSpec;
  readonly uses?: U;
  /** The body, if it is not added with `implement`. */
  readonly run?: SagaHandler<I, R, Used<U>, NoInfer<S>>;
}

/** Durable work of many steps, with undo. */
export interface Saga<I extends AnySchema = AnySchema, R = unknown, U extends Uses = Uses, S extends Signals = Signals>
  extends Signalled<S> {
  readonly input: I;
  readonly uses: U;
  /** Only for the compiler. */
  readonly returns?: R;
}

/**
 * Declares a saga: a plain async function whose named steps are recorded, and which goes on in any process after any crash.
 * @example
 * export const checkout = saga("orders.checkout", {
 *   input: z.object({ orderId: z.uuid() }), budget: "1h", uses: { payments },
 *   async run({ orderId }, { step, call }) {
 *     const charge = await step("charge", {
 *       run: ({ payments, key, signal }) => payments.charge({ orderId, key, signal }),
 *       undo: ({ payments, key, signal }) => payments.void({ chargeKey: key, signal }),
 *     });
 *     await call("mark-paid", markPaid, { orderId, chargeId: charge.chargeId });
 *   },
 * });
 */
export function saga<I extends AnySchema, R, const U extends Uses = Record<never, never>, const S extends Signals = Record<never, never>>(
  name: string,
  spec: SagaSpec<I, R, U, S>,
): Saga<I, R, U, S> {
  return {
    kind: "saga",
    name,
    input: spec.input,
    uses: spec.uses ?? ({} as U),
    signals: spec.signals ?? ({} as S),
    // Only the worker calls it, and no caller waits for its output in the pipeline.
    spec: { ...spec, output: spec.input, access: "public" } as unknown as Saga["spec"],
  };
}
