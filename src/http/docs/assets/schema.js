// Schemas as people read them, and values that fit them.
import { el, inline, say, state } from "./page.js";

export const resolve = (value) => {
  let found = value;
  for (let hops = 0; found?.$ref !== undefined && hops < 20; hops++) {
    found = found.$ref
      .slice(2)
      .split("/")
      .reduce((at, part) => at?.[decodeURIComponent(part).replaceAll("~1", "/").replaceAll("~0", "~")], state.api);
  }
  return found ?? {};
};
const nameOf = (schema) => schema?.$ref?.split("/").at(-1);
export const optionsOf = (schema) => schema.oneOf ?? schema.anyOf;

/** What a value is, in a word or two. */
export const typeOf = (given, depth = 0) => {
  const schema = resolve(given);
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(" | ");
  const options = optionsOf(schema);
  if (options) return depth > 2 ? `${say("oneOf")} …` : options.map((option) => typeOf(option, depth + 1)).join(" | ");
  const types = [schema.type ?? "any"].flat().map((type) => {
    if (type === "array") return `${schema.items ? typeOf(schema.items, depth + 1) : "any"}[]`;
    if (type === "object") return nameOf(given) ?? "object";
    return type === "string" && schema.format ? schema.format : type;
  });
  return types.join(" | ");
};

const safe = (value) => value !== undefined && Math.abs(value) < Number.MAX_SAFE_INTEGER;
const between = (least, most, unit) => {
  if (safe(least) && safe(most)) return `${least}–${most}${unit}`;
  if (safe(least)) return `≥ ${least}${unit}`;
  return safe(most) ? `≤ ${most}${unit}` : undefined;
};

/** The bounds of a value. */
const boundsOf = (given) => {
  const schema = resolve(given);
  return [
    between(schema.minimum ?? schema.exclusiveMinimum, schema.maximum ?? schema.exclusiveMaximum, ""),
    between(schema.minLength, schema.maxLength, " ch"),
    between(schema.minItems, schema.maxItems, " ×"),
    schema.pattern !== undefined && schema.format === undefined ? `/${schema.pattern}/` : undefined,
    schema.default !== undefined ? `= ${JSON.stringify(schema.default)}` : undefined,
  ].filter((bound) => bound !== undefined);
};

/** The schema that has the fields: of an object, or of what an array holds. */
const withFields = (given) => {
  const schema = resolve(given);
  if ([schema.type].flat().includes("array") && schema.items) return withFields(schema.items);
  return schema;
};

/** One field with its kind, its bounds and what it says of itself. */
export const fieldRow = (name, given, { mark, place, note, open }) => {
  const schema = resolve(given);
  return el(
    "div",
    { class: "field" },
    el(
      "div",
      { class: "field-head" },
      el("code", { class: "field-name" }, name),
      el("span", { class: "type" }, typeOf(given)),
      place && el("span", { class: "tag" }, place),
      mark && el("span", { class: `tag ${mark}` }, say(mark)),
      schema["x-secret"] && el("span", { class: "tag" }, say("secret")),
      schema["x-visible-to"] && el("span", { class: "tag" }, say("someCallers")),
      schema.deprecated && el("span", { class: "tag" }, say("deprecated")),
      boundsOf(given).map((bound) => el("span", { class: "bound" }, bound)),
    ),
    (note ?? schema.description) && el("div", { class: "note" }, inline(note ?? schema.description)),
    open,
  );
};

// Of what is sent it matters what must be there; of what comes back, what may be missing.
export const sent = (required) => (required ? "required" : undefined);
export const received = (required) => (required ? undefined : "optional");

/** The fields of a schema, inner ones below their own. *seen* keeps a type that contains itself from being shown for ever. */
export const fieldsOf = (given, marks, seen = []) => {
  const name = nameOf(given) ?? nameOf(resolve(given).items);
  if (seen.length > 6 || (name !== undefined && seen.includes(name))) return el("div", { class: "note" }, say("again"));
  const schema = withFields(given);
  const inside = [...seen, name ?? ""];
  const options = optionsOf(schema)?.filter((option) => resolve(option).type !== "null");
  if (options?.some((option) => withFields(option).properties))
    return el(
      "div",
      { class: "fields" },
      options.map((option, at) =>
        el("div", { class: "option" }, el("div", { class: "tag" }, at === 0 ? say("oneOf") : say("or")), fieldsOf(option, marks, inside)),
      ),
    );
  const { properties = {}, required = [] } = schema;
  const rows = Object.entries(properties).map(([field, inner]) => {
    const below = withFields(inner);
    const deeper = below.properties || optionsOf(below)?.some((option) => withFields(option).properties);
    return fieldRow(field, inner, { mark: marks(required.includes(field)), open: deeper ? fieldsOf(inner, marks, inside) : undefined });
  });
  return rows.length > 0 ? el("div", { class: "fields" }, rows) : undefined;
};

const samples = {
  uuid: "018f6b1e-7c2a-7b3e-9d55-3c1f0a9b2e44",
  email: "ann@example.com",
  uri: "https://example.com/",
  "date-time": "2026-01-31T12:00:00Z",
  date: "2026-01-31",
  time: "12:00:00Z",
  ipv4: "192.0.2.1",
  ipv6: "2001:db8::1",
  duration: "PT5M",
  hostname: "example.com",
};

/** A value that fits a schema, or nearly. */
export const sampleOf = (given, depth = 0) => {
  const schema = resolve(given);
  for (const value of [schema.example, schema.examples?.[0], schema.default, schema.const, schema.enum?.[0]])
    if (value !== undefined) return value;
  const options = optionsOf(schema);
  if (options) return sampleOf(options[0], depth + 1);
  const type = [schema.type].flat().find((one) => one !== "null");
  if (type === "object") {
    const fields = Object.entries(schema.properties ?? {}).filter(([field]) => schema.required?.includes(field) || depth === 0);
    return depth > 5 ? {} : Object.fromEntries(fields.map(([field, inner]) => [field, sampleOf(inner, depth + 1)]));
  }
  if (type === "array") return depth > 5 || schema.items === undefined ? [] : [sampleOf(schema.items, depth + 1)];
  if (type === "integer" || type === "number") return safe(schema.minimum) ? schema.minimum : 1;
  if (type === "boolean") return false;
  if (type === "string") return samples[schema.format] ?? "text".padEnd(schema.minLength ?? 0, "-").slice(0, schema.maxLength);
  return null;
};
