/** Lets in so many at once; the others wait in their order. There are as many who ask as a subscription has partitions. */
export class Turnstile {
  readonly #most: number;
  readonly #waiting: ((entered: boolean) => void)[] = [];
  #inside = 0;
  #isClosed = false;

  constructor(most: number) {
    this.#most = most;
  }

  /** Resolves with true inside, and with false once it is closed. */
  enter(): Promise<boolean> {
    if (this.#isClosed) return Promise.resolve(false);
    if (this.#inside < this.#most) {
      this.#inside++;
      return Promise.resolve(true);
    }
    return new Promise((resolve) => void this.#waiting.push(resolve));
  }

  leave(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#inside--;
    else next(true);
  }

  /** Sends away who waits. */
  close(): void {
    this.#isClosed = true;
    for (const resolve of this.#waiting.splice(0)) resolve(false);
  }
}
