import type { ClaimedTask } from "./claim-store.ts";

/** What a heartbeat did for the worker and for tasks of lost workers. */
export interface HeartbeatResult {
  /** False where others have taken the worker for lost. */
  readonly alive: boolean;
  readonly rescued: number;
  readonly promoted: number;
  /** Queues that have something to claim. */
  readonly waiting: readonly string[];
  /** When the next task becomes due. *Units*: milliseconds from now. */
  readonly nextDueMs: number | undefined;
}

/** What every worker that listens is notified of: a queue has something to claim, something is due soon, a task that is leased is to be stopped, a queue is paused. */
export type TaskNotification =
  | { readonly queue: string }
  | { readonly due: true }
  | { readonly cancel: string }
  | { readonly pause: string }
  | { readonly handedOver: HandedOver };

/** A task that was leased to a worker as it was written. */
export interface HandedOver {
  readonly token: number;
  readonly queue: string;
  readonly task: ClaimedTask;
}

/** How a process listens for notifications. */
export interface TaskListener {
  /** The channel on which tasks are handed over to it: another one each time that it listens. */
  readonly channel: string;
  readonly stop: () => void;
}

/** Stands instead of a queue's name: something is due before the next regular look. No queue has this name. */
export const dueSoon = "due soon";

/** What a worker needs of a store to live: its lease, and notifications. *Faults thrown*: `aborted` of type `lease_lost`; `unavailable`. */
export interface WorkerStore {
  /** `names`: the tasks that this worker knows, `queues`: those that it serves. Others are never leased to it. */
  join(name: string, knows: { readonly names: readonly string[]; readonly queues: readonly string[] }): Promise<number>;
  /** Releases everything. */
  leave(token: number): Promise<void>;
  heartbeat(token: number, renew: boolean, queues: readonly string[]): Promise<HeartbeatResult>;
  /** Calls `onNotification` for each notification until the listener is stopped; `lost` when none comes any more. */
  listen(onNotification: (notification: TaskNotification) => void, lost: () => void): Promise<TaskListener>;
  /** Makes known of which queues a worker takes tasks that are handed over, and on which channel. */
  announce(token: number, channel: string, queues: readonly string[]): Promise<void>;
}

/** What notifies workers. */
export interface QueueNotifier {
  /** Notifies all workers that queues have something to claim. Never waits, never throws. */
  notifyQueues(queues: readonly string[]): void;
}
