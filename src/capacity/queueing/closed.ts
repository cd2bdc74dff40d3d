/** A station of a closed network. */
export interface Station {
  /** Time that one customer needs there, without waiting. */
  readonly demand: number;
  /** How many customers are served at once while so many are there: `min(n, c)` of c servers, `n` where none waits. */
  rate(customers: number): number;
}

/** A station with so many equal servers. Where it is a fraction, one of them is slower. */
export function servers(demand: number, count: number): Station {
  return { demand, rate: (customers) => Math.min(customers, count) };
}

/** A station where no customer waits for another. */
export function delay(demand: number): Station {
  return { demand, rate: (customers) => customers };
}

/** Customers that are modelled one by one; a larger network is made smaller in proportion. */
const mostCustomers = 512;

/**
 * The throughput of a closed network with 0, 1, 2 … customers.
 * *Guarantees*: exact for exponential or processor-sharing service; every term is positive, so nothing cancels.
 * *Bounds*: up to 512 customers. *Source*: J. P. Buzen, Computational algorithms for closed queueing networks, CACM 16 (1973), with load-dependent rates.
 */
export function throughputs(stations: readonly Station[], customers: number): readonly number[] {
  const used = stations.filter(({ demand }) => demand > 0);
  if (used.length === 0) return Array.from({ length: customers + 1 }, (_, n) => (n === 0 ? 0 : Number.POSITIVE_INFINITY));
  const count = Math.min(Math.max(0, Math.floor(customers)), mostCustomers);
  // Time is counted in units of the scarcest station, so that the constants stay near 1.
  const unit = Math.max(...used.map((station) => station.demand / station.rate(Math.max(1, count))));
  let constants: Float64Array<ArrayBuffer> = new Float64Array(count + 1);
  constants[0] = 1;
  for (const station of used) constants = withStation(constants, weightsOf(station, { unit, count }));
  return Array.from(constants, (constant, n) => (n === 0 ? 0 : constants[n - 1]! / constant / unit));
}

function weightsOf(station: Station, { unit, count }: { readonly unit: number; readonly count: number }): Float64Array {
  const weights = new Float64Array(count + 1);
  weights[0] = 1;
  for (let n = 1; n <= count; n++) weights[n] = (weights[n - 1]! * station.demand) / unit / station.rate(n);
  return weights;
}

function withStation(constants: Float64Array, weights: Float64Array): Float64Array<ArrayBuffer> {
  return Float64Array.from(constants, (_, n) => {
    let sum = 0;
    for (let here = 0; here <= n; here++) sum += weights[here]! * constants[n - here]!;
    return sum;
  });
}

/** A network that equal processes share: customers wait alone, and are served by so many servers. */
export interface SharedNetwork {
  readonly waits: number;
  readonly busy: number;
  readonly servers: number;
  /** Customers of the other processes that are inside. */
  readonly others: number;
}

/**
 * The throughput of one process with 0, 1 … of its customers inside, while others are inside too: it has its part of what all complete.
 * Where there are more than 512 customers together, the network and its servers are made smaller in proportion, which says a little less than the
 * whole would do.
 */
export function sharedThroughputs({ waits, busy, servers: count, others }: SharedNetwork, customers: number): readonly number[] {
  const shrink = Math.max(1, (customers + others) / mostCustomers);
  const whole = throughputs([delay(waits), servers(busy, count / shrink)], Math.ceil((customers + others) / shrink));
  return Array.from({ length: customers + 1 }, (_, inside) => {
    if (inside === 0) return 0;
    const at = (inside + others) / shrink;
    const below = Math.floor(at);
    const [low, high] = [whole[Math.min(below, whole.length - 1)]!, whole[Math.min(below + 1, whole.length - 1)]!];
    return ((low + (high - low) * (at - below)) * shrink * inside) / (inside + others);
  });
}
