import { textShapeOf } from "../../core/json/text-shape.ts";
import type { JsonSchema, Schema } from "../../core/schema/standard.ts";
import { compileSchema } from "../../core/schema.ts";
import type { BodyKind, HttpSpec, Operation, Route } from "../../operation/contract.ts";
import { hasKind, traitsOf } from "../../operation/kind.ts";
import { streamOf } from "../../operation/online/stream/spec.ts";
import { httpOf } from "../../operation/route.ts";

/** How a client calls one operation: what of its contract a caller needs at run time. */
export interface ClientRoute {
  readonly route: Route;
  /** Whether it may be sent again: as it is, or with the same key. *Default*: it is sent once. */
  readonly repeat?: "safe" | "key";
  /** *Default*: `json`. */
  readonly body?: BodyKind;
  /** Whether it streams, and whether its items have ids by which a stream continues. */
  readonly stream?: "once" | "resumed";
  /** Whether its reply is a file and not JSON. */
  readonly file?: true;
  /** The input fields that are headers. */
  readonly headers?: Readonly<Record<string, string>>;
  /** The input fields that are cookies. */
  readonly cookies?: Readonly<Record<string, string>>;
  /** The input field that is the version in `If-Match`. */
  readonly ifMatch?: string;
  /** The output fields that are headers, and what their text is read as. */
  readonly replyHeaders?: Readonly<Record<string, readonly [header: string, as: "text" | "json" | "list"]>>;
}

declare const described: unique symbol;

/** The routes of contracts, by the names under which they are exported, as in `orders.placeOrder`. Plain data, which JSON holds. */
export interface ClientRoutes<C = unknown> {
  readonly operations: Readonly<Record<string, ClientRoute>>;
  /** Never set: says to the compiler which contracts they are of. */
  readonly [described]?: C;
}

/**
 * Returns what a client needs of contracts at run time: plain data, for the server to send or for a program that has the contracts at hand.
 * Operations without a route, durable ones and WebSockets are left out. *Bounds*: modules in modules, at most 4 deep.
 * @example route("GET /client.json", { name: "site.client", access: "public", budget: "1s" }, () => Response.json(clientRoutes(contracts)));
 */
export function clientRoutes<C extends object>(contracts: C): ClientRoutes<C> {
  const operations: Record<string, ClientRoute> = {};
  collect(contracts, "", operations);
  return { operations };
}

const deepest = 4;

function collect(from: object, prefix: string, into: Record<string, ClientRoute>): void {
  for (const [name, value] of Object.entries(from)) {
    if (typeof value !== "object" || value === null || "~standard" in value || Array.isArray(value)) continue;
    const path = `${prefix}${name}`;
    if (hasKind(value)) {
      const described = describe(value as Operation);
      if (described !== undefined) into[path] = described;
    } else if (!("kind" in value) && path.split(".").length <= deepest) collect(value, `${path}.`, into);
  }
}

function describe(operation: Operation): ClientRoute | undefined {
  const { spec } = operation;
  const http = httpOf(spec);
  const traits = traitsOf(operation);
  if (http === undefined || traits.durable || traits.plain === true || spec.receives !== undefined) return undefined;
  const { body, headers, cookies, ifMatch } = http;
  const repeat = repeatOf(operation);
  const replyHeaders = replyHeadersOf(operation, http);
  return {
    route: http.route,
    ...(repeat !== undefined && { repeat }),
    ...(body !== undefined && { body }),
    ...(spec.stream !== undefined && { stream: streamOf(spec.stream).id === undefined ? ("once" as const) : ("resumed" as const) }),
    ...((http.file ?? http.download) !== undefined && { file: true as const }),
    ...(headers !== undefined && { headers }),
    ...(cookies !== undefined && { cookies }),
    ...(ifMatch !== undefined && { ifMatch }),
    ...(replyHeaders !== undefined && { replyHeaders }),
  };
}

function repeatOf(operation: Operation): ClientRoute["repeat"] {
  const { idempotent } = operation.spec;
  if (traitsOf(operation).transaction === "read" || idempotent === "natural") return "safe";
  return idempotent === "key" || typeof idempotent === "object" ? "key" : undefined;
}

function replyHeadersOf({ name, spec }: Operation, { responseHeaders }: HttpSpec): ClientRoute["replyHeaders"] {
  if (responseHeaders === undefined) return undefined;
  const { outputJson } = compileSchema(spec.output as Schema, `${name} output`, "output");
  const properties = (outputJson.properties ?? {}) as Readonly<Record<string, JsonSchema>>;
  const readAs = (field: string) => {
    const { texts, array } = textShapeOf(properties[field], outputJson);
    return array ? "list" : texts.length > 0 ? "text" : "json";
  };
  return Object.fromEntries(Object.entries(responseHeaders).map(([field, header]) => [field, [header, readAs(field)] as const]));
}
