import { bytesOf } from "../../core/schema/opaque/opaque.ts";
import { rawField } from "../../core/schema/opaque/raw-body.ts";
import type { JsonSchema } from "../../core/schema/standard.ts";
import type { HttpSpec } from "../../operation/contract.ts";
import type { ParsedRoute } from "../../operation/route.ts";
import type { CompiledOperation } from "../../pipeline/registry/compiled.ts";
import type { Report } from "../../pipeline/registry/problem.ts";
import { isMediaRange } from "./media-range.ts";

/** How bodies reach an operation, and where what is wrong with that is reported. */
interface Checked {
  readonly route: ParsedRoute;
  readonly http: HttpSpec;
  /** What a server takes of any body. *Units*: bytes. */
  readonly bodyBytes: number;
  readonly report: Report;
}

/** Reports bodies that are never read, and inputs that no body can hold. */
export function checkBody({ name, input }: CompiledOperation, { route, http, bodyBytes, report }: Checked): void {
  if (http.body !== undefined && (route.verb === "GET" || route.verb === "DELETE"))
    report(name, "http.body", `The body of a ${route.verb} is not read. Remove http.body, or write another verb.`);
  const properties = Object.entries((input.inputJson.properties ?? {}) as Readonly<Record<string, JsonSchema>>);
  for (const [field, schema] of properties)
    if (bytesOf(schema) === "raw" && !(http.body === "raw" && field === rawField))
      report(
        name,
        `input.${field}`,
        `It is rawBody(), which comes as the field "${rawField}" with http: { body: "raw" }, and in no other way.`,
      );
  if (http.body !== "raw") return;
  const heads = [...Object.keys(http.headers ?? {}), ...Object.keys(http.cookies ?? {})];
  const elsewhere = new Set([...route.parameters, http.ifMatch, ...heads, rawField]);
  for (const [field] of properties)
    if (!elsewhere.has(field))
      report(
        name,
        `input.${field}`,
        `A raw body is the one field "${rawField}", so nothing can be sent as this one. Take it from the path, from http.headers, or remove it.`,
      );
  const raw = new Map(properties).get(rawField);
  if (raw === undefined || bytesOf(raw) !== "raw")
    return report(
      name,
      "http.body",
      `A raw body is the field "${rawField}" of the input. Declare it: z.object({ ${rawField}: rawBody() }).`,
    );
  const { maxLength, "x-media-types": types } = raw;
  if (maxLength !== undefined && !(Number.isSafeInteger(maxLength) && (maxLength as number) >= 1 && (maxLength as number) <= bodyBytes))
    report(
      name,
      `input.${rawField}`,
      `bytesMax is ${maxLength}, and a body has from 1 to ${bodyBytes} bytes. Write another, or raise http({ limits: { bodyBytes } }).`,
    );
  for (const type of Array.isArray(types) ? (types as string[]) : [])
    if (!isMediaRange(type))
      report(name, `input.${rawField}`, `"${type}" is not a media type. Write one in small letters, as in "image/png" or "image/*".`);
}
