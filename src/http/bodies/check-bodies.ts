import { limits } from "../../core/limits.ts";
import { bytesOf } from "../../core/schema/opaque/opaque.ts";
import { rawField } from "../../core/schema/opaque/raw-body.ts";
import type { JsonSchema } from "../../core/schema/standard.ts";
import type { HttpSpec } from "../../operation/contract.ts";
import type { ParsedRoute } from "../../operation/route.ts";
import type { CompiledOperation } from "../../pipeline/registry/compiled.ts";
import type { Report } from "../../pipeline/registry/problem.ts";
import { fileIn, namedIn } from "../uploads/terms.ts";
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
export function checkBody(compiled: CompiledOperation, { route, http, bodyBytes, report }: Checked): void {
  const { name, input } = compiled;
  if (http.body !== undefined && (route.verb === "GET" || route.verb === "DELETE"))
    report(name, "http.body", `The body of a ${route.verb} is not read. Remove http.body, or write another verb.`);
  const properties = Object.entries((input.inputJson.properties ?? {}) as Readonly<Record<string, JsonSchema>>);
  checkUploads({ compiled, properties, http, report });
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
  if (raw === undefined || bytesOf(raw) === undefined)
    return report(
      name,
      "http.body",
      `A raw body is the field "${rawField}" of the input. Declare it: z.object({ ${rawField}: rawBody() }), or upload({ … }).`,
    );
  const { maxLength, "x-media-types": types } = raw;
  if (
    bytesOf(raw) === "raw" &&
    maxLength !== undefined &&
    !(Number.isSafeInteger(maxLength) && (maxLength as number) >= 1 && (maxLength as number) <= bodyBytes)
  )
    report(
      name,
      `input.${rawField}`,
      `bytesMax is ${maxLength}, and a body has from 1 to ${bodyBytes} bytes. Write another, or raise http({ limits: { bodyBytes } }).`,
    );
  for (const type of Array.isArray(types) ? (types as string[]) : [])
    if (bytesOf(raw) === "raw" && !isMediaRange(type)) report(name, `input.${rawField}`, notRange(type));
}

interface CheckedFields extends Pick<Checked, "http" | "report"> {
  readonly compiled: CompiledOperation;
  readonly properties: readonly (readonly [field: string, schema: JsonSchema])[];
}

const kinds = new Set<string | undefined>(["upload", "uploads", "namedUploads"]);

function checkUploads({ compiled: { name, traits, kind }, properties, http, report }: CheckedFields): void {
  const uploads = properties.filter(([, schema]) => kinds.has(bytesOf(schema)));
  const isForm = http.body === "multipart";
  if (isForm && uploads.length === 0)
    report(
      name,
      "http.body",
      'A form with a file has one field that is a file. Declare it with upload({ … }), uploads({ … }) or namedUploads({ … }), or write body: "form".',
    );
  for (const [at, [field, schema]] of uploads.entries()) {
    const refuse = (why: string) => report(name, `input.${field}`, why);
    if (traits.transaction !== "none" || traits.durable)
      refuse(`A ${kind} would wait for the client in its transaction. Take the upload in an action, and call the ${kind} from there.`);
    if (at > 0)
      refuse(
        "An input has one field of files. Take several files as uploads({ … }) or namedUploads({ … }), or with requests of their own.",
      );
    if (bytesOf(schema) === "namedUploads") {
      checkNamed({ schema, others: properties.map(([other]) => other), isForm, refuse });
      for (const [one, document] of namedIn(schema))
        checkFile(document, { isForm, isRaw: false, refuse: (why) => report(name, `input.${field}.${one}`, why) });
    } else checkFile(schema, { isForm, isRaw: http.body === "raw" && field === rawField, refuse });
  }
}

interface CheckedFile {
  readonly isForm: boolean;
  /** Whether it is the whole body. */
  readonly isRaw: boolean;
  refuse(why: string): void;
}

function checkFile(schema: JsonSchema, { isForm, isRaw, refuse }: CheckedFile): void {
  const { maxLength, "x-media-types": types } = fileIn(schema);
  if (bytesOf(schema) === "uploads") checkList(schema, { isForm, refuse });
  else if (!isForm && !isRaw)
    refuse(`It is upload(), which comes with http: { body: "multipart" }, or as the field "${rawField}" with http: { body: "raw" }.`);
  if (!Number.isSafeInteger(maxLength) || (maxLength as number) < 1)
    refuse(`bytesMax is ${maxLength}. Write a whole number of bytes from 1 on.`);
  for (const type of Array.isArray(types) ? (types as string[]) : []) if (!isMediaRange(type)) refuse(notRange(type));
}

interface CheckedNames {
  readonly schema: JsonSchema;
  readonly others: readonly string[];
  readonly isForm: boolean;
  refuse(why: string): void;
}

function checkNamed({ schema, others, isForm, refuse }: CheckedNames): void {
  const names = namedIn(schema).map(([field]) => field);
  if (!isForm) refuse('It is namedUploads(), which comes with http: { body: "multipart" }.');
  if (names.length === 0) refuse("namedUploads({}) takes no file. Name the fields of the form, each with its bytesMax.");
  for (const field of names)
    if (others.includes(field) || field === "__proto__")
      refuse(`The form would have a file "${field}" and another field of this name. Name one of them otherwise.`);
}

function checkList(
  { maxItems, "x-total-bytes": total }: JsonSchema,
  { isForm, refuse }: { readonly isForm: boolean; refuse(why: string): void },
): void {
  if (!isForm) refuse('It is uploads(), which comes with http: { body: "multipart" }.');
  if (!Number.isSafeInteger(maxItems) || (maxItems as number) < 1 || (maxItems as number) > limits.uploadFiles)
    refuse(`filesMax is ${maxItems}. Write a whole number from 1 to ${limits.uploadFiles}.`);
  if (!Number.isSafeInteger(total) || (total as number) < 1) refuse(`totalBytesMax is ${total}. Write a whole number of bytes from 1 on.`);
}

const notRange = (type: string): string => `"${type}" is not a media type. Write one in small letters, as in "image/png" or "image/*".`;
