import { formatMs } from "../core/duration.ts";
import { isEmptyWhenAbsent } from "../core/json/text-shape.ts";
import { limits } from "../core/limits.ts";
import { bytesOf } from "../core/schema/opaque/opaque.ts";
import { rawField } from "../core/schema/opaque/raw-body.ts";
import type { JsonSchema } from "../core/schema/standard.ts";
import { describeAccess } from "../operation/access.ts";
import type { DownloadSpec, HttpSpec } from "../operation/contract.ts";
import { httpOf, type ParsedRoute, parseRoute } from "../operation/route.ts";
import type { OperationRate } from "../pipeline/rates/operation-rate.ts";
import type { CompiledOperation } from "../pipeline/registry/compiled.ts";
import type { FaultResponses } from "./openapi-fault-responses.ts";
import { asFields, asSent, encodingOf } from "./openapi-files.ts";
import { pascal } from "./openapi-names.ts";
import { notModifiedFor, rateHeaders, ratesOf } from "./openapi-rates.ts";
import { positionHeaders, readParameters } from "./openapi-reads.ts";
import type { SharedSchemas } from "./openapi-schemas.ts";
import { socketResponse, streamContent, streamParameters, streamSentence } from "./openapi-stream.ts";

/** What the operations of one document share. */
export interface DocumentParts {
  readonly schemas: SharedSchemas;
  readonly faults: FaultResponses;
  /** Whether the app knows callers at all. */
  readonly schemes: readonly string[];
}

type Place = "path" | "query" | "header" | "cookie";

interface Described {
  readonly compiled: CompiledOperation;
  readonly http: HttpSpec;
  readonly route: ParsedRoute;
  /** The input, what it refers to moved into the document. */
  readonly root: JsonSchema;
  readonly properties: Readonly<Record<string, JsonSchema>>;
  readonly required: ReadonlySet<string>;
  readonly example: Readonly<Record<string, unknown>>;
  /** The fields that are sent neither in the path nor in the head. */
  readonly rest: readonly string[];
  readonly takesBody: boolean;
}

/** Describes one operation as an OpenAPI operation object with its path and verb; undefined where it is internal. */
export function describeOperation(compiled: CompiledOperation, parts: DocumentParts) {
  const described = describe(compiled, parts.schemas);
  if (described === undefined) return undefined;
  const { http, route, required, takesBody, rest } = described;
  const { spec, kind } = compiled.operation;
  const { deadlineMs, concurrency, queue, queries } = compiled.limits;
  const rates = ratesOf(compiled);
  const isPlain = compiled.traits.plain === true;
  const body = takesBody && (rest.length > 0 || isPlain) ? requestBody(described, parts.schemas) : undefined;
  const conditions = {
    operation: compiled,
    takesInput: Object.keys(described.properties).length > 0,
    takesBody,
    body: isPlain ? ("raw" as const) : (http.body ?? "json"),
    servesRanges: servesRanges(http, route),
    takesFile: Object.values(described.properties).some((schema) => ["upload", "uploads"].includes(bytesOf(schema) ?? "")),
    authenticated: parts.schemes.length > 0,
    takesCursor: compiled.traits.transaction === "read" && "cursor" in described.properties,
    takesVersion: http.ifMatch !== undefined,
    needsVersion: http.ifMatch !== undefined && required.has(http.ifMatch),
  };
  const parameters = parametersOf(described);
  const operation = {
    operationId: compiled.name,
    tags: [compiled.module],
    summary: spec.summary ?? compiled.name,
    description: sentences(compiled),
    ...(spec.deprecated !== undefined && { deprecated: true, "x-deprecated": spec.deprecated }),
    ...(parameters.length > 0 && { parameters }),
    ...(body !== undefined && { requestBody: body }),
    responses: { ...(isPlain ? plainSuccess : success)(described, parts.schemas), ...parts.faults.of(conditions) },
    ...(compiled.access === "public"
      ? { security: [] }
      : parts.schemes.length > 0 && { security: parts.schemes.map((scheme) => ({ [scheme]: [] })) }),
    "x-access": compiled.access === "public" ? "public" : compiled.access.description,
    "x-operation-kind": kind,
    "x-transaction": compiled.traits.transaction,
    "x-criticality": compiled.criticality,
    "x-slo": { success: compiled.objective.success, withinMs: compiled.objective.withinMs },
    "x-idempotent": idempotency(compiled),
    "x-budget": { deadlineMs, concurrency, queue, queries, ...(rates.length > 0 && { rates: rates.map(describeRate) }) },
  };
  return { path: route.path, verb: route.verb.toLowerCase(), operation };
}

