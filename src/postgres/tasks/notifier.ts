import type { Clock } from "../../core/clock.ts";

/** A NOTIFY takes a lock of the whole server at its commit: so often and no more. */
const everyMs = 5;

/** Notifies workers that queues have something to claim: at once, and then at most once in 5 ms, each time for all that came meanwhile. */
export class Notifier {
  readonly #clock: Clock;
  readonly #send: (queues: readonly string[]) => Promise<unknown>;
  readonly #due = new Set<string>();
  #waits = false;

  constructor(clock: Clock, send: (queues: readonly string[]) => Promise<unknown>) {
    this.#clock = clock;
    this.#send = send;
  }

  notify(queues: Iterable<string>): void {
    for (const queue of queues) this.#due.add(queue);
    if (!this.#waits) this.#flush();
  }

  /** For a caller that sends something anyway: the queues to notify with it; none where others follow in a moment, and will be notified then. */
  take(queues: ReadonlySet<string>): readonly string[] {
    for (const queue of queues) this.#due.add(queue);
    return this.#waits ? [] : this.#next();
  }

  #flush(): void {
    if (this.#due.size === 0) return;
    // What does not arrive is seen by the next heartbeat.
    this.#send(this.#next()).catch(() => undefined);
  }

  /** What is to be notified now; more follows after a pause. */
  #next(): readonly string[] {
    const queues = [...this.#due];
    this.#due.clear();
    this.#waits = true;
    this.#clock.schedule(everyMs, () => {
      this.#waits = false;
      this.#flush();
    });
    return queues;
  }
}
