import type { Duration } from "../../core/duration.ts";
import { toMs } from "../../core/duration.ts";
import { Fault } from "../../core/fault.ts";
import type { AnySchema, Output } from "../../core/schema/standard.ts";
import type { Hint } from "../../core/value/hint.ts";
import type { Backoff } from "../../resilience/backoff.ts";
import type { BudgetLimits } from "../contract.ts";
import type { Criticality } from "../execution.ts";
import type { Used, Uses } from "../resource.ts";
import type { ActionScope, WriteScope } from "../scope.ts";
import type { DurableSloSpec } from "../slo/spec.ts";
import type { SystemStart, Task } from "./start.ts";

type DeadlineHint = 'write milliseconds, or a number with ms, s, m, h or d, as in "30s"';

/** When a failed task is retried. */
export interface RetrySpec {
  /** Attempts in all, including the first. *Default*: 25. *Bounds*: 1 to 1,000. */
  readonly attempts?: number;
  /** *Default*: `exponential("1s", { max: "1h" })`. */
  readonly backoff?: Backoff;
}

/** What `task` takes: its input, its queue, its budget, its retries and its handler. */
export interface TaskSpec<I extends AnySchema, U extends Uses> {
  /** One line for documents. */
  readonly summary?: string;
  readonly input: I;
  /** The queue of the task. Each queue has its own limits. *Default*: `default`. */
  readonly queue?: string;
  /** What one attempt may use. `concurrency`: how many run at once in one process. */
  readonly budget: Hint<DeadlineHint, Duration> | Omit<BudgetLimits, "queue" | "idempotencyTtl" | "mode">;
  readonly retry?: RetrySpec;
  /** How long after it became due a task may still begin. *Default*: 7 d. */
  readonly ttl?: Hint<DeadlineHint, Duration>;
  /** How long a key belongs to the task that was started with it. *Default*: 24 h; `active`: until the task is done or a dead letter. Cancelling releases the key. */
  readonly unique?: "active" | { readonly for: Duration };
  /** The urgency of a task. Each step counts like a minute of waiting, so that no task starves. *Default*: 0. *Bounds*: 0 to 9. */
  readonly priority?: number;
  /** The key by which the tasks of a queue take turns. *Default*: the tenant. */
  readonly fairnessKey?: "tenant" | ((input: Output<NoInfer<I>>) => string);
  /** How many tasks of one fairness key run at once in all processes together. All tasks of the queue share this number. */
  readonly maxPerKey?: number;
  /** Whether completed tasks are kept for a week, for `app.tasks.state` and statistics. *Default*: false: they are counted and deleted. */
  readonly history?: boolean;
  readonly criticality?: Criticality;
  /** Which share of its work is to end well. *Default*: by criticality. */
  readonly slo?: DurableSloSpec;
  readonly uses?: U;
  /** The handler, if it is not added with `implement`. */
  readonly run?: TaskHandler<I, Used<U>>;
}

/** The scope of a task: that of an action, with the key, the attempt and `commit`. */
export interface TaskScope extends ActionScope {
  /** A key that is the same for every attempt: pass it to services that must not act twice. */
  readonly key: string;
  /** The number of this attempt; 1 for the first. */
  readonly attempt: number;
  /** Starts a task, which is durable when this resolves. A task without a tenant may start it for a tenant. */
  readonly start: SystemStart;
  /**
   * Completes the task in one transaction with what `work` writes: both happen once, or neither. Call it once, at the end of the handler.
   * *Faults thrown*: `aborted` of type `lease_lost` if another worker has taken the task; then nothing was changed.
   */
  commit<T>(work: (scope: Pick<WriteScope, "sql" | "call" | "start" | "attempt">) => Promise<T>): Promise<T>;
}

/** The handler of a task; it runs at least once for each task. */
export type TaskHandler<I extends AnySchema, U> = (input: Output<I>, scope: TaskScope & U) => Promise<unknown>;

/**
 * Declares a task: durable work that a worker runs.
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
    // Only the worker calls it, and no caller gets its output.
    spec: { ...spec, output: spec.input, access: "public" } as unknown as Task<I, U>["spec"],
  };
}

/** The error of {@link snooze}. */
export class Snooze extends Fault {
  readonly delayMs: number;
  constructor(delayMs: number) {
    super({ code: "cancelled", type: "task_snoozed", message: "The handler asked for the task to run again later. No action is needed." });
    this.delayMs = delayMs;
  }
}

/** The error of {@link discard}. */
export class Discard extends Fault {
  constructor(reason: string) {
    super({ code: "failed_precondition", type: "task_discarded", message: reason });
  }
}

/** Makes the error that ends an attempt without counting it, and runs the task again later: `throw snooze("5m")`. */
export function snooze(delay: Duration): Snooze {
  return new Snooze(toMs(delay));
}

/** Makes the error that ends a task at once as a dead letter with this reason: `throw discard("the order is gone")`. */
export function discard(reason: string): Discard {
  return new Discard(reason);
}
