import { isOneText, itemsOf, textShapeOf } from "../core/json/text-shape.ts";
import { bytesOf } from "../core/schema/opaque/opaque.ts";
import type { JsonSchema } from "../core/schema/standard.ts";
import type { HttpSpec, Operation } from "../operation/contract.ts";
import { hasKind, traitsOf } from "../operation/kind.ts";
import { httpOf, type ParsedRoute, parseRoute } from "../operation/route.ts";
import { type CompiledOperation, fieldsOf } from "../pipeline/registry/compiled.ts";
import type { Report } from "../pipeline/registry/problem.ts";
import { checkBody } from "./bodies/check-bodies.ts";
import { checkReplyFields, checkRequestFields } from "./fields/check-fields.ts";
import { deprecationProblem } from "./headers/deprecation.ts";
import { cacheProblem } from "./headers/route-headers.ts";
import { compileHead } from "./reply/entity-head.ts";
import { isOrigin, isRedirect } from "./reply/redirect.ts";

/** Reports routes that cannot be served, and puts on the operations what HTTP says beside their outputs. */
export function compileRoutes(
  declared: readonly Operation[],
  operations: ReadonlyMap<string, CompiledOperation>,
  { bodyBytes, report }: { readonly bodyBytes: number; readonly report: Report },
): void {
  const shapes = new Map<string, string>();
  for (const operation of declared) {
    const { name, spec } = operation;
    const http = httpOf(spec);
    if (http === undefined) continue;
    const route = parseRoute(http.route);
    if (route === undefined) {
      report(name, "http", `"${http.route}" is not a route. Write a verb and a path, as in "GET /v1/orders/{orderId}".`);
      continue;
    }
    if (new Set(route.parameters).size < route.parameters.length)
      report(name, "http", `"${http.route}" names a parameter twice. Rename one of them.`);
    const other = shapes.get(route.shape);
    if (other !== undefined) report(name, "http", `${other} has the route "${http.route}" already. Give one of them another route.`);
    shapes.set(route.shape, name);
    if (hasKind(operation) && !isSafeToRepeat(operation) && spec.receives === undefined && route.verb === "GET")
      report(
        name,
        "http",
        "Only a query, or an action with receives, can have GET, because a GET must be safe to repeat. Use another verb.",
      );
    if (spec.stream === undefined) checkStatus(name, http, report);
    else checkStreamed(name, http, report);
    const wrong = spec.deprecated && deprecationProblem(spec.deprecated, operations);
    if (wrong !== undefined) report(name, "deprecated", wrong);
    const compiled = operations.get(name);
    if (compiled === undefined) continue;
    const fields = fieldsOf(compiled.input);
    for (const parameter of route.parameters)
      if (!fields.has(parameter))
        report(name, "http", `The route has {${parameter}}, which is not in the input. Add the field, or rename one.`);
    if (http.ifMatch !== undefined && !fields.has(http.ifMatch))
      report(
        name,
        "http.ifMatch",
        `The input has no field "${http.ifMatch}" to take the version from If-Match. Add the field, or name another.`,
      );
    checkBody(compiled, { route, http, bodyBytes, report });
    checkFile(compiled, http, report);
    const negotiated = alternativesProblem(http, compiled);
    if (negotiated !== undefined) report(name, "http.alternatives", negotiated);
    if (compiled.stream === undefined) compiled.head ??= compileHead(compiled, http);
    checkRequestFields(compiled, http, { route, report });
    checkReplyFields(compiled, http, report);
    const cached = cacheProblem(http, { verb: route.verb, access: compiled.access });
    if (cached !== undefined) report(name, "http.cacheControl", cached);
    checkTexts(compiled, { route, http }, report);
  }
}

/** A handler that takes the request itself decides what its verb means. */
function isSafeToRepeat(operation: Operation): boolean {
  const { transaction, plain } = traitsOf(operation);
  return transaction === "read" || plain === true;
}

