import type { Verb } from "../operation/contract.ts";
import type { DeploymentShape, Sourced } from "./shape.ts";

/** A route of the app, as routers in front of it must treat it. */
export interface DeployedRoute {
  readonly operation: string;
  readonly verb: Verb;
  /** The path with its parameters in braces. */
  readonly path: string;
  /** *Units*: milliseconds. */
  readonly deadlineMs: number;
  /** Whether it only reads: then a router may send it again after a connection broke. */
  readonly reads: boolean;
  /** Whether its response is, or may be, a stream or a download, which lasts as long as its client reads. */
  readonly lasts: boolean;
}

/** How long a router may wait: as long as the deadline, and two seconds more, so that the app's own refusal arrives. *Units*: seconds. */
export function waitSeconds(deadlineMs: number): number {
  return Math.ceil(deadlineMs / 1_000) + 2;
}

/** How long a router may wait for any request. *Units*: seconds. */
export function routerSeconds({ longestDeadlineMs }: { readonly longestDeadlineMs: Sourced }): number {
  return waitSeconds(longestDeadlineMs.value);
}

/** The routes whose responses last, which no router may cut off after a deadline. */
export function lasting({ routes }: Pick<DeploymentShape, "routes">): readonly DeployedRoute[] {
  return routes.filter(({ lasts }) => lasts);
}

/**
 * Routes in the order in which a router that takes the first match must have them: where two match a path, the one whose segments are literal earlier.
 */
export function bySpecificity(routes: readonly DeployedRoute[]): readonly DeployedRoute[] {
  const key = ({ path, verb }: DeployedRoute) => `${path.replaceAll(/\{[^}]+\}/g, "￿")} ${verb}`;
  return routes.toSorted((a, b) => (key(a) < key(b) ? -1 : 1));
}

/** Returns whether a path has parameters. */
export function hasParameters(path: string): boolean {
  return path.includes("{");
}

/** The path as a regular expression of RE2, which matches the whole path. */
export function pathPattern(path: string): string {
  return path
    .split("/")
    .map((segment) => (segment.startsWith("{") ? "[^/]+" : segment.replaceAll(/[.]/g, "\\.")))
    .join("/");
}
