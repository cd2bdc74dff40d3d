import FindMyWay from "find-my-way";
import { limits } from "../core/limits.ts";
import { mostBytes } from "../core/schema/bounds/most-bytes.ts";
import type { JsonSchema } from "../core/schema/standard.ts";
import type { HttpSpec, Verb } from "../operation/contract.ts";
import { httpOf, parseRoute } from "../operation/route.ts";
import type { CompiledOperation } from "../pipeline/registry/compiled.ts";
import { Binder } from "./bind.ts";
import { type BodyFormat, formatOf } from "./bodies/format.ts";
import type { CompressionOptions } from "./compression/options.ts";
import { hasReplyFields, ReplyFields } from "./fields/reply-fields.ts";
import { type RouteHeaders, routeHeaders } from "./headers/route-headers.ts";
import { Alternatives } from "./negotiation/alternatives.ts";
import { successStatus } from "./reply/entity-head.ts";
import { RouteLabels } from "./reply/facts.ts";
import { uploadTermsOf } from "./uploads/terms.ts";
import type { UploadTerms } from "./uploads/upload-reading.ts";

/** One operation as HTTP serves it. */
export interface HttpRoute {
  readonly operation: CompiledOperation;
  readonly http: HttpSpec;
  readonly verb: Verb;
  /** The template, as in `/v1/orders/{orderId}`. */
  readonly path: string;
  readonly binder: Binder;
  /** How its bodies are read. */
  readonly format: BodyFormat;
  /** How its replies are compressed; undefined where they are not. */
  readonly compression: CompressionOptions | undefined;
  /** The file in its input; undefined where there is none. */
  readonly upload: UploadTerms | undefined;
  /** 204 where the output has no fields. */
  readonly status: number;
  readonly plain: boolean;
  /** Between which forms of its output a client chooses. */
  readonly alternatives: Alternatives | undefined;
  /** What its successes have in place of the usual headers. */
  readonly headers: RouteHeaders | undefined;
  /** The fields of its output that are not in the body. */
  readonly replyFields: ReplyFields | undefined;
  /** What telemetry shows of its executions. */
  readonly labels: RouteLabels;
  /** What the fields of its input can hold in a body. *Units*: bytes of JSON, or of a raw body that declares a bound. */
  readonly inputBytes: number;
}

/** The route of a request, with the parameters of its path. */
export interface Match {
  readonly route: HttpRoute;
  readonly params: Readonly<Record<string, string | undefined>>;
}

const noParams = {};
const verbs: readonly Verb[] = ["GET", "POST", "PUT", "PATCH", "DELETE"];

/** Finds the operation of a verb and path. */
export class HttpRouter {
  readonly routes: readonly HttpRoute[];
  // The schema refuses a parameter that is too long, with a better message than 404; the length of the URL is bounded elsewhere.
  readonly #tree = FindMyWay({ caseSensitive: true, ignoreTrailingSlash: false, maxParamLength: limits.urlBytes });
  // Most requests go to paths without parameters, and a map finds those faster than any tree.
  readonly #exact = new Map<string, Readonly<Record<string, Match | undefined>>>();

  constructor(operations: Iterable<CompiledOperation>, compression?: CompressionOptions) {
    this.routes = [...operations].flatMap((operation) => makeRoute(operation, compression) ?? []);
    for (const route of this.routes) {
      const path = route.path.replaceAll(/\{([^}]+)\}/g, ":$1");
      this.#tree.on(route.verb, path, () => undefined, route);
      if (path === route.path) {
        // Without a prototype: what a caller names as its method is looked up here.
        const matches: Record<string, Match | undefined> = Object.assign(Object.create(null), this.#exact.get(path));
        matches[route.verb] = { route, params: noParams };
        this.#exact.set(path, matches);
      }
    }
  }

  find(method: string, path: string): Match | undefined {
    const exact = this.#exact.get(path)?.[method];
    if (exact !== undefined) return exact;
    if (!isVerb(method)) return undefined;
    const found = this.#tree.find(method, path);
    return found === null || hasEmpty(found.params) ? undefined : { route: found.store as HttpRoute, params: found.params };
  }

  /** The verbs that a path has, or `*` the whole server, as `Allow` lists them; empty where the path is unknown. */
  allowed(path: string): readonly string[] {
    const known = verbs.filter((verb) =>
      path === "*" ? this.routes.some((route) => route.verb === verb) : this.find(verb, path) !== undefined,
    );
    if (known.length === 0) return [];
    return [...known, ...(known.includes("GET") ? ["HEAD"] : []), "OPTIONS"];
  }
}

function isVerb(method: string): method is Verb {
  return (verbs as readonly string[]).includes(method);
}

/** The tree takes an empty segment for a parameter too, but nothing has an empty name. */
function hasEmpty(params: Readonly<Record<string, string | undefined>>): boolean {
  for (const name in params) if (params[name] === "") return true;
  return false;
}

/** The document of an object without one of its fields. */
function withoutField(document: JsonSchema, field: string | undefined): JsonSchema {
  const { properties = {} } = document;
  return field === undefined
    ? document
    : { ...document, properties: Object.fromEntries(Object.entries(properties as object).filter(([name]) => name !== field)) };
}

function makeRoute(operation: CompiledOperation, compression: CompressionOptions | undefined): HttpRoute | undefined {
  const http = httpOf(operation.operation.spec);
  const parsed = http && parseRoute(http.route);
  if (http === undefined || parsed === undefined) return undefined;
  const { inputJson } = operation.input;
  const format = formatOf(http, inputJson);
  const upload = uploadTermsOf(http, inputJson);
  return {
    operation,
    http,
    verb: parsed.verb,
    path: parsed.path,
    binder: new Binder(operation, parsed, http),
    format,
    upload,
    // A caller who can put guesses beside a secret reads it from how well both are compressed.
    compression: operation.output.hasSecrets ? undefined : compression,
    status: successStatus(http, operation.output),
    labels: new RouteLabels(parsed.path),
    inputBytes: http.body === "raw" ? (format.bytesMax ?? 0) : mostBytes(withoutField(inputJson, upload?.field), Number.MAX_SAFE_INTEGER),
    plain:
      http.location === undefined &&
      http.etag === undefined &&
      http.file === undefined &&
      http.download === undefined &&
      !hasReplyFields(http) &&
      http.alternatives === undefined,
    alternatives: Alternatives.of(http),
    headers: routeHeaders(http),
    replyFields: hasReplyFields(http) ? new ReplyFields(operation.name, http) : undefined,
  };
}
