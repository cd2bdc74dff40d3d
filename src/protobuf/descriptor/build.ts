import type { JsonSchema } from "../../core/schema/standard.ts";
import { type Branch, SchemaReader } from "./branches.ts";
import { jsonNameOf, Names, pascalCase, snakeCase, upperCase } from "./names.ts";
import type { Numbers } from "./numbers.ts";
import type { EnumShape, MemberShape, MessageShape, PropertyShape, TypeShape } from "./shape.ts";

/** A message that is being made, with the names that are taken in it. */
interface Scope {
  readonly message: MessageShape;
  readonly names: Names;
}

interface Place {
  readonly scope: Scope;
  readonly property: string;
  readonly required: boolean;
}

type Of<T extends Branch["takes"]> = Extract<Branch, { readonly takes: T }>;

/** Where a message is, and whose it is. */
export interface MessagePlace {
  readonly name: string;
  readonly parent: string;
  readonly numbers: Numbers;
  /** Of what a caller sends, a field that was left out is apart from one that is empty: a number that was forgotten is no 0. */
  readonly sent: "by us" | "by a caller";
}

/**
 * Makes the message of one JSON Schema document. An object is a message, an array `repeated`, a record `map`, a union whose members JavaScript distinguishes `oneof`, and texts
 * that are listed an enum. What a field alone cannot say (no array as apart from an empty one, an array of arrays) has a message around it. Whatever is left, such as a tuple, is
 * `google.protobuf.Value`.
 */
export function messageOf(document: JsonSchema, at: MessagePlace): MessageShape {
  return new MessageBuilder(document, at).root(at.name, at.parent);
}

class MessageBuilder {
  readonly #document: JsonSchema;
  readonly #reader: SchemaReader;
  readonly #numbers: Numbers;
  readonly #isImplicit: boolean;
  readonly #byRef = new Map<string, MessageShape>();

  constructor(document: JsonSchema, { numbers, sent }: MessagePlace) {
    this.#document = document;
    this.#reader = new SchemaReader(document);
    this.#numbers = numbers;
    this.#isImplicit = sent === "by us";
  }

  root(name: string, parent: string): MessageShape {
    const branches = this.#reader.branches(this.#document);
    const [only] = branches ?? [];
    const fullName = `${parent}.${name}`;
    if (branches?.length === 1 && only?.takes === "object")
      return this.#filled(newMessage({ name, fullName }), only.schema, only.ref ?? "#");
    return this.#wrapper(newMessage({ name, fullName, isWrapper: true }), this.#document);
  }

  #filled(message: MessageShape, schema: JsonSchema, ref?: string): MessageShape {
    if (ref !== undefined) this.#byRef.set(ref, message);
    const scope = { message, names: new Names() };
    const required = new Set(Array.isArray(schema.required) ? (schema.required as readonly string[]) : []);
    for (const [property, inner] of Object.entries((schema.properties ?? {}) as Readonly<Record<string, JsonSchema>>))
      if (property !== message.implied?.property)
        message.properties.push(this.#property(inner, { scope, property, required: required.has(property) }));
    return this.#numbered(message);
  }

  #wrapper(message: MessageShape, schema: JsonSchema): MessageShape {
    const scope = { message, names: new Names() };
    message.properties.push(this.#property(schema, { scope, property: "value", required: true }));
    return this.#numbered(message);
  }

