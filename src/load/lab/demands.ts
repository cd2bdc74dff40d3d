import type { OperationDemand } from "../../capacity/model/system.ts";
import { nameOf, type Scenario, sharesOf } from "../scenario.ts";
import { type Counters, counted } from "./counters.ts";
import type { OperationTimes } from "./scenario-target.ts";

/** What two readings of an app with a low load in between say. */
export interface Observed {
  readonly scenario: Scenario;
  readonly before: Counters;
  readonly after: Counters;
  /** What the caller saw of each operation. */
  readonly times: readonly OperationTimes[];
  /** Processor time of PostgreSQL in between, where it runs on this machine. *Units*: milliseconds. */
  readonly databaseCpuMs: number | undefined;
}

/** Of the time with PostgreSQL, what its processors have where they cannot be measured. */
const databaseShare = 0.5;

/** Divides what the app counted among its operations. The processor time of the process is divided by the time that each was running. */
export function demandsOf(observed: Observed): readonly OperationDemand[] {
  const { scenario, times, databaseCpuMs } = observed;
  const shares = sharesOf(scenario);
  const parts = scenario.operations.map(({ operation }) => partsOf(observed, nameOf(operation)));
  const total = (of: (part: Parts) => number) => parts.reduce((sum, part) => sum + of(part) * part.count, 0);
  const cpuMs = counted(observed, "process_cpu_seconds_total") * 1_000;
  const [runningMs, databaseMs] = [total(({ running }) => running), total(({ database }) => database)];
  return scenario.operations.map((operation, index): OperationDemand => {
    const { running, database, upstreams } = parts[index]!;
    const loop =
      runningMs === 0
        ? cpuMs /
          Math.max(
            1,
            total(() => 1),
          )
        : (running * cpuMs) / runningMs;
    const cpu =
      databaseCpuMs === undefined
        ? database * databaseShare
        : databaseMs === 0
          ? 0
          : Math.min(database, (database * databaseCpuMs) / databaseMs);
    const seen = times[index]!;
    const meanMs = seen.sum / Math.max(1, seen.count);
    return {
      ...{
        name: nameOf(operation.operation),
        share: shares[index]!,
        loopMs: loop,
        heldLoopMs: 0,
        databaseMs: cpu,
        heldMs: database - cpu,
        upstreams,
      },
      ...{
        slots: operation.concurrency ?? 64,
        queue: operation.queue ?? 128,
        deadlineMs: operation.deadlineMs ?? scenario.deadlineMs ?? 300,
      },
      variation: seen.count < 2 || meanMs === 0 ? 1 : Math.max(0, seen.squares / seen.count / meanMs ** 2 - 1),
    };
  });
}

interface Parts {
  readonly count: number;
  readonly running: number;
  readonly database: number;
  readonly upstreams: Readonly<Record<string, number>>;
}

function partsOf(observed: Observed, operation: string): Parts {
  const of = (where: string, what: "sum" | "count") => counted(observed, `plimsoll_operation_seconds_${what}`, { operation, where });
  const count = of("total", "count");
  const each = (where: string): number => (count === 0 ? 0 : (of(where, "sum") * 1_000) / count);
  const names = Object.keys(observed.scenario.upstreams ?? {});
  return {
    count,
    running: each("running"),
    database: each("database"),
    upstreams: Object.fromEntries(names.map((name) => [name, each(`upstream:${name}`)]).filter(([, ms]) => ms !== 0)),
  };
}
