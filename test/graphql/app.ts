import { type Actor, type App, authenticator, badCredential, createApp, module } from "plimsoll";
import { type GraphqlSpec, graphql } from "plimsoll/graphql";
import { http } from "plimsoll/http";
import type { Operation } from "plimsoll/ports";
import type { AppSpec } from "../../src/app/app-spec.ts";
import type { Execution } from "../../src/operation/execution.ts";
import { MemoryDatabase } from "../../src/testing/conformance/memory-database.ts";

/** The actor behind `Bearer ann`. */
export const ann: Actor = { id: "ann", kind: "user", roles: ["clerk"], tenant: undefined, claims: {} };

/** What a test adds to its app. */
export interface Made {
  readonly graphql?: GraphqlSpec;
  readonly spec?: Partial<AppSpec>;
  /** *Default*: no port. */
  readonly port?: number;
}

/** An app with these operations, and the signals of those that ran. */
export interface Running extends AsyncDisposable {
  readonly app: App;
  readonly executions: Execution[];
  /** Those of requests. */
  readonly carriers: Execution[];
}

/** Starts an app of a module `suite` without a rate. */
export async function run(operations: readonly Operation[], { graphql: given = {}, spec = {}, port }: Made = {}): Promise<Running> {
  const app = createApp({
    modules: [module("suite", { operations })],
    database: { open: () => new MemoryDatabase() },
    surfaces: [http({ port: port ?? false, host: "127.0.0.1" }), graphql(given)],
    authentication: authenticator({ authenticate: (token) => (token === "ann" ? ann : badCredential("It is unknown.")) }),
    ...{ rateLimit: { perSecond: 0 }, development: false },
    ...spec,
  });
  const executions: Execution[] = [];
  const carriers: Execution[] = [];
  app.signals.executed.on((execution) => void (execution.module === "graphql" ? carriers : executions).push(execution));
  await app.start({ keepsProcess: false });
  return { app, executions, carriers, [Symbol.asyncDispose]: () => app.stop() };
}
