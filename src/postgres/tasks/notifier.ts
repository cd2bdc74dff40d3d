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

  tell(queues: Iterable<string>): void {
    for (const queue of queues) this.#due.add(queue);
    if (!this.#waits) this.#flush();
  }

  /** For whoever sends something anyway: the queues to tell with it; none where others follow in a moment, and will be told then. */
  take(queues: ReadonlySet<string>): readonly string[] {
    for (const queue of queues) this.#due.add(queue);
    return this.#waits ? [] : this.#next();
  }

  #flush(): void {
    if (this.#due.size === 0) return;
    // What is not heard is seen by the next tick.
    this.#send(this.#next()).catch(() => undefined);
  }

  /** What is to be told now; more is told after a pause. */
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
