/**
 * Knows when a call is at rest: when no cancelled work of it still runs behind the back of its caller.
 * A bulkhead gives each call one, so that a place is free only when the work in it has ended.
 */
export class Rest {
  readonly #above: Rest | undefined;
  #running = 0;
  #onRest: (() => void) | undefined;

  constructor(above: Rest | undefined) {
    this.#above = above;
  }

  /** Counts work that was left running. */
  begin(): void {
    this.#running++;
    this.#above?.begin();
  }

  /** That work has settled. */
  settle(): void {
    this.#running--;
    if (this.#running === 0) {
      const onRest = this.#onRest;
      this.#onRest = undefined;
      onRest?.();
    }
    this.#above?.settle();
  }

  /** Calls `onRest` once nothing runs any more: at once where nothing was left. One at a time. */
  whenAtRest(onRest: () => void): void {
    if (this.#running === 0) onRest();
    else this.#onRest = onRest;
  }
}
