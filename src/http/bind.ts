import { isEmptyWhenAbsent, itemsOf, textReader, textShapeOf } from "../core/json/text-shape.ts";
import { limits } from "../core/limits.ts";
import { rawField } from "../core/schema/opaque/raw-body.ts";
import type { JsonSchema } from "../core/schema/standard.ts";
import type { HttpSpec } from "../operation/contract.ts";
import type { ParsedRoute } from "../operation/route.ts";
import { invalidInput } from "../pipeline/faults.ts";
import type { CompiledOperation } from "../pipeline/registry/compiled.ts";
import type { FormFields } from "./bodies/form.ts";
import { plainTag } from "./compression/entity-tag.ts";
import { preconditionFailed, urlMalformed } from "./faults.ts";
import { type PickedLines, RequestFields } from "./fields/request-fields.ts";
import type { FormWithFile } from "./uploads/upload-reading.ts";

/** The parts of a request that an input can come from. */
export interface RequestParts {
  readonly params: Readonly<Record<string, string | undefined>>;
  /** The query string without its question mark. */
  readonly query: string;
  readonly body: unknown;
  readonly ifMatch: string | undefined;
  /** What {@link Binder.fields} picked out of the head; needed where there are such fields. */
  readonly picked?: PickedLines | undefined;
}

type Coerce = (text: string) => unknown;

/**
 * Binds requests to the input of one operation. The rules:
 * - a field that the route names comes from the path, whatever the body says;
 * - other fields come from the body where the verb has one (POST, PUT, PATCH), JSON or a form, else from the query string;
 * - the field named by `ifMatch` comes from the `If-Match` header, without its quotes, and from nowhere else; of several tags the first strong one counts
 *   that is written just as the field's own versions are: `"1.0"` is not version 1. Where there is none, `*` and weak tags included, nothing is changed: 412;
 * - a raw body is the field `body`;
 * - fields named by `headers` and `cookies` come from these, and from nowhere else;
 * - text from path, query, form, header and cookie becomes a number where the schema has a number or integer and the text is one as JSON writes it, and a boolean
 *   where it has a boolean and the text is `true` or `false`; a text that the schema allows as text stays text; a parameter or
 *   a field of a form that may repeat (an array) collects all its values, and one that is needed and does not come is an empty one;
 * - what cannot be coerced stays text, and the schema says what is wrong with it.
 */
export class Binder {
  readonly takesBody: boolean;
  readonly #fromPath: readonly (readonly [field: string, coerce: Coerce])[];
  readonly #shape: ((body: unknown) => unknown) | undefined;
  /** What a query string or a form may hold. */
  readonly #fromTexts: ReadonlyMap<string, { readonly coerce: Coerce; readonly many: boolean }>;
  /** Arrays that are needed and may be empty. */
  readonly #emptyArrays: readonly string[];
  /** The fields that come from headers and cookies. */
  readonly fields: RequestFields | undefined;
  readonly #ifMatch: { readonly field: string; readonly coerce: Coerce; readonly text: boolean } | undefined;

