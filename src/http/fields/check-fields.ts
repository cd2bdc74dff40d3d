import { isOneText, itemsOf, textShapeOf } from "../../core/json/text-shape.ts";
import type { JsonSchema } from "../../core/schema/standard.ts";
import type { HttpSpec } from "../../operation/contract.ts";
import type { ParsedRoute } from "../../operation/route.ts";
import { type CompiledOperation, fieldsOf } from "../../pipeline/registry/compiled.ts";
import type { Report } from "../../pipeline/registry/problem.ts";

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
