import type { JsonSchema } from "../standard.ts";

/** A schema and the document that its references point into. */
export interface Place {
  readonly schema: JsonSchema;
  readonly document: JsonSchema;
}

/** The places themselves, and all that they are combined of. */
export function applying(places: readonly Place[]): readonly Place[] {
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

/** The schemas of a field of an object. */
export function fieldPlaces({ schema, document }: Place, key: string): readonly Place[] {
  const properties = isSchema(schema.properties) ? schema.properties : {};
  const patterns = Object.entries(isSchema(schema.patternProperties) ? schema.patternProperties : {});
  const named = Object.hasOwn(properties, key) ? [properties[key]] : [];
  const matching = patterns.filter(([pattern]) => new RegExp(pattern, "u").test(key)).map(([, inner]) => inner);
  const rest = named.length + matching.length === 0 ? [schema.additionalProperties, schema.unevaluatedProperties] : [];
  return [...named, ...matching, ...rest].filter(isSchema).map((inner) => ({ schema: inner, document }));
}

/** The schemas of an item of an array. */
export function itemPlaces({ schema, document }: Place, index: number): readonly Place[] {
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

/** Whether a part of a document is a schema with keywords. */
export function isSchema(node: unknown): node is JsonSchema {
  return typeof node === "object" && node !== null && !Array.isArray(node);
}

/** The list that a keyword holds. */
export function listOf(node: unknown): readonly unknown[] {
  return Array.isArray(node) ? node : [];
}
