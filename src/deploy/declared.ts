import { type App, partsOf, runtimeOf } from "../app/app.ts";
import { traitsOf } from "../operation/kind.ts";
import { httpOf, parseRoute } from "../operation/route.ts";
import type { Registry } from "../pipeline/registry/registry.ts";
import type { DeployedRoute } from "./routes.ts";
import type { PlannedNumbers, Sourced } from "./shape.ts";

/** The load line that `postgres()` registers for the connections of its pool. */
const poolLine = "database connections";

/**
 * Reads from an app what a deployment must agree with: the longest deadline behind a route, the connections of its pool, and how long it takes to stop.
 * `entry`: the program that exports it, as the reasons name it.
 */
export function declaredNumbers(app: App, entry: string): PlannedNumbers {
  const { shutdownMs, shutdownDelayMs } = partsOf(app);
  const [longest] = [...runtimeOf(app).registry.operations.values()]
    .filter(({ operation }) => httpOf(operation.spec) !== undefined)
    .toSorted((one, other) => other.limits.deadlineMs - one.limits.deadlineMs);
  const pool = app.loadLines.find(poolLine)?.declared;
  const said = (value: number, what: string): Sourced => ({ value, from: `${entry}, ${what}` });
  return {
    ...(longest !== undefined && { longestDeadlineMs: said(longest.limits.deadlineMs, `the budget of ${longest.name}`) }),
    ...(pool !== undefined && { pool: said(pool, "postgres({ connections })") }),
    shutdownMs: said(shutdownMs, "createApp({ shutdown })"),
    shutdownDelayMs: said(shutdownDelayMs, "createApp({ shutdownDelay })"),
  };
}

/** Reads from an app, or from its modules, how routers in front of it must treat each of its routes. */
export function declaredRoutes({ operations }: Registry): readonly DeployedRoute[] {
  return [...operations.values()].flatMap(({ name, operation, limits, stream, receives }) => {
    const http = httpOf(operation.spec);
    const route = http && parseRoute(http.route);
    if (http === undefined || route === undefined) return [];
    const { verb, path } = route;
    const { transaction, plain } = traitsOf(operation);
    // A web handler, and a carrier of GraphQL or MCP, returns a Response whose body may be a stream.
    const lasts = stream !== undefined || receives !== undefined || http.download !== undefined || plain === true;
    return [{ operation: name, verb, path, deadlineMs: limits.deadlineMs, reads: transaction === "read", lasts }];
  });
}
