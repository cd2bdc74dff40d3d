import type { JsonSchema } from "../schema/standard.ts";

/** What a schema allows of a text. */
interface TextRule {
  readonly values: readonly unknown[] | undefined;
  readonly pattern: RegExp | undefined;
  readonly least: number;
  readonly most: number;
}

/** What values a schema allows, as far as it matters to those who send them as text: in a path, a query string or a header. */
export interface TextShape {
  readonly texts: readonly TextRule[];
  readonly number: boolean;
  readonly boolean: boolean;
  readonly array: boolean;
  readonly object: boolean;
  /** It allows anything, so that text stays text. */
  readonly anything: boolean;
}

/** Reads the shape of a part of a document, whichever of its alternatives holds. */
export function textShapeOf(schema: JsonSchema | undefined, document: JsonSchema): TextShape {
  const texts: TextRule[] = [];
  const kinds = new Set<string>();
  const seen = new Set<JsonSchema>();
  const read = (part: JsonSchema): void => {
    const found = resolve(part, document);
    if (seen.has(found)) return;
    seen.add(found);
    const options = optionsOf(found);
    for (const option of options) read(option);
    const values = (found.enum as unknown[] | undefined) ?? ("const" in found ? [found.const] : undefined);
    const types = values?.map((value) => (value === null ? "null" : typeof value)) ?? [found.type ?? []].flat().map(String);
    for (const type of types) kinds.add(type === "integer" ? "number" : type);
    if (types.length === 0 && options.length === 0) kinds.add("anything");
    if (types.includes("string")) texts.push(ruleOf(found, values));
  };
  if (schema !== undefined) read(schema);
  const has = (kind: string) => kinds.has(kind);
  return { texts, number: has("number"), boolean: has("boolean"), array: has("array"), object: has("object"), anything: has("anything") };
}

function ruleOf({ pattern, minLength, maxLength }: JsonSchema, values: readonly unknown[] | undefined): TextRule {
  const count = (bound: unknown, standard: number) => (typeof bound === "number" ? bound : standard);
  return {
    values,
    pattern: typeof pattern === "string" ? readPattern(pattern) : undefined,
    least: count(minLength, 0),
    most: count(maxLength, Number.POSITIVE_INFINITY),
  };
}

function readPattern(pattern: string): RegExp | undefined {
  try {
    return new RegExp(pattern, "u");
  } catch {
    return undefined;
  }
}

/** Whether a text may be meant as it stands. */
function isMeant(text: string, { values, pattern, least, most }: TextRule): boolean {
  if (values !== undefined) return values.includes(text);
  return text.length >= least && text.length <= most && (pattern === undefined || pattern.test(text));
}

const number = /^-?(?:0|[1-9]\d{0,63})(?:\.\d{1,63})?(?:[eE][+-]?\d{1,3})?$/;

/**
 * Makes the reading of a text: a number where the schema has one and the text is one as JSON writes it, a boolean where it is `true` or `false`; but text
 * that the schema allows as text stays text: `007` must not become 7.
 */
export function textReader(shape: TextShape): (text: string) => unknown {
  if (shape.anything || (!shape.number && !shape.boolean)) return (text) => text;
  return (text) => {
    if (shape.texts.some((rule) => isMeant(text, rule))) return text;
    if (shape.number && number.test(text)) {
      const value = Number(text);
      return Number.isFinite(value) ? value : text;
    }
    return shape.boolean && (text === "true" || text === "false") ? text === "true" : text;
  };
}

/** Whether some value of it can be written as one text. */
export function isOneText({ texts, number: hasNumber, boolean: hasBoolean, anything }: TextShape): boolean {
  return texts.length > 0 || hasNumber || hasBoolean || anything;
}

/** The items of an array, whichever alternative has them. */
export function itemsOf(schema: JsonSchema | undefined, document: JsonSchema): JsonSchema | undefined {
  if (schema === undefined) return undefined;
  const found = resolve(schema, document);
  if (typeof found.items === "object" && found.items !== null) return found.items as JsonSchema;
  for (const option of optionsOf(found)) {
    const items = itemsOf(option, document);
    if (items !== undefined) return items;
  }
  return undefined;
}

/** Whether nothing at all says an empty array: the field is needed, an array whatever it is, and may be empty. */
export function isEmptyWhenAbsent(field: string, document: JsonSchema): boolean {
  const schema = (document.properties as Readonly<Record<string, JsonSchema>> | undefined)?.[field];
  if (schema === undefined || !Array.isArray(document.required) || !document.required.includes(field)) return false;
  const { minItems, type } = resolve(schema, document);
  return type === "array" && (typeof minItems !== "number" || minItems === 0);
}

/** Follows references within the document to what they stand for. */
function resolve(schema: JsonSchema, document: JsonSchema): JsonSchema {
  let found = schema;
  // A reference may lead to another; a circle of them alone means nothing, and ends here.
  for (let hops = 0; typeof found.$ref === "string" && hops < 8; hops++) {
    const keys = found.$ref.split("/").slice(1);
    let at: unknown = document;
    for (const key of keys) at = (at as JsonSchema | undefined)?.[key.replaceAll("~1", "/").replaceAll("~0", "~")];
    found = (at as JsonSchema | undefined) ?? {};
  }
  return found;
}

function optionsOf(schema: JsonSchema): readonly JsonSchema[] {
  return ["anyOf", "oneOf", "allOf"].flatMap((keyword) => (schema[keyword] as JsonSchema[] | undefined) ?? []);
}
