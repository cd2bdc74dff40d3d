import { Writer } from "../codec/writer.ts";
import type { MethodShape, ServiceShape } from "./methods.ts";
import { pascalCase } from "./names.ts";
import type { EnumShape, MemberShape, MessageShape, TypeShape } from "./shape.ts";

/** One field by its number: a whole number, a text, a flag, bytes, or a message. */
export type Part = readonly [number: number, value: number | string | boolean | Uint8Array | readonly Part[] | undefined];
type Parts = readonly Part[];

/** Writes fields by their numbers: descriptors are few, and need no compiled code. */
export function writeParts(parts: Parts): Buffer {
  const writer = new Writer();
  writer.start(0);
  write(writer, parts);
  return writer.finish();
}

function write(writer: Writer, parts: Parts): void {
  for (const [number, value] of parts) {
    if (value === undefined) continue;
    const isVarint = typeof value === "number" || typeof value === "boolean";
    writer.varint(((number << 3) | (isVarint ? 0 : 2)) >>> 0);
    if (typeof value === "number") writer.int64(value);
    else if (typeof value === "boolean") writer.bool(value);
    else if (typeof value === "string") writer.string(value);
    else if (value instanceof Uint8Array) writer.bytes(value);
    else {
      const begin = writer.begin();
      write(writer, value);
      writer.end(begin);
    }
  }
}

const structFile = "google/protobuf/struct.proto";
const fieldTypes = { string: 9, bool: 8, double: 1, int64: 3 } as const;

/** The name of the file of a service. */
export function fileNameOf({ package: within }: ServiceShape): string {
  return `${within.replaceAll(".", "/")}.proto`;
}

/** Makes the descriptor of the file of a service. *Source*: google/protobuf/descriptor.proto. */
export function fileDescriptor(service: ServiceShape): Buffer {
  const messages = service.methods.flatMap(({ request, response }) => [request, response]);
  return writeParts([
    [1, fileNameOf(service)],
    [2, service.package],
    ...(messages.some(usesStruct) ? ([[3, structFile]] as const) : []),
    ...messages.map((message): Part => [4, messageParts(message)]),
    [6, [[1, service.name], ...service.methods.map((method): Part => [2, methodParts(method)])]],
    [12, "proto3"],
  ]);
}

function methodParts({ name, request, response, clientStreams, serverStreams }: MethodShape): Parts {
  return [
    [1, name],
    [2, `.${request.fullName}`],
    [3, `.${response.fullName}`],
    [5, clientStreams || undefined],
    [6, serverStreams || undefined],
  ];
}

/** Whether anything in a message is `google.protobuf.Value` or `NullValue`. */
export function usesStruct({ properties, messages }: MessageShape): boolean {
  const isKnown = ({ type }: MemberShape) => type.is === "value" || type.is === "null";
  return properties.some(({ members }) => members.some(isKnown)) || messages.some(usesStruct);
}

function messageParts(message: MessageShape): Parts {
  const oneofs = message.properties.flatMap(({ oneof }) => (oneof === undefined ? [] : [oneof]));
  const synthetic: string[] = [];
  const fields: Part[] = [];
  const entries: Part[] = [];
  for (const { members, oneof } of message.properties)
    for (const member of members) {
      const isOptional = oneof === undefined && isProto3Optional(member);
      const at =
        oneof === undefined ? (isOptional ? oneofs.length + synthetic.push(`_${member.name}`) - 1 : undefined) : oneofs.indexOf(oneof);
      fields.push([2, fieldParts(member, { message, oneofAt: at, isOptional })]);
      if (member.label === "map") entries.push([3, entryParts(member)]);
    }
  return [
    [1, message.name],
    ...fields,
    ...message.messages.map((inner): Part => [3, messageParts(inner)]),
    ...entries,
    ...message.enums.map((inner): Part => [4, enumParts(inner)]),
    ...[...oneofs, ...synthetic].map((name): Part => [8, [[1, name]]]),
    ...message.reserved.map(
      (number): Part => [
        9,
        [
          [1, number],
          [2, number + 1],
        ],
      ],
    ),
  ];
}

/** Whether a field is written as `optional`: of a message it is known anyway. */
export function isProto3Optional({ explicit, label, type }: MemberShape): boolean {
  return explicit && label === "single" && (type.is === "scalar" || type.is === "enum");
}

interface FieldPlace {
  readonly message: MessageShape;
  readonly oneofAt: number | undefined;
  readonly isOptional: boolean;
}

function fieldParts(member: MemberShape, { message, oneofAt, isOptional }: FieldPlace): Parts {
  const { name, number, jsonName, label, type } = member;
  const [typeNumber, typeName] = label === "map" ? ([11, `.${message.fullName}.${entryName(name)}`] as const) : typeParts(type);
  return [
    [1, name],
    [3, number],
    [4, label === "single" ? 1 : 3],
    [5, typeNumber],
    [6, typeName],
    [9, oneofAt],
    [10, jsonName],
    [17, isOptional || undefined],
  ];
}

function typeParts(type: TypeShape): readonly [number: number, name: string | undefined] {
  switch (type.is) {
    case "scalar":
      return [fieldTypes[type.scalar], undefined];
    case "enum":
      return [14, `.${type.enum.fullName}`];
    case "message":
      return [11, `.${type.message.fullName}`];
    case "value":
      return [11, ".google.protobuf.Value"];
    case "null":
      return [14, ".google.protobuf.NullValue"];
  }
}

/** The name that the message of the entries of a map must have. */
function entryName(field: string): string {
  return `${pascalCase(field)}Entry`;
}

function entryParts({ name, type }: MemberShape): Parts {
  const [typeNumber, typeName] = typeParts(type);
  return [
    [1, entryName(name)],
    [
      2,
      [
        [1, "key"],
        [3, 1],
        [4, 1],
        [5, 9],
        [10, "key"],
      ],
    ],
    [
      2,
      [
        [1, "value"],
        [3, 2],
        [4, 1],
        [5, typeNumber],
        [6, typeName],
        [10, "value"],
      ],
    ],
    [7, [[7, true]]],
  ];
}

function enumParts({ name, zero, values, reserved }: EnumShape): Parts {
  return [
    [1, name],
    [
      2,
      [
        [1, zero],
        [2, 0],
      ],
    ],
    ...values.map(
      (value): Part => [
        2,
        [
          [1, value.name],
          [2, value.number],
        ],
      ],
    ),
    ...reserved.map(
      (number): Part => [
        4,
        [
          [1, number],
          [2, number],
        ],
      ],
    ),
  ];
}
