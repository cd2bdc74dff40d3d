import type { Clock } from "../../src/core/clock.ts";
import type { DeadLetter, TaskState } from "../../src/tasks/ports/admin-store.ts";
import type { ClaimedTask, ClaimRequest, Place, Settlement } from "../../src/tasks/ports/claim-store.ts";
import type { StartResult, TaskRow } from "../../src/tasks/ports/start-store.ts";
import type { HeartbeatResult, TaskListener, TaskNotification } from "../../src/tasks/ports/worker-store.ts";
import type { StoreUnderTest } from "../../src/testing/conformance/task-store.ts";

interface Kept {
  readonly row: TaskRow;
  readonly rank: number;
  attempt: number;
  dueAt: number;
  lease: number | undefined;
  state: "open" | "completed" | "dead_lettered";
  letter: Pick<DeadLetter, "code" | "reason"> | undefined;
}

/** A task store in this process, for tests of what uses one. It has no transactions, so that nothing rides along in one, and no rates. */
export class MemoryTaskStore implements StoreUnderTest {
  readonly #clock: Clock;
  readonly #tasks = new Map<string, Kept>();
  readonly #keys = new Map<string, { readonly id: string; readonly inputHash: string }>();
  readonly #workers = new Map<number, { readonly names: ReadonlySet<string>; readonly queues: readonly string[] }>();
  readonly #paused = new Set<string>();
  readonly #listeners = new Set<(notification: TaskNotification) => void>();
  #made = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async insert(rows: readonly TaskRow[]): Promise<void> {
    for (const row of rows) this.#add(row);
    this.notifyQueues(rows.map(({ queue }) => queue));
  }

  async insertOne(row: TaskRow): Promise<StartResult> {
    const known = row.unique && this.#keys.get(row.unique.id);
    if (known !== undefined) return { id: known.id, state: known.inputHash === row.unique!.inputHash ? "known" : "mismatch" };
    if (row.unique !== undefined) this.#keys.set(row.unique.id, { id: row.id, inputHash: row.unique.inputHash });
    this.#add(row);
    return { id: row.id, state: "started" };
  }

  async insertKeyed(rows: readonly TaskRow[]): Promise<readonly StartResult[]> {
    const results: StartResult[] = [];
    for (const row of rows) results.push(await this.insertOne(row));
    return results;
  }

  async join(_name: string, { names, queues }: { readonly names: readonly string[]; readonly queues: readonly string[] }): Promise<number> {
    this.#workers.set(++this.#made, { names: new Set(names), queues });
    return this.#made;
  }

  async leave(token: number): Promise<void> {
    this.#workers.delete(token);
    for (const task of this.#leased(token)) task.lease = undefined;
  }

  async heartbeat(token: number, _renew: boolean, queues: readonly string[]): Promise<HeartbeatResult> {
    const open = [...this.#tasks.values()].filter(({ state, lease }) => state === "open" && lease === undefined);
    const now = this.#clock.monotonic();
    const waiting = queues.filter((queue) => open.some(({ row, dueAt }) => row.queue === queue && dueAt <= now));
    const waits = open.flatMap(({ dueAt }) => (dueAt > now ? [dueAt - now] : []));
    return {
      ...{ alive: this.#workers.has(token), rescued: 0, promoted: 0, waiting },
      nextDueMs: waits.length === 0 ? undefined : Math.min(...waits),
    };
  }

  async claim(token: number, { queue, limit, except, maxPerKey }: ClaimRequest): Promise<readonly ClaimedTask[]> {
    const names = this.#workers.get(token)?.names ?? new Set();
    const claimed: ClaimedTask[] = [];
    for (const task of this.#tasks.values()) {
      const { row, state, lease, dueAt } = task;
      if (claimed.length === limit || this.#paused.has(queue)) break;
      if (row.queue !== queue || state !== "open" || lease !== undefined || dueAt > this.#clock.monotonic()) continue;
      if (!names.has(row.name) || except.includes(row.name) || this.#running(row) >= (maxPerKey ?? Number.POSITIVE_INFINITY)) continue;
      task.lease = token;
      task.attempt++;
      claimed.push(claimedOf(task));
    }
    return claimed;
  }

  async settle(token: number, { completed, kept, retried, deadLettered }: Settlement): Promise<number> {
    let settled = 0;
    const each = <P extends Place>(places: readonly P[], settle: (task: Kept, place: P) => void) => {
      for (const place of places) {
        const task = this.#tasks.get(place.id);
        if (task?.lease !== token) continue;
        task.lease = undefined;
        settle(task, place);
        settled++;
      }
    };
    each(completed, (_, { id }) => void this.#tasks.delete(id));
    each(kept, (task) => {
      task.state = "completed";
    });
    each(retried, (task, { delayMs, spent }) => {
      task.dueAt = this.#clock.monotonic() + delayMs;
      if (!spent) task.attempt--;
    });
    each(deadLettered, (task, { code, reason }) => {
      task.state = "dead_lettered";
      task.letter = { code, reason };
    });
    return settled;
  }

  async held(token: number, tasks: readonly Place[]): Promise<ReadonlySet<string>> {
    return new Set(tasks.flatMap(({ id }) => (this.#tasks.get(id)?.lease === token ? [id] : [])));
  }

  async release(token: number, tasks: readonly Place[]): Promise<void> {
    for (const { id } of tasks) this.#release(token, this.#tasks.get(id));
  }

  async reconcile(token: number, queue: string, known: readonly string[]): Promise<void> {
    for (const task of this.#leased(token)) if (task.row.queue === queue && !known.includes(task.row.id)) this.#release(token, task);
  }

  async listen(onNotification: (notification: TaskNotification) => void): Promise<TaskListener> {
    this.#listeners.add(onNotification);
    return { channel: `c${++this.#made}`, stop: () => void this.#listeners.delete(onNotification) };
  }

  /** Never called: there is no transaction that it could ride in. */
  completion(): never {
    throw new RangeError("A store in memory has no transactions.");
  }

  async announce(): Promise<void> {}

  async beginSuspects(): Promise<void> {}

  notifyQueues(queues: readonly string[]): void {
    for (const queue of new Set(queues)) this.notify({ queue });
  }

  /** Sends a notification to all that listen. */
  notify(notification: TaskNotification): void {
    for (const listener of this.#listeners) listener(notification);
  }

  readonly admin: StoreUnderTest["admin"] = {
    stats: async (queues) => queues.map((queue) => this.#statsOf(queue)),
    queues: async () => {
      const queues = new Set([...this.#tasks.values()].map(({ row }) => row.queue));
      return [...queues].map((queue) => ({ queue, served: [...this.#workers.values()].some((worker) => worker.queues.includes(queue)) }));
    },
    deadLetters: async (_name, limit) =>
      [...this.#tasks.values()]
        .filter(({ letter }) => letter !== undefined)
        .slice(0, limit)
        .map(letterOf),
    requeue: async ({ id }) => {
      const task = this.#tasks.get(id ?? "");
      if (task?.state !== "dead_lettered") return 0;
      Object.assign(task, { state: "open", letter: undefined, attempt: 0 });
      return 1;
    },
    pause: async (queue, paused) => void (paused ? this.#paused.add(queue) : this.#paused.delete(queue)),
    cancel: async (id) => {
      const task = this.#tasks.get(id);
      if (task?.state !== "open") return "unknown";
      if (task.lease !== undefined) return "running";
      this.#tasks.delete(id);
      return "cancelled";
    },
    state: async (id) => stateOf(this.#tasks.get(id), this.#clock.monotonic()),
  };

  #add(row: TaskRow): void {
    const dueAt = this.#clock.monotonic() + (row.delayMs ?? 0);
    this.#tasks.set(row.id, { ...{ row, rank: ++this.#made, attempt: 0, dueAt, lease: undefined, state: "open" }, letter: undefined });
  }

  #leased(token: number): readonly Kept[] {
    return [...this.#tasks.values()].filter(({ lease }) => lease === token);
  }

  #release(token: number, task: Kept | undefined): void {
    if (task?.lease !== token) return;
    task.lease = undefined;
    task.attempt--;
  }

  #running({ queue, fairnessKey }: TaskRow): number {
    return [...this.#tasks.values()].filter(
      ({ row, lease }) => lease !== undefined && row.queue === queue && row.fairnessKey === fairnessKey,
    ).length;
  }

  #statsOf(queue: string) {
    const states = [...this.#tasks.values()].filter(({ row }) => row.queue === queue).map((task) => stateOf(task, this.#clock.monotonic()));
    const count = (...wanted: TaskState[]) => states.filter((state) => wanted.includes(state)).length;
    const [waiting, running, later] = [count("available"), count("running"), count("scheduled", "retryable")];
    return { queue, waiting, running, later, deadLetters: count("dead_lettered"), lagMs: 0, paused: this.#paused.has(queue) };
  }
}

function stateOf(task: Kept | undefined, now: number): TaskState {
  if (task === undefined) return "unknown";
  if (task.state !== "open") return task.state;
  if (task.lease !== undefined) return "running";
  if (task.dueAt <= now) return "available";
  return task.attempt > 0 ? "retryable" : "scheduled";
}

function claimedOf({ row, rank, attempt }: Kept): ClaimedTask {
  const { id, name, fairnessKey, input, context } = row;
  return {
    ...{ id, name, fairnessKey, input, context: context ?? null, rank, attempt },
    partition: 0,
    place: `(0,${rank})`,
    rescues: 0,
    lag: 0,
  };
}

function letterOf({ row: { id, name, queue }, letter, attempt }: Kept): DeadLetter {
  return { ...{ id, name, queue, attempt, rescues: 0, born: 0, died: 0, context: null }, code: "", reason: "", ...letter };
}
