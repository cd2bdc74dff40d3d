// The operations of fixed capacity, the same for every contender.
import { seededRandom } from "../../src/core/clock.ts";

/** What one call of an operation does. */
export interface Work {
  /** Its path, and the name of its scenarios. */
  readonly name: string;
  /**
   * `cpu` holds the event loop. `wait` waits for one of some places in the process. `pool` is a statement that sleeps, on a pool of so many connections.
   * `upstream` is a request to a service that has so many places.
   */
  readonly kind: "cpu" | "wait" | "pool" | "upstream";
  /** How long it takes once it has begun. */
  readonly ms: number;
  /** How many can be under way at once. */
  readonly places: number;
  readonly deadlineMs: number;
}

export const fixedWorks: readonly Work[] = [
  { name: "cpu", kind: "cpu", ms: 5, places: 1, deadlineMs: 250 },
  { name: "wait", kind: "wait", ms: 50, places: 20, deadlineMs: 500 },
  { name: "pool", kind: "pool", ms: 10, places: 4, deadlineMs: 250 },
];

/** Behind the fault proxy: 2,000 calls a second while it is well, and a tenth while it is ten times slower. */
export const upstreamWork: Work = { name: "upstream", kind: "upstream", ms: 10, places: 20, deadlineMs: 500 };

/** Works whose service times and places a seed decides. */
export function randomWorks(seed: number): readonly Work[] {
  const random = seededRandom(seed);
  const between = (from: number, to: number) => Math.round(from + random() * (to - from));
  return [
    { name: "random-cpu", kind: "cpu", ms: between(2, 12), places: 1, deadlineMs: 250 },
    { name: "random-wait", kind: "wait", ms: between(20, 120), places: between(5, 40), deadlineMs: 750 },
    { name: "random-pool", kind: "pool", ms: between(5, 25), places: between(2, 8), deadlineMs: 400 },
  ];
}

/** The works that a server is started with. */
export function worksOfProcess(): readonly Work[] {
  return JSON.parse(process.env.WORKS ?? "[]") as readonly Work[];
}
