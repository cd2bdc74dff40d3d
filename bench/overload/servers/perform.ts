import type { Work } from "../work.ts";

/** Does a work that needs nothing outside of the process; undefined for the others. */
export function performerOf({ kind, ms, places }: Work): (() => Promise<void>) | undefined {
  if (kind === "cpu") return async () => burn(ms);
  if (kind !== "wait") return undefined;
  const callee = new Callee(places, ms);
  return () => callee.call();
}

/** The statement of a `pool`: the function is replaced where the database is to be slow. */
export const statement = "select bench_hand.work() as n";

/** Holds the event loop. */
function burn(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

/** What has a fixed number of places, and lets callers wait for one in order and without a bound: as a pool, or another service. */
export class Callee {
  #free: number;
  #ms: number;
  readonly #waiting: (() => void)[] = [];

  constructor(places: number, ms: number) {
    this.#free = places;
    this.#ms = ms;
  }

  /** So long do calls take that begin from now on. */
  set ms(ms: number) {
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
