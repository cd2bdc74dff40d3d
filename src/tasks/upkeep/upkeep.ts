import { type Clock, sleep } from "../../core/clock.ts";
import { limits } from "../../core/limits.ts";
import type { PartitionsHeld, TaskStoreAdmin, Unserved } from "../ports/admin-store.ts";
import type { TaskSignals } from "../signals.ts";

/** In heartbeats of the worker: a minute. */
const everyHeartbeats = 40;
/** When the rest of a fleet that is started together has joined. */
const firstLookAt = 4;
/** What upkeep asks of the store. */
type UpkeepStore = Pick<TaskStoreAdmin, "expire" | "unserved" | "partitionsHeld">;
const turns = limits.taskExpiryTurn / limits.taskBatch;

/**
 * What is done about tasks once a minute: it deletes what is kept for too long, and looks for queues that no worker serves and sessions that hold the tables up.
 * *Bounds*: one statement at a time, as long between two as the last one took. *Guarantees*: where one turn does not delete all, the next follows with the
 * next look of the worker, so that it keeps up with the rate at which tasks are made.
 */
export class Upkeep {
  readonly #store: UpkeepStore;
  readonly #clock: Clock;
  readonly #signals: TaskSignals;
  #heartbeats = 0;
  #isBehind = false;
  #running: Promise<void> | undefined;
  readonly #stopping = new AbortController();
  /** What was found last. */
  unserved: readonly Unserved[] = [];
  partitionsHeld: PartitionsHeld | undefined;

  constructor(options: { readonly store: UpkeepStore; readonly clock: Clock; readonly signals: TaskSignals }) {
    this.#store = options.store;
    this.#clock = options.clock;
    this.#signals = options.signals;
  }

  /** Called with each look of the worker, which does not wait for it. */
  onHeartbeat(): void {
    const at = this.#heartbeats++ % everyHeartbeats;
    if (this.#running !== undefined || this.#stopping.signal.aborted) return;
    const expires = at === 0 || this.#isBehind;
    if (!expires && at !== firstLookAt) return;
    this.#running = (at === firstLookAt ? this.#look() : this.#expire())
      .catch((error: unknown) => {
        if (!this.#stopping.signal.aborted) this.#signals.failing.publish({ error });
      })
      .finally(() => {
        this.#running = undefined;
      });
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  async #expire(): Promise<void> {
    this.#isBehind = true;
    for (let turn = 0; turn < turns; turn++) {
      const began = this.#clock.monotonic();
      if ((await this.#store.expire()) < limits.taskBatch) {
        this.#isBehind = false;
        return;
      }
      await sleep(this.#clock, this.#clock.monotonic() - began, this.#stopping.signal);
    }
  }

  async #look(): Promise<void> {
    this.unserved = await this.#store.unserved();
    for (const unserved of this.unserved) this.#signals.unserved.publish(unserved);
    const held = await this.#store.partitionsHeld();
    this.partitionsHeld = held !== undefined && held.heldMs >= limits.taskPartitionHeldMs ? held : undefined;
    if (this.partitionsHeld !== undefined) this.#signals.partitionsHeld.publish(this.partitionsHeld);
  }
}