function describe(compiled: CompiledOperation, schemas: SharedSchemas): Described | undefined {
  const http = httpOf(compiled.operation.spec);
  const route = http && parseRoute(http.route);
  if (http === undefined || route === undefined) return undefined;
  const { root } = schemas.adopt(compiled.input.inputJson, `${pascal(compiled.name)}Input`);
  const { properties, required } = asFields(root);
  const inHead = [...Object.keys(http.headers ?? {}), ...Object.keys(http.cookies ?? {})];
  const elsewhere = new Set([...route.parameters, http.ifMatch, ...inHead]);
  const example = compiled.operation.spec.example?.input;
  return {
    compiled,
    http,
    route,
    root,
    properties,
    required,
    example: typeof example === "object" && example !== null ? (example as Record<string, unknown>) : {},
    rest: Object.keys(properties).filter((field) => !elsewhere.has(field)),
    takesBody: route.verb === "POST" || route.verb === "PUT" || route.verb === "PATCH",
  };
}

function parametersOf(described: Described): object[] {
  const { route, takesBody, rest, compiled, http, required } = described;
  const parameters: object[] = route.parameters.map((field) => parameterOf(described, field, "path"));
  if (!takesBody) parameters.push(...rest.map((field) => parameterOf(described, field, "query")));
  for (const [field, name] of Object.entries(http.headers ?? {})) parameters.push({ ...parameterOf(described, field, "header"), name });
  for (const [field, name] of Object.entries(http.cookies ?? {})) parameters.push({ ...parameterOf(described, field, "cookie"), name });
  if (compiled.key !== "none") parameters.push(keyParameter(compiled));
  if (http.ifMatch !== undefined)
    parameters.push({
      name: "If-Match",
      in: "header",
      required: required.has(http.ifMatch),
      description: "The version that you change: the ETag of an earlier response.",
      schema: { type: "string" },
      ...(described.example[http.ifMatch] !== undefined && { example: `"${described.example[http.ifMatch]}"` }),
    });
  if (servesRanges(http, route))
    parameters.push({
      ...{ name: "Range", in: "header", required: false, description: "The part to send, as in `bytes=0-1023` or `bytes=-500`." },
      schema: { type: "string" },
    });
  if (http.etag !== undefined && route.verb === "GET" && compiled.views === undefined)
    parameters.push({ $ref: "#/components/parameters/IfNoneMatch" });
  parameters.push(...streamParameters(compiled), ...readParameters(compiled));
  return parameters;
}

function parameterOf({ root, properties, required, example }: Described, field: string, place: Place): object {
  const { description, deprecated, ...schema } = properties[field] as JsonSchema;
  return {
    name: field,
    in: place,
    required: place === "path" || (required.has(field) && !isEmptyWhenAbsent(field, root)),
    ...(typeof description === "string" && { description }),
    ...(deprecated === true && { deprecated }),
    schema: asText(schema, place),
    ...(example[field] !== undefined && { example: example[field] }),
  };
}

/** What of a schema can be sent as text: no null, and nothing empty in a path. */
function asText(schema: JsonSchema, place: Place): JsonSchema {
  const { anyOf, type, ...rest } = schema;
  if (Array.isArray(type)) {
    const types = type.filter((one) => one !== "null");
    return { ...rest, type: types.length === 1 ? types[0] : types };
  }
  const options = Array.isArray(anyOf) ? (anyOf as JsonSchema[]).filter(({ type }) => type !== "null") : [];
  if (options.length > 0) return options.length === 1 ? { ...options[0], ...rest } : { ...schema, anyOf: options };
  const empty = place === "path" && schema.type === "string" && schema.minLength === undefined && schema.enum === undefined;
  return empty && schema.const === undefined && schema.format === undefined && schema.pattern === undefined
    ? { ...schema, minLength: 1 }
    : schema;
}

function keyParameter({ key, limits: { idempotencyTtlMs } }: CompiledOperation): object {
  const scope = typeof key === "object" ? ` The same key with another \`${key.field}\` is another key.` : "";
  return {
    name: "Idempotency-Key",
    in: "header",
    required: true,
    description: `Send a new UUID with each new request, and the same one with each retry: then the request takes effect once. The response is stored for ${formatMs(idempotencyTtlMs)}.${scope}`,
    schema: { type: "string", minLength: 1, maxLength: limits.idempotencyKeyChars, pattern: "^[!-~]+$" },
  };
}

const textTypes = { json: "application/json", form: "application/x-www-form-urlencoded", multipart: "multipart/form-data" } as const;

