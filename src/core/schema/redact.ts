import type { JsonSchema } from "./standard.ts";

const hidden = "[secret]";

/** A schema and the document that its references point into. */
interface Place {
  readonly schema: JsonSchema;
  readonly document: JsonSchema;
}

type Redact = (value: unknown) => unknown;

/**
 * Makes the function that hides what the documents mark with `x-secret`; undefined where they mark nothing.
 * A place is secret when any schema that may apply to it says so: which branch of a union a value meant is not asked.
 */
export function makeRedact(documents: readonly JsonSchema[]): Redact | undefined {
  if (!documents.some(marks)) return undefined;
  const roots = documents.map((document) => ({ schema: document, document }));
  return (value) => redact(value, roots);
}

/** Whether a mark stands anywhere in the document. */
function marks(node: unknown): boolean {
  if (typeof node !== "object" || node === null) return false;
  return ("x-secret" in node && node["x-secret"] === true) || Object.values(node).some(marks);
}

function redact(value: unknown, places: readonly Place[]): unknown {
  if (value === undefined || places.length === 0) return value;
  const applied = applying(places);
  if (applied.some(({ schema }) => schema["x-secret"] === true)) return hidden;
  if (Array.isArray(value))
    return value.map((item, index) =>
      redact(
        item,
        applied.flatMap((place) => itemPlaces(place, index)),
      ),
    );
  if (typeof value !== "object" || value === null || !marksAny(applied)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, field]) => [
      key,
      redact(
        field,
        applied.flatMap((place) => fieldPlaces(place, key)),
      ),
    ]),
  );
}

/** Keeps what is no plain data (a date) as it is, where nothing inside it is described. */
function marksAny(places: readonly Place[]): boolean {
  return places.some(({ schema }) =>
    ["properties", "additionalProperties", "patternProperties", "unevaluatedProperties"].some((key) => key in schema),
  );
}

/** The places themselves, and all that they are combined of. */
function applying(places: readonly Place[]): readonly Place[] {
  const all: Place[] = [];
  const seen = new Set<JsonSchema>();
  const visit = (schema: unknown, document: JsonSchema): void => {
    if (!isSchema(schema) || seen.has(schema)) return;
    seen.add(schema);
    all.push({ schema, document });
    for (const keyword of ["anyOf", "oneOf", "allOf"]) for (const part of listOf(schema[keyword])) visit(part, document);
    for (const keyword of ["if", "then", "else"]) visit(schema[keyword], document);
    if (typeof schema.$ref === "string") visit(resolve(schema.$ref, document), document);
  };
  for (const { schema, document } of places) visit(schema, document);
  return all;
}

function fieldPlaces({ schema, document }: Place, key: string): readonly Place[] {
  const properties = isSchema(schema.properties) ? schema.properties : {};
  const patterns = Object.entries(isSchema(schema.patternProperties) ? schema.patternProperties : {});
  const named = Object.hasOwn(properties, key) ? [properties[key]] : [];
  const matching = patterns.filter(([pattern]) => new RegExp(pattern, "u").test(key)).map(([, inner]) => inner);
  const rest = named.length + matching.length === 0 ? [schema.additionalProperties, schema.unevaluatedProperties] : [];
  return [...named, ...matching, ...rest].filter(isSchema).map((inner) => ({ schema: inner, document }));
}

function itemPlaces({ schema, document }: Place, index: number): readonly Place[] {
  const first = listOf(schema.prefixItems);
  const own = index < first.length ? [first[index]] : [schema.items, schema.unevaluatedItems];
  return [...own, schema.contains].filter(isSchema).map((inner) => ({ schema: inner, document }));
}

/** *Bounds*: references inside the same document, as JSON Pointers. */
function resolve(reference: string, document: JsonSchema): unknown {
  if (!reference.startsWith("#")) return undefined;
  const keys = decodeURIComponent(reference.slice(1)).split("/").slice(1);
  return keys.reduce<unknown>(
    (node, key) => (isSchema(node) ? node[key.replaceAll("~1", "/").replaceAll("~0", "~")] : undefined),
    document,
  );
}

function isSchema(node: unknown): node is JsonSchema {
  return typeof node === "object" && node !== null && !Array.isArray(node);
}

function listOf(node: unknown): readonly unknown[] {
  return Array.isArray(node) ? node : [];
}
