import { limits } from "../../limits.ts";
import { bytesOf } from "../opaque/opaque.ts";
import type { Plan } from "../plan.ts";
import { points } from "../run.ts";
import type { JsonSchema, Problem } from "../standard.ts";
import { partAt } from "./reference.ts";

// What an input may hold where its schema does not say: texts, arrays and records have a bound by default, which the document shows. A schema that declares more
// raises it; one that declares less decides itself.

/** Keywords whose values are data: what looks like a schema inside them is none. */
const data = new Set(["const", "enum", "default", "example", "examples"]);
/** Formats whose texts are short whatever a bound says. */
const short = new Set(["uuid", "date", "time", "date-time", "duration", "ipv4", "ipv6", "cidrv4", "cidrv6", "mac", "e164", "ulid", "guid"]);

/** The document of an input with the bounds that hold where it names none. */
export function withBounds<T>(node: T): T {
  if (Array.isArray(node)) return node.map(withBounds) as T;
  if (typeof node !== "object" || node === null) return node;
  const entries = Object.entries(node).map(([key, value]): [string, unknown] => {
    if (data.has(key)) return [key, value];
    if (key === "properties" || key === "$defs" || key === "patternProperties")
      return [key, Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, withBounds(inner)]))];
    return [key, withBounds(value)];
  });
  return { ...Object.fromEntries(entries), ...missingBounds(node as JsonSchema) } as T;
}

function missingBounds(node: JsonSchema): JsonSchema {
  const types = typesOf(node);
  const closed = node.enum !== undefined || node.const !== undefined;
  const bounds: Record<string, unknown> = {};
  if (types.has("string") && !closed && bytesOf(node) === undefined && node.maxLength === undefined && !short.has(String(node.format)))
    bounds.maxLength = limits.inputChars;
  if (types.has("array") && node.maxItems === undefined && (node.items !== false || node.prefixItems === undefined))
    bounds.maxItems = limits.inputItems;
  if (!isOpen(node)) return bounds;
  const names = (node.propertyNames ?? {}) as JsonSchema;
  if (names.enum === undefined && node.maxProperties === undefined) bounds.maxProperties = limits.inputItems;
  if (names.enum === undefined && names.maxLength === undefined)
    bounds.propertyNames = { type: "string", ...names, maxLength: limits.inputKeyChars };
  return bounds;
}

function typesOf({ type }: JsonSchema): ReadonlySet<unknown> {
  return new Set([type].flat());
}

/** Whether an object may have keys that its schema does not name. */
function isOpen({ additionalProperties }: JsonSchema): boolean {
  return typeof additionalProperties === "object" && additionalProperties !== null;
}

/** What one part of an input may hold at the most, whichever of its schema's alternatives it is. */
interface Bounds {
  chars: number;
  items: number;
  entries: number;
  keyChars: number;
  readonly schemas: readonly JsonSchema[];
}

/** Looks for what is larger than its bound, and for nothing else. Its work grows with the value, never with the alternatives of the schema. */
export class BoundsGuard {
  readonly #document: JsonSchema;
  readonly #ids = new Map<JsonSchema, number>();
  readonly #known = new Map<string, Bounds | undefined>();
  #root: Bounds | undefined | "unread" = "unread";

  constructor(document: JsonSchema) {
    this.#document = document;
  }

  /** The first place at which a value is too large. */
  check(value: unknown): Problem | undefined {
    if (this.#root === "unread") this.#root = this.#boundsOf([this.#document]);
    return this.#check(value, this.#root);
  }

  #check(value: unknown, bounds: Bounds | undefined): Problem | undefined {
    if (bounds === undefined) return undefined;
    if (typeof value === "string") {
      const { chars } = bounds;
      return value.length > chars && points(value) > chars ? tooBig(`at most ${chars} characters`) : undefined;
    }
    // Bytes have the bound of their own schema.
    if (typeof value !== "object" || value === null || value instanceof Uint8Array) return undefined;
    if (Array.isArray(value)) {
      if (value.length > bounds.items) return tooBig(`at most ${bounds.items} items`);
      return this.#first(value.keys(), (at) => [value[at], this.#itemBounds(bounds, at)]);
    }
    const keys = Object.keys(value);
    if (keys.length > bounds.entries) return tooBig(`at most ${bounds.entries} entries`);
    if (keys.some((key) => key.length > bounds.keyChars)) return tooBig(`keys of at most ${bounds.keyChars} characters`);
    return this.#first(keys, (key) => [(value as Readonly<Record<string, unknown>>)[key], this.#fieldBounds(bounds, key)]);
  }

