import { visibleMark } from "../../core/schema/marks/visible.ts";
import type { JsonSchema } from "../../core/schema/standard.ts";
import { pascal } from "../../surface/openapi-names.ts";
import { isFieldName, type TypeNames } from "./names.ts";
import { nonNull, scalarOf, tagOf } from "./reading.ts";
import type { FieldShape, ObjectShape, Shape, Typed, UnionShape } from "./shapes.ts";

/** What a schema is read for. */
export interface ReadingTerms {
  readonly side: "input" | "output";
  readonly names: TypeNames;
  readonly problem: (message: string) => void;
}

/**
 * Reads one JSON Schema into shapes. A definition with an id gives its name to the type; any other type is named by its place, so that its name stays when other
 * operations come and go.
 */
export class ShapeReader {
  readonly #terms: ReadingTerms;
  readonly #document: JsonSchema;
  readonly #definitions: Readonly<Record<string, JsonSchema>>;
  readonly #seen = new Map<string, Typed>();

  constructor(document: JsonSchema, terms: ReadingTerms) {
    this.#terms = terms;
    this.#document = document;
    this.#definitions = (document.$defs ?? {}) as Readonly<Record<string, JsonSchema>>;
  }

  /** Reads the whole document; `name`: of its type, where it has no id. */
  read(name: string): Typed {
    return this.#read(this.#document, name);
  }

  /** Reads the fields of the document, which is an object, each named after it. */
  fields(name: string): Map<string, FieldShape> {
    const fields = new Map<string, FieldShape>();
    this.#fill(fields, this.#resolve(this.#document), name);
    return fields;
  }

