import type { JsonSchema } from "../standard.ts";

/** A schema with the document that its references point into. */
export interface Placed {
  readonly schema: JsonSchema;
  readonly document: JsonSchema;
}

const mostHops = 16;

/** Follows references to what they stand for. A reference that leads nowhere stands for anything. */
export function resolved({ schema, document }: Placed): JsonSchema {
  let found = schema;
  for (let hop = 0; typeof found.$ref === "string" && hop < mostHops; hop++) {
    const keys = found.$ref.split("/").slice(1);
    let at: unknown = document;
    for (const key of keys) at = (at as JsonSchema | undefined)?.[decodeURIComponent(key).replaceAll("~1", "/").replaceAll("~0", "~")];
    found = (at as JsonSchema | undefined) ?? {};
  }
  return found;
}

/** The alternatives of a schema; itself, where it has none. */
export function optionsOf({ schema, document }: Placed): readonly JsonSchema[] {
  const found = resolved({ schema, document });
  const options = (found.anyOf ?? found.oneOf) as readonly JsonSchema[] | undefined;
  if (options !== undefined) return options.flatMap((option) => optionsOf({ schema: option, document }));
  if (Array.isArray(found.type) && found.type.length > 1) return found.type.map((type: string) => ({ ...found, type }));
  return [found];
}

/** The properties of an object. */
export function propertiesOf(schema: JsonSchema): ReadonlyMap<string, JsonSchema> {
  return new Map(Object.entries((schema.properties ?? {}) as Readonly<Record<string, JsonSchema>>));
}

/** The names of the properties that must be there. */
export function requiredOf(schema: JsonSchema): ReadonlySet<string> {
  return new Set(Array.isArray(schema.required) ? (schema.required as string[]) : []);
}

/** A schema as text, alike for those that mean the same: in the order of its keys, without what only people read. */
export function canonicalText(schema: unknown): string {
  return JSON.stringify(canonical(schema));
}

const forPeople = new Set(["$schema", "title", "description", "examples", "example", "$comment", "deprecated"]);

/** Sorts the keys of a schema, and leaves out what only people read. */
export function canonical(value: unknown, isNames = false): unknown {
  if (Array.isArray(value)) return value.map((item) => canonical(item));
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).filter(([key]) => isNames || !forPeople.has(key));
  const sorted = entries.toSorted(([one], [other]) => (one < other ? -1 : 1));
  return Object.fromEntries(
    sorted.map(([key, inner]) => [key, kept.has(key) && !isNames ? inner : canonical(inner, !isNames && named.has(key))]),
  );
}

/** Keywords whose values are data, and not schemas. */
const kept = new Set(["const", "enum", "default", "required"]);
/** Keywords whose values are schemas by names of the user's. */
const named = new Set(["properties", "$defs", "patternProperties"]);
