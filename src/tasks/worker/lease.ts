import type { Clock } from "../../core/clock.ts";
import { limits } from "../../core/limits.ts";
import type { HeartbeatResult, WorkerStore } from "../ports/worker-store.ts";

/** Under which name a worker joins, the tasks that it knows, and the queues that it serves. */
export interface WorkerIdentity {
  readonly name: string;
  readonly names: readonly string[];
  readonly queues: readonly string[];
}

type LeaseStore = Pick<WorkerStore, "join" | "leave" | "heartbeat">;

/** The lease under which a worker has its tasks. Its token is undefined while there is none. */
export class WorkerLease {
  readonly #store: LeaseStore;
  readonly #clock: Clock;
  readonly #identity: WorkerIdentity;
  #token: number | undefined;
  #renewedAt = 0;

  constructor(store: LeaseStore, clock: Clock, identity: WorkerIdentity) {
    this.#store = store;
    this.#clock = clock;
    this.#identity = identity;
  }

  get token(): number | undefined {
    return this.#token;
  }

  /** Whether others may have taken this worker for lost: it must give up before they do. */
  get isOver(): boolean {
    return this.#token !== undefined && this.#clock.monotonic() - this.#renewedAt >= limits.taskLeaseMs;
  }

  async join(): Promise<void> {
    const { name, names, queues } = this.#identity;
    const askedAt = this.#clock.monotonic();
    this.#token = await this.#store.join(name, { names, queues });
    this.#renewedAt = askedAt;
  }

  /** Looks at the store, and renews where that is due. */
  async look(token: number, queues: readonly string[]): Promise<HeartbeatResult> {
    const askedAt = this.#clock.monotonic();
    const renews = askedAt - this.#renewedAt >= limits.taskHeartbeatMs - limits.taskPollMs;
    const found = await this.#store.heartbeat(token, renews, queues);
    if (found.alive && renews) this.#renewedAt = askedAt;
    return found;
  }

  /** Has the next look renew it. */
  expectRenewal(): void {
    this.#renewedAt = Math.min(this.#renewedAt, this.#clock.monotonic() - limits.taskHeartbeatMs);
  }

  /** Forgets it, without a word to the store. */
  drop(): void {
    this.#token = undefined;
  }

  /** Releases everything under it. Where that fails it ends by itself. */
  async leave(): Promise<void> {
    const token = this.#token;
    this.#token = undefined;
    if (token !== undefined) await this.#store.leave(token).catch(() => undefined);
  }
}
