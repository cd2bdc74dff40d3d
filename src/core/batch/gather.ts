/**
 * Gathers what comes in one turn of the event loop, so that it is sent together. While as many sends are under way as may be, all that comes
 * waits for the first of them to end.
 * *Guarantees*: after an `ask`, `send` is called until it has nothing left.
 */
export class Gather {
  readonly #flights: number;
  readonly #send: () => Promise<unknown> | undefined;
  #inFlight = 0;
  #isScheduled = false;
  #idle: PromiseWithResolvers<void> | undefined;

  /** `send` takes what waits and sends it; undefined where nothing waits. Its promise never rejects. `flights`: how many sends may be under way. */
  constructor(flights: number, send: () => Promise<unknown> | undefined) {
    this.#flights = flights;
    this.#send = send;
  }

  /** Says that something waits. */
  ask(): void {
    if (this.#isScheduled || this.#inFlight >= this.#flights) return;
    this.#isScheduled = true;
    // What is added in the same turn comes along.
    setImmediate(() => {
      this.#isScheduled = false;
      this.#flush();
    });
  }

  /** Resolves when nothing waits and nothing is under way. */
  idle(): Promise<void> {
    if (this.#isIdle) return Promise.resolve();
    this.#idle ??= Promise.withResolvers();
    return this.#idle.promise;
  }

  get #isIdle(): boolean {
    return !this.#isScheduled && this.#inFlight === 0;
  }

  #flush(): void {
    const sent = this.#inFlight < this.#flights ? this.#send() : undefined;
    if (sent !== undefined) {
      this.#inFlight++;
      void sent.finally(() => {
        this.#inFlight--;
        this.#flush();
      });
    } else if (this.#isIdle) {
      this.#idle?.resolve();
      this.#idle = undefined;
    }
  }
}
