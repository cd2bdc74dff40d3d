import { type Part, writeParts } from "./wire.ts";

/** A field of a message that is written by hand. */
interface OwnField {
  readonly name: string;
  readonly number: number;
  /** *Source*: `FieldDescriptorProto.Type`. */
  readonly type: number;
  readonly typeName?: string;
  readonly isRepeated?: boolean;
  readonly inOneof?: boolean;
}

const [double, int32, bool, text, message, bytes, enumType] = [1, 5, 8, 9, 11, 12, 14];
const valueType = ".google.protobuf.Value";
const json = (name: string) => name.replaceAll(/_([a-z])/g, (_all, letter: string) => letter.toUpperCase());

function fieldPart({ name, number, type, typeName, isRepeated, inOneof }: OwnField): Part {
  return [
    2,
    [
      [1, name],
      [3, number],
      [4, isRepeated === true ? 3 : 1],
      [5, type],
      [6, typeName],
      [9, inOneof === true ? 0 : undefined],
      [10, json(name)],
    ],
  ];
}

function messagePart(name: string, fields: readonly OwnField[], more: readonly Part[] = []): Part {
  return [4, [[1, name], ...fields.map(fieldPart), ...more]];
}

function methodPart(name: string, types: readonly [input: string, output: string], streams: readonly Part[]): Part {
  return [2, [[1, name], [2, types[0]], [3, types[1]], ...streams]];
}

/** Makes the descriptor of `google/protobuf/struct.proto`, which the files of services import. *Source*: the well-known types of Protocol Buffers. */
export function structDescriptor(): Buffer {
  const entry: readonly Part[] = [
    [1, "FieldsEntry"],
    fieldPart({ name: "key", number: 1, type: text }),
    fieldPart({ name: "value", number: 2, type: message, typeName: valueType }),
    [7, [[7, true]]],
  ];
  const kind: readonly OwnField[] = [
    { name: "null_value", number: 1, type: enumType, typeName: ".google.protobuf.NullValue" },
    { name: "number_value", number: 2, type: double },
    { name: "string_value", number: 3, type: text },
    { name: "bool_value", number: 4, type: bool },
    { name: "struct_value", number: 5, type: message, typeName: ".google.protobuf.Struct" },
    { name: "list_value", number: 6, type: message, typeName: ".google.protobuf.ListValue" },
  ];
  const fields = { name: "fields", number: 1, type: message, typeName: ".google.protobuf.Struct.FieldsEntry", isRepeated: true };
  return writeParts([
    [1, "google/protobuf/struct.proto"],
    [2, "google.protobuf"],
    messagePart("Struct", [fields], [[3, entry]]),
    messagePart(
      "Value",
      kind.map((field) => ({ ...field, inOneof: true })),
      [[8, [[1, "kind"]]]],
    ),
    messagePart("ListValue", [{ name: "values", number: 1, type: message, typeName: valueType, isRepeated: true }]),
    [
      5,
      [
        [1, "NullValue"],
        [
          2,
          [
            [1, "NULL_VALUE"],
            [2, 0],
          ],
        ],
      ],
    ],
    [12, "proto3"],
  ]);
}

/** Makes the descriptor of the health service. *Source*: grpc/health/v1/health.proto. */
export function healthDescriptor(): Buffer {
  const status = ["UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN"].map(
    (name, number): Part => [
      2,
      [
        [1, name],
        [2, number],
      ],
    ],
  );
  const types = [".grpc.health.v1.HealthCheckRequest", ".grpc.health.v1.HealthCheckResponse"] as const;
  const field = { name: "status", number: 1, type: enumType, typeName: ".grpc.health.v1.HealthCheckResponse.ServingStatus" };
  return writeParts([
    [1, "grpc/health/v1/health.proto"],
    [2, "grpc.health.v1"],
    messagePart("HealthCheckRequest", [{ name: "service", number: 1, type: text }]),
    messagePart("HealthCheckResponse", [field], [[4, [[1, "ServingStatus"], ...status]]]),
    [6, [[1, "Health"], methodPart("Check", types, []), methodPart("Watch", types, [[6, true]])]],
    [12, "proto3"],
  ]);
}

/** Makes the descriptor of the reflection service, as far as it is served. *Source*: grpc/reflection/v1/reflection.proto. */
export function reflectionDescriptor(): Buffer {
  const within = ".grpc.reflection.v1.";
  const asked = ["file_by_filename", "file_containing_symbol"].map((name, at) => ({ name, number: at + 3, type: text, inOneof: true }));
  const answers = [
    { name: "file_descriptor_response", number: 4, typeName: `${within}FileDescriptorResponse` },
    { name: "list_services_response", number: 6, typeName: `${within}ListServiceResponse` },
    { name: "error_response", number: 7, typeName: `${within}ErrorResponse` },
  ].map((field) => ({ ...field, type: message, inOneof: true }));
  const host = { name: "host", number: 1, type: text };
  const original = { name: "original_request", number: 2, type: message, typeName: `${within}ServerReflectionRequest` };
  const types = [`${within}ServerReflectionRequest`, `${within}ServerReflectionResponse`] as const;
  return writeParts([
    [1, "grpc/reflection/v1/reflection.proto"],
    [2, "grpc.reflection.v1"],
    messagePart(
      "ServerReflectionRequest",
      [host, ...asked, { name: "list_services", number: 7, type: text, inOneof: true }],
      [[8, [[1, "message_request"]]]],
    ),
    messagePart("ServerReflectionResponse", [{ ...host, name: "valid_host" }, original, ...answers], [[8, [[1, "message_response"]]]]),
    messagePart("FileDescriptorResponse", [{ name: "file_descriptor_proto", number: 1, type: bytes, isRepeated: true }]),
    messagePart("ListServiceResponse", [
      { name: "service", number: 1, type: message, typeName: `${within}ServiceResponse`, isRepeated: true },
    ]),
    messagePart("ServiceResponse", [{ name: "name", number: 1, type: text }]),
    messagePart("ErrorResponse", [
      { name: "error_code", number: 1, type: int32 },
      { name: "error_message", number: 2, type: text },
    ]),
    [
      6,
      [
        [1, "ServerReflection"],
        methodPart("ServerReflectionInfo", types, [
          [5, true],
          [6, true],
        ]),
      ],
    ],
    [12, "proto3"],
  ]);
}