function requestBody({ compiled, http, root, properties, required, rest, example }: Described, schemas: SharedSchemas): object {
  if (http.requestBytes !== undefined) return rawRequest({ "x-bytes": "request", maxLength: http.requestBytes }, false);
  const needed = rest.filter((field) => required.has(field));
  const { type, description, additionalProperties } = root;
  const part = {
    type,
    ...(description !== undefined && { description }),
    properties: Object.fromEntries(rest.map((field) => [field, asSent(properties[field] as JsonSchema)])),
    ...(needed.length > 0 && { required: needed }),
    ...(additionalProperties !== undefined && { additionalProperties }),
  };
  if (http.body === "raw") return rawRequest(properties[rawField] ?? {}, required.has(rawField));
  // Rules over several fields are in the schema of the whole input, which is shown if the body is the whole input.
  const schema = schemas.share(
    `${pascal(compiled.name)}Body`,
    http.body !== "multipart" && rest.length === Object.keys(properties).length ? root : part,
    "Operation",
  );
  const shown = Object.fromEntries(rest.filter((field) => field in example).map((field) => [field, example[field]]));
  const encoding = encodingOf(rest, properties);
  const content = { schema, ...(encoding !== undefined && { encoding }), ...(Object.keys(shown).length > 0 && { example: shown }) };
  return { required: needed.length > 0, content: { [textTypes[http.body ?? "json"]]: content } };
}

/** A body that is not described further. *Source*: OpenAPI 3.1 §4.8.14.4. */
function rawRequest(part: JsonSchema, required: boolean): object {
  const types = part["x-media-types"];
  const schema = asSent(part);
  const ranges = Array.isArray(types) ? (types as string[]) : ["*/*"];
  return { required, content: Object.fromEntries(ranges.map((range) => [range, { schema }])) };
}

/** The status of a success: as declared, else 204 where the output has no fields and takes none. */
function successStatus(output: JsonSchema, http: HttpSpec): number {
  const { type, properties, additionalProperties } = output;
  const elsewhere = fieldsElsewhere(http);
  const empty =
    type === "object" &&
    Object.keys((properties as object | undefined) ?? {}).every((field) => elsewhere.has(field)) &&
    additionalProperties === false &&
    http.file === undefined &&
    http.download === undefined;
  return http.status ?? (empty ? 204 : 200);
}

/** The fields of the output that are headers and cookies. */
function fieldsElsewhere({ responseHeaders = {}, responseCookies = {} }: HttpSpec): ReadonlySet<string> {
  return new Set([...Object.keys(responseHeaders), ...Object.keys(responseCookies)]);
}

function fieldHeaders({ responseHeaders = {}, responseCookies = {} }: HttpSpec, output: JsonSchema): Record<string, object> {
  const properties = (output.properties ?? {}) as Readonly<Record<string, JsonSchema>>;
  const cookies = Object.values(responseCookies).map((cookie) => `\`${typeof cookie === "string" ? cookie : cookie.name}\``);
  return {
    ...Object.fromEntries(
      Object.entries(responseHeaders).map(([field, name]) => [name, { schema: asText(properties[field] ?? {}, "header") }]),
    ),
    ...(cookies.length > 0 && { "Set-Cookie": { description: `Sets or deletes ${cookies.join(", ")}.`, schema: { type: "string" } } }),
  };
}

function bodyExample(example: unknown, elsewhere: ReadonlySet<string>): unknown {
  if (elsewhere.size === 0 || typeof example !== "object" || example === null) return example;
  return Object.fromEntries(Object.entries(example).filter(([field]) => !elsewhere.has(field)));
}

/** The part of the output that is in the body. */
function bodySchema(output: JsonSchema, elsewhere: ReadonlySet<string>): JsonSchema {
  if (elsewhere.size === 0) return output;
  const { properties, required, ...rest } = output;
  const needed = Array.isArray(required) ? required.filter((field) => !elsewhere.has(field)) : [];
  const inBody = Object.entries((properties ?? {}) as object).filter(([field]) => !elsewhere.has(field));
  return { ...rest, properties: Object.fromEntries(inBody), ...(needed.length > 0 && { required: needed }) };
}

/** *Source*: RFC 9745, RFC 8594. */
const deprecationHeaders = {
  Deprecation: { description: "Since when the operation is deprecated.", schema: { type: "string" } },
  Sunset: { description: "From when on the operation may be gone.", schema: { type: "string" } },
};
const fileNameHeader = { description: "The name of the file.", schema: { type: "string" } };

