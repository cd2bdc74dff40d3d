import { type Code, quoted } from "../../core/schema/code.ts";
import type { MemberShape, MessageShape, PropertyShape, TypeShape } from "../descriptor/shape.ts";
import { writeValue } from "./known.ts";
import type { Writer } from "./writer.ts";

/** Writes the functions that encode messages with one writer. */
export class EncodeCode {
  readonly #code: Code;
  readonly #writer: string;
  readonly #value: string;

  constructor(code: Code, writer: Writer) {
    this.#code = code;
    this.#writer = code.value(writer);
    this.#value = code.value((value: unknown) => writeValue(writer, value));
  }

  /** The name of a function that writes a value as the message, without its length. */
  function(message: MessageShape): string {
    return this.#code.function(message, "encode", () =>
      message.properties
        .map((property) => this.#property(property, message.isWrapper ? "input" : `input[${quoted(property.property)}]`))
        .join("\n"),
    );
  }

  #property(property: PropertyShape, read: string): string {
    const x = this.#code.name("x");
    const { members, absent, tag } = property;
    const [only] = members;
    if (only === undefined) return "";
    if (members.length > 1 || property.oneof !== undefined) {
      const cases = members.map((member) => `if (${matches(member, x, tag)}) {${this.#single(member, x)}}`);
      return `const ${x} = ${read};\n${cases.join("\nelse ")}`;
    }
    if (only.label === "repeated") return `const ${x} = ${read};\nif (${x} !== undefined && ${x}.length > 0) {${this.#repeated(only, x)}}`;
    if (only.label === "map") return `const ${x} = ${read};\nif (${x} !== undefined) {${this.#map(only, x)}}`;
    if (only.type.is === "value") return `const ${x} = ${read};\nif (${x} !== undefined) {${this.#single(only, x)}}`;
    const isDefault = absent === "empty" && only.type.is === "scalar" ? ` && ${x} !== ${emptyOf(only.type)}` : "";
    return `const ${x} = ${read};\nif (${x} !== undefined && ${x} !== null${isDefault}) {${this.#single(only, x)}}`;
  }

  #tag(number: number, type: 0 | 1 | 2): string {
    return `${this.#writer}.varint(${tagOf(number, type)});`;
  }

  #single({ number, type }: Pick<MemberShape, "number" | "type">, x: string): string {
    return `${this.#tag(number, wireTypeOf(type))}${this.#bare(type, x)}`;
  }

  #bare(type: TypeShape, x: string): string {
    const writer = this.#writer;
    switch (type.is) {
      case "scalar":
        return `${writer}.${type.scalar}(${x});`;
      case "enum":
        return `${writer}.varint(${this.#enum(type)}[${x}] ?? 0);`;
      case "null":
        return `${writer}.varint(0);`;
      case "value":
        return this.#lengthed(`${this.#value}(${x});`);
      case "message":
        return this.#lengthed(`${this.function(type.message)}(${x});`);
    }
  }

  #enum({ enum: { values } }: Extract<TypeShape, { is: "enum" }>): string {
    const numbers: Record<string, number> = Object.create(null);
    for (const { text, number } of values) numbers[text] = number;
    return this.#code.value(numbers);
  }

  #lengthed(inner: string): string {
    const begin = this.#code.name("b");
    return `const ${begin} = ${this.#writer}.begin(); ${inner} ${this.#writer}.end(${begin});`;
  }

  #repeated({ number, type }: MemberShape, x: string): string {
    const item = this.#code.name("i");
    const loop = (inner: string) => `for (const ${item} of ${x}) {${inner}}`;
    if (wireTypeOf(type) === 2) return loop(this.#single({ number, type }, item));
    return this.#tag(number, 2) + this.#lengthed(loop(this.#bare(type, item)));
  }

  #map({ number, type }: MemberShape, x: string): string {
    const [key, item] = [this.#code.name("key"), this.#code.name("i")];
    const entry = `${this.#writer}.varint(10); ${this.#writer}.string(${key}); ${this.#single({ number: 2, type }, item)}`;
    return `for (const ${key} of Object.keys(${x})) { const ${item} = ${x}[${key}]; if (${item} === undefined) continue; ${this.#tag(number, 2)} ${this.#lengthed(entry)} }`;
  }
}

/** The number of a field with the type of what follows. */
export function tagOf(number: number, type: 0 | 1 | 2): number {
  return ((number << 3) | type) >>> 0;
}

/** How a type is written: 0 for numbers of a varying length, 1 for eight bytes, 2 for what has its length in front. */
export function wireTypeOf(type: TypeShape): 0 | 1 | 2 {
  if (type.is === "enum" || type.is === "null") return 0;
  if (type.is !== "scalar" || type.scalar === "string") return 2;
  return type.scalar === "double" ? 1 : 0;
}

/** The value of a scalar that is not sent, as source. */
export function emptyOf(type: TypeShape): string {
  if (type.is !== "scalar" || type.scalar === "string") return '""';
  return type.scalar === "bool" ? "false" : "0";
}

function matches({ takes, tagValue }: MemberShape, x: string, tag: string | undefined): string {
  switch (takes) {
    case "any":
      return `${x} !== undefined`;
    case "null":
      return `${x} === null`;
    case "array":
      return `Array.isArray(${x})`;
    case "object": {
      const tagged = tagValue === undefined ? "" : ` && ${x}[${quoted(tag ?? "")}] === ${quoted(tagValue)}`;
      return `typeof ${x} === "object" && ${x} !== null && !Array.isArray(${x})${tagged}`;
    }
    default:
      return `typeof ${x} === "${takes}"`;
  }
}
