import { isOneText, itemsOf, textShapeOf } from "../../core/json/text-shape.ts";
import type { JsonSchema } from "../../core/schema/standard.ts";
import type { HttpSpec } from "../../operation/contract.ts";
import type { CookieSpec } from "../../operation/online/http-head.ts";
import type { ParsedRoute } from "../../operation/route.ts";
import { type CompiledOperation, fieldsOf } from "../../pipeline/registry/compiled.ts";
import type { Report } from "../../pipeline/registry/problem.ts";
import { specOf } from "./reply-fields.ts";
import { cookieProblem } from "./set-cookie.ts";

/** The name of a header or a cookie. *Source*: RFC 9110 §5.6.2, RFC 6265 §4.1.1. */
const token = /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/;

/** Where the platform takes these from; the reason ends the sentence. */
const reserved: Readonly<Record<string, string>> = {
  authorization: "createApp({ authentication }) reads it",
  cookie: "cookies have names of their own: write http.cookies",
  "if-match": "write http.ifMatch",
  "idempotency-key": 'write idempotent: "key"',
  accept: "the platform negotiates by it",
  "content-type": "it says how the body is read",
};
const framing = new Set([
  ...["connection", "content-encoding", "content-length", "expect", "host", "keep-alive", "proxy-authenticate", "proxy-authorization"],
  ...["proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"],
]);

/** Reports headers and cookies that cannot become fields of the input. */
export function checkRequestFields(compiled: CompiledOperation, http: HttpSpec, parts: { route: ParsedRoute; report: Report }): void {
  const places = new Map<string, string>([
    ...parts.route.parameters.map((field) => [field, "the path"] as const),
    ...(http.ifMatch === undefined ? [] : [[http.ifMatch, "If-Match"] as const]),
  ]);
  for (const place of ["headers", "cookies"] as const)
    for (const [field, name] of Object.entries(http[place] ?? {})) {
      const problem = problemOf(compiled, { place, field, name: name ?? "", other: places.get(field) });
      if (problem !== undefined) parts.report(compiled.name, `http.${place}.${field}`, problem);
      places.set(field, `http.${place}`);
    }
}

interface Bound {
  readonly place: "headers" | "cookies";
  readonly field: string;
  readonly name: string;
  /** Where the field comes from already. */
  readonly other: string | undefined;
}

function problemOf({ input }: CompiledOperation, { place, field, name, other }: Bound): string | undefined {
  if (!fieldsOf(input).has(field)) return `The input has no field "${field}". Add the field, or name another.`;
  if (other !== undefined) return `The field comes from ${other} already. Take it from one place.`;
  if (!token.test(name))
    return `"${name}" is not the name of a ${place === "headers" ? "header" : "cookie"}. Use letters, digits and hyphens.`;
  const lower = name.toLowerCase();
  if (place === "headers" && reserved[lower] !== undefined) return `${name} cannot be a field of the input: ${reserved[lower]}.`;
  if (place === "headers" && framing.has(lower))
    return `${name} belongs to the connection, and every server on the way may change it. Use a header of your own.`;
  const schema = (input.inputJson.properties as Readonly<Record<string, JsonSchema>>)[field];
  const shape = textShapeOf(schema, input.inputJson);
  const one = place === "headers" && shape.array ? textShapeOf(itemsOf(schema, input.inputJson), input.inputJson) : shape;
  if (isOneText(one)) return undefined;
  const types = place === "headers" ? "a text, a number, a boolean or an array of those" : "a text, a number or a boolean";
  return `It comes from a ${place === "headers" ? "header" : "cookie"}, which is text, and no text can become this type. Make it ${types}.`;
}

/** Where these response headers come from; the reason ends the sentence. */
const sent: Readonly<Record<string, string>> = {
  "set-cookie": "write http.responseCookies",
  location: "write http.location",
  etag: "write http.etag",
  "content-type": "write http.file",
  "content-disposition": "write http.file",
};
const sentByPlatform = new Set([
  ...["access-control-allow-origin", "cache-control", "cache-status", "content-range", "content-security-policy", "date", "retry-after"],
  ...[
    "idempotency-replayed",
    "plimsoll-position",
    "ratelimit",
    "ratelimit-policy",
    "strict-transport-security",
    "vary",
    "www-authenticate",
    "x-request-id",
  ],
]);

/** Reports fields of the output that cannot be sent as headers and cookies. */
export function checkReplyFields({ name, output: { outputJson }, views }: CompiledOperation, http: HttpSpec, report: Report): void {
  for (const place of ["file", "download"] as const)
    if (views !== undefined && http[place] !== undefined)
      report(
        name,
        `http.${place}`,
        "It is made of the output for all callers alike, and the output has a field with visibleTo. Remove one of them.",
      );
  const { responseHeaders = {}, responseCookies = {} } = http;
  const properties = (outputJson.properties ?? {}) as Readonly<Record<string, JsonSchema>>;
  const all = [
    ...Object.entries(responseHeaders).map(([field, header]) => ({ field, place: "responseHeaders", problem: headerProblem(header) })),
    ...Object.entries(responseCookies).map(([field, cookie]) => ({
      field,
      place: "responseCookies",
      problem: nameOrCookieProblem(cookie),
    })),
  ];
  for (const { field, place, problem } of all) {
    const shape = textShapeOf(properties[field], outputJson);
    const isList = place === "responseHeaders" && shape.array;
    const missing = field in properties ? undefined : `The output has no field "${field}". Add the field, or name another.`;
    const twice = field in responseHeaders && field in responseCookies ? "The field is a header already. Send it in one place." : undefined;
    const untold = isOneText(isList ? textShapeOf(itemsOf(properties[field], outputJson), outputJson) : shape)
      ? undefined
      : `It is sent as ${place === "responseHeaders" ? "a header" : "a cookie"}, which is text. Make it a text, a number or a boolean.`;
    const marked = views?.fields.some(({ path }) => path === field)
      ? "Only some callers may see the field (visibleTo), and every response has the same headers. Remove one of them."
      : undefined;
    const found = missing ?? twice ?? problem ?? untold ?? marked;
    if (found !== undefined) report(name, `http.${place}.${field}`, found);
  }
}

function headerProblem(header: string): string | undefined {
  const lower = header.toLowerCase();
  if (!token.test(header)) return `"${header}" is not the name of a header. Use letters, digits and hyphens.`;
  if (sent[lower] !== undefined) return `${header} cannot be a field of the output: ${sent[lower]}.`;
  if (framing.has(lower) || sentByPlatform.has(lower)) return `${header} is sent by the platform. Use a header of your own.`;
  return undefined;
}

function nameOrCookieProblem(cookie: string | CookieSpec): string | undefined {
  const spec = specOf(cookie);
  return token.test(spec.name) ? cookieProblem(spec) : `"${spec.name}" is not the name of a cookie. Use letters, digits and hyphens.`;
}
