import type { JsonSchema } from "../../../core/schema/standard.ts";

const texts = ["title", "description", "default"];
const kept: Readonly<Record<string, readonly string[]>> = {
  string: ["type", ...texts, "minLength", "maxLength", "enum", "enumNames"],
  number: ["type", ...texts, "minimum", "maximum"],
  integer: ["type", ...texts, "minimum", "maximum"],
  boolean: ["type", ...texts],
  array: ["type", ...texts, "minItems", "maxItems"],
};
const formats: ReadonlySet<unknown> = new Set(["email", "uri", "date", "date-time"]);

interface Choice {
  readonly const: string;
  readonly title?: string;
}

/**
 * Makes the field of a form of one property of an input; undefined where a form has none like it.
 * *Source*: MCP, `PrimitiveSchemaDefinition`.
 */
export function formFieldOf(schema: JsonSchema): JsonSchema | undefined {
  const choices = choicesOf(schema);
  if (choices !== undefined) return { type: "string", ...picked(schema, texts), ...chosen(choices, "oneOf") };
  const type = schema.type as string;
  const words = Object.hasOwn(kept, type) ? kept[type] : undefined;
  if (words === undefined) return undefined;
  const field = { ...picked(schema, words), ...(formats.has(schema.format) && { format: schema.format }) };
  if (type !== "array") return field;
  const items = itemsOf((schema.items ?? {}) as JsonSchema);
  return items === undefined ? undefined : { ...field, items };
}

/** A list is one of choices. */
function itemsOf(items: JsonSchema): JsonSchema | undefined {
  const choices = choicesOf(items);
  if (choices !== undefined) return choices.every(({ title }) => title !== undefined) ? { anyOf: choices } : chosen(choices, "anyOf");
  return items.type === "string" && Array.isArray(items.enum) ? { type: "string", enum: items.enum } : undefined;
}

function chosen(choices: readonly Choice[], word: "oneOf" | "anyOf"): JsonSchema {
  return choices.every(({ title }) => title !== undefined)
    ? { [word]: choices }
    : { type: "string", enum: choices.map(({ const: value }) => value) };
}

function choicesOf({ anyOf, oneOf }: JsonSchema): readonly Choice[] | undefined {
  const members = (oneOf ?? anyOf) as readonly JsonSchema[] | undefined;
  if (!Array.isArray(members) || !members.every((member) => typeof member.const === "string")) return undefined;
  return members.map(({ const: value, title }) => ({ const: value as string, ...(typeof title === "string" && { title }) }));
}

const picked = (schema: JsonSchema, words: readonly string[]): JsonSchema =>
  Object.fromEntries(words.filter((word) => schema[word] !== undefined).map((word) => [word, schema[word]]));