  #numbered(message: MessageShape): MessageShape {
    const members = message.properties.flatMap((property) => property.members);
    const { numbers, reserved } = this.#numbers.take(
      message.fullName,
      members.map(({ key }) => key),
    );
    for (const member of members) member.number = numbers.get(member.key) as number;
    message.reserved = reserved;
    return message;
  }

  #property(schema: JsonSchema, place: Place): PropertyShape {
    const { property, required } = place;
    const branches = this.#reader.branches(schema);
    const kept = branches?.filter(({ takes }) => takes !== "null") ?? [];
    const nullable = kept.length !== branches?.length;
    if (kept.length === 0) return { property, absent: "missing", members: [this.#member(place, { type: { is: "value" }, takes: "any" })] };
    if (kept.length > 1) return this.#union(kept, { nullable, place });
    const only = kept[0] as Branch;
    if (nullable && !required) return this.#union(kept, { nullable, place });
    const isContainer = only.takes === "array" || only.takes === "map";
    if (isContainer && !nullable && (required || isEmpty(schema.default)))
      return { property, absent: "empty", members: [this.#container(only, place)] };
    const type = this.#type(only, place);
    const isScalar = type.is === "scalar";
    const implicit = this.#isImplicit && required && !nullable && (isScalar || type.is === "enum");
    const member = this.#member(place, { type, takes: takesOf(only), explicit: !implicit });
    return { property, absent: nullable ? "null" : implicit && isScalar ? "empty" : "missing", members: [member] };
  }

  #union(branches: readonly Branch[], { nullable, place }: { readonly nullable: boolean; readonly place: Place }): PropertyShape {
    const { property, required, scope } = place;
    const objects = branches.filter((one): one is Of<"object"> => one.takes === "object");
    const tag = objects.length > 1 ? this.#tagOf(objects) : undefined;
    if (objects.length > 1 && tag === undefined)
      return { property, absent: "missing", members: [this.#member(place, { type: { is: "value" }, takes: "any" })] };
    const oneof = scope.names.take(snakeCase(property));
    const members = branches.map((branch) => {
      const tagValue = branch.takes === "object" && tag !== undefined ? tag.valueOf(branch.schema) : undefined;
      const implied = tag !== undefined && tagValue !== undefined ? { property: tag.property, value: tagValue } : undefined;
      const suffix = tagValue ?? (branch.takes === "map" ? "object" : branch.takes);
      const at = { ...place, property: branches.length === 1 ? property : `${property} ${suffix}` };
      const key = branches.length === 1 ? property : `${property}/${suffix}`;
      const type = this.#type(branch, at, implied);
      return this.#member(at, { type, takes: takesOf(branch), explicit: true, key, ...(tagValue !== undefined && { tagValue }) });
    });
    if (nullable && !required)
      members.push(
        this.#member(
          { ...place, property: `${property} null` },
          { type: { is: "null" }, takes: "null", explicit: true, key: `${property}/null` },
        ),
      );
    return { property, absent: nullable && required ? "null" : "missing", members, oneof, ...(tag !== undefined && { tag: tag.property }) };
  }

  /** The property of which every object has another text. */
  #tagOf(objects: readonly Of<"object">[]): { readonly property: string; valueOf(schema: JsonSchema): string } | undefined {
    const textOf = (schema: JsonSchema, property: string): string | undefined => {
      const inner = ((schema.properties ?? {}) as Readonly<Record<string, JsonSchema>>)[property];
      const required = Array.isArray(schema.required) && schema.required.includes(property);
      const [branch, ...more] = (required && inner !== undefined && this.#reader.branches(inner)) || [];
      return branch?.takes === "string" && branch.values?.length === 1 && more.length === 0 ? branch.values[0] : undefined;
    };
    for (const property of Object.keys((objects[0]?.schema.properties ?? {}) as object)) {
      const texts = objects.map(({ schema }) => textOf(schema, property));
      if (!texts.includes(undefined) && new Set(texts).size === objects.length)
        return { property, valueOf: (schema) => textOf(schema, property) as string };
    }
    return undefined;
  }

  /** The type of what is no array and no record, or of a message around it. */
  #type(branch: Branch, place: Place, implied?: MessageShape["implied"]): TypeShape {
    switch (branch.takes) {
      case "string":
        return branch.values === undefined ? { is: "scalar", scalar: "string" } : { is: "enum", enum: this.#enum(branch.values, place) };
      case "number":
        return { is: "scalar", scalar: branch.isInteger ? "int64" : "double" };
      case "boolean":
        return { is: "scalar", scalar: "bool" };
      case "null":
        return { is: "null" };
      case "object":
        return { is: "message", message: this.#nested(branch, place, implied) };
      default: {
        const message = this.#open(place, branch.takes === "array" ? "List" : "Map", { isWrapper: true });
        const scope = { message, names: new Names() };
        const inner = { scope, property: "values", required: true };
        message.properties.push({ property: "values", absent: "empty", members: [this.#container(branch, inner)] });
        return { is: "message", message: this.#numbered(message) };
      }
    }
  }

  #nested({ schema, ref }: Of<"object">, place: Place, implied: MessageShape["implied"]): MessageShape {
    const known = ref === undefined || implied !== undefined ? undefined : this.#byRef.get(ref);
    if (known !== undefined) return known;
    return this.#filled(this.#open(place, "", { ...(implied && { implied }) }), schema, implied === undefined ? ref : undefined);
  }

  #open({ scope, property }: Place, suffix: string, how: Partial<MessageShape>): MessageShape {
    const name = scope.names.take(pascalCase(property) + suffix);
    const message = newMessage({ ...how, name, fullName: `${scope.message.fullName}.${name}` });
    scope.message.messages.push(message);
    return message;
  }

  #container(branch: Of<"array"> | Of<"map">, place: Place): MemberShape {
    const isArray = branch.takes === "array";
    if (!isArray) place.scope.names.take(`${pascalCase(place.property)}Entry`);
    const type = this.#itemType(isArray ? branch.items : branch.values, place);
    return this.#member(place, { type, takes: isArray ? "array" : "object", label: isArray ? "repeated" : "map" });
  }

  #itemType(schema: JsonSchema, place: Place): TypeShape {
    const branches = this.#reader.branches(schema);
    if (branches === undefined) return { is: "value" };
    const [only] = branches;
    const isSimple = branches.length === 1 && only !== undefined && !["array", "map", "null"].includes(only.takes);
    if (isSimple) return this.#type(only, place);
    return { is: "message", message: this.#wrapper(this.#open(place, "Item", { isWrapper: true }), schema) };
  }

  #enum(values: readonly string[], { scope, property }: Place): EnumShape {
    const name = scope.names.take(pascalCase(property));
    const fullName = `${scope.message.fullName}.${name}`;
    const { numbers, reserved } = this.#numbers.take(fullName, values);
    const prefix = upperCase(name);
    const zero = scope.names.take(`${prefix}_UNSPECIFIED`);
    const named = values.map((text) => ({
      text,
      name: scope.names.take(`${prefix}_${upperCase(text)}`),
      number: numbers.get(text) as number,
    }));
    const made: EnumShape = { name, fullName, zero, values: named, reserved };
    scope.message.enums.push(made);
    return made;
  }

  #member(
    { scope, property }: Place,
    {
      type,
      takes,
      label = "single",
      explicit = false,
      key = property,
      tagValue,
    }: Partial<MemberShape> & Pick<MemberShape, "type" | "takes">,
  ): MemberShape {
    const name = scope.names.take(snakeCase(property));
    return { name, key, number: 0, jsonName: jsonNameOf(name), label, type, explicit, takes, ...(tagValue !== undefined && { tagValue }) };
  }
}

function newMessage(how: Partial<MessageShape> & Pick<MessageShape, "name" | "fullName">): MessageShape {
  return { isWrapper: false, ...how, properties: [], messages: [], enums: [], reserved: [] };
}

/** An array and a record are one object each to JavaScript's `typeof`, and so is a message. */
function takesOf({ takes }: Branch): MemberShape["takes"] {
  return takes === "map" ? "object" : takes;
}

function isEmpty(value: unknown): boolean {
  return typeof value === "object" && value !== null && Object.keys(value).length === 0;
}
