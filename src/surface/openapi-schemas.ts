import type { JsonSchema } from "../core/schema/standard.ts";
import { pascal } from "./openapi-names.ts";

/** Keywords whose values are data: what looks like a schema inside them is none. */
const data = new Set(["const", "enum", "default", "example", "examples"]);
/** Keywords whose values are schemas by a name of the user's. */
const named = new Set(["properties", "patternProperties", "dependentSchemas"]);

/**
 * The shared schemas of one document. A JSON Schema refers to its own `$defs` and to itself from its own root; inside a document that root is
 * another, so both move to `#/components/schemas`. One definition that many operations use is kept once.
 */
export class SharedSchemas {
  readonly #components = new Map<string, JsonSchema>();
  /** What each name was given for, so that another definition of the same name gets another name. */
  readonly #origins = new Map<string, string>();

  /** Takes a schema into the document. *prefix* names what must be shared and has no name of its own, as in `OrdersPlaceInput`. */
  embed(schema: JsonSchema, prefix: string): JsonSchema {
    const { root, shared } = this.adopt(schema, prefix);
    return shared ?? root;
  }

  /** As {@link embed}, and gives the root itself besides; *shared* is the reference to it where it refers to itself. */
  adopt(schema: JsonSchema, prefix: string): { readonly root: JsonSchema; readonly shared: JsonSchema | undefined } {
    const { $schema: _, $defs, ...root } = schema;
    const definitions = ($defs ?? {}) as Readonly<Record<string, JsonSchema>>;
    const renamed = new Map<string, string>();
    const rewrite = (value: JsonSchema): JsonSchema => rewriteReferences(value, (reference) => renamed.get(reference) ?? reference);
    const added: [string, JsonSchema][] = [];
    const origin = JSON.stringify($defs);
    for (const [name, definition] of Object.entries(definitions)) {
      const given = /^__schema\d+$/.test(name) ? `${prefix}${pascal(name)}` : name.replaceAll(/[^A-Za-z0-9._-]/g, "_");
      const claimed = this.#claim(given, originOf(definition, definitions, origin), prefix);
      for (const pointer of pointersTo(name)) renamed.set(pointer, reference(claimed.name));
      if (claimed.isNew) added.push([claimed.name, definition]);
    }
    const recursive = refersTo(schema, "#");
    if (recursive) {
      const { name, isNew } = this.#claim(prefix, JSON.stringify(schema), prefix);
      renamed.set("#", reference(name));
      if (isNew) added.push([name, root]);
    }
    for (const [name, definition] of added) this.#components.set(name, rewrite(definition));
    return { root: rewrite(root), shared: recursive ? { $ref: renamed.get("#") } : undefined };
  }

  /** Keeps a finished schema under a name of its own, and returns the reference to it. */
  share(name: string, schema: JsonSchema, prefix: string): JsonSchema {
    const claimed = this.#claim(name, JSON.stringify(schema), prefix);
    if (claimed.isNew) this.#components.set(claimed.name, schema);
    return { $ref: reference(claimed.name) };
  }

  /** All of them, by name. */
  toJson(): Record<string, JsonSchema> {
    return Object.fromEntries([...this.#components].sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  #claim(wanted: string, origin: string, prefix: string): { readonly name: string; readonly isNew: boolean } {
    for (let attempt = 1; ; attempt++) {
      const name = attempt === 1 ? wanted : `${prefix}${wanted}${attempt === 2 ? "" : attempt - 1}`;
      const known = this.#origins.get(name);
      if (known === origin) return { name, isNew: false };
      if (known !== undefined) continue;
      this.#origins.set(name, origin);
      return { name, isNew: true };
    }
  }
}

function reference(name: string): string {
  return `#/components/schemas/${name}`;
}

/** The whole text that a definition stands for: two that read alike may refer to definitions that do not. */
function originOf(definition: JsonSchema, definitions: Readonly<Record<string, JsonSchema>>, all: string): string {
  const own = JSON.stringify(definition);
  return refersTo(definition, "#", ...Object.keys(definitions).flatMap(pointersTo)) ? `${own} in ${all}` : own;
}

/** The ways in which schema libraries write a reference to a definition: RFC 6901 escapes its name, and a fragment of a URI encodes it, which not all do. */
function pointersTo(name: string): readonly string[] {
  const escaped = name.replaceAll("~", "~0").replaceAll("/", "~1");
  return [`#/$defs/${name}`, `#/$defs/${escaped}`, `#/$defs/${encodeURI(escaped)}`, `#/$defs/${encodeURIComponent(escaped)}`];
}

function refersTo(schema: JsonSchema, ...targets: readonly string[]): boolean {
  let found = false;
  rewriteReferences(schema, (text) => {
    found ||= targets.includes(text);
    return text;
  });
  return found;
}

function rewriteReferences(schema: JsonSchema, rename: (reference: string) => string): JsonSchema {
  const walk = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(walk);
    return typeof value === "object" && value !== null ? rewriteReferences(value as JsonSchema, rename) : value;
  };
  const entries = Object.entries(schema).map(([key, value]): [string, unknown] => {
    if (key === "$ref" && typeof value === "string") return [key, rename(value)];
    if (data.has(key)) return [key, value];
    if ((named.has(key) || key === "$defs") && typeof value === "object" && value !== null)
      return [key, Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, walk(inner)]))];
    return [key, walk(value)];
  });
  return Object.fromEntries(entries);
}
