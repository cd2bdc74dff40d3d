import type { Duration } from "../../core/duration.ts";
import { toMs } from "../../core/duration.ts";
import { Fault } from "../../core/fault.ts";
import type { AnySchema, Input, Output } from "../../core/schema.ts";
import type { Backoff } from "../../resilience/backoff.ts";
import type { BudgetLimits, Mend, Operation } from "../contract.ts";
import type { Criticality } from "../execution.ts";
import type { Used, Uses } from "../resource.ts";
import type { ActionScope, WriteScope } from "../scope.ts";
import type { Transaction } from "../transaction.ts";

type StartMend = "only tasks are started: queries and commands are called";
type DeadlineMend = 'write milliseconds, or a number with ms, s, m, h or d, as in "30s"';

/** When a task that failed is tried again. */
export interface RetrySpec {
  /** Attempts in all, the first included. *Default*: 25. *Bounds*: 1 to 1,000. */
  readonly attempts?: number;
  /** *Default*: `exponential("1s", { max: "1h" })`. */
  readonly backoff?: Backoff;
}

export interface TaskSpec<I extends AnySchema, U extends Uses> {
  /** One line for documents. */
  readonly summary?: string;
  readonly input: I;
  /** Queues are served apart from each other. *Default*: `default`. */
  readonly queue?: string;
  /** What one attempt may use. `concurrency`: how many run at once in one process. */
  readonly budget: Mend<DeadlineMend, Duration> | Omit<BudgetLimits, "queue" | "idempotencyTtl" | "mode">;
  readonly retry?: RetrySpec;
  /** How long after it became due it may still be begun. *Default*: 7 d. */
  readonly ttl?: Mend<DeadlineMend, Duration>;
  /** For how long a key stands for the one task that was started with it. *Default*: 24 h; `active`: until it is done. */
  readonly unique?: "active" | { readonly for: Duration };
  /** Each step counts as a minute waited longer, so that nobody starves. *Default*: 0. *Bounds*: 0 to 9. */
  readonly priority?: number;
  /** The lane within the queue; lanes are served in turn. *Default*: the tenant. */
  readonly fair?: "tenant" | ((input: Output<NoInfer<I>>) => string);
  /** How many tasks of one lane run at once in the whole fleet. All tasks of its queue share it. */
  readonly perLane?: number;
  /** Keeps what was completed for a week, for `app.tasks.state` and for whoever counts. *Default*: false: it is counted and deleted. */
  readonly history?: boolean;
  readonly criticality?: Criticality;
  readonly uses?: U;
  /** How it is done, where contract and body are one piece; otherwise see `implement`. */
  readonly run?: TaskHandler<I, Used<U>>;
}

/** Durable work: done at least once, its effects in our own database exactly once where it commits them. */
export interface Task<I extends AnySchema = AnySchema, U extends Uses = Uses> extends Operation {
  readonly kind: "task";
  readonly input: I;
  readonly uses: U;
}

/** The scope of a task: that of an action, and what tells one task from another. */
export interface TaskScope extends ActionScope {
  /** The same for every attempt: give it to whoever must not do it twice. */
  readonly key: string;
  /** 1 for the first. */
  readonly attempt: number;
  /**
   * Completes the task in one transaction with what `work` writes: both happen, once, or neither. The last thing a task does.
   * *Faults thrown*: `aborted` of type `lease_lost` where somebody else has the task meanwhile; nothing was changed then.
   */
  commit<T>(work: (scope: Pick<WriteScope, "sql" | "call" | "start">) => Promise<T>): Promise<T>;
}

export type TaskHandler<I extends AnySchema, U> = (input: Output<I>, scope: TaskScope & U) => Promise<unknown>;

/** How a task is started. */
export interface StartOptions {
  /** Of two starts with one key only the first starts a task. Belongs to the tenant and the task. */
  readonly key?: string;
  /** Not before so much time has passed. */
  readonly delay?: Duration;
  /** Not before. */
  readonly at?: Date;
  readonly priority?: number;
}

/** What became of a start. */
export interface Started {
  readonly id: string;
  /** False where a task with the same key and input was started before: `id` is its. */
  readonly started: boolean;
}

/** Starts a task. Inside a command it is part of the transaction. */
export type Start = <I extends AnySchema, U extends Uses>(
  task: Mend<StartMend, Task<I, U>>,
  input: Input<I>,
  options?: StartOptions,
) => Promise<Started>;

/**
 * Declares durable work.
 * @example
 * export const sendReceipt = task("orders.send-receipt", {
 *   input: z.object({ orderId: z.uuid() }), queue: "email", budget: "30s",
 *   retry: { attempts: 10, backoff: exponential("1s", { max: "15m" }) }, uses: { mailer },
 *   async run({ orderId }, { mailer, key, signal }) { await mailer.send({ template: "receipt", orderId, key, signal }); },
 * });
 */
export function task<I extends AnySchema, const U extends Uses = Record<never, never>>(name: string, spec: TaskSpec<I, U>): Task<I, U> {
  return {
    kind: "task",
    name,
    input: spec.input,
    uses: spec.uses ?? ({} as U),
    // It is asked for by nobody but the worker, and answers nobody.
    spec: { ...spec, output: spec.input, access: "public" } as unknown as Task<I, U>["spec"],
  };
}

/** What a task throws to be run again later without the attempt being counted. */
export class Snooze extends Fault {
  readonly delayMs: number;
  constructor(delayMs: number) {
    super({ code: "cancelled", type: "task_snoozed", message: "The task asked to be run again later." });
    this.delayMs = delayMs;
  }
}

/** What a task throws to be given up at once. */
export class Discard extends Fault {
  constructor(reason: string) {
    super({ code: "failed_precondition", type: "task_discarded", message: reason });
  }
}

/** Ends the attempt, which does not count, and runs the task again later: `throw snooze("5m")`. */
export function snooze(delay: Duration): Snooze {
  return new Snooze(toMs(delay));
}

/** Gives the task up: it becomes a dead letter with this reason: `throw discard("the order is gone")`. */
export function discard(reason: string): Discard {
  return new Discard(reason);
}

/** Starts tasks for running operations; given to the runtime by whoever keeps tasks. */
export interface TaskStarts {
  /** In the caller's transaction, or durably before it resolves where there is none. */
  start(from: StartContext, task: Task, start: { readonly input: unknown; readonly options: StartOptions }): Promise<Started>;
  /** Tells workers what a transaction has started, once it is committed. */
  committed(queues: ReadonlySet<string>): void;
}

/** Who starts a task, and on whose behalf. */
export interface StartContext {
  readonly tenant: string | undefined;
  readonly actorId: string | undefined;
  readonly traceparent: string | undefined;
  readonly transaction: Transaction | undefined;
  /** The names of queues that are to be told after the commit. */
  readonly wakes: Set<string>;
}
