import type { Fault } from "../../core/fault.ts";
import { notGrpc } from "../faults.ts";

/** What a caller speaks. Both kinds of gRPC and streams of Connect frame their messages; a unary call of Connect has the message as its body. */
export type Protocol = "grpc" | "grpc-web" | "connect" | "connect-stream";

const byType: ReadonlyMap<string, Protocol> = new Map([
  ["application/grpc", "grpc"],
  ["application/grpc+proto", "grpc"],
  ["application/grpc-web", "grpc-web"],
  ["application/grpc-web+proto", "grpc-web"],
  ["application/proto", "connect"],
  ["application/connect+proto", "connect-stream"],
]);

/** The media type of replies. */
export const replyTypes: Readonly<Record<Protocol, string>> = {
  grpc: "application/grpc+proto",
  "grpc-web": "application/grpc-web+proto",
  connect: "application/proto",
  "connect-stream": "application/connect+proto",
};

/** Finds out what a caller speaks; the fault of one that speaks nothing of this port. */
export function protocolOf(method: string | undefined, contentType: string | undefined): Protocol | Fault {
  if (method !== "POST") return notGrpc("The request is no POST.");
  const [type = ""] = (contentType ?? "").toLowerCase().split(";", 1);
  return byType.get(type.trim()) ?? notGrpc("The content type is not one of gRPC, gRPC-Web or Connect with protobuf.");
}