/** *Source*: RFC 9110 section 8.3.1, in small letters. */
const mediaType = /^[a-z0-9][a-z0-9!#$&^_.+-]*\/[a-z0-9][a-z0-9!#$&^_.+-]*$/;

/** Says what is wrong with other forms of an output; undefined where nothing is. */
function alternativesProblem(
  { alternatives, file, download, status, responseHeaders, responseCookies }: HttpSpec,
  compiled: CompiledOperation,
) {
  if (alternatives === undefined) return undefined;
  const types = alternatives.map(({ type }) => type);
  const bad = types.find((type) => !mediaType.test(type));
  if (bad !== undefined) return `"${bad}" is not a media type. Write one in small letters without parameters, as in "text/csv".`;
  if (new Set([...types, "application/json"]).size < types.length + 1)
    return "A type is there twice; application/json is always one of them.";
  if (file !== undefined || download !== undefined) return "The response is always the file. Remove it, or alternatives.";
  if (compiled.stream !== undefined) return "A stream has forms of its own. Remove alternatives.";
  if (status === 204 || status === 205 || isRedirect(status ?? 200))
    return `A response with the status ${status} has no body. Remove the status.`;
  if (responseHeaders !== undefined || responseCookies !== undefined)
    return "The other forms have all fields of the output. Remove responseHeaders and responseCookies.";
  if (compiled.traits.transaction === "write")
    return "A form is made after the commit, and may fail. Return JSON from a command, and other forms from a query.";
  return undefined;
}

function checkFile({ name, key }: CompiledOperation, { file, download, status }: HttpSpec, report: Report): void {
  if (download !== undefined) {
    if (typeof download.type === "string" && !mediaType.test(download.type))
      report(
        name,
        "http.download.type",
        `"${download.type}" is not a media type. Write one in small letters without parameters, as in "image/png".`,
      );
    if (file !== undefined) report(name, "http.download", "It sends a file of text too. Write one of them.");
    if (status === 204 || status === 205 || isRedirect(status ?? 200))
      report(name, "http.status", `A response with the status ${status} has no body, so it cannot send bytes. Remove the status.`);
  }
  if (file === undefined) return;
  if (!mediaType.test(file.type))
    report(name, "http.file.type", `"${file.type}" is not a media type. Write one in small letters without parameters, as in "text/csv".`);
  if (status === 204 || status === 205 || isRedirect(status ?? 200))
    report(name, "http.status", `A response with the status ${status} has no body, so it cannot send a file. Remove the status.`);
  if (key !== "none")
    report(
      name,
      "http.file",
      "The record of its key would store the file too. Return JSON from it, and send the file from a query or an action.",
    );
}

/** A stream has no output from which its head could be made. */
function checkStreamed(name: string, http: HttpSpec, report: Report): void {
  for (const field of ["status", "location", "redirectsTo", "etag", "file"] as const)
    if (http[field] !== undefined)
      report(name, `http.${field}`, "A stream begins before there is anything to make it of. Remove it, or return an output.");
}

/** A redirect without a target goes nowhere, and one to any origin is an open one. */
function checkStatus(name: string, { status = 200, location, redirectsTo }: HttpSpec, report: Report): void {
  const redirects = isRedirect(status);
  if (!redirects && !(Number.isInteger(status) && status >= 200 && status < 300))
    report(
      name,
      "http.status",
      `${status} is not a status of success. Write one from 200 to 299, or 301, 302, 303, 307 or 308 for a redirect.`,
    );
  if (redirects && location === undefined) report(name, "http.location", `${status} redirects. Say where to: location: (output) => "/…".`);
  if (!redirects && redirectsTo !== undefined)
    report(name, "http.redirectsTo", `${status} does not redirect. Remove redirectsTo, or write a status such as 303.`);
  for (const origin of redirectsTo ?? [])
    if (!isOrigin(origin))
      report(
        name,
        "http.redirectsTo",
        `"${origin}" is not an origin. Write the scheme and the host alone, as in "https://pay.example.com".`,
      );
}

/** What no text can say can never be sent in a path, a query string or a header. */
function checkTexts(
  { name, input: { inputJson } }: CompiledOperation,
  { route, http: { ifMatch, headers, cookies, body } }: { readonly route: ParsedRoute; readonly http: HttpSpec },
  report: Report,
): void {
  const inHead = new Set([...Object.keys(headers ?? {}), ...Object.keys(cookies ?? {})]);
  const inQuery = route.verb === "GET" || route.verb === "DELETE";
  const place = inQuery ? `the query string of a ${route.verb}` : "a form";
  for (const [field, schema] of Object.entries((inputJson.properties ?? {}) as Readonly<Record<string, JsonSchema>>)) {
    if (inHead.has(field)) continue;
    const alone = route.parameters.includes(field)
      ? `the path of "${route.verb} ${route.path}"`
      : field === ifMatch
        ? "If-Match"
        : undefined;
    const shape = textShapeOf(schema, inputJson);
    if (alone !== undefined) {
      if (!isOneText(shape))
        report(
          name,
          `input.${field}`,
          `It comes from ${alone}, which is one text, and no text can become this type. Make it a text, a number or a boolean.`,
        );
    } else if (
      (inQuery || body === "form" || body === "multipart") &&
      bytesOf(schema) !== "namedUploads" &&
      !isOneText(shape.array ? textShapeOf(itemsOf(schema, inputJson), inputJson) : shape)
    )
      report(
        name,
        `input.${field}`,
        `It comes from ${place}, where it can never be sent. Make it a text, a number, a boolean or an array of those, or take it from a body of JSON.`,
      );
  }
}
