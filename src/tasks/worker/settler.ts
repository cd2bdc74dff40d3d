import { Gather } from "../../core/batch/gather.ts";
import type { Fault } from "../../core/fault.ts";
import type { HeldTask } from "../claims/held-task.ts";
import { failureOf, storable, withFailure } from "../context.ts";
import type { Outcome } from "../outcome.ts";
import type { Place, Settlement } from "../ports/claim-store.ts";
import { SettlementWriter, type SettlementWriterOptions } from "./settlement-writer.ts";

type Retry = Omit<Settlement["retried"][number], keyof Place>;
type DeadLettered = Omit<Settlement["deadLettered"][number], keyof Place>;

/** An attempt that failed, and the outcome of its task. */
export interface FailedAttempt {
  readonly fault: Fault;
  readonly outcome: Exclude<Outcome, { kind: "completed" | "lost" }>;
  /** *Units*: milliseconds since the epoch. */
  readonly at: number;
}

/** What waits to be written, and whose it is. */
class Batch {
  readonly tasks: HeldTask[] = [];
  readonly completed: HeldTask[] = [];
  readonly kept: HeldTask[] = [];
  readonly retried: (Place & Retry)[] = [];
  readonly deadLettered: (Place & DeadLettered)[] = [];
}

/** Makes the outcomes of tasks durable: one write at a time, with all that came together meanwhile. */
export class Settler {
  readonly #writer: SettlementWriter;
  readonly #options: Pick<SettlementWriterOptions, "token"> & {
    readonly lost: (tasks: number) => void;
    readonly due: (delayMs: number) => void;
  };
  #batch = new Batch();
  readonly #gather = new Gather(1, () => this.#writeNext());

  constructor(
    options: SettlementWriterOptions & {
      /** Called with how many tasks belonged to other workers by the time they were written. */
      readonly lost: (tasks: number) => void;
      /** Called with when the first task that was put back becomes due. */
      readonly due: (delayMs: number) => void;
    },
  ) {
    this.#writer = new SettlementWriter(options);
    this.#options = options;
  }

  /** `keep`: whether it is remembered. */
  complete(task: HeldTask, keep: boolean): void {
    if (keep) this.#batch.kept.push(task);
    else this.#batch.completed.push(task);
    this.#add(task);
  }

  retry(task: HeldTask, retry: Retry): void {
    this.#batch.retried.push({ ...placeOf(task), ...retry });
    this.#add(task);
  }

  deadLetter(task: HeldTask, deadLetter: DeadLettered): void {
    this.#batch.deadLettered.push({ ...placeOf(task), ...deadLetter });
    this.#add(task);
  }

  /** Puts a task back or makes it a dead letter, with the failure that it remembers. */
  fail(task: HeldTask, { fault, outcome, at }: FailedAttempt): void {
    const failure = failureOf(fault, { at, attempt: task.attempt });
    const context = outcome.kind === "retried" && !outcome.spent ? task.context : withFailure(task.context, failure);
    if (outcome.kind === "dead_lettered") this.deadLetter(task, { code: storable(fault.type), reason: storable(failure.message), context });
    else this.retry(task, { delayMs: outcome.delayMs, spent: outcome.spent, context });
  }

  /** Resolves when nothing is left to be written. */
  idle(): Promise<void> {
    return this.#gather.idle();
  }

  /** Forgets what waits: others have those tasks by now. */
  drop(): void {
    this.#batch = new Batch();
  }

  #add(task: HeldTask): void {
    this.#batch.tasks.push(task);
    this.#gather.ask();
  }

  #writeNext(): Promise<void> | undefined {
    if (this.#batch.tasks.length === 0) return undefined;
    const batch = this.#batch;
    this.#batch = new Batch();
    return this.#write(batch);
  }

  async #write({ tasks, ...settlement }: Batch): Promise<void> {
    const { lost, due } = this.#options;
    const token = this.#options.token();
    // Without a lease the tasks belong to other workers, so the settler does not keep trying to write their outcomes.
    const written = token === undefined ? 0 : await this.#writer.write(token, settlement);
    for (const task of tasks) task.owner.settled(task);
    if (written < tasks.length) lost(tasks.length - written);
    const { retried } = settlement;
    if (retried.length > 0) due(retried.reduce((least, { delayMs }) => Math.min(least, delayMs), Number.POSITIVE_INFINITY));
  }
}

/** Where a task lies, apart from what it is. */
function placeOf({ partition, place, id }: Place): Place {
  return { partition, place, id };
}
