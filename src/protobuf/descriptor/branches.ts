import type { JsonSchema } from "../../core/schema/standard.ts";

/** What a value may be, one of the kinds that JavaScript tells apart. */
export type Branch =
  | { readonly takes: "string"; readonly values: readonly string[] | undefined }
  | { readonly takes: "number"; readonly isInteger: boolean }
  | { readonly takes: "boolean" }
  | { readonly takes: "null" }
  | { readonly takes: "array"; readonly items: JsonSchema }
  | { readonly takes: "map"; readonly values: JsonSchema }
  | { readonly takes: "object"; readonly schema: JsonSchema; readonly ref: string | undefined };

/** Reads the schemas of one document. */
export class SchemaReader {
  readonly #root: JsonSchema;

  constructor(root: JsonSchema) {
    this.#root = root;
  }

  /** What a value of a schema may be, each kind once, except for objects; undefined where only `google.protobuf.Value` holds it. */
  branches(schema: JsonSchema): readonly Branch[] | undefined {
    const found = this.#split(schema, undefined);
    return found && merged(found);
  }

  /** The schema behind a reference. */
  target(ref: string): JsonSchema | undefined {
    if (ref === "#") return this.#root;
    let node: unknown = this.#root;
    if (!ref.startsWith("#/")) return undefined;
    for (const part of ref.slice(2).split("/")) {
      const key = decodeURIComponent(part).replaceAll("~1", "/").replaceAll("~0", "~");
      node = typeof node === "object" && node !== null && Object.hasOwn(node, key) ? (node as Record<string, unknown>)[key] : undefined;
    }
    return typeof node === "object" && node !== null ? (node as JsonSchema) : undefined;
  }

  #split(schema: JsonSchema, ref: string | undefined): readonly Branch[] | undefined {
    const { $ref, anyOf, oneOf, allOf, type } = schema;
    if (typeof $ref === "string") return this.#followed($ref);
    const options = anyOf ?? oneOf;
    if (Array.isArray(options)) return this.#all(options);
    if (allOf !== undefined || schema.not !== undefined) return undefined;
    if ("const" in schema) return valuesOf([schema.const]);
    if (Array.isArray(schema.enum)) return valuesOf(schema.enum);
    if (Array.isArray(type)) return this.#all(type.map((one) => ({ ...schema, type: one })));
    switch (type) {
      case "string":
        return [{ takes: "string", values: undefined }];
      case "number":
      case "integer":
        return [{ takes: "number", isInteger: type === "integer" }];
      case "boolean":
      case "null":
        return [{ takes: type }];
      case "array":
        return schema.prefixItems === undefined ? [{ takes: "array", items: schemaOf(schema.items) }] : undefined;
      case "object":
        return objectOf(schema, ref);
      default:
        return undefined;
    }
  }

  #all(options: readonly JsonSchema[]): readonly Branch[] | undefined {
    const all = options.map((option) => this.#split(option, undefined));
    return all.includes(undefined) ? undefined : all.flatMap((found) => found ?? []);
  }

  /** A message may hold itself; what is no message and holds itself has no type of its own. */
  #followed(ref: string): readonly Branch[] | undefined {
    const target = this.target(ref);
    if (target === undefined) return undefined;
    const isMessage = target.type === "object" && target.properties !== undefined;
    return isMessage || !this.#reaches(target, ref, new Set()) ? this.#split(target, ref) : undefined;
  }

  #reaches(node: unknown, ref: string, seen: Set<unknown>): boolean {
    if (typeof node !== "object" || node === null || seen.has(node)) return false;
    seen.add(node);
    const { $ref } = node as { readonly $ref?: unknown };
    if ($ref === ref) return true;
    if (typeof $ref === "string" && this.#reaches(this.target($ref), ref, seen)) return true;
    return Object.values(node).some((inner) => this.#reaches(inner, ref, seen));
  }
}

/** A schema may be `true`: anything. */
function schemaOf(schema: unknown): JsonSchema {
  return typeof schema === "object" && schema !== null ? (schema as JsonSchema) : {};
}

function valuesOf(values: readonly unknown[]): readonly Branch[] | undefined {
  const found: Branch[] = [];
  for (const value of values) {
    if (typeof value === "string") found.push({ takes: "string", values: [value] });
    else if (typeof value === "number") found.push({ takes: "number", isInteger: Number.isSafeInteger(value) });
    else if (typeof value === "boolean") found.push({ takes: "boolean" });
    else if (value === null) found.push({ takes: "null" });
    else return undefined;
  }
  return found;
}

function objectOf(schema: JsonSchema, ref: string | undefined): readonly Branch[] | undefined {
  const { properties, additionalProperties: more, patternProperties } = schema;
  if (patternProperties !== undefined) return undefined;
  if (more === undefined || more === false)
    return properties === undefined && more === undefined ? undefined : [{ takes: "object", schema, ref }];
  return properties === undefined ? [{ takes: "map", values: schemaOf(more) }] : undefined;
}

/** Puts together what JavaScript does not tell apart. */
function merged(all: readonly Branch[]): readonly Branch[] | undefined {
  const of = <T extends Branch["takes"]>(takes: T) => all.filter((one): one is Extract<Branch, { takes: T }> => one.takes === takes);
  const [strings, numbers, arrays, maps, objects] = [of("string"), of("number"), of("array"), of("map"), of("object")];
  if (arrays.length > 1 || maps.length > 1 || (maps.length > 0 && objects.length > 0)) return undefined;
  const texts = strings.flatMap(({ values }) => values ?? []);
  const result: Branch[] = [];
  if (strings.length > 0)
    result.push({ takes: "string", values: strings.some(({ values }) => values === undefined) ? undefined : [...new Set(texts)] });
  if (numbers.length > 0) result.push({ takes: "number", isInteger: numbers.every(({ isInteger }) => isInteger) });
  if (of("boolean").length > 0) result.push({ takes: "boolean" });
  result.push(...arrays, ...maps, ...objects);
  if (of("null").length > 0) result.push({ takes: "null" });
  return result;
}
