import assert from "node:assert";
import type { App } from "../../app/app.ts";
import type { DatabaseContext, DatabaseSource } from "../../app/database.ts";
import { systemClock } from "../../core/clock.ts";
import { type Duration, toMs } from "../../core/duration.ts";
import { Fault } from "../../core/fault.ts";
import type { Module } from "../../operation/module.ts";
import { postgres } from "../../postgres/database.ts";
import { TestClock } from "../clock.ts";
import type { TestServer } from "../database.ts";
import { doAll } from "../room.ts";
import { faults as allFaults, type CrashFault, type CrashPoint, formatPoint, isNamed } from "./boundary.ts";
import { Clones, type CrashDatabase } from "./clones.ts";
import { type CrashOutcome, type CrashScope, type Run, type RunSpec, runOnce } from "./run.ts";
import type { CrashWorld } from "./world.ts";

/** The scenario, the invariants and the bounds of a crash test. */
export interface CrashSpec<K> {
  /** What callers do: it is run once for each boundary and fault. The same calls in the same order make the same names. */
  scenario(scope: CrashScope<K>): unknown;
  /** Throws when something is wrong that must never be. */
  invariants(outcome: CrashOutcome<K>): void | Promise<void>;
  /** Fills the database of which every run gets a copy; nothing goes wrong here. What it returns, every run gets as `kept`. */
  prepare?(start: { readonly app: App; readonly database: CrashDatabase }): K | Promise<K>;
  /** Whether nothing is under way any more, beside what the lab sees itself: nothing runs in the app, and no task waits. */
  settled?(outcome: CrashOutcome<K>): boolean | Promise<boolean>;
  /** Which faults. *Default*: all that make sense at a boundary. */
  readonly faults?: readonly CrashFault[];
  /** One boundary, or one with its fault, as a failure prints it. *Default*: the environment's `PLIMSOLL_CRASH`, or all. */
  readonly only?: string;
  /** Runs at the most, chosen by the seed. *Default*: all. */
  readonly most?: number;
  /** *Default*: 1. */
  readonly seed?: number;
  /** Runs at the same time, where the server has connections for them. *Default*: 6. */
  readonly parallel?: number;
  /** How long one run may take, healing included. *Default*: 90 s. */
  readonly within?: Duration;
  /** How long it takes, by the clock of the database, until a process that is gone is replaced: leases run out meanwhile. *Default*: 30 s. */
  readonly downFor?: Duration;
  /** How far the clock of the database jumps. *Default*: 1 min. */
  readonly clockJump?: Duration;
  /** Connections of the app. *Default*: 4. */
  readonly connections?: number;
  /** *Default*: the embedded one. */
  readonly server?: TestServer;
}

/** The result of a crash test. */
export interface CrashReport {
  readonly boundaries: number;
  readonly runs: number;
  /** What went wrong in each of them, as `only` takes it. */
  readonly points: readonly string[];
  readonly failures: readonly CrashFailure[];
  /** Points that were not reached: the scenario did not go the same way again in three attempts, or, for what the app sends by itself, in one. */
  readonly missed: readonly string[];
  readonly seed: number;
  readonly seconds: number;
  /** One line: what was run, and what came of it. */
  readonly summary: string;
}

/** A run whose invariants did not hold, and how to repeat it. */
export interface CrashFailure {
  /** `boundary / fault`, as `only` takes it. */
  readonly point: string;
  readonly error: unknown;
  /** What happened in the run, in order. */
  readonly journal: readonly string[];
}

/** Of a point that is not reached. */
const attempts = 3;
const shownFailures = 5;
const shownLines = 40;

/**
 * Runs a scenario once, and then once for every boundary at which something becomes durable and every failure that can happen there. After each run
 * it checks the invariants.
 * *Faults thrown*: an `AssertionError` that names every boundary and failure at which an invariant is broken, and how to run one of them again.
 * *Guarantees*: each run has its own database. An app that was killed reaches neither the database nor an outside service.
 * @example
 * await crashTest(({ database }) => createApp({ modules: [orders], database }), {
 *   scenario: ({ call }) => call(placeOrder, { lines }, { actor }),
 *   invariants: async ({ database, ledger }) =>
 *     assert.equal((await database.admin("select from orders.orders")).length, ledger.of(placeOrder).length),
 * });
 */
export async function crashTest<K = void>(makeApp: (world: CrashWorld) => App, spec: CrashSpec<K>): Promise<CrashReport> {
  const report = await explore(makeApp, spec);
  assert(report.failures.length === 0, textOf(report));
  return report;
}

/** As {@link crashTest}, but failures are only reported. */
export async function explore<K = void>(makeApp: (world: CrashWorld) => App, spec: CrashSpec<K>): Promise<CrashReport> {
  const clones = await Clones.open(modulesOf(makeApp), spec.server);
  try {
    return await exploreOn(clones, makeApp, spec);
  } finally {
    await clones[Symbol.asyncDispose]();
  }
}