  #first<K extends string | number>(
    keys: Iterable<K>,
    part: (key: K) => readonly [value: unknown, bounds: Bounds | undefined],
  ): Problem | undefined {
    for (const key of keys) {
      const [value, bounds] = part(key);
      const problem = this.#check(value, bounds);
      if (problem !== undefined)
        return { ...problem, pointer: `/${String(key).replaceAll("~", "~0").replaceAll("/", "~1")}${problem.pointer}` };
    }
    return undefined;
  }

  #itemBounds({ schemas }: Bounds, at: number): Bounds | undefined {
    return this.#boundsOf(schemas.map(({ prefixItems, items }) => (Array.isArray(prefixItems) ? (prefixItems[at] ?? items) : items)));
  }

  #fieldBounds({ schemas }: Bounds, key: string): Bounds | undefined {
    return this.#boundsOf(
      schemas.map(({ properties, additionalProperties }) => {
        const named = properties as Readonly<Record<string, unknown>> | undefined;
        return named !== undefined && Object.hasOwn(named, key) ? named[key] : additionalProperties;
      }),
    );
  }

  /** The bounds of a value that is described by any of these; undefined where it has none. */
  #boundsOf(parts: readonly unknown[]): Bounds | undefined {
    const schemas = new Set<JsonSchema>();
    for (const part of parts) this.#collect(part, schemas);
    const key = [...schemas].map((schema) => this.#idOf(schema)).join();
    if (this.#known.has(key)) return this.#known.get(key);
    const bounds = schemas.size === 0 ? undefined : merged([...schemas]);
    this.#known.set(key, bounds);
    return bounds;
  }

  /** Adds a schema and all that it is made of. */
  #collect(part: unknown, into: Set<JsonSchema>): void {
    if (typeof part !== "object" || part === null || into.has(part as JsonSchema)) return;
    const schema = part as JsonSchema;
    into.add(schema);
    if (typeof schema.$ref === "string") this.#collect(partAt(this.#document, schema.$ref), into);
    for (const keyword of ["anyOf", "oneOf", "allOf"])
      for (const option of (schema[keyword] as unknown[] | undefined) ?? []) this.#collect(option, into);
  }

  #idOf(schema: JsonSchema): number {
    const id = this.#ids.get(schema) ?? this.#ids.size;
    this.#ids.set(schema, id);
    return id;
  }
}

function merged(schemas: readonly JsonSchema[]): Bounds {
  const bounds: Bounds = { chars: 0, items: 0, entries: 0, keyChars: 0, schemas };
  for (const schema of schemas) {
    const { maxLength, maxItems, maxProperties, propertyNames } = schema;
    const types = typesOf(schema);
    if (types.has("string")) bounds.chars = Math.max(bounds.chars, atLeast(maxLength, limits.inputChars));
    if (types.has("array")) bounds.items = Math.max(bounds.items, atLeast(maxItems, limits.inputItems));
    const open = isOpen(schema);
    if (!open) continue;
    const named = Object.keys((schema.properties as object | undefined) ?? {}).length;
    bounds.entries = Math.max(bounds.entries, atLeast(maxProperties, limits.inputItems) + named);
    bounds.keyChars = Math.max(bounds.keyChars, atLeast((propertyNames as JsonSchema | undefined)?.maxLength, limits.inputKeyChars));
  }
  // No schema declares this kind of value: then the library refuses it, or accepts any value, which has no bound here.
  for (const kind of ["chars", "items", "entries", "keyChars"] as const) if (bounds[kind] === 0) bounds[kind] = Number.POSITIVE_INFINITY;
  return bounds;
}

function atLeast(declared: unknown, standard: number): number {
  return Math.max(typeof declared === "number" ? declared : 0, standard);
}

function tooBig(allowed: string): Problem {
  return { pointer: "", message: `Too big: the schema declares no bound, so ${allowed} are allowed` };
}

/** The plan with the bounds in it; undefined where they have to be looked for apart from it. */
export function boundPlan(plan: Plan): Plan | undefined {
  const known = new Map<Plan, Plan>();
  let complete = true;
  const bind = (inner: Plan): Plan => {
    const before = known.get(inner);
    if (before !== undefined) return before;
    const bound = boundOne(inner, bind);
    complete &&= bound !== undefined;
    known.set(inner, bound ?? inner);
    return bound ?? inner;
  };
  const bound = bind(plan);
  return complete ? bound : undefined;
}

function boundOne(plan: Plan, bind: (inner: Plan) => Plan): Plan | undefined {
  switch (plan.kind) {
    case "string": {
      const bounded = plan.checks.some((check) => check.kind === "length" && check.most < Number.POSITIVE_INFINITY);
      return bounded ? plan : { ...plan, checks: [{ kind: "length", least: 0, most: limits.inputChars }, ...plan.checks] };
    }
    case "object":
      return plan.rest === "keep" ? undefined : { ...plan, fields: plan.fields.map((field) => ({ ...field, plan: bind(field.plan) })) };
    case "array":
      return { ...plan, element: bind(plan.element), most: plan.most === Number.POSITIVE_INFINITY ? limits.inputItems : plan.most };
    case "discriminated":
      return { ...plan, options: plan.options.map(([values, option]) => [values, bind(option)] as const) };
    case "optional":
    case "nullable":
    case "default":
    case "checked":
      return { ...plan, inner: bind(plan.inner) };
    // The inside of a part that Zod decides on is unknown here. In a union, an option that is too large would count as one that does not fit. How many keys a record
    // may have is only in its document.
    case "record":
    case "union":
    case "zod":
      return undefined;
    default:
      return plan;
  }
}
