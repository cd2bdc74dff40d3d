import { stationsAt } from "../../capacity/model/system.ts";
import type { MeasuredDemands } from "../../capacity/planning/input.ts";
import { nameOf, type Scenario } from "../scenario.ts";
import { demandsOf } from "./demands.ts";
import { postgresCpuMs } from "./postgres-cpu.ts";
import { runAt } from "./run-at.ts";
import { ScenarioTarget } from "./scenario-target.ts";

/** Options of {@link calibrate}. */
export interface CalibrateOptions {
  readonly scenario: Scenario;
  readonly ops: string;
  /** What the scenario is called, for the source of figures. */
  readonly name: string;
  /** The rate of the first look: so low that any app bears it. *Units*: calls per second. *Default*: 10. */
  readonly firstRate?: number;
  /** Length of each run. *Units*: seconds. *Default*: 5. */
  readonly seconds?: number;
  readonly signal?: AbortSignal;
}

/** How much of the capacity each run uses, as the runs before it say: never more than 30%. */
const shares = [0.08, 0.15, 0.22, 0.28];

/** Measures what operations need at up to 30% of what the app can carry, in five short runs. */
export async function calibrate(options: CalibrateOptions): Promise<MeasuredDemands> {
  const target = new ScenarioTarget(options.scenario);
  try {
    return await calibrateOn(target, options);
  } finally {
    target[Symbol.dispose]();
  }
}

async function calibrateOn(target: ScenarioTarget, options: CalibrateOptions): Promise<MeasuredDemands> {
  const { scenario, name, firstRate = 10 } = options;
  const { pool = 16, upstreams = {} } = scenario;
  let found = await look(options, { target, rate: firstRate });
  const points = [];
  for (const share of shares) {
    const most = stationsAt({ replicas: 1, pool, databaseCores: 4, upstreams }, found.operations, 1)[0]!.most;
    found = await look(options, { target, rate: most * share });
    // A short run of few calls may end none: that is no point of a curve, and nothing that could be read again.
    if (found.throughput > 0) points.push({ inFlight: found.inFlight, throughput: found.throughput });
  }
  const rate = found.throughput.toFixed(0);
  return {
    format: 1,
    from: `${name}, ${scenario.operations.map(({ operation }) => nameOf(operation)).join(", ")} at ${rate}/s`,
    operations: found.operations,
    upstreams,
    pool,
    points,
  };
}

async function look(
  { scenario, ops, seconds = 5, signal }: CalibrateOptions,
  { target, rate }: { readonly target: ScenarioTarget; readonly rate: number },
) {
  target.takeTimes();
  const cpuBefore = postgresCpuMs();
  const { result, between } = await runAt(target, {
    scenario: { ...scenario, ops },
    rate: Math.max(2, rate),
    seconds,
    seed: Math.max(2, Math.round(rate)),
    signal,
  });
  const cpuAfter = postgresCpuMs();
  const times = target.takeTimes();
  const databaseCpuMs = cpuBefore === undefined || cpuAfter === undefined ? undefined : Math.max(0, cpuAfter - cpuBefore);
  const throughput = (result.ok + result.late) / seconds;
  return {
    operations: demandsOf({ scenario, ...between!, times, databaseCpuMs }),
    throughput,
    inFlight: (throughput * result.accepted.mean) / 1_000,
  };
}
