import { type App, createApp } from "../app/app.ts";
import type { AppSpec } from "../app/app-spec.ts";
import type { DirectCall } from "../app/direct-call.ts";
import { type Clock, systemClock } from "../core/clock.ts";
import { type Duration, toMs } from "../core/duration.ts";
import { limits } from "../core/limits.ts";
import type { AnySchema, Input, Output } from "../core/schema/standard.ts";
import { Signal } from "../core/signals.ts";
import { attempt } from "../core/value/thrown.ts";
import type { Actor } from "../operation/actor.ts";
import { anonymous } from "../operation/actor.ts";
import type { Action, Command, Operation, Query } from "../operation/contract.ts";
import type { Execution } from "../operation/execution.ts";
import type { Uses } from "../operation/resource.ts";
import type { TestDatabase } from "./database.ts";
import { type IdleOptions, runUntilIdle } from "./idle.ts";
import { idlePartsOf } from "./idle-parts.ts";

/** Options of `testApp`, in addition to the fields of `createApp`. */
export interface TestAppSpec extends Omit<AppSpec, "ops"> {
  /** The actor of a call that names none. *Default*: anonymous. */
  readonly actor?: Actor;
  /** The tenant of all calls. *Default*: the actor's own. */
  readonly tenant?: string;
  readonly clock?: Clock;
  /** How long a test waits for a signal, in real time; then the wait fails, and its message says what it waited for. *Default*: 30 s. */
  readonly waitLimit?: Duration;
}

/** Options of a test call. *Defaults*: the app's actor, and a new idempotency key for each call. */
export type TestCall = DirectCall;

type Callable<I extends AnySchema, O extends AnySchema> = Query<I, O> | Command<I, O> | Action<I, O, Uses>;

/** An app without a network, whose calls take the whole pipeline. */
export interface TestApp extends AsyncDisposable {
  readonly app: App;
  readonly signals: App["signals"];
  /** Runs an operation as a surface would. Rejects with the fault that a caller would get. */
  call<I extends AnySchema, O extends AnySchema>(operation: Callable<I, O>, input: Input<I>, call?: TestCall): Promise<Output<O>>;
  /**
   * Runs due tasks, occurrences of schedules, subscriptions, projections and sagas, their retries, and what they start, until nothing is due. Returns the number
   * of attempts that ended; a batch of a projection is one. What fails becomes a dead letter (see `app.tasks.deadLetters()`) or is retried later; with `ahead`, this
   * also runs what becomes due later. *Bounds*: `attempts`. *Faults thrown*: `resource_exhausted` of type `never_idle`, which names what never ends;
   * `deadline_exceeded` of type `wait_limit`, which names that of which no attempt ends; `failed_precondition` if this app runs none of these.
   * @example await app.runUntilIdle({ ahead: "1d" });
   */
  runUntilIdle(options?: IdleOptions): Promise<number>;
  /** The same app with another actor. */
  as(actor: Actor): TestApp;
  /** The next wide event of an operation. */
  executed(operation: Operation): Promise<Execution>;
  stop(): Promise<void>;
}

/**
 * Starts an app for tests.
 * @example
 * await using app = await testApp({ modules: [orders], database: await testDatabase({ modules: [orders] }), actor: testActor({ roles: ["customer"] }) });
 * await app.call(placeOrder, { lines });
 */
export async function testApp(spec: TestAppSpec): Promise<TestApp> {
  const actor = spec.actor ?? anonymous;
  const tenancy = spec.tenancy ?? { description: "test", tenantOf: (asks: Actor) => asks.tenant ?? spec.tenant };
  const app = createApp({ development: true, rateLimit: { perSecond: 0 }, sample: 1, ...spec, tenancy });
  // A test that forgets to stop its app must end all the same.
  await app.start({ keepsProcess: false });
  const waitLimit = spec.waitLimit ?? limits.testWaitMs;
  for (const signal of signalsOf(app)) signal.limitWaits(toMs(waitLimit));
  return bindActor(app, actor, (options) => runUntilIdle(idlingOf(app, spec), { within: waitLimit, ...options }));
}

/** Those that tests wait on: of the app, of its tasks, of its schedules, of its events and of its sagas. */
function signalsOf(app: App): readonly Signal<unknown>[] {
  // An app without a database that keeps tasks has none.
  const kept = attempt(() => app.tasks.signals);
  const events = attempt(() => app.events.signals);
  const audit = attempt(() => app.audit.signals);
  const sagas = attempt(() => app.sagas.signals);
  return [app.signals, kept, kept?.schedules, events, audit, sagas]
    .flatMap((one) => Object.values(one ?? {}))
    .filter((signal) => signal instanceof Signal) as Signal<unknown>[];
}

function idlingOf(app: App, spec: TestAppSpec) {
  const { clock = systemClock, database } = spec;
  const text = "select plimsoll.set_clock_offset(plimsoll.now() - statement_timestamp() + $1 * interval '1 millisecond')";
  const moveTime = isOwned(database) ? async (ms: number) => void (await database.admin(text, [ms])) : undefined;
  return { parts: idlePartsOf(app, spec), clock, moveTime };
}

function isOwned(database: TestAppSpec["database"]): database is TestDatabase {
  return database !== undefined && "admin" in database;
}

/** Makes an actor for tests; all fields are optional. */
export function testActor(actor: Partial<Actor> = {}): Actor {
  return { id: "test-user", kind: "user", roles: [], tenant: undefined, claims: {}, ...actor };
}

let keys = 0;

function bindActor(app: App, actor: Actor, idle: TestApp["runUntilIdle"]): TestApp {
  return {
    app,
    signals: app.signals,
    call: (operation, input, call) => app.call(operation, input, { actor, key: `test-${process.pid}-${++keys}`, ...call }),
    as: (other) => bindActor(app, other, idle),
    runUntilIdle: idle,
    executed: (operation) => app.signals.executed.next(onlyOf(operation.name)),
    stop: () => app.stop(),
    [Symbol.asyncDispose]: () => app.stop(),
  };
}

/** Says which operation it waits for where the wait takes too long. */
function onlyOf(operation: string): (execution: Execution) => boolean {
  const accepts = (execution: Execution) => execution.operation === operation;
  accepts.toString = () => `the operation is ${operation}`;
  return accepts;
}
