import type { JsonSchema } from "../core/schema.ts";
import type { ParsedRoute } from "../operation/route.ts";
import type { CompiledOperation } from "../pipeline/compiled.ts";

/** The parts of a request that an input can come from. */
export interface RequestParts {
  readonly params: Readonly<Record<string, string | undefined>>;
  /** The query string without its question mark. */
  readonly query: string;
  readonly body: unknown;
  readonly ifMatch: string | undefined;
}

type Coerce = (text: string) => unknown;

/**
 * Binds requests to the input of one operation. The rules:
 * - a field that the route names comes from the path, whatever the body says;
 * - other fields come from the JSON body where the verb has one (POST, PUT, PATCH), else from the query string;
 * - the field named by `ifMatch` comes from the `If-Match` header, which has one strong tag, without its quotes; it comes from nowhere else;
 * - text from path, query and header becomes a number where the schema has a number or integer and the text is one as JSON writes it, and a boolean
 *   where it has a boolean and the text is `true` or `false`; where the schema has text too, text it stays; a query parameter that may repeat
 *   (an array) collects all its values;
 * - what cannot be coerced stays text, and the schema says what is wrong with it.
 */
export class Binder {
  readonly takesBody: boolean;
  readonly #fromPath: readonly (readonly [field: string, coerce: Coerce])[];
  readonly #fromQuery: ReadonlyMap<string, { readonly coerce: Coerce; readonly many: boolean }>;
  readonly #ifMatch: readonly [field: string, coerce: Coerce] | undefined;

  constructor(operation: CompiledOperation, route: ParsedRoute, ifMatch: string | undefined) {
    const document = operation.input.inputJson;
    const properties = propertiesOf(document);
    const coercionOf = (schema: JsonSchema | undefined) => coercion(typesOf(schema, document));
    this.takesBody = route.verb === "POST" || route.verb === "PUT" || route.verb === "PATCH";
    this.#fromPath = route.parameters.map((field) => [field, coercionOf(properties.get(field))]);
    this.#ifMatch = ifMatch === undefined ? undefined : [ifMatch, coercionOf(properties.get(ifMatch))];
    this.#fromQuery = new Map(
      this.takesBody
        ? []
        : [...properties].map(([field, schema]) => {
            const many = typesOf(schema, document).has("array");
            return [field, { many, coerce: coercionOf(many ? itemsOf(schema, document) : schema) }];
          }),
    );
  }

  bind({ params, query, body, ifMatch }: RequestParts): unknown {
    // A body that is no object is left for the schema to refuse.
    if (body !== undefined && (typeof body !== "object" || body === null || Array.isArray(body))) return body;
    const input: Record<string, unknown> = (body as Record<string, unknown> | undefined) ?? {};
    if (query !== "" && !this.takesBody) this.#bindQuery(input, query);
    for (const [field, coerce] of this.#fromPath) {
      const text = params[field];
      if (text !== undefined) input[field] = coerce(text);
    }
    if (this.#ifMatch !== undefined) {
      const [field, coerce] = this.#ifMatch;
      if (ifMatch !== undefined) input[field] = coerce(/^"([^"]*)"$/.exec(ifMatch)?.[1] ?? ifMatch);
      else if (Object.hasOwn(input, field)) delete input[field];
    }
    return input;
  }

  #bindQuery(input: Record<string, unknown>, query: string): void {
    for (const [name, text] of new URLSearchParams(query)) {
      if (name === "__proto__") continue;
      const known = this.#fromQuery.get(name);
      const value = known === undefined ? text : known.coerce(text);
      const before = Object.hasOwn(input, name) ? input[name] : undefined;
      if (before === undefined) input[name] = known?.many ? [value] : value;
      else if (Array.isArray(before)) before.push(value);
      // Given twice where one is expected: the schema will say so.
      else input[name] = [before, value];
    }
  }
}

function propertiesOf(schema: JsonSchema): ReadonlyMap<string, JsonSchema> {
  const properties = schema.properties;
  return new Map(typeof properties === "object" && properties !== null ? (Object.entries(properties) as [string, JsonSchema][]) : []);
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

function itemsOf(schema: JsonSchema, document: JsonSchema): JsonSchema | undefined {
  const found = resolve(schema, document);
  if (found.items !== undefined) return found.items as JsonSchema;
  for (const option of optionsOf(found)) {
    const items = itemsOf(option, document);
    if (items !== undefined) return items;
  }
  return undefined;
}

function optionsOf(schema: JsonSchema): readonly JsonSchema[] {
  return ["anyOf", "oneOf", "allOf"].flatMap((keyword) => (schema[keyword] as JsonSchema[] | undefined) ?? []);
}

function typesOf(schema: JsonSchema | undefined, document: JsonSchema): ReadonlySet<string> {
  if (schema === undefined) return new Set();
  const found = resolve(schema, document);
  const types = new Set(found.type === undefined ? [] : ([found.type].flat() as string[]));
  for (const option of optionsOf(found)) for (const type of typesOf(option, document)) types.add(type);
  const values = (found.enum as unknown[] | undefined) ?? ("const" in found ? [found.const] : []);
  for (const value of values) types.add(typeof value);
  return types;
}

const number = /^-?(?:0|[1-9]\d{0,63})(?:\.\d{1,63})?(?:[eE][+-]?\d{1,3})?$/;

function coercion(types: ReadonlySet<string>): Coerce {
  // Where text is allowed too, text it stays: "007" must not become 7.
  if (types.has("string")) return (text) => text;
  const mayBeNumber = types.has("number") || types.has("integer");
  const mayBeBoolean = types.has("boolean");
  if (!mayBeNumber && !mayBeBoolean) return (text) => text;
  return (text) => {
    if (mayBeNumber && number.test(text)) {
      const value = Number(text);
      return Number.isFinite(value) ? value : text;
    }
    if (mayBeBoolean && (text === "true" || text === "false")) return text === "true";
    return text;
  };
}
