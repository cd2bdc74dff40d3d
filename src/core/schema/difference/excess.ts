import type { JsonSchema } from "../standard.ts";
import { canonicalText, optionsOf, type Placed, propertiesOf, requiredOf, resolved } from "./resolve.ts";

/** One way in which a schema allows what another does not. */
export interface Excess {
  /** Where, as in `.lines[].quantity`. */
  readonly path: string;
  /** Which keyword it is: `type`, `enum`, `required`, `format` … */
  readonly keyword: string;
  /** What the wider one has. */
  readonly wider: string;
  /** What the narrower one has. */
  readonly narrower: string;
}

const deepest = 24;

/**
 * Lists the values that *wide* allows and *narrow* does not, as far as keywords say: empty where every value of *wide* fits *narrow*. Properties that only one of them
 * has are left to the caller, unless *narrow* requires them.
 */
export function excess(wide: Placed, narrow: Placed, path = ""): readonly Excess[] {
  if (path.split(/[.[]/).length > deepest) return [];
  const text = canonicalText(wide.schema);
  // The same text means the same where what it refers to does.
  if (text === canonicalText(narrow.schema) && !text.includes('"$ref"')) return [];
  const [from, to] = [optionsOf(wide), optionsOf(narrow)];
  if (from.length === 1 && to.length === 1)
    return excessOfOne({ ...wide, schema: from[0] as JsonSchema }, { ...narrow, schema: to[0] as JsonSchema }, path);
  const found: Excess[] = [];
  for (const option of from) {
    const all = to.map((other) => excessOfOne({ ...wide, schema: option }, { ...narrow, schema: other }, path));
    if (all.some((one) => one.length === 0)) continue;
    // Of several alternatives the nearest one is meant: the one of the same type, with the least that differs.
    const near = to.flatMap((other, at) =>
      typeOf(other) === typeOf(option) && isTagged(option, other) ? [all[at] as readonly Excess[]] : [],
    );
    const nearest = near.toSorted((one, other) => one.length - other.length)[0];
    found.push(...(nearest ?? [{ path, keyword: "option", wider: shown(option), narrower: to.map(shown).join(" | ") }]));
  }
  return found;
}

/** Two objects are alternatives of one name only where no field says that they are different ones. */
function isTagged(one: JsonSchema, other: JsonSchema): boolean {
  const [mine, theirs] = [propertiesOf(one), propertiesOf(other)];
  return [...mine].every(
    ([name, { const: value }]) => value === undefined || theirs.get(name)?.const === undefined || theirs.get(name)?.const === value,
  );
}

function excessOfOne(wide: Placed, narrow: Placed, path: string): readonly Excess[] {
  const [from, to] = [resolved(wide), resolved(narrow)];
  const [type, other] = [typeOf(from), typeOf(to)];
  if (other !== "any" && type !== other && !(type === "integer" && other === "number"))
    return [{ path, keyword: "type", wider: type, narrower: other }];
  const found: Excess[] = [...values(from, to, path), ...bounds(from, to, path), ...texts(from, to, path)];
  if (other === "array") {
    const [items, narrowItems] = [from.items ?? {}, to.items ?? {}] as [JsonSchema, JsonSchema];
    found.push(...excess({ ...wide, schema: items }, { ...narrow, schema: narrowItems }, `${path}[]`));
  }
  if (other === "object") found.push(...objects({ ...wide, schema: from }, { ...narrow, schema: to }, path));
  return found;
}

function values(from: JsonSchema, to: JsonSchema, path: string): readonly Excess[] {
  const allowed = valuesOf(to);
  if (allowed === undefined) return [];
  const given = valuesOf(from);
  const narrower = allowed.map((value) => JSON.stringify(value)).join(", ");
  if (given === undefined) return [{ path, keyword: "enum", wider: "any value", narrower }];
  const known = new Set(allowed.map((value) => JSON.stringify(value)));
  const more = given.map((value) => JSON.stringify(value)).filter((value) => !known.has(value));
  return more.length === 0 ? [] : [{ path, keyword: "enum", wider: more.join(", "), narrower }];
}

function valuesOf(schema: JsonSchema): readonly unknown[] | undefined {
  if ("const" in schema) return [schema.const];
  return Array.isArray(schema.enum) ? schema.enum : undefined;
}

const least = ["minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties"];
const most = ["maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"];

function bounds(from: JsonSchema, to: JsonSchema, path: string): readonly Excess[] {
  const found: Excess[] = [];
  const check = (keyword: string, isTighter: (narrow: number, wide: number) => boolean) => {
    const [own, other] = [from[keyword], to[keyword]];
    if (typeof other !== "number" || (typeof own === "number" && !isTighter(other, own))) return;
    if (keyword.startsWith("minLength") && other === 0) return;
    found.push({ path, keyword, wider: typeof own === "number" ? String(own) : "no bound", narrower: String(other) });
  };
  for (const keyword of least) check(keyword, (narrow, wide) => narrow > wide);
  for (const keyword of most) check(keyword, (narrow, wide) => narrow < wide);
  return found;
}

function texts(from: JsonSchema, to: JsonSchema, path: string): readonly Excess[] {
  return ["format", "pattern", "multipleOf", "uniqueItems", "contentEncoding"].flatMap((keyword) => {
    const [own, other] = [from[keyword], to[keyword]];
    if (other === undefined || other === false || canonicalText(own) === canonicalText(other)) return [];
    // A format of Zod comes with its pattern: the format says it in fewer words.
    if (keyword === "pattern" && typeof to.format === "string") return [];
    return [{ path, keyword, wider: own === undefined ? "any" : String(own), narrower: String(other) }];
  });
}

function objects(wide: Placed, narrow: Placed, path: string): readonly Excess[] {
  const [mine, theirs] = [propertiesOf(wide.schema), propertiesOf(narrow.schema)];
  const required = requiredOf(wide.schema);
  const found: Excess[] = [];
  for (const name of requiredOf(narrow.schema))
    if (!required.has(name))
      found.push({
        path: `${path}.${name}`,
        keyword: "required",
        wider: mine.has(name) ? "may be left out" : "is not there",
        narrower: "required",
      });
  for (const [name, schema] of mine) {
    const other = theirs.get(name);
    if (other !== undefined) found.push(...excess({ ...wide, schema }, { ...narrow, schema: other }, `${path}.${name}`));
  }
  const [own, other] = [wide.schema.additionalProperties, narrow.schema.additionalProperties];
  if (isSchema(own) && isSchema(other)) found.push(...excess({ ...wide, schema: own }, { ...narrow, schema: other }, `${path}{}`));
  if (other === false && own !== false)
    found.push({ path, keyword: "additionalProperties", wider: "other fields", narrower: "no other fields" });
  return found;
}

function isSchema(value: unknown): value is JsonSchema {
  return typeof value === "object" && value !== null;
}

/** The type of a schema that has one; `any` where it allows all. */
function typeOf(schema: JsonSchema): string {
  if (typeof schema.type === "string") return schema.type;
  if (Array.isArray(schema.type) && schema.type.length === 1) return String(schema.type[0]);
  const values = valuesOf(schema);
  if (values === undefined) return schema.properties === undefined ? "any" : "object";
  const types = new Set(values.map((value) => (value === null ? "null" : Array.isArray(value) ? "array" : typeof value)));
  return types.size === 1 ? ([...types][0] as string) : "any";
}

function shown(schema: JsonSchema): string {
  const values = valuesOf(schema);
  return values === undefined ? typeOf(schema) : values.map((value) => JSON.stringify(value)).join(", ");
}
