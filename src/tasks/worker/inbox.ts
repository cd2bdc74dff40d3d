import type { Clock } from "../../core/clock.ts";
import { Fault } from "../../core/fault.ts";
import type { ServedQueues } from "../claims/served-queues.ts";
import type { ClaimStore } from "../ports/claim-store.ts";
import type { HandedOver, QueueNotifier, TaskListener, TaskNotification, WorkerStore } from "../ports/worker-store.ts";
import type { TaskRunner } from "./runner.ts";

const listenAgainMs = 1_000;

/** What an inbox listens to, and whom its notifications are for. */
export interface InboxOptions {
  readonly store: Pick<WorkerStore, "listen" | "announce"> & Pick<ClaimStore, "release"> & QueueNotifier;
  readonly clock: Clock;
  readonly queues: ServedQueues;
  readonly runner: Pick<TaskRunner, "cancel" | "releaseSuspects">;
  /** Undefined while there is no lease. */
  readonly token: () => number | undefined;
  /** Whether this worker claims and begins tasks. */
  readonly isOpen: () => boolean;
  /** Something becomes due before the next regular look. */
  readonly due: () => void;
  readonly failed: (error: unknown) => void;
}

/**
 * Receives the notifications for a worker, and announces which of its queues take tasks that are handed over.
 * *Guarantees*: where it cannot listen it tries again each second; the heartbeat looks after everything meanwhile.
 */
export class Inbox {
  readonly #options: InboxOptions;
  #listener: TaskListener | undefined;
  #isClosed = true;
  /** What was announced last; empty before the first time. */
  #announced = "";

  constructor(options: InboxOptions) {
    this.#options = options;
  }

  /** *Faults thrown*: `failed_precondition` if the store says that its set-up cannot notify workers. */
  open(): Promise<void> {
    this.#isClosed = false;
    return this.#listen();
  }

  async #listen(): Promise<void> {
    const { store, clock, queues, isOpen, failed } = this.#options;
    const again = () => {
      this.#listener = undefined;
      if (isOpen()) clock.schedule(listenAgainMs, () => void (this.#isClosed || this.#listen().catch(lost)));
    };
    const lost = (error: unknown) => {
      failed(error);
      again();
    };
    try {
      const listener = await store.listen((notification) => this.#receive(notification), again);
      // The worker stopped meanwhile: the connection of the listener would keep the process.
      if (this.#isClosed) return listener.stop();
      this.#listener = listener;
      // What was handed over while this worker did not listen.
      if (this.#announced !== "") queues.reconcile();
      this.#announced = "";
      void this.announce();
      queues.wake(queues.names);
    } catch (error) {
      if (error instanceof Fault && error.code === "failed_precondition") throw error;
      lost(error);
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#listener?.stop();
    this.#listener = undefined;
  }

  /** Makes known which queues are idle, where that has changed. */
  async announce(): Promise<void> {
    const { store, token, queues, isOpen } = this.#options;
    const [lease, channel] = [token(), this.#listener?.channel];
    if (lease === undefined || channel === undefined) return;
    const idle = isOpen() ? queues.idle : [];
    const announced = JSON.stringify([lease, channel, idle]);
    if (announced === this.#announced) return;
    this.#announced = announced;
    // If it fails, other processes may still hand over tasks, which are then released.
    await store.announce(lease, channel, idle).catch(() => {
      this.#announced = "unknown";
    });
  }

  #receive(notification: TaskNotification): void {
    const { queues, runner, due } = this.#options;
    if ("queue" in notification) queues.wake([notification.queue]);
    else if ("handedOver" in notification) this.#acceptHandover(notification.handedOver);
    else if ("due" in notification) due();
    else if ("pause" in notification) this.#pause(notification.pause);
    else if (!runner.cancel(notification.cancel)) queues.cancel(notification.cancel);
  }

  #pause(queue: string): void {
    const { queues, runner } = this.#options;
    runner.releaseSuspects(queue);
    void queues.release(queues.get(queue)?.withdraw() ?? []);
  }

  #acceptHandover({ token, queue, task }: HandedOver): void {
    const { store, queues } = this.#options;
    // The task was leased to this process under an earlier token: other workers have it by now.
    if (token !== this.#options.token() || queues.get(queue)?.acceptHandover(task)) return;
    void store
      .release(token, [task])
      .then(() => store.notifyQueues([queue]))
      .catch(() => queues.get(queue)?.reconcile());
    void this.announce();
  }
}
