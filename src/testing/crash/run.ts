import type { App } from "../../app/app.ts";
import { systemClock } from "../../core/clock.ts";
import { Fault } from "../../core/fault.ts";
import { describeThrown } from "../../core/value/thrown.ts";
import type { Boundary, CrashPoint } from "./boundary.ts";
import { Caller } from "./caller.ts";
import type { Clones, CrashDatabase } from "./clones.ts";
import { Director } from "./director.ts";
import { CrashLedger } from "./ledger.ts";
import { comeToRest, skipMs } from "./rest.ts";
import { type CrashWorld, World } from "./world.ts";

/** After so many more timers, a statement of the app itself that was not sent again counts as not reached. */
const timersForBackground = 100;

/** What the scenario of a crash test gets: it acts as the caller of the app, and does not know the injected failure. */
export interface CrashScope<K> {
  /** Calls an operation, with the same key until it is answered. *Defaults*: a key that is the same in every run. */
  readonly call: Caller["call"];
  /** Sends a web request by `app.fetch`, again where its method, an Idempotency-Key or `harmless` allows it. */
  readonly fetch: Caller["fetch"];
  /** Starts a task by `app.tasks.start`, with a key that is the same in every run; `keyless`: without one, and so only once. */
  readonly start: Caller["start"];
  readonly ledger: CrashLedger;
  readonly database: CrashDatabase;
  /** What `prepare` returned. */
  readonly kept: K;
  /** The instance that lives now. */
  app(): Promise<App>;
  /** Waits until nothing is under way, so that what follows begins from there in every run. */
  quiet(): Promise<void>;
}

/** What the invariants of a crash test get, once nothing is running. */
export interface CrashOutcome<K> {
  readonly ledger: CrashLedger;
  readonly database: CrashDatabase;
  readonly kept: K;
  readonly app: App;
}

/** What every run of a lab has in common. */
export interface RunSpec<K> {
  readonly makeApp: (world: CrashWorld) => App;
  readonly kept: K;
  readonly clones: Clones;
  scenario(scope: CrashScope<K>): unknown;
  settled?(outcome: CrashOutcome<K>): boolean | Promise<boolean>;
  invariants(outcome: CrashOutcome<K>): void | Promise<void>;
  readonly withinMs: number;
  readonly connections: number;
  readonly downSeconds: number;
  readonly jumpSeconds: number;
}

/** How one run ended. */
export interface Run {
  readonly point: CrashPoint | undefined;
  readonly boundaries: readonly Boundary[];
  /** Whether the boundary was reached. */
  readonly struck: boolean;
  readonly failure: unknown;
  readonly journal: readonly string[];
  readonly director: Director;
}

/** Runs the scenario once on a database of its own, with or without a fault, lets the system heal, and judges it. */
export async function runOnce<K>(spec: RunSpec<K>, point: CrashPoint | undefined): Promise<Run> {
  const director = new Director(point);
  const database = await spec.clones.take();
  const { makeApp, connections, downSeconds, jumpSeconds } = spec;
  let failure: unknown;
  try {
    const ledger = new CrashLedger();
    // Not `await using`: an old Node could not even read it, and would not say which Node is needed.
    const world = new World({
      ...{ makeApp, database, director, ledger },
      ...{ connections, downSeconds, jumpSeconds },
    });
    try {
      await within(spec.withinMs, live(spec, world, director), () => notRecovered(spec.withinMs, world.startFailure));
    } finally {
      await world[Symbol.asyncDispose]();
    }
  } catch (error) {
    failure = error;
  } finally {
    await spec.clones.release(database);
  }
  return {
    point,
    boundaries: director.boundaries,
    struck: director.struck,

    failure,
    journal: director.journal,
    director,
  };
}

/** Its timer ends with the work: one that ran on would keep the whole run in memory until it is due. */
async function within(ms: number, work: Promise<void>, tooLong: () => Fault): Promise<void> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = systemClock.schedule(ms, () => reject(tooLong()));
  try {
    await Promise.race([work, promise]);
  } finally {
    timer.cancel();
  }
}

function notRecovered(withinMs: number, startFailure: unknown): Fault {
  const start = startFailure === undefined ? "" : ` The last start of the app failed: ${describeThrown(startFailure)}`;
  return new Fault({ code: "deadline_exceeded", message: `The system did not recover within ${withinMs} ms.${start}` });
}

async function live<K>(spec: RunSpec<K>, world: World, director: Director): Promise<void> {
  const { ledger, database } = world.spec;
  const { kept } = spec;
  const caller = new Caller(world);
  await world.instance();
  await comeToRest(world);
  director.open = true;
  try {
    await spec.scenario({
      call: (operation, input, options) => caller.call(operation, input, options),
      fetch: (request, options) => caller.fetch(request, options),
      start: (task, input, options) => caller.start(task, input, options),
      quiet: () => comeToRest(world),
      app: async () => (await world.instance()).app,
      ...{ ledger, database, kept },
    });
  } catch (error) {
    // The caller gave up after a refusal. What was done until then must hold the invariants too.
    if (!(error instanceof Fault) || director.boundaries.length > 0) throw error;
  }
  const outcome = async (): Promise<CrashOutcome<K>> => ({ ledger, database, kept, app: (await world.instance()).app });
  const settled = async () => spec.settled === undefined || (await spec.settled(await outcome()));
  await world.setClockRight();
  await comeToRest(world, settled);
  for (let left = timersForBackground; left > 0 && director.comesWithTime; left--) {
    world.skip(skipMs);
    await comeToRest(world, settled);
  }
  // From here on no failure is injected, and the app recovers from the last one, so that the invariants find a running app.
  director.open = false;
  await world.setClockRight();
  await comeToRest(world, settled);
  await spec.invariants(await outcome());
  if (caller.problems.length > 0) throw new Fault({ code: "internal", message: caller.problems.join("; ") });
}