async function exploreOn<K>(clones: Clones, makeApp: (world: CrashWorld) => App, spec: CrashSpec<K>): Promise<CrashReport> {
  const startedAt = systemClock.monotonic();
  const runSpec = { ...withDefaults(spec), makeApp, clones, kept: await prepare(makeApp, spec, clones) };
  const whole = await runOnce(runSpec, undefined);
  if (whole.failure !== undefined) throw whole.failure;
  const points = choose(whole.director.points(new Set(spec.faults ?? allFaults)), spec);
  const runs = await runAll(runSpec, points, spec.parallel ?? 6);
  await repeatMissed(runSpec, runs);
  const failures = runs
    .filter(({ failure }) => failure !== undefined)
    .map(({ point, failure, journal }) => ({ point: formatPoint(point), error: failure, journal }));
  const missed = runs.filter(({ struck }) => !struck).map(({ point }) => formatPoint(point));
  const seconds = (systemClock.monotonic() - startedAt) / 1_000;
  const boundaries = whole.boundaries.length;
  const summary = `${boundaries} boundaries, ${runs.length} runs, ${failures.length} failures, ${missed.length} not reached, seed ${spec.seed ?? 1}, ${seconds.toFixed(1)} s`;
  return { boundaries, runs: runs.length, points: points.map(formatPoint), failures, missed, seed: spec.seed ?? 1, seconds, summary };
}

function withDefaults<K>(spec: CrashSpec<K>): Omit<RunSpec<K>, "makeApp" | "clones" | "kept"> {
  const seconds = (duration: Duration) => toMs(duration) / 1_000;
  return {
    scenario: (scope) => spec.scenario(scope),
    invariants: (outcome) => spec.invariants(outcome),
    ...(spec.settled !== undefined && { settled: spec.settled }),
    withinMs: toMs(spec.within ?? "90s"),
    connections: spec.connections ?? 4,
    downSeconds: seconds(spec.downFor ?? "30s"),
    jumpSeconds: seconds(spec.clockJump ?? "1m"),
  };
}

/** An app tells its database which modules it serves when it is made. More of it is not made: what is opened with a database would find none. */
function modulesOf(makeApp: (world: CrashWorld) => App): readonly Module[] {
  let modules: readonly Module[] | undefined;
  const database: DatabaseSource = {
    open: (context: DatabaseContext) => {
      ({ modules } = context);
      throw known;
    },
  };
  try {
    makeApp({ database, url: "postgres://nowhere.invalid/none", clock: systemClock, outside: (_, target) => target });
  } catch (error) {
    if (error !== known) throw error;
  }
  return modules ?? [];
}

/** Ends the making of an app once its modules are known. */
const known = new Fault({ code: "cancelled", message: "The modules of the app are known." });

async function prepare<K>(makeApp: (world: CrashWorld) => App, spec: CrashSpec<K>, { base }: Clones): Promise<K> {
  if (spec.prepare === undefined) return undefined as K;
  const app = makeApp({ database: postgres({ url: base.url }), url: base.url, clock: systemClock, outside: (_, target) => target });
  await app.start();
  try {
    return await spec.prepare({ app, database: base });
  } finally {
    await app.stop();
  }
}

function choose<K>(
  points: readonly CrashPoint[],
  { only = process.env.PLIMSOLL_CRASH, most, seed = 1 }: CrashSpec<K>,
): readonly CrashPoint[] {
  if (only !== undefined && only !== "") return points.filter((point) => isNamed(point, only));
  if (most === undefined || points.length <= most) return points;
  const clock = new TestClock({ seed });
  const drawn = points.map((point, nth) => ({ point, nth, lot: clock.random() }));
  const chosen = drawn.toSorted((a, b) => a.lot - b.lot).slice(0, most);
  return chosen.toSorted((a, b) => a.nth - b.nth).map(({ point }) => point);
}

/** What is kept of a run: of thousands that passed, all that happened would fill the memory. */
type Judged = Pick<Run, "failure" | "struck" | "journal"> & { readonly point: CrashPoint };

/** On a busy machine a run can go another way and miss its point: it is run again, with no other run beside it. What comes with time has waited already. */
async function repeatMissed<K>(spec: RunSpec<K>, runs: Judged[]): Promise<void> {
  for (let attempt = 2; attempt <= attempts; attempt++)
    for (const [index, { point, struck, failure }] of runs.entries())
      if (!struck && failure === undefined && point.kind !== "background") runs[index] = await judge(spec, point);
}

async function judge<K>(spec: RunSpec<K>, point: CrashPoint): Promise<Judged> {
  const { failure, struck, journal } = await runOnce(spec, point);
  return { point, failure, struck, journal: failure === undefined ? [] : journal };
}

function runAll<K>(spec: RunSpec<K>, points: readonly CrashPoint[], parallel: number): Promise<Judged[]> {
  const { clones, connections } = spec;
  // Beside the pool: what listens, and what a start opens to migrate.
  const needed = connections + 3;
  return doAll(points, { parallel, hasRoom: () => clones.hasRoom(needed), run: (point) => judge(spec, point) });
}

function textOf({ failures, summary }: CrashReport): string {
  const shown = failures
    .slice(0, shownFailures)
    .map(({ point, error, journal }) =>
      [
        `at ${point}`,
        `  ${error instanceof Error ? error.message.replaceAll("\n", "\n  ") : String(error)}`,
        `  what happened:`,
        ...journal.slice(-shownLines).map((line) => `    ${line}`),
        `  again: PLIMSOLL_CRASH='${point}' in the environment, or { only: "${point}" }`,
      ].join("\n"),
    );
  const rest = failures.slice(shownFailures).map(({ point }) => `at ${point}`);
  return [`The invariants do not hold after every crash: ${summary}.`, ...shown, ...rest].join("\n");
}
