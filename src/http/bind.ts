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
 * - the field named by `ifMatch` comes from the `If-Match` header, without its quotes;
 * - text from path, query and header becomes a number where the schema has a number or integer and the text is a plain decimal, and a boolean
 *   where it has a boolean and the text is `true` or `false`; a query parameter that may repeat (an array) collects all its values;
 * - what cannot be coerced stays text, and the schema says what is wrong with it.
 */
export class Binder {
  readonly takesBody: boolean;
  readonly #fromPath: readonly (readonly [field: string, coerce: Coerce])[];
  readonly #fromQuery: ReadonlyMap<string, { readonly coerce: Coerce; readonly many: boolean }>;
  readonly #ifMatch: readonly [field: string, coerce: Coerce] | undefined;

  constructor(operation: CompiledOperation, route: ParsedRoute, ifMatch: string | undefined) {
    const properties = propertiesOf(operation.input.inputJson);
    this.takesBody = route.verb === "POST" || route.verb === "PUT" || route.verb === "PATCH";
    this.#fromPath = route.parameters.map((field) => [field, coercion(properties.get(field))]);
    this.#ifMatch = ifMatch === undefined ? undefined : [ifMatch, coercion(properties.get(ifMatch))];
    this.#fromQuery = new Map(
      this.takesBody
        ? []
        : [...properties].map(([field, schema]) => {
            const many = typesOf(schema).has("array");
            return [field, { many, coerce: coercion(many ? (schema.items as JsonSchema | undefined) : schema) }];
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
    if (this.#ifMatch !== undefined && ifMatch !== undefined) {
      const [field, coerce] = this.#ifMatch;
      input[field] = coerce(/^"(.*)"$/.exec(ifMatch)?.[1] ?? ifMatch);
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

function typesOf(schema: JsonSchema | undefined): ReadonlySet<string> {
  if (schema === undefined) return new Set();
  const types = new Set([schema.type].flat() as string[]);
  for (const keyword of ["anyOf", "oneOf"]) {
    for (const option of (schema[keyword] as JsonSchema[] | undefined) ?? []) for (const type of typesOf(option)) types.add(type);
  }
  for (const value of (schema.enum as unknown[] | undefined) ?? ("const" in schema ? [schema.const] : [])) types.add(typeof value);
  return types;
}

const decimal = /^-?(0|[1-9]\d{0,15})(\.\d{1,15})?$/;

function coercion(schema: JsonSchema | undefined): Coerce {
  const types = typesOf(schema);
  // Where text is allowed too, text it stays: "007" must not become 7.
  if (types.has("string")) return (text) => text;
  const number = types.has("number") || types.has("integer");
  const boolean = types.has("boolean");
  if (!number && !boolean) return (text) => text;
  return (text) => {
    if (number && decimal.test(text)) return Number(text);
    if (boolean && (text === "true" || text === "false")) return text === "true";
    return text;
  };
}
