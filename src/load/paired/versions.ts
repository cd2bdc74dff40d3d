import { resolve } from "node:path";
import { seededRandom } from "../../core/clock.ts";
import { Fault } from "../../core/fault.ts";
import { counted } from "../lab/counters.ts";
import { executionsOf, type LabRun, runAt } from "../lab/run-at.ts";
import { ScenarioTarget } from "../lab/scenario-target.ts";
import type { Scenario } from "../scenario.ts";
import { startApp } from "./app-process.ts";
import { type Comparison, compareRounds, type Round } from "./compare.ts";
import { measureRound, type Side, type Slice, sides } from "./slices.ts";

/** Options of {@link compareVersions}. */
export interface CompareVersionsOptions {
  readonly scenario: Scenario & { readonly start: readonly [string, ...string[]] };
  /** The checkouts, each with its packages installed. */
  readonly before: string;
  readonly after: string;
  /** At about half of the line: below it nothing waits long, and above it the noise is that of the queues. *Units*: calls per second. */
  readonly rate: number;
  /** Length of one slice. *Units*: seconds. *Default*: 0.5. */
  readonly seconds?: number;
  /** *Default*: 1. */
  readonly seed?: number;
  /** Rounds before the first look, and at most. *Defaults*: 8, 40. */
  readonly least?: number | undefined;
  readonly most?: number | undefined;
  readonly signal?: AbortSignal;
}

/** More calls than this that fail, and the figures are of something else. */
const mostBad = 0.05;
/** So many slices go by before a new process is measured. */
const warmUpSlices = 3;

/**
 * Compares two checkouts of an app by the processor time and by the mean latency of a call, at one rate. Each round starts three processes: the version before the
 * change twice, and the one after it.
 * *Faults thrown*: `unavailable` of type `compared_app_not_ready`, `failed_precondition` of type `compared_calls_failed`.
 */
export function compareVersions(options: CompareVersionsOptions): Promise<Comparison> {
  const { seed = 1, least, most } = options;
  return compareRounds({
    round: (index) => roundOf(options, index),
    random: seededRandom(seed),
    ...(least !== undefined && { least }),
    ...(most !== undefined && { most }),
  });
}

async function roundOf(options: CompareVersionsOptions, index: number): Promise<Round> {
  const { scenario, before, after, seed = 1, signal } = options;
  const folders: Readonly<Record<Side, string>> = { before, after, again: before };
  const stack = new AsyncDisposableStack();
  const measurers = new Map<Side, Measurer>();
  try {
    // The one that is started first has the machine to itself: each side is so in turn.
    for (let place = 0; place < sides.length; place++) {
      signal?.throwIfAborted();
      const side = sides[(index + place) % sides.length]!;
      const { url, ops } = stack.use(await startApp({ folder: resolve(folders[side]), command: scenario.start, signal }));
      const measurer = stack.use(new Measurer({ ...scenario, url, ops }, options));
      measurers.set(side, measurer);
      for (let slice = 0; slice < warmUpSlices; slice++) await measurer.slice(slice);
    }
    return await measureRound((side, pair) => measurers.get(side)!.slice((seed * 1_009 + index) * 6 + pair + warmUpSlices));
  } finally {
    await stack.disposeAsync();
  }
}

class Measurer implements Disposable {
  readonly #scenario: Scenario;
  readonly #options: CompareVersionsOptions;
  readonly #target: ScenarioTarget;

  constructor(scenario: Scenario, options: CompareVersionsOptions) {
    this.#scenario = scenario;
    this.#options = options;
    this.#target = new ScenarioTarget(scenario);
  }

  async slice(seed: number): Promise<Slice> {
    const { rate, seconds = 0.5, signal } = this.#options;
    const once = () => runAt(this.#target, { scenario: this.#scenario, rate, seconds, seed, signal });
    let run = await once();
    // A disturbance of the machine makes one slice late, what is wrong with the app the next one too.
    if (run.bad > mostBad) run = await once();
    const executions = executionsOf(this.#scenario, run.between!);
    if (run.bad > mostBad || executions === 0) throw callsFailed(this.#scenario, run);
    return { cpu: (counted(run.between!, "process_cpu_seconds_total") * 1_000) / executions, latency: run.result.accepted.mean };
  }

  [Symbol.dispose](): void {
    this.#target[Symbol.dispose]();
  }
}

function callsFailed({ url }: Scenario, { bad, rate, result }: LabRun): Fault {
  const reasons =
    [...result.reasons].map(([reason, count]) => `${count} × ${reason}`).join(", ") || "no operation of the scenario was executed";
  return new Fault({
    code: "failed_precondition",
    type: "compared_calls_failed",
    message: `At ${rate.toFixed(0)} calls a second, ${(bad * 100).toFixed(0)}% of the calls to ${url} failed or were late (${reasons}). Compare at a lower --rate, or correct the calls of the scenario.`,
  });
}
