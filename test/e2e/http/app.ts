import { type App, createApp, runtimeOf } from "../../../src/app/app.ts";
import type { AppSpec } from "../../../src/app/app-spec.ts";
import { stillTurn } from "../../../src/core/turn/turn-clock.ts";
import { type HttpSpec, http } from "../../../src/http/http.ts";
import type { Operation } from "../../../src/operation/contract.ts";
import type { Execution } from "../../../src/operation/execution.ts";
import { module } from "../../../src/operation/module.ts";
import { type Ask, ask, Wire, type WireResponse } from "./client.ts";

/** An app that serves a few operations on a free port. */
export interface Served extends AsyncDisposable {
  readonly app: App;
  readonly port: number;
  ask(method: string, target: string, options?: Ask): Promise<WireResponse>;
  /** *Default*: from 127.0.0.1. */
  wire(from?: string): Promise<Wire>;
  /** The next wide event, of the named operation where one is named. */
  executed(operation?: Operation): Promise<Execution>;
  /** Resolves when no execution is under way or holds anything. */
  idle(): Promise<void>;
}

export interface ServeSpec extends Partial<Omit<AppSpec, "modules" | "surfaces">> {
  readonly http?: Partial<HttpSpec>;
}

/** Starts an app out of operations whose names begin with `t.`. */
export async function serve(operations: readonly Operation[], { http: httpSpec, ...spec }: ServeSpec = {}): Promise<Served> {
  const app = createApp({
    modules: [module("t", { operations })],
    surfaces: [http({ port: 0, host: "127.0.0.1", ...httpSpec })],
    rateLimit: { perSecond: 0 },
    // The client is in the same process, and the machine may be slow.
    turns: stillTurn,
    shutdown: "1s",
    ...spec,
  });
  await app.start();
  const port = Number(new URL(app.urls.surfaces[0] ?? "http://none").port);
  return {
    app,
    port,
    ask: (method, target, options) => ask(port, `${method} ${target}`, options),
    wire: (from) => Wire.open(port, from),
    executed: (operation) => app.signals.executed.next((done) => operation === undefined || done.operation === operation.name),
    idle: async () => {
      if (runtimeOf(app).inFlight > 0) await app.signals.idle.next();
    },
    [Symbol.asyncDispose]: () => app.stop(),
  };
}

/** A promise and the way to settle it from outside. */
export function gate<T = void>(): { readonly opened: Promise<T>; open(value: T): void } {
  const { promise, resolve } = Promise.withResolvers<T>();
  return { opened: promise, open: resolve };
}