  #resolve(schema: JsonSchema): JsonSchema {
    const name = definitionOf(schema);
    const found = name === undefined ? undefined : this.#definitions[name];
    return found === undefined ? schema : this.#resolve(found);
  }

  #read(schema: JsonSchema, place: string): Typed {
    if (schema.$ref === "#") return this.#once("#", this.#document, { name: place, hasId: false });
    const definition = definitionOf(schema);
    if (definition !== undefined) {
      const found = this.#definitions[definition];
      if (found === undefined) return json;
      const hasId = !/^__schema\d+$/.test(definition);
      return this.#once(definition, found, { name: hasId ? this.#named(definition) : place, hasId });
    }
    const { inner, nullable } = nonNull(schema);
    if (inner === undefined) return { shape: json.shape, nullable: true };
    const options = schema.anyOf ?? schema.oneOf;
    if (Array.isArray(options) && options.includes(inner)) return { shape: this.#read(inner, place).shape, nullable };
    return { shape: this.#shape(inner, { name: place, hasId: false }), nullable };
  }

  /** A definition is read once, also where it contains itself. */
  #once(key: string, schema: JsonSchema, naming: Naming): Typed {
    const known = this.#seen.get(key);
    if (known !== undefined) return known;
    const { inner = {}, nullable } = nonNull(schema);
    const reading = { shape: undefined as Shape | undefined, nullable };
    // An object is there before its fields are; what else contains itself without an object has no end.
    this.#seen.set(key, json);
    reading.shape = this.#shape(inner, naming, (shape) => this.#seen.set(key, { shape, nullable }));
    this.#seen.set(key, reading as Typed);
    return reading as Typed;
  }

  #shape(schema: JsonSchema, naming: Naming, known?: (shape: Shape) => void): Shape {
    const { enum: words, items } = schema;
    if (schema.$ref !== undefined) return this.#read(schema, naming.name).shape;
    if (Array.isArray(words)) return this.#enum(words, naming);
    if (isObject(schema)) return this.#object(schema, naming, known);
    if (schema.type === "array" && isSchema(items) && schema.prefixItems === undefined) {
      const most = typeof schema.maxItems === "number" ? schema.maxItems : undefined;
      // It is known before its items are: they may contain it.
      const list = { form: "list" as const, of: json, most };
      known?.(list);
      list.of = this.#read(items, naming.hasId ? `${naming.name}Item` : naming.name);
      return list;
    }
    const options = schema.oneOf ?? schema.anyOf;
    if (Array.isArray(options)) return this.#union(options as JsonSchema[], naming, known);
    return scalarOf(schema);
  }

  #enum(words: readonly unknown[], naming: Naming): Shape {
    if (!words.every((word): word is string => typeof word === "string" && isFieldName(word) && !/^(?:true|false|null)$/.test(word)))
      return scalarOf({ type: words.every((word) => typeof word === "string") ? "string" : "json" });
    const name = naming.hasId ? naming.name.replace(/Input$/, "") || naming.name : naming.name;
    return this.#terms.names.claim({ form: "enum", name, words }, JSON.stringify(words), this.#terms.problem);
  }

  #object(schema: JsonSchema, { name }: Naming, known?: (shape: Shape) => void): Shape {
    const shape: ObjectShape = { form: "object", name, description: textOf(schema.description), fields: new Map() };
    const claimed = this.#terms.names.claim(shape, this.#signature(schema), this.#terms.problem);
    known?.(claimed);
    if (claimed === shape) this.#fill(shape.fields, schema, name);
    return claimed;
  }

  #fill(fields: Map<string, FieldShape>, schema: JsonSchema, owner: string): void {
    const { side } = this.#terms;
    const required = new Set(Array.isArray(schema.required) ? (schema.required as string[]) : []);
    const stem = side === "input" ? owner.replace(/Input$/, "") : owner;
    for (const [field, part] of Object.entries((schema.properties ?? {}) as Readonly<Record<string, JsonSchema>>)) {
      if (!isFieldName(field))
        this.#terms.problem(`The field "${field}" has no name of GraphQL. Write a letter, and then letters, digits and underscores.`);
      const { shape, nullable } = this.#read(part, `${stem}${pascal(field)}${side === "input" ? "Input" : ""}`);
      const optional = !required.has(field) || visibleMark in part || visibleMark in this.#resolve(part);
      fields.set(field, { shape, nullable, optional, description: textOf(part.description) });
    }
  }

  #union(options: readonly JsonSchema[], naming: Naming, known?: (shape: Shape) => void): Shape {
    const resolved = options.map((option) => this.#resolve(option));
    const tag = tagOf(resolved);
    // What callers send as one of several objects is JSON: GraphQL has no union of inputs.
    if (this.#terms.side === "input" || tag === undefined || !resolved.every(isObject)) return json.shape;
    const shape: UnionShape = { form: "union", name: naming.name, tag: tag.field, members: new Map() };
    const signature = options.map((option) => this.#signature(option)).join();
    const claimed = this.#terms.names.claim(shape, signature, this.#terms.problem);
    known?.(claimed);
    if (claimed !== shape) return claimed;
    for (const [at, option] of options.entries()) {
      const word = tag.words[at] as string;
      const member = this.#read(option, `${naming.name}${pascal(word)}`).shape;
      if (member.form === "object") shape.members.set(word, member);
    }
    return shape;
  }

  #named(definition: string): string {
    const name = pascal(definition);
    return this.#terms.side === "input" ? `${name}Input` : name;
  }

  /** The text that a schema stands for, with what it refers to in the place of the references. */
  #signature(schema: JsonSchema): string {
    const open: string[] = [];
    const walk = (value: unknown): unknown => {
      if (Array.isArray(value)) return value.map(walk);
      if (typeof value !== "object" || value === null) return value;
      const definition = definitionOf(value as JsonSchema);
      if (definition !== undefined && this.#definitions[definition] !== undefined) {
        if (open.includes(definition)) return `^${open.length - open.indexOf(definition)}`;
        open.push(definition);
        const resolved = walk(this.#definitions[definition]);
        open.pop();
        return resolved;
      }
      return Object.fromEntries(Object.entries(value).flatMap(([key, part]) => (key === "$defs" ? [] : [[key, walk(part)]])));
    };
    return JSON.stringify(walk(schema));
  }
}

interface Naming {
  readonly name: string;
  /** Whether the user gave it. */
  readonly hasId: boolean;
}

const json: Typed = { shape: { form: "scalar", name: "JSON" }, nullable: true };

function definitionOf({ $ref }: JsonSchema): string | undefined {
  return typeof $ref === "string" && $ref.startsWith("#/$defs/") ? decodeURIComponent($ref.slice("#/$defs/".length)) : undefined;
}

function isSchema(value: unknown): value is JsonSchema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** What has no fields, or fields of any name, is JSON. */
function isObject({ type, properties }: JsonSchema): boolean {
  return type === "object" && isSchema(properties) && Object.keys(properties).length > 0;
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
