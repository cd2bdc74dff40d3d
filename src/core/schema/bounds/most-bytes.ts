import type { JsonSchema } from "../standard.ts";
import { partAt } from "./reference.ts";

/** A character outside the basic plane, written as two escapes. */
const charBytes = 12;
/** A number of 17 digits with its sign and exponent, and what a pretty printer puts around it. */
const numberBytes = 32;
/** Texts of a format that declare no length: an instant, an address, a duration. */
const formatBytes = 256;

/**
 * How many bytes of JSON the fields that a document names may take, escaped as badly as can be. Keys that it does not name are not counted.
 * *Units*: bytes. *Bounds*: at most *most*, which also stands for what the document leaves open and for what contains itself.
 */
export function mostBytes(document: JsonSchema, most: number): number {
  return new Size(document, most).of(document);
}

class Size {
  readonly #document: JsonSchema;
  readonly #most: number;
  /** What is being looked at counts as the most: it contains itself. */
  readonly #known = new Map<JsonSchema, number>();

  constructor(document: JsonSchema, most: number) {
    this.#document = document;
    this.#most = most;
  }

  of(part: unknown): number {
    if (typeof part !== "object" || part === null) return this.#most;
    const schema = part as JsonSchema;
    const known = this.#known.get(schema);
    if (known !== undefined) return known;
    this.#known.set(schema, this.#most);
    const bytes = Math.min(this.#most, this.#look(schema));
    this.#known.set(schema, bytes);
    return bytes;
  }

  #look(schema: JsonSchema): number {
    if (typeof schema.$ref === "string") return this.of(partAt(this.#document, schema.$ref));
    if (schema.const !== undefined) return textBytes(schema.const);
    if (Array.isArray(schema.enum)) return Math.max(0, ...schema.enum.map(textBytes));
    const options = [schema.anyOf, schema.oneOf].flatMap((list) =>
      Array.isArray(list) ? [Math.max(0, ...list.map((one) => this.of(one)))] : [],
    );
    const all = Array.isArray(schema.allOf) ? schema.allOf.map((one) => this.of(one)) : [];
    const types = [schema.type].flat().filter((type) => type !== undefined);
    const kinds = types.length > 0 ? [Math.max(...types.map((type) => this.#ofType(type, schema)))] : [];
    const parts = [...kinds, ...options, ...all];
    return parts.length > 0 ? sum(parts) : this.#most;
  }

  #ofType(type: unknown, schema: JsonSchema): number {
    switch (type) {
      case "null":
      case "boolean":
      case "number":
      case "integer":
        return numberBytes;
      case "string":
        return textMost(schema.maxLength, schema.format === undefined ? this.#most : formatBytes);
      case "array":
        return this.#ofArray(schema);
      case "object":
        return this.#ofObject(schema);
      default:
        return this.#most;
    }
  }

  #ofArray({ prefixItems, items, maxItems }: JsonSchema): number {
    const first = Array.isArray(prefixItems) ? prefixItems : [];
    const rest = items === false || (items === undefined && first.length > 0) ? 0 : countOf(maxItems) - first.length;
    return 2 + sum(first.map((item) => this.of(item) + 1)) + (rest > 0 ? rest * (this.of(items) + 1) : 0);
  }

  #ofObject({ properties, additionalProperties, propertyNames, maxProperties }: JsonSchema): number {
    const named = Object.entries((properties as object | undefined) ?? {}).map(([key, value]) => textBytes(key) + this.of(value) + 2);
    const isOpen = typeof additionalProperties === "object" && additionalProperties !== null;
    if (!isOpen) return 2 + sum(named);
    const names = (propertyNames ?? {}) as JsonSchema;
    const [count, key] = Array.isArray(names.enum)
      ? [names.enum.length, Math.max(0, ...names.enum.map(textBytes))]
      : [countOf(maxProperties), textMost(names.maxLength, this.#most)];
    return 2 + sum(named) + count * (key + this.of(additionalProperties) + 2);
  }
}

/** Bytes of a value whose text is known. */
function textBytes(value: unknown): number {
  return (JSON.stringify(value) ?? "").length * charBytes;
}

function textMost(maxLength: unknown, otherwise: number): number {
  return typeof maxLength === "number" ? maxLength * charBytes + 2 : otherwise;
}

function countOf(bound: unknown): number {
  return typeof bound === "number" ? bound : Number.POSITIVE_INFINITY;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}
