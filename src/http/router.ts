import FindMyWay from "find-my-way";
import type { HttpSpec, Verb } from "../operation/contract.ts";
import { httpOf, parseRoute } from "../operation/route.ts";
import type { CompiledOperation } from "../pipeline/compiled.ts";
import { Binder } from "./bind.ts";

/** One operation as HTTP serves it. */
export interface HttpRoute {
  readonly operation: CompiledOperation;
  readonly http: HttpSpec;
  readonly verb: Verb;
  /** The template, as in `/v1/orders/{orderId}`. */
  readonly path: string;
  readonly binder: Binder;
  /** 204 where the output has no fields. */
  readonly status: number;
  readonly plain: boolean;
}

export interface Match {
  readonly route: HttpRoute;
  readonly params: Readonly<Record<string, string | undefined>>;
}

const noParams = {};
const verbs: readonly Verb[] = ["GET", "POST", "PUT", "PATCH", "DELETE"];

/** Finds the operation of a verb and path. */
export class HttpRouter {
  readonly routes: readonly HttpRoute[];
  readonly #tree = FindMyWay({ caseSensitive: true, ignoreTrailingSlash: false, maxParamLength: 512 });
  // Most requests go to paths without parameters, and a map finds those faster than any tree.
  readonly #exact = new Map<string, { [verb: string]: Match | undefined }>();

  constructor(operations: Iterable<CompiledOperation>) {
    this.routes = [...operations].flatMap((operation) => makeRoute(operation) ?? []);
    for (const route of this.routes) {
      const path = route.path.replaceAll(/\{([^}]+)\}/g, ":$1");
      this.#tree.on(route.verb, path, () => undefined, route);
      if (path === route.path) this.#exact.set(path, { ...this.#exact.get(path), [route.verb]: { route, params: noParams } });
    }
  }

  find(method: string, path: string): Match | undefined {
    const exact = this.#exact.get(path)?.[method];
    if (exact !== undefined) return exact;
    const found = this.#tree.find(method as Verb, path);
    return found === null || hasEmpty(found.params) ? undefined : { route: found.store as HttpRoute, params: found.params };
  }

  /** The verbs that a path has, as `Allow` lists them; empty where the path is unknown. */
  allowed(path: string): readonly string[] {
    const known = verbs.filter((verb) => this.find(verb, path) !== undefined);
    if (known.length === 0) return [];
    return [...known, ...(known.includes("GET") ? ["HEAD"] : []), "OPTIONS"];
  }
}

/** The tree takes an empty segment for a parameter too, but nothing has an empty name. */
function hasEmpty(params: Readonly<Record<string, string | undefined>>): boolean {
  for (const name in params) if (params[name] === "") return true;
  return false;
}

function makeRoute(operation: CompiledOperation): HttpRoute | undefined {
  const http = httpOf(operation.operation.spec);
  const parsed = http && parseRoute(http.route);
  if (http === undefined || parsed === undefined) return undefined;
  const { properties, additionalProperties } = operation.output.outputJson;
  const empty = Object.keys((properties as object | undefined) ?? {}).length === 0 && operation.output.outputJson.type === "object";
  return {
    operation,
    http,
    verb: parsed.verb,
    path: parsed.path,
    binder: new Binder(operation, parsed, http.ifMatch),
    status: http.status ?? (empty && additionalProperties === false ? 204 : 200),
    plain: http.location === undefined && http.etag === undefined,
  };
}
