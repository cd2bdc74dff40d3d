import type { MethodShape, ServiceShape } from "./methods.ts";
import type { EnumShape, MemberShape, MessageShape, TypeShape } from "./shape.ts";
import { isProto3Optional, usesStruct } from "./wire.ts";

/** The text of the `.proto` file of a service, for clients that generate code. */
export function protoText(service: ServiceShape): string {
  const messages = service.methods.flatMap(({ request, response }) => [request, response]);
  const parts = [
    'syntax = "proto3";',
    `package ${service.package};`,
    ...(messages.some(usesStruct) ? ['import "google/protobuf/struct.proto";'] : []),
    `service ${service.name} {\n${service.methods.map(methodText).join("\n")}\n}`,
    ...messages.map((message) => messageText(message, "")),
  ];
  return `// Made from the contracts: change those, and export it again.\n${parts.join("\n\n")}\n`;
}

function methodText({ name, summary, request, response, clientStreams, serverStreams }: MethodShape): string {
  const line = (summary ?? "").replaceAll(/\s+/g, " ").trim();
  const [input, output] = [`${clientStreams ? "stream " : ""}${request.name}`, `${serverStreams ? "stream " : ""}${response.name}`];
  return `${line === "" ? "" : `  // ${line}\n`}  rpc ${name}(${input}) returns (${output});`;
}

function messageText(message: MessageShape, indent: string): string {
  const inner = `${indent}  `;
  const lines = [
    ...(message.reserved.length > 0 ? [`${inner}reserved ${message.reserved.join(", ")};`] : []),
    ...message.enums.map((one) => enumText(one, inner)),
    ...message.messages.map((one) => messageText(one, inner)),
    ...message.properties.flatMap(({ members, oneof }) => {
      if (oneof === undefined) return members.map((member) => `${inner}${fieldText(member)}`);
      return [
        `${inner}oneof ${oneof} {\n${members.map((member) => `${inner}  ${fieldText({ ...member, explicit: false })}`).join("\n")}\n${inner}}`,
      ];
    }),
  ];
  return lines.length === 0 ? `${indent}message ${message.name} {}` : `${indent}message ${message.name} {\n${lines.join("\n")}\n${indent}}`;
}

function fieldText(member: MemberShape): string {
  const { name, number, label, type } = member;
  const typeName = typeText(type);
  if (label === "map") return `map<string, ${typeName}> ${name} = ${number};`;
  const word = label === "repeated" ? "repeated " : isProto3Optional(member) ? "optional " : "";
  return `${word}${typeName} ${name} = ${number};`;
}

function typeText(type: TypeShape): string {
  switch (type.is) {
    case "scalar":
      return type.scalar;
    case "enum":
      return `.${type.enum.fullName}`;
    case "message":
      return `.${type.message.fullName}`;
    case "value":
      return "google.protobuf.Value";
    case "null":
      return "google.protobuf.NullValue";
  }
}

function enumText({ name, zero, values, reserved }: EnumShape, indent: string): string {
  const lines = [
    ...(reserved.length > 0 ? [`${indent}  reserved ${reserved.join(", ")};`] : []),
    ...[{ name: zero, number: 0 }, ...values].map((value) => `${indent}  ${value.name} = ${value.number};`),
  ];
  return `${indent}enum ${name} {\n${lines.join("\n")}\n${indent}}`;
}