  constructor(operation: CompiledOperation, route: ParsedRoute, http: Pick<HttpSpec, "body" | "ifMatch" | "headers" | "cookies">) {
    const { body, ifMatch, headers, cookies } = http;
    const document = operation.input.inputJson;
    const properties = propertiesOf(document);
    const coercionOf = (schema: JsonSchema | undefined) => textReader(textShapeOf(schema, document));
    this.takesBody = route.verb === "POST" || route.verb === "PUT" || route.verb === "PATCH";
    if (body === "form") this.#shape = (fields) => (fields === undefined ? undefined : this.#readForm(fields as FormFields));
    if (body === "multipart") this.#shape = (form) => (form === undefined ? undefined : this.#readFormWithFile(form as FormWithFile));
    if (body === "raw") this.#shape = (bytes) => ({ [rawField]: bytes ?? new Uint8Array(0) });
    this.#fromPath = route.parameters.map((field) => [field, coercionOf(properties.get(field))]);
    if (ifMatch !== undefined) {
      const shape = textShapeOf(properties.get(ifMatch), document);
      this.#ifMatch = { field: ifMatch, coerce: textReader(shape), text: shape.texts.length > 0 || !(shape.number || shape.boolean) };
    }
    this.#fromTexts = new Map(
      this.takesBody && body !== "form" && body !== "multipart"
        ? []
        : [...properties].map(([field, schema]) => {
            const many = textShapeOf(schema, document).array;
            return [field, { many, coerce: coercionOf(many ? itemsOf(schema, document) : schema) }];
          }),
    );
    const heads = [...Object.keys(headers ?? {}), ...Object.keys(cookies ?? {})];
    this.fields = heads.length > 0 ? new RequestFields(document, http) : undefined;
    const elsewhere = new Set([...route.parameters, ifMatch, ...heads]);
    this.#emptyArrays = [...this.#fromTexts.keys()].filter((field) => !elsewhere.has(field) && isEmptyWhenAbsent(field, document));
  }

  bind({ params, query, body: sent, ifMatch, picked }: RequestParts): unknown {
    const body = this.#shape === undefined ? sent : this.#shape(sent);
    // A body that is no object is left for the schema to refuse.
    if (body !== undefined && (typeof body !== "object" || body === null || Array.isArray(body))) return body;
    const input: Record<string, unknown> = (body as Record<string, unknown> | undefined) ?? {};
    if (query !== "" && !this.takesBody) this.#bindQuery(input, query);
    for (const field of this.#emptyArrays) if (!Object.hasOwn(input, field)) input[field] = [];
    for (const [field, coerce] of this.#fromPath) {
      const text = params[field];
      if (text !== undefined) input[field] = coerce(text);
    }
    if (this.#ifMatch !== undefined) {
      const { field, coerce, text } = this.#ifMatch;
      if (ifMatch !== undefined) input[field] = versionIn(ifMatch, { coerce, text });
      else if (Object.hasOwn(input, field)) delete input[field];
    }
    if (this.fields !== undefined) this.fields.bind(input, picked ?? nothing);
    return input;
  }

  #bindQuery(input: Record<string, unknown>, query: string): void {
    if (query.includes("%")) refuseUndecodable(query);
    for (const [name, text] of new URLSearchParams(query)) if (name !== "__proto__") this.#add(input, name, text);
  }

  /** *Faults thrown*: `invalid_input`, where a field stands twice of which the schema has one. */
  #readForm(fields: FormFields): Record<string, unknown> {
    const input: Record<string, unknown> = {};
    const twice = new Set<string>();
    for (const [name, text] of fields) {
      if (Object.hasOwn(input, name) && this.#fromTexts.get(name)?.many === false) twice.add(name);
      else this.#add(input, name, text);
    }
    if (twice.size === 0) return input;
    const problems = [...twice].slice(0, limits.problems).map((name) => ({
      pointer: `/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`,
      message: "Invalid input: expected one value, received several",
    }));
    throw invalidInput(problems, twice.size > problems.length);
  }

  #readFormWithFile({ fields, file }: FormWithFile): Record<string, unknown> {
    const input = this.#readForm(fields);
    if (file !== undefined) input[file.field] = file.upload;
    return input;
  }

  #add(input: Record<string, unknown>, name: string, text: string): void {
    const known = this.#fromTexts.get(name);
    const value = known === undefined ? text : known.coerce(text);
    const before = Object.hasOwn(input, name) ? input[name] : undefined;
    if (before === undefined) input[name] = known?.many ? [value] : value;
    else if (Array.isArray(before)) before.push(value);
    // Given twice where one is expected: the schema will say so.
    else input[name] = [before, value];
  }
}

const nothing: PickedLines = { lines: [], chars: 0 };
const entityTag = /\s*(W\/)?"([\x21\x23-\x7e\x80-\xff]*)"\s*(?:,|$)/y;

/**
 * The version that an `If-Match` header demands. A bare one, without its quotes, is what many clients send.
 * *Faults thrown*: `failed_precondition` (412) where none of its tags can be a version. *Source*: RFC 9110 §13.1.1, strong comparison.
 */
function versionIn(ifMatch: string, { coerce, text }: { readonly coerce: Coerce; readonly text: boolean }): unknown {
  const tags: string[] = [];
  entityTag.lastIndex = 0;
  for (let found = entityTag.exec(ifMatch); found !== null; found = entityTag.exec(ifMatch)) {
    // Of a reply that was compressed.
    if (found[1] === undefined) tags.push(plainTag(`"${found[2]}"`).slice(1, -1));
    if (entityTag.lastIndex >= ifMatch.length) break;
  }
  if (/^[\w.+-]+$/.test(ifMatch)) tags.push(ifMatch);
  for (const tag of tags) {
    const version = coerce(tag);
    if (text || (typeof version !== "string" && String(version) === tag)) return version;
  }
  throw preconditionFailed();
}

function propertiesOf(schema: JsonSchema): ReadonlyMap<string, JsonSchema> {
  const properties = schema.properties;
  return new Map(typeof properties === "object" && properties !== null ? (Object.entries(properties) as [string, JsonSchema][]) : []);
}

/** `URLSearchParams` would put another character instead of what is no text. */
function refuseUndecodable(query: string): void {
  for (const pair of query.split("&")) {
    const name = pair.split("=", 1)[0] ?? "";
    if (isDecodable(pair)) continue;
    throw urlMalformed(
      isDecodable(name) ? `The query parameter "${decodeURIComponent(name).slice(0, 100)}"` : "The name of a query parameter",
    );
  }
}

/** Whether a part of a URL is text in UTF-8, percent-encoded. */
export function isDecodable(part: string): boolean {
  try {
    decodeURIComponent(part);
    return true;
  } catch {
    return false;
  }
}
