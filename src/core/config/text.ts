import type { JsonSchema } from "../schema/standard.ts";

/** A value that was read; `undefined` where the text holds none. */
type Coerced = { readonly value: unknown } | undefined;

/**
 * Reads a text as what a schema's input asks for: number, integer, boolean (`true`, `false`, `1`, `0`), array (items between commas, or a JSON array), object (JSON).
 * Where a schema takes a string, or says nothing of its type, the text stays as it is. Returns `undefined` when the text cannot be read so.
 */
export function coerce(text: string, schema: JsonSchema): Coerced {
  const wanted = alternatives(schema);
  if (wanted.length === 0 || wanted.some(({ type }) => type === "string")) return { value: text };
  for (const alternative of wanted) {
    const coerced = coerceOne(text.trim(), alternative);
    if (coerced) return coerced;
  }
  return undefined;
}

/** Every way in which a schema can be met, each with one type. */
function alternatives(schema: JsonSchema): JsonSchema[] {
  const inner = [schema.anyOf, schema.oneOf, schema.allOf].flatMap((list) => (Array.isArray(list) ? (list as JsonSchema[]) : []));
  if (inner.length > 0) return inner.flatMap(alternatives);
  if (Array.isArray(schema.type)) return schema.type.map((type) => ({ ...schema, type }));
  return typeof schema.type === "string" ? [schema] : [];
}

function coerceOne(text: string, schema: JsonSchema): Coerced {
  switch (schema.type) {
    case "integer":
    case "number":
      return /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i.test(text) ? { value: Number(text) } : undefined;
    case "boolean":
      if (/^(true|1)$/i.test(text)) return { value: true };
      return /^(false|0)$/i.test(text) ? { value: false } : undefined;
    case "array":
      return text.startsWith("[") ? parseJson(text) : coerceList(text, (schema.items ?? {}) as JsonSchema);
    case "object":
      return parseJson(text);
    default:
      return undefined;
  }
}

function coerceList(text: string, items: JsonSchema): Coerced {
  const coerced = text.split(",").map((item) => coerce(item.trim(), items));
  return coerced.every((item) => item !== undefined) ? { value: coerced.map((item) => item.value) } : undefined;
}

/** Reads JSON, and says no more than that it is none: the parser's own message quotes the text, which may hold a secret. */
export function parseJson(text: string): Coerced {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}

/** Says in words what a schema asks for, as the end of "Set it to …". */
export function expectation(schema: JsonSchema): string {
  if ("const" in schema) return JSON.stringify(schema.const);
  if (Array.isArray(schema.enum)) return `one of ${schema.enum.map((value) => JSON.stringify(value)).join(", ")}`;
  const wanted = alternatives(schema);
  if (wanted.length > 1) return [...new Set(wanted.filter(({ type }) => type !== "null").map(expectation))].join(" or ");
  switch (schema.type) {
    case "integer":
      return `an integer ${range(schema.minimum, schema.maximum)}`.trimEnd();
    case "number":
      return `a number ${range(schema.minimum, schema.maximum)}`.trimEnd();
    case "boolean":
      return "true or false";
    case "array":
      return `a list with commas between its items, each ${expectation((schema.items ?? {}) as JsonSchema)}`;
    case "object":
      return "a JSON object";
    case "string":
      return textExpectation(schema);
    default:
      return "a value that its schema accepts";
  }
}

function textExpectation({ format, minLength, maxLength }: JsonSchema): string {
  const kind = typeof format === "string" ? `a text with the format ${format}` : "a text";
  const length = range(minLength, maxLength);
  return length ? `${kind} of ${length} characters` : kind;
}

function range(least: unknown, most: unknown): string {
  // A schema library writes the bounds of a safe integer where the schema declares none.
  const isSet = (bound: unknown) => typeof bound === "number" && Math.abs(bound) < Number.MAX_SAFE_INTEGER;
  if (isSet(least) && isSet(most)) return `from ${least} to ${most}`;
  if (isSet(least)) return `at least ${least}`;
  return isSet(most) ? `at most ${most}` : "";
}
