import { Fault } from "../../core/fault.ts";
import { limits } from "../../core/limits.ts";
import type { Statement, StatementResult } from "../../operation/transaction.ts";
import type { DeadTask, QueueStats, TaskState, TaskStoreAdmin } from "../../tasks/store.ts";

const cancelAttempts = 4;

type Ask = (statement: Statement) => Promise<StatementResult>;

/** What people, and metrics, ask of the tasks in Postgres. */
export class PostgresTaskAdmin implements TaskStoreAdmin {
  readonly #ask: Ask;

  constructor(ask: Ask) {
    this.#ask = ask;
  }

  async stats(queues: readonly string[], bound: number): Promise<readonly QueueStats[]> {
    const { rows } = await this.#ask({ text: "select * from plimsoll.task_stats($1, $2)", values: [queues, bound] });
    return rows as unknown as readonly QueueStats[];
  }

  async dead(name: string | undefined, limit: number): Promise<readonly DeadTask[]> {
    const { rows } = await this.#ask({ text: "select * from plimsoll.dead_tasks($1, $2)", values: [name ?? null, limit] });
    return rows as unknown as readonly DeadTask[];
  }

  async revive({ id, name, limit }: Parameters<TaskStoreAdmin["revive"]>[0]): Promise<number> {
    const { rows } = await this.#ask({
      text: "select plimsoll.revive_tasks($1, $2, $3) as revived",
      values: [id ?? null, name ?? null, limit],
    });
    return Number(rows[0]?.revived);
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
        // It was moved to another slot meanwhile.
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
      values: [limits.taskBatch, limits.taskHistoryMs, limits.taskDeadMs],
    });
    return Number(rows[0]?.expired);
  }
}
