/** What decides who gets the next connection. */
export interface Candidate {
  /** Its open connections, those under way to it included. */
  readonly open: number;
  /** The part of the last moments in which its event loop was busy, from 0 to 1. */
  readonly utilization: number;
  /** Connections that are under way to it. */
  readonly underWay: number;
  /** When it got one last, as a count that rises. */
  readonly turn: number;
  /** How long the first of those is. 0 if there is none. *Units*: milliseconds. */
  readonly waitingMs: number;
}

/** A process that takes longer to take a connection is behind, and gets none while another is not. *Units*: milliseconds. */
export const lateMs = 100;
/** Connections that may be under way to one process: they are lost if it blocks. */
const window = 8;
/** How much a busy event loop weighs: as a fifth of the connections more. */
const busyWeight = 0.2;

/**
 * Chooses who gets the next connection: the one with the fewest, where a busy event loop counts as up to a fifth more of them. One that does not take what is
 * under way to it comes after all others; of equals, the one that got one before the others is next.
 * *Guarantees*: among processes that take what they get, the open connections differ by at most a fifth and one. Undefined while the one that is chosen has
 * `window` of them under way.
 */
export function leastUtilised<C extends Candidate>(candidates: readonly C[]): C | undefined {
  const prompt = candidates.filter(({ waitingMs }) => waitingMs < lateMs);
  const among = prompt.length > 0 ? prompt : candidates;
  let [least, lowest]: [C | undefined, number] = [undefined, Number.POSITIVE_INFINITY];
  for (const candidate of among) {
    const load = (candidate.open + 1) * (1 + candidate.utilization * busyWeight);
    if (load > lowest || (load === lowest && candidate.turn >= (least?.turn ?? 0))) continue;
    least = candidate;
    lowest = load;
  }
  return least !== undefined && least.underWay < window ? least : undefined;
}
