import type { HttpSpec, OperationSpec, Verb } from "./contract.ts";

/** A route taken apart. */
export interface ParsedRoute {
  readonly verb: Verb;
  /** The path with its parameters in braces. */
  readonly path: string;
  readonly parameters: readonly string[];
  /** The path with its parameters nameless: two routes with one shape cannot both be served. */
  readonly shape: string;
}

const routeForm =
  /^(GET|POST|PUT|PATCH|DELETE) (\/(?:[A-Za-z0-9._~-]+|\{[A-Za-z][A-Za-z0-9]*\})?(?:\/(?:[A-Za-z0-9._~-]+|\{[A-Za-z][A-Za-z0-9]*\}))*)$/;

/** Takes a route apart, or returns undefined where it is none: segments are letters, digits and `._~-`, or a whole `{parameter}`. */
export function parseRoute(route: string): ParsedRoute | undefined {
  const match = routeForm.exec(route);
  if (!match) return undefined;
  const path = match[2] as string;
  const parameters = [...path.matchAll(/\{([^}]+)\}/g)].map((found) => found[1] as string);
  return { verb: match[1] as Verb, path, parameters, shape: `${match[1]} ${path.replaceAll(/\{[^}]+\}/g, "{}")}` };
}

/** The HTTP part of an operation in its long form, or undefined where the operation is internal. */
export function httpOf(spec: Pick<OperationSpec, "http">): HttpSpec | undefined {
  return typeof spec.http === "string" ? { route: spec.http } : spec.http;
}
