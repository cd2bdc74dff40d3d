// The schema: what the app says of it, one type at a time, and a document to begin with for each field.
import { ask, el, say, state } from "./page.js";

const typeParts = "kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name } } } } }";
const question = `{ __schema { queryType { name } mutationType { name } subscriptionType { name } types { kind name description
  fields { name description args { name description defaultValue type { ${typeParts} } } type { ${typeParts} } }
  inputFields { name description defaultValue type { ${typeParts} } } enumValues { name description } possibleTypes { name } } } }`;

/** Reads the schema. Without one, the page can still send documents. */
export const readSchema = async () => {
  const reply = await ask({ query: question })
    .then((response) => response.json())
    .catch(() => ({}));
  const found = reply.data?.__schema;
  state.schema = found && { ...found, types: new Map(found.types.map((type) => [type.name, type])) };
};

const named = (type) => (type.ofType ? named(type.ofType) : type.name);
const isRequired = ({ type, defaultValue }) => type.kind === "NON_NULL" && defaultValue === null;
const typeText = ({ kind, name, ofType }) =>
  kind === "NON_NULL" ? `${typeText(ofType)}!` : kind === "LIST" ? `[${typeText(ofType)}]` : name;

/** A value to begin with. */
const sampleOf = (type, depth = 0) => {
  if (type.kind === "NON_NULL") return sampleOf(type.ofType, depth);
  if (type.kind === "LIST") return [sampleOf(type.ofType, depth)];
  const { kind, inputFields = [], enumValues } = state.schema.types.get(type.name);
  if (kind === "ENUM") return enumValues[0].name;
  if (kind === "INPUT_OBJECT")
    return depth > 3
      ? {}
      : Object.fromEntries(inputFields.filter(isRequired).map((field) => [field.name, sampleOf(field.type, depth + 1)]));
  return { Int: 1, Int64: 1, Float: 1, Boolean: true, JSON: {} }[type.name] ?? "";
};

/** The fields of a type that need no arguments, two levels deep. */
const selectionOf = (type, depth, indent) => {
  const { fields, possibleTypes } = state.schema.types.get(named(type));
  if (!fields) return possibleTypes?.length ? ` {\n${indent}  __typename\n${indent}}` : "";
  const lines = fields
    .filter(({ args, type: of }) => !args.some(isRequired) && (depth > 0 || !state.schema.types.get(named(of)).fields))
    .map(({ name, type: of }) => `${indent}  ${name}${selectionOf(of, depth - 1, `${indent}  `)}`);
  return ` {\n${(lines.length > 0 ? lines : [`${indent}  __typename`]).join("\n")}\n${indent}}`;
};

/** A document that asks for one field at the beginning, and its variables. */
export const documentOf = (root, { name, args, type }) => {
  const wanted = args.filter(isRequired);
  const declared = wanted.map(({ name: argument, type: of }) => `$${argument}: ${typeText(of)}`).join(", ");
  const passed = wanted.map(({ name: argument }) => `${argument}: $${argument}`).join(", ");
  const head = `${root} ${name.charAt(0).toUpperCase()}${name.slice(1)}${declared && `(${declared})`}`;
  const query = `${head} {\n  ${name}${passed && `(${passed})`}${selectionOf(type, 2, "  ")}\n}\n`;
  return { query, variables: Object.fromEntries(wanted.map((argument) => [argument.name, sampleOf(argument.type)])) };
};

const typeLink = (type, open) => {
  const name = named(type);
  const [before, after] = typeText(type).split(name);
  return el("span", { class: "type" }, before, el("button", { type: "button", class: "link", onclick: () => open(name) }, name), after);
};

const fieldView = (field, { open, begin }) =>
  el(
    "li",
    {},
    begin ? el("button", { type: "button", class: "field", onclick: begin, title: say("begin") }, field.name) : el("code", {}, field.name),
    field.args?.length > 0 &&
      el(
        "div",
        { class: "args" },
        field.args.map((argument) => el("div", {}, `${argument.name}: `, typeLink(argument.type, open))),
      ),
    field.type && typeLink(field.type, open),
    field.description && el("p", { class: "note" }, field.description),
  );

const typeView = ({ name, kind, description, fields, inputFields, enumValues, possibleTypes }, terms) =>
  el(
    "section",
    {},
    el("h3", {}, name, " ", el("small", {}, kind.toLowerCase().replace("_", " "))),
    description && el("p", { class: "note" }, description),
    el(
      "ul",
      {},
      [...(fields ?? []), ...(inputFields ?? []), ...(enumValues ?? [])].map((field) => fieldView(field, terms)),
    ),
    possibleTypes?.length > 0 &&
      el(
        "ul",
        {},
        possibleTypes.map((one) => el("li", {}, typeLink({ kind: "OBJECT", ...one }, terms.open))),
      ),
  );

/** Draws the explorer; `begin` takes the root and a field that was chosen. */
export const explorer = (begin) => {
  const box = el("nav", { "aria-label": say("schema") });
  const roots = () => {
    const { queryType, mutationType, subscriptionType, types } = state.schema;
    const part = (root, type) =>
      type &&
      el(
        "section",
        {},
        el("h2", {}, say(root)),
        el(
          "ul",
          {},
          types.get(type.name).fields.map((field) => fieldView(field, { open, begin: () => begin(root, field) })),
        ),
      );
    box.replaceChildren(part("query", queryType) ?? "", part("mutation", mutationType) ?? "", part("subscription", subscriptionType) ?? "");
  };
  const open = (name) => {
    const back = el("button", { type: "button", class: "quiet", onclick: roots }, `← ${say("schema")}`);
    box.replaceChildren(back, typeView(state.schema.types.get(name), { open }));
    back.focus();
  };
  if (state.schema === undefined) box.append(el("p", { class: "note" }, say("noSchema")));
  else roots();
  return box;
};
