import { createFileRegistry, type DescMessage, fromBinary, fromJson, toJson } from "@bufbuild/protobuf";
import {
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
  file_google_protobuf_any,
  file_google_protobuf_duration,
} from "@bufbuild/protobuf/wkt";
import type { ServiceError } from "@grpc/grpc-js";

const jsonName = (name: string) => name.replaceAll(/_([a-z])/g, (_all, letter: string) => letter.toUpperCase());
const text = (name: string, number: number) => ({ name, jsonName: name, number, type: "TYPE_STRING", label: "LABEL_OPTIONAL" });
const message = (
  name: string,
  number: number,
  { typeName, label = "LABEL_OPTIONAL" }: { readonly typeName: string; readonly label?: string },
) => ({
  ...{ name, jsonName: jsonName(name) },
  number,
  type: "TYPE_MESSAGE",
  typeName,
  label,
});

/** google/rpc/status.proto and error_details.proto, as far as we use them. */
const rpc = {
  ...{ name: "google/rpc/test.proto", package: "google.rpc", syntax: "proto3" },
  dependency: ["google/protobuf/any.proto", "google/protobuf/duration.proto"],
  messageType: [
    {
      name: "Status",
      field: [
        { name: "code", jsonName: "code", number: 1, type: "TYPE_INT32", label: "LABEL_OPTIONAL" },
        text("message", 2),
        message("details", 3, { typeName: ".google.protobuf.Any", label: "LABEL_REPEATED" }),
      ],
    },
    {
      name: "ErrorInfo",
      field: [
        text("reason", 1),
        text("domain", 2),
        message("metadata", 3, { typeName: ".google.rpc.ErrorInfo.MetadataEntry", label: "LABEL_REPEATED" }),
      ],
      nestedType: [{ name: "MetadataEntry", field: [text("key", 1), text("value", 2)], options: { mapEntry: true } }],
    },
    { name: "RetryInfo", field: [message("retry_delay", 1, { typeName: ".google.protobuf.Duration" })] },
    {
      name: "BadRequest",
      field: [message("field_violations", 1, { typeName: ".google.rpc.BadRequest.FieldViolation", label: "LABEL_REPEATED" })],
      nestedType: [{ name: "FieldViolation", field: [text("field", 1), text("description", 2)] }],
    },
  ],
};
const file = [file_google_protobuf_any, file_google_protobuf_duration].map(({ proto }) => proto);
const registry = createFileRegistry({
  ...fromJson(FileDescriptorSetSchema, {}),
  file: [...file, fromJson(FileDescriptorProtoSchema, rpc as never)],
});

export interface Details {
  readonly code?: number;
  readonly message?: string;
  readonly ErrorInfo?: { readonly reason?: string; readonly domain?: string; readonly metadata?: Readonly<Record<string, string>> };
  readonly RetryInfo?: { readonly retryDelay?: string };
  readonly BadRequest?: { readonly fieldViolations?: readonly { readonly field?: string; readonly description?: string }[] };
}

/** Reads `google.rpc.Status`, its details by their types. */
export function readStatus(bytes: Uint8Array): Details {
  const json = toJson(
    registry.getMessage("google.rpc.Status") as DescMessage,
    fromBinary(registry.getMessage("google.rpc.Status") as DescMessage, bytes),
    {
      registry,
    },
  ) as { readonly details?: readonly Readonly<Record<string, unknown>>[] };
  const { details = [], ...status } = json;
  return { ...status, ...Object.fromEntries(details.map(({ "@type": type, ...rest }) => [String(type).replace(/^.*\./, ""), rest])) };
}

/** The details in the trailers of an error of grpc-js. */
export function readDetails({ metadata }: ServiceError): Details {
  const [bytes] = metadata.get("grpc-status-details-bin");
  return bytes === undefined ? {} : readStatus(bytes as Buffer);
}
