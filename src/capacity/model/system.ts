/** A place where executions share something that there is only so much of. */
export type StationKind = "loop" | "pool" | "slots" | "upstream" | "postgres";

/** What one execution of an operation needs when it is alone. *Units*: milliseconds. */
export interface OperationDemand {
  readonly name: string;
  /** Its share of all requests. Those of all operations add up to 1. */
  readonly share: number;
  /** Processor time of the event loop while it holds no connection. */
  readonly loopMs: number;
  /** The same while it holds a connection. */
  readonly heldLoopMs: number;
  /** Processor time of PostgreSQL. */
  readonly databaseMs: number;
  /** Time that it holds a connection without any processor: network, disk, locks. */
  readonly heldMs: number;
  /** Time that it holds a connection to each upstream. */
  readonly upstreams: Readonly<Record<string, number>>;
  /** Executions of it at once in one process. */
  readonly slots: number;
  /** Executions of it that may wait for a slot in one process. */
  readonly queue: number;
  readonly deadlineMs: number;
  /** How its time alone varies: variance divided by the square of the mean. 0 always takes as long, 1 is exponential. */
  readonly variation: number;
}

/** What the operations share. */
export interface SystemShape {
  /** Equal processes, each with its own event loop, pool, slots and connections to upstreams. */
  readonly replicas: number;
  /** Connections to PostgreSQL that one process uses for executions. */
  readonly pool: number;
  /** Processors of the one server of PostgreSQL. */
  readonly databaseCores: number;
  /** Connections of one process to each upstream. */
  readonly upstreams: Readonly<Record<string, number>>;
}

/** How much of a station is used, by what executions need when they are alone: waits elsewhere do not count. */
export interface StationUse {
  readonly station: StationKind;
  /** Which upstream, or the slots of which operation. */
  readonly name?: string;
  /** Executions per second that it could carry alone. */
  readonly most: number;
  /** Share of it that is used at the rate. */
  readonly used: number;
}

/** How long an operation holds a connection to PostgreSQL when it is alone. */
export function holdMs({ heldLoopMs, databaseMs, heldMs }: OperationDemand): number {
  return heldLoopMs + databaseMs + heldMs;
}

/** How long an operation takes when it is alone. */
export function aloneMs(operation: OperationDemand): number {
  return operation.loopMs + holdMs(operation) + Object.values(operation.upstreams).reduce((sum, ms) => sum + ms, 0);
}

/** Adds up over operations, each by its share. */
export function mean(operations: readonly OperationDemand[], of: (operation: OperationDemand) => number): number {
  return operations.reduce((sum, operation) => sum + operation.share * of(operation), 0);
}

/** The stations at a rate, the scarcest first. *Units*: `rate` in executions per second. *Source*: the utilization law, U = X · D / c. */
export function stationsAt(shape: SystemShape, operations: readonly OperationDemand[], rate: number): readonly StationUse[] {
  const { replicas, pool, databaseCores, upstreams } = shape;
  const use = (station: StationKind, ms: number, places: number): StationUse => {
    const most = ms === 0 ? Number.POSITIVE_INFINITY : (1_000 * places) / ms;
    return { station, most, used: rate / most };
  };
  const all = [
    use(
      "loop",
      mean(operations, ({ loopMs, heldLoopMs }) => loopMs + heldLoopMs),
      replicas,
    ),
    use("pool", mean(operations, holdMs), replicas * pool),
    use(
      "postgres",
      mean(operations, ({ databaseMs }) => databaseMs),
      databaseCores,
    ),
    ...Object.entries(upstreams).map(([name, connections]) => ({
      ...use(
        "upstream",
        mean(operations, (operation) => operation.upstreams[name] ?? 0),
        replicas * connections,
      ),
      name,
    })),
    ...operations.map((operation) => ({
      ...use("slots", operation.share * aloneMs(operation), replicas * operation.slots),
      name: operation.name,
    })),
  ];
  return all.toSorted((one, other) => other.used - one.used);
}
