import type { JsonSchema } from "../../core/schema/standard.ts";
import type { ScalarShape } from "./shapes.ts";

const least32 = -2_147_483_648;
const most32 = 2_147_483_647;

/** Returns the scalar of a schema that has no fields. A whole number is `Int` only where its bounds fit into 32 bits. */
export function scalarOf({ type, format, minimum, maximum, exclusiveMinimum, exclusiveMaximum, const: word }: JsonSchema): ScalarShape {
  const scalar = (name: ScalarShape["name"]): ScalarShape => ({ form: "scalar", name });
  if (type === "string" || (type === undefined && typeof word === "string")) {
    if (format === "uuid") return scalar("ID");
    if (format === "date-time") return scalar("DateTime");
    return scalar(format === "date" ? "Date" : "String");
  }
  if (type === "boolean") return scalar("Boolean");
  if (type === "number") return scalar("Float");
  if (type !== "integer") return scalar("JSON");
  const [low, high] = [Number(minimum ?? exclusiveMinimum), Number(maximum ?? exclusiveMaximum)];
  return scalar(low >= least32 && high <= most32 ? "Int" : "Int64");
}

/** Whether a schema is null and nothing else. */
function isNull({ type, const: word, enum: words }: JsonSchema): boolean {
  return type === "null" || word === null || (Array.isArray(words) && words.length === 1 && words[0] === null);
}

/** Takes null out of a schema: what else it may be, undefined where nothing is left, and whether null was in it. */
export function nonNull(schema: JsonSchema): { readonly inner: JsonSchema | undefined; readonly nullable: boolean } {
  if (isNull(schema)) return { inner: undefined, nullable: true };
  const { type, enum: words } = schema;
  const options = schema.anyOf ?? schema.oneOf;
  if (Array.isArray(options)) {
    const rest = (options as JsonSchema[]).filter((option) => !isNull(option));
    if (rest.length === 1) return { inner: rest[0], nullable: rest.length < options.length };
    return { inner: { ...schema, anyOf: rest, oneOf: undefined }, nullable: rest.length < options.length };
  }
  if (Array.isArray(type)) {
    const rest = type.filter((one) => one !== "null");
    if (rest.length !== 1) return { inner: {}, nullable: true };
    const inner = { ...schema, type: rest[0], ...(Array.isArray(words) && { enum: words.filter((word) => word !== null) }) };
    return { inner, nullable: rest.length < type.length };
  }
  if (Array.isArray(words) && words.includes(null))
    return { inner: { ...schema, enum: words.filter((word) => word !== null) }, nullable: true };
  // A schema that says nothing takes null too.
  return { inner: schema, nullable: Object.keys(schema).every((key) => key === "description" || key === "title") };
}

/** Finds the field that has another word in each of several objects; undefined where there is none, so that nothing distinguishes them. */
export function tagOf(options: readonly JsonSchema[]): { readonly field: string; readonly words: readonly string[] } | undefined {
  const [first] = options;
  for (const field of Object.keys((first?.properties ?? {}) as object)) {
    const words = options.map(({ properties, required }) => {
      const { const: word } = ((properties ?? {}) as Readonly<Record<string, JsonSchema>>)[field] ?? {};
      return typeof word === "string" && Array.isArray(required) && required.includes(field) ? word : undefined;
    });
    if (words.every((word) => word !== undefined) && new Set(words).size === words.length) return { field, words: words as string[] };
  }
  return undefined;
}
