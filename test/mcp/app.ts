import { type App, createApp, module } from "plimsoll";
import { http } from "plimsoll/http";
import { type McpSurfaceSpec, mcp } from "plimsoll/mcp";
import type { Operation } from "plimsoll/ports";
import type { AppSpec } from "../../src/app/app-spec.ts";
import type { Execution } from "../../src/operation/execution.ts";
import { MemoryDatabase } from "../../src/testing/conformance/memory-database.ts";
import { authentication } from "./operations.ts";

/** What a test adds to its app. */
export interface Made {
  readonly mcp?: McpSurfaceSpec;
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
export async function run(operations: readonly Operation[], { mcp: given = {}, spec = {}, port }: Made = {}): Promise<Running> {
  const app = createApp({
    modules: [module("suite", { operations })],
    database: { open: () => new MemoryDatabase() },
    surfaces: [http({ port: port ?? false, host: "127.0.0.1" }), mcp(given)],
    authentication,
    ...{ rateLimit: { perSecond: 0 }, development: false },
    ...spec,
  });
  const executions: Execution[] = [];
  const carriers: Execution[] = [];
  app.signals.executed.on((execution) => void (execution.module === "mcp" ? carriers : executions).push(execution));
  await app.start({ keepsProcess: false });
  return { app, executions, carriers, [Symbol.asyncDispose]: () => app.stop() };
}
