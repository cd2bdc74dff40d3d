// The three operations of fixed capacity, the same for every contender.

export interface Work {
  readonly name: "cpu" | "wait" | "pool";
  /** Calls per second that it can do. */
  readonly capacity: number;
  readonly deadlineMs: number;
  /** How many of it are under way at once at full capacity; undefined where one call holds the event loop. */
  readonly places: number | undefined;
  run(): Promise<void>;
}

const burnMs = 5;

/** Holds the event loop. */
function burn(): void {
  const until = performance.now() + burnMs;
  while (performance.now() < until);
}

/** What has a fixed number of places, and lets callers wait for one in order and without a bound: as a pool, or another service. */
class Callee {
  #free: number;
  readonly #ms: number;
  readonly #waiting: (() => void)[] = [];

  constructor(places: number, ms: number) {
    this.#free = places;
    this.#ms = ms;
  }

  async call(): Promise<void> {
    if (this.#free > 0) this.#free--;
    else await new Promise<void>((resolve) => void this.#waiting.push(resolve));
    await new Promise<void>((resolve) => void setTimeout(resolve, this.#ms));
    const next = this.#waiting.shift();
    if (next === undefined) this.#free++;
    else next();
  }
}

const service = new Callee(20, 50);
const pool = new Callee(4, 10);

export const works: readonly Work[] = [
  { name: "cpu", capacity: 192, deadlineMs: 250, places: undefined, run: async () => burn() },
  // Timers are late by up to a millisecond.
  { name: "wait", capacity: 390, deadlineMs: 500, places: 20, run: () => service.call() },
  { name: "pool", capacity: 360, deadlineMs: 250, places: 4, run: () => pool.call() },
];
