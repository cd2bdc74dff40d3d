import { type Code, quoted } from "../../core/schema/code.ts";
import type { MemberShape, MessageShape, PropertyShape, TypeShape } from "../descriptor/shape.ts";
import { emptyOf, tagOf, wireTypeOf } from "./encode.ts";
import { readValue, setKey } from "./known.ts";
import type { Reader } from "./reader.ts";

/** Writes the functions that decode messages. A message that comes twice in a field that holds one is the last one. */
export class DecodeCode {
  readonly #code: Code;
  readonly #value: string;
  readonly #setKey: string;
  readonly #readEnum: string;

  constructor(code: Code) {
    this.#code = code;
    this.#value = code.value(readValue);
    this.#setKey = code.value(setKey);
    this.#readEnum = code.value(readEnum);
  }

  /** The name of a function that reads the message up to the end of what the reader is in. */
  function(message: MessageShape): string {
    return this.#code.function(message, "decode", () => {
      const held = message.properties.map((property) => ({ property, variable: this.#code.name("p") }));
      const begin = held.map(({ property, variable }) => `let ${variable} = ${beginOf(property)};`).join("\n");
      const cases = held.flatMap(({ property, variable }) => property.members.map((member) => this.#cases(member, variable)));
      return `${begin}
while (input.at < input.end) {
const tag = input.varint();
switch (tag) {
${cases.join("\n")}
default: input.skip(tag);
}}
${made(message, held)}`;
    });
  }

  #cases(member: MemberShape, variable: string): string {
    const { number, type, label } = member;
    const wire = wireTypeOf(type);
    if (label === "map") return `case ${tagOf(number, 2)}: {${this.#entry(type, variable)} break;}`;
    if (label === "single") return `case ${tagOf(number, wire)}: {${this.#read(type, variable)} break;}`;
    const item = this.#code.name("i");
    const push = `let ${item}; ${this.#read(type, item)} input.counts(); ${variable}.push(${item});`;
    const one = `case ${tagOf(number, wire)}: {${push} break;}`;
    if (wire === 2) return one;
    const outer = this.#code.name("o");
    return `${one}\ncase ${tagOf(number, 2)}: {const ${outer} = input.enter(); while (input.at < input.end) {${push}} input.leave(${outer}); break;}`;
  }

  /** Statements that read into a variable. */
  #read(type: TypeShape, variable: string): string {
    switch (type.is) {
      case "scalar":
        return `${variable} = input.${type.scalar}();`;
      case "enum": {
        const texts = new Map(type.enum.values.map(({ number, text }) => [number, text]));
        return `${variable} = ${this.#readEnum}(input, ${this.#code.value(texts)});`;
      }
      case "null":
        return `input.varint(); ${variable} = null;`;
      case "value":
        return `${variable} = ${this.#value}(input);`;
      case "message": {
        const outer = this.#code.name("o");
        return `const ${outer} = input.enter(); ${variable} = ${this.function(type.message)}(input); input.leave(${outer});`;
      }
    }
  }

  #entry(type: TypeShape, variable: string): string {
    const [key, item, outer] = [this.#code.name("key"), this.#code.name("i"), this.#code.name("o")];
    return `const ${outer} = input.enter(); let ${key} = "", ${item} = ${emptyItem(type)};
while (input.at < input.end) {
const part = input.varint();
if (part === 10) ${key} = input.string();
else if (part === ${tagOf(2, wireTypeOf(type))}) {${this.#read(type, item)}}
else input.skip(part);
}
input.leave(${outer}); ${this.#setKey}(${variable}, ${key}, ${item});`;
  }
}

/** What an item of a map is whose value is not sent. */
function emptyItem(type: TypeShape): string {
  if (type.is === "scalar") return emptyOf(type);
  return type.is === "value" ? "null" : type.is === "message" ? "{}" : "0";
}

/** A number that no value has stays a number, which the schema refuses; 0 is no value. */
function readEnum(reader: Reader, texts: ReadonlyMap<number, string>): string | number | undefined {
  const number = reader.varint();
  return texts.get(number) ?? (number === 0 ? undefined : number);
}

function beginOf({ absent, members: [only] }: PropertyShape): string {
  if (absent !== "empty" || only === undefined) return absent === "null" ? "null" : "undefined";
  return only.label === "repeated" ? "[]" : only.label === "map" ? "{}" : emptyOf(only.type);
}

interface Held {
  readonly property: PropertyShape;
  readonly variable: string;
}

function made({ isWrapper, implied }: MessageShape, held: readonly Held[]): string {
  if (isWrapper) return `return ${held[0]?.variable};`;
  const always = held.filter(({ property }) => property.absent !== "missing");
  const literal = always.map(({ property, variable }) => `${quoted(property.property)}: ${variable}`);
  if (implied !== undefined) literal.unshift(`${quoted(implied.property)}: ${quoted(implied.value)}`);
  const later = held.filter(({ property }) => property.absent === "missing");
  if (later.length === 0) return `return {${literal.join(", ")}};`;
  const sets = later.map(({ property, variable }) => `if (${variable} !== undefined) out[${quoted(property.property)}] = ${variable};`);
  return `const out = {${literal.join(", ")}};\n${sets.join("\n")}\nreturn out;`;
}
