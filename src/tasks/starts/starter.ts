import assert from "node:assert";
import type { Clock } from "../../core/clock.ts";
import { Fault } from "../../core/fault.ts";
import { limits } from "../../core/limits.ts";
import type {
  Durable,
  OccurrenceStart,
  PreparedStart,
  StartContext,
  Started,
  StartOptions,
  Starts,
} from "../../operation/durable/start.ts";
import type { TaskDefinition } from "../definition.ts";
import type { StartResult, StartStore, TaskRow } from "../ports/start-store.ts";
import { dueSoon, type QueueNotifier } from "../ports/worker-store.ts";
import { startInBatches } from "./bulk-start.ts";
import { taskRow } from "./row.ts";
import { StartBatcher } from "./start-batcher.ts";
import { TransactionRows } from "./transaction-rows.ts";

/** What starting needs: the store, the tasks of the app, and how the worker of this process is woken. */
export interface StarterOptions {
  readonly store: StartStore & QueueNotifier;
  readonly clock: Clock;
  readonly definitions: ReadonlyMap<string, TaskDefinition>;
  /** Wakes the worker of this process. */
  readonly wakeOwn: (queues: ReadonlySet<string>) => void;
}

/**
 * Starts tasks. In a transaction the rows ride its final flight. Outside one, those that start at the same time share durable writes.
 * *Guarantees*: a start that resolved is durable. *Faults thrown*: `unavailable` where too many wait; `aborted` of type `task_key_mismatch`.
 */
export class TaskStarter implements Starts {
  readonly #options: StarterOptions;
  readonly #batcher: StartBatcher;
  readonly #inTransactions: TransactionRows;

  constructor(options: StarterOptions) {
    this.#options = options;
    this.#batcher = new StartBatcher(options.store, options.wakeOwn);
    this.#inTransactions = new TransactionRows(options.store);
  }

  async start(
    from: StartContext,
    task: Durable,
    { input, options }: { readonly input: unknown; readonly options: StartOptions },
  ): Promise<Started> {
    const { store, clock } = this.#options;
    const row = taskRow(this.definitionOf(task), { id: clock.uuid(), from, input, options });
    const { transaction } = from;
    if (transaction === undefined) return this.startRow(row);
    for (const queue of notifiedOf(row, clock)) from.toWake.add(queue);
    if (isPlain(row)) {
      this.#inTransactions.add(transaction, row);
      return { id: row.id, started: true };
    }
    const { rows } = await transaction.run(store.insertionOne(row));
    return started(row, store.readResult(rows[0] ?? {}));
  }

  prepare(task: Durable, { input, key, tenant, priority }: OccurrenceStart): PreparedStart {
    const { store, clock } = this.#options;
    const from = { tenant, actorId: undefined, traceparent: undefined };
    const options = { key, ...(priority !== undefined && { priority }) };
    const row = taskRow(this.definitionOf(task), { id: clock.uuid(), from, input, options, keyOf: "schedule" });
    return { id: row.id, statement: store.insertionOne(row), toWake: new Set([row.queue]) };
  }

  /** Resolves when the task is durable. */
  async startRow(row: TaskRow): Promise<Started> {
    const { store, clock } = this.#options;
    if (isPlain(row)) {
      await this.#batcher.write(row);
      return { id: row.id, started: true };
    }
    const result = started(row, await store.insertOne(row));
    if (result.started) this.committed(new Set(notifiedOf(row, clock)));
    return result;
  }

  /** Starts many at once; returns their ids. See {@link startInBatches}. */
  startMany(count: number, rowAt: (index: number) => TaskRow): Promise<readonly string[]> {
    return startInBatches({ count, rowAt, write: (batch) => this.#writeBatch(batch) });
  }

  committed(queues: ReadonlySet<string>): void {
    this.#options.wakeOwn(queues);
    this.#options.store.notifyQueues([...queues]);
  }

  definitionOf(task: { readonly name: string }): TaskDefinition {
    const definition = this.#options.definitions.get(task.name);
    if (definition === undefined) assert.fail(`No module of this app lists the task ${task.name}. Add its contract to a module.`);
    return definition;
  }

  async #writeBatch(batch: readonly TaskRow[]): Promise<readonly string[]> {
    const { store, wakeOwn } = this.#options;
    const queues = new Set(batch.map(({ queue }) => queue));
    let ids: readonly string[] = [];
    if (batch[0]?.unique === undefined) await store.insert(batch);
    else {
      const results = await store.insertKeyed(batch);
      store.notifyQueues([...queues]);
      ids = results.map((result, index) => started(batch[index]!, result).id);
    }
    wakeOwn(queues);
    return ids;
  }
}

/** What is notified: its queue, and where it is due before the next look of the workers, that something is due soon. */
function notifiedOf({ queue, delayMs, at }: TaskRow, clock: Clock): readonly string[] {
  const waitMs = delayMs ?? (at === undefined ? 0 : at - clock.now());
  return waitMs > 0 && waitMs < limits.taskPollMs ? [queue, dueSoon] : [queue];
}

/** Due now and without a key: nothing has to be asked before it is written. */
function isPlain({ unique, delayMs, at }: TaskRow): boolean {
  return unique === undefined && delayMs === undefined && at === undefined;
}

function started({ name }: TaskRow, { id, state }: StartResult): Started {
  if (state === "mismatch")
    throw new Fault({
      code: "failed_precondition",
      type: "task_key_mismatch",
      message: `A start of ${name} with this key had another input. Use a new key for new work.`,
      status: 422,
    });
  return { id, started: state === "started" };
}
