/** A station that is offered a load, and serves at a rate that depends on how many are inside. */
export interface Offered {
  /** Arrivals in a unit of time. */
  readonly arrivals: number;
  /** Completions in a unit of time with 1, 2 … inside; as many inside as there are entries, at most. */
  readonly rates: readonly number[];
  /** Arrivals that may wait outside; a further one is refused. */
  readonly queue: number;
}

/** What an offered station comes to in the long run. */
export interface Offering {
  /** Share of arrivals that are refused. */
  readonly refused: number;
  /** Mean time outside, of what was not refused. */
  readonly waiting: number;
  /** Mean time inside. */
  readonly inside: number;
  /** Share of arrivals that wait outside. */
  readonly waits: number;
  /** Mean number inside. */
  readonly busy: number;
}

/**
 * Solves a birth-death chain: arrivals at random, completions at rates that depend on the number inside, a bounded queue outside.
 * With rates `1, 2 … c` times one rate it is M/M/c/K. *Source*: L. Kleinrock, Queueing Systems I (1975), chapter 3.
 */
export function solveOffered({ arrivals, rates, queue }: Offered): Offering {
  const most = rates.length;
  const states = most + queue;
  const logs = new Float64Array(states + 1);
  for (let n = 1; n <= states; n++) logs[n] = logs[n - 1]! + Math.log(arrivals / rates[Math.min(n, most) - 1]!);
  const top = logs.reduce((best, value) => Math.max(best, value), 0);
  let [sum, outside, busy, waits, full] = [0, 0, 0, 0, 0];
  for (let n = 0; n <= states; n++) {
    const weight = Math.exp(logs[n]! - top);
    sum += weight;
    busy += Math.min(n, most) * weight;
    outside += Math.max(0, n - most) * weight;
    if (n >= most && n < states) waits += weight;
    if (n === states) full = weight;
  }
  const refused = full / sum;
  const accepted = arrivals * (1 - refused);
  return {
    refused,
    waiting: outside / sum / accepted,
    inside: busy / sum / accepted,
    waits: waits / sum / (1 - refused),
    busy: busy / sum,
  };
}
