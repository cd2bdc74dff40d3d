import { type App, type AppSpec, createApp } from "../app/app.ts";
import type { DirectCall } from "../app/direct-call.ts";
import type { Clock } from "../core/clock.ts";
import type { AnySchema, Input, Output } from "../core/schema.ts";
import type { Actor } from "../operation/actor.ts";
import { anonymous } from "../operation/actor.ts";
import type { Action, Command, Operation, Query } from "../operation/contract.ts";
import type { Execution } from "../operation/execution.ts";
import type { Uses } from "../operation/resource.ts";

export interface TestAppSpec extends Omit<AppSpec, "ops"> {
  /** Who asks where a call names nobody. *Default*: anonymous. */
  readonly actor?: Actor;
  /** On whose behalf; the actor's own tenant otherwise. */
  readonly tenant?: string;
  readonly clock?: Clock;
}

/** Who calls and how. *Defaults*: the app's actor, a new idempotency key with every call. */
export type TestCall = DirectCall;

type Callable<I extends AnySchema, O extends AnySchema> = Query<I, O> | Command<I, O> | Action<I, O, Uses>;

/** An app without a network, and calls into it that take the whole pipeline. */
export interface TestApp extends AsyncDisposable {
  readonly app: App;
  readonly signals: App["signals"];
  /** Runs an operation as a surface would. Rejects with the fault that a caller would see. */
  call<I extends AnySchema, O extends AnySchema>(operation: Callable<I, O>, input: Input<I>, call?: TestCall): Promise<Output<O>>;
  /** The same app, asked by somebody else. */
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
  await app.start();
  return bindActor(app, actor);
}

/** An actor for tests; everything may be left out. */
export function testActor(actor: Partial<Actor> = {}): Actor {
  return { id: "test-user", kind: "user", roles: [], tenant: undefined, claims: {}, ...actor };
}

let keys = 0;

function bindActor(app: App, actor: Actor): TestApp {
  return {
    app,
    signals: app.signals,
    call: (operation, input, call) => app.call(operation, input, { actor, key: `test-${process.pid}-${++keys}`, ...call }),
    as: (other) => bindActor(app, other),
    executed: (operation) => app.signals.executed.next((execution) => execution.operation === operation.name),
    stop: () => app.stop(),
    [Symbol.asyncDispose]: () => app.stop(),
  };
}
