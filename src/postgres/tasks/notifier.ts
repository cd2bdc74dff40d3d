import type { Clock } from "../../core/clock.ts";

/** A NOTIFY takes a lock of the whole server at its commit: so often and no more. */
const everyMs = 5;

/** Tells workers that queues have something to claim: at once, and then at most once in 5 ms, each time for all that came meanwhile. */
export class Notifier {
  readonly #clock: Clock;
  readonly #send: (queues: readonly string[]) => Promise<unknown>;
  readonly #due = new Set<string>();
  #waits = false;

  constructor(clock: Clock, send: (queues: readonly string[]) => Promise<unknown>) {
    this.#clock = clock;
    this.#send = send;
  }

  tell(queues: readonly string[]): void {
    for (const queue of queues) this.#due.add(queue);
    if (!this.#waits) this.#flush();
  }

  #flush(): void {
    if (this.#due.size === 0) return;
    const queues = [...this.#due];
    this.#due.clear();
    this.#waits = true;
    // What is not heard is seen by the next tick.
    this.#send(queues).catch(() => undefined);
    this.#clock.schedule(everyMs, () => {
      this.#waits = false;
      this.#flush();
    });
  }
}
