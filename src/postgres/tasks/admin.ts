import { Fault } from "../../core/fault.ts";
import { limits } from "../../core/limits.ts";
import type { Statement, StatementResult } from "../../operation/transaction.ts";
import type { DeadLetter, PartitionsHeld, QueueStats, TaskState, TaskStoreAdmin, Unserved } from "../../tasks/ports/admin-store.ts";

const cancelAttempts = 4;

type Ask = (statement: Statement) => Promise<StatementResult>;

/** What people, and metrics, ask of the tasks in PostgreSQL. */
export class PostgresTaskAdmin implements TaskStoreAdmin {
  readonly #ask: Ask;

  constructor(ask: Ask) {
    this.#ask = ask;
  }

  async queues(known: readonly string[], bound: number): ReturnType<TaskStoreAdmin["queues"]> {
    const { rows } = await this.#ask({ text: "select * from plimsoll.list_queues($1, $2)", values: [known, bound] });
    return rows as unknown as Awaited<ReturnType<TaskStoreAdmin["queues"]>>;
  }

  async unserved(): Promise<readonly Unserved[]> {
    const { rows } = await this.#ask({ text: "select * from plimsoll.unserved_tasks($1)", values: [limits.taskUnservedLook] });
    return rows as unknown as readonly Unserved[];
  }

  async partitionsHeld(): Promise<PartitionsHeld | undefined> {
    const { rows } = await this.#ask({ text: "select * from plimsoll.partitions_held()", values: [] });
    const [held] = rows as unknown as readonly { readonly heldMs: number | null; readonly sessions: readonly number[] }[];
    return typeof held?.heldMs === "number" ? { heldMs: held.heldMs, sessions: held.sessions } : undefined;
  }

  async stats(queues: readonly string[], bound: number): Promise<readonly QueueStats[]> {
    const { rows } = await this.#ask({
      text: "select queue, waiting, running, later, dead_letters, lag_ms, paused from plimsoll.task_stats($1, $2)",
      values: [queues, bound],
    });
    return rows as unknown as readonly QueueStats[];
  }

  async deadLetters(name: string | undefined, limit: number): Promise<readonly DeadLetter[]> {
    const { rows } = await this.#ask({ text: "select * from plimsoll.read_dead_letters($1, $2)", values: [name ?? null, limit] });
    return rows as unknown as readonly DeadLetter[];
  }

  async requeue({ id, name, limit }: Parameters<TaskStoreAdmin["requeue"]>[0]): Promise<number> {
    const { rows } = await this.#ask({
      text: "select plimsoll.requeue_tasks($1, $2, $3) as requeued",
      values: [id ?? null, name ?? null, limit],
    });
    return Number(rows[0]?.requeued);
  }

  async pause(queue: string, paused: boolean): Promise<void> {
    await this.#ask({ text: "select plimsoll.pause_tasks($1, $2)", values: [queue, paused] });
  }

  async cancel(id: string): Promise<"cancelled" | "running" | "unknown"> {
    for (let attempt = 1; ; attempt++)
      try {
        const { rows } = await this.#ask({ text: "select state from plimsoll.cancel_task($1)", values: [id] });
        return rows[0]?.state as "cancelled" | "running" | "unknown";
      } catch (error) {
        // It was moved to another partition meanwhile.
        if (attempt >= cancelAttempts || !(error instanceof Fault) || error.type !== "conflict") throw error;
      }
  }

  async state(id: string): Promise<TaskState> {
    const { rows } = await this.#ask({ text: "select plimsoll.task_state($1) as state", values: [id] });
    return rows[0]?.state as TaskState;
  }

  async expire(): Promise<number> {
    const { rows } = await this.#ask({
      text: "select plimsoll.expire_tasks($1, $2, $3) as expired",
      values: [limits.taskBatch, limits.taskHistoryMs, limits.taskDeadLetterMs],
    });
    return Number(rows[0]?.expired);
  }
}