function success({ compiled, http, route }: Described, schemas: SharedSchemas): Record<string, object> {
  if (compiled.receives !== undefined) return socketResponse(compiled, schemas);
  const { outputJson } = compiled.output;
  const status = compiled.stream === undefined ? successStatus(outputJson, http) : 200;
  const redirects = status >= 300;
  const example = bodyExample(compiled.operation.spec.example?.output, fieldsElsewhere(http));
  const header = (name: string) => ({ $ref: `#/components/headers/${name}` });
  const headers = {
    "X-Request-Id": header("RequestId"),
    ...(http.location !== undefined && { Location: header("Location") }),
    ...(http.etag !== undefined && { ETag: header("ETag") }),
    ...((http.file?.name ?? http.download?.name) !== undefined && { "Content-Disposition": fileNameHeader }),
    ...fieldHeaders(http, outputJson),
    ...(compiled.key !== "none" && { "Idempotency-Replayed": header("Replayed") }),
    ...positionHeaders(compiled),
    ...(compiled.operation.spec.deprecated !== undefined && deprecationHeaders),
    ...(ratesOf(compiled).length > 0 && rateHeaders),
  };
  const elsewhere = fieldsElsewhere(http);
  const name = `${pascal(compiled.name)}${compiled.stream === undefined ? "Output" : "Item"}`;
  const schema = () => schemas.embed(bodySchema(outputJson, elsewhere), name);
  const content =
    compiled.stream !== undefined
      ? { content: streamContent(schema(), example) }
      : http.download !== undefined
        ? downloadContent(http.download)
        : http.file !== undefined
          ? { content: { [http.file.type]: { schema: { type: "string" } } } }
          : status === 204 || redirects
            ? {}
            : {
                content: {
                  "application/json": { schema: schema(), ...(example !== undefined && { example }) },
                  ...Object.fromEntries((http.alternatives ?? []).map(({ type }) => [type, { schema: { type: "string" } }])),
                },
              };
  return {
    [status]: {
      description: redirects
        ? "Redirects to `Location`, without a body."
        : status === 201
          ? "Created."
          : status === 204
            ? "Success, without a body."
            : "Success.",
      headers,
      ...content,
    },
    ...(servesRanges(http, route) && { 206: { description: "The part that `Range` asks for.", headers, ...content } }),
    ...(http.etag !== undefined && route.verb === "GET" && compiled.views === undefined && { 304: notModifiedFor(compiled) }),
  };
}

/** The handler of a plain route decides on all of it. */
function plainSuccess({ compiled }: Described): Record<string, object> {
  const headers = { "X-Request-Id": { $ref: "#/components/headers/RequestId" }, ...(ratesOf(compiled).length > 0 && rateHeaders) };
  return {
    "2XX": { description: "What the handler returns.", headers, content: { "*/*": { schema: { type: "string", format: "binary" } } } },
  };
}

function downloadContent({ type }: DownloadSpec<never>): object {
  return { content: { [typeof type === "string" ? type : "*/*"]: { schema: { type: "string", format: "binary" } } } };
}

/** Whether a part of a download can be asked for. */
function servesRanges({ download }: HttpSpec, { verb }: ParsedRoute): boolean {
  return download?.size !== undefined && verb === "GET";
}

function describeRate({ name, per, limit, burst, periodMs }: OperationRate): object {
  return { name, per, limit, burst, periodMs };
}

/** A rate as people read it, as in `5 requests per 1m of an actor`. */
function rateSentence(rates: readonly OperationRate[]): string {
  const whose = {
    tenant: " of a tenant",
    actor: " of an actor",
    address: " of an address",
    all: " of all callers together",
    key: " of a key",
  };
  const each = rates.map(({ limit, burst, periodMs, per }) => `${limit} per ${formatMs(periodMs)}${whose[per]}, ${burst} at once`);
  return each.length === 0 ? "" : `Requests: at most ${each.join("; ")}; above that the answer is 429.`;
}

function idempotency({ operation, traits }: CompiledOperation): "key" | "natural" | "no" {
  const { idempotent } = operation.spec;
  if (traits.transaction === "read") return "natural";
  return typeof idempotent === "object" ? "key" : (idempotent ?? "no");
}

function sentences(compiled: CompiledOperation): string {
  const { deadlineMs, concurrency, queue, queries, mode } = compiled.limits;
  const access = compiled.access === "public" ? "Every caller may use it." : `Needs ${describeAccess(compiled.access)}.`;
  const waiting = queue === 0 ? "none waits" : `${queue} may wait`;
  const statements = compiled.traits.transaction === "none" ? "" : ` with at most ${queries} statement${queries === 1 ? "" : "s"}`;
  const measured = mode === "enforce" ? "" : ` These limits are ${mode === "off" ? "off" : "measured and not enforced"}.`;
  const begins = compiled.stream === undefined ? "A request ends" : "The response begins";
  const load = `${begins} within ${formatMs(deadlineMs)}${statements}. In one process ${concurrency} run at once and ${waiting}; the next one gets 503.${measured}`;
  const twice = {
    key: "A request that is sent again with the same Idempotency-Key takes effect once.",
    natural: compiled.traits.transaction === "read" ? "" : "Sending a request twice does no harm.",
    no: "A request that is sent twice takes effect twice.",
  }[idempotency(compiled)];
  return [access, load, streamSentence(compiled), rateSentence(ratesOf(compiled)), twice].filter((sentence) => sentence !== "").join(" ");
}
